//! What servers tell about task queues and the workers that poll them.

#![allow(
    deprecated,
    reason = "Temporal's command line still asks in the enhanced mode"
)]

use outlast_proto::temporal::api::enums::v1::{DescribeTaskQueueMode, TaskQueueType, WorkerStatus};
use outlast_proto::temporal::api::taskqueue::v1::TaskQueueStats;
use outlast_proto::temporal::api::worker::v1::{WorkerHeartbeat, WorkerHostInfo};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::{Peer, conform};

impl Peer {
    /// A queue as the enhanced mode describes it, without a record: rates are chance.
    async fn queue_info(
        &self,
        queue_type: TaskQueueType,
    ) -> outlast_proto::temporal::api::taskqueue::v1::TaskQueueTypeInfo {
        let request = api::DescribeTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: self.normal_queue(),
            api_mode: DescribeTaskQueueMode::Enhanced as i32,
            report_stats: true,
            report_pollers: true,
            ..Default::default()
        };
        let described = self
            .unrecorded()
            .client()
            .describe_task_queue(request)
            .await;
        let mut versions = described.unwrap().into_inner().versions_info;
        let mut unversioned = versions.remove("").unwrap();
        unversioned.types_info.remove(&(queue_type as i32)).unwrap()
    }

    /// Waits until the queue has so many tasks; a real server counts them a moment later.
    async fn backlog(&self, count: i64) -> TaskQueueStats {
        for _ in 0..100 {
            let info = self.queue_info(TaskQueueType::Workflow).await;
            match info.stats {
                Some(stats) if stats.approximate_backlog_count == count => return stats,
                _ => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            }
        }
        panic!("the backlog is never {count}");
    }

    async fn describe_queue(
        &self,
        request: api::DescribeTaskQueueRequest,
    ) -> Result<api::DescribeTaskQueueResponse, Status> {
        let described = self.client().describe_task_queue(request).await;
        described.map(tonic::Response::into_inner)
    }
}

#[tokio::test]
async fn a_queue_knows_its_backlog_and_its_pollers() {
    conform("queue-backlog", async |peer| {
        peer.start().await;
        peer.backlog(1).await;
        let task = peer.poll().await;
        peer.backlog(0).await;
        let info = peer.queue_info(TaskQueueType::Workflow).await;
        assert_eq!(info.pollers[0].identity, "worker");
        assert!(info.stats.unwrap().tasks_dispatch_rate > 0.0);
        let of_activities = peer.queue_info(TaskQueueType::Activity).await;
        assert!(of_activities.pollers.is_empty());
        let request = api::DescribeTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: peer.normal_queue(),
            task_queue_type: TaskQueueType::Workflow as i32,
            ..Default::default()
        };
        let described = peer.describe_queue(request).await.unwrap();
        assert_eq!(described.pollers[0].rate_per_second, 100_000.0);
        peer.complete(&task, vec![]).await.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn queues_without_a_name_are_not_described() {
    conform("queue-refusals", async |peer| {
        let unused = api::DescribeTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: peer.normal_queue(),
            include_task_queue_status: true,
            ..Default::default()
        };
        peer.describe_queue(unused.clone()).await.unwrap();
        let cases = [
            api::DescribeTaskQueueRequest {
                task_queue: None,
                ..unused.clone()
            },
            api::DescribeTaskQueueRequest {
                task_queue: Some(Default::default()),
                ..unused.clone()
            },
            api::DescribeTaskQueueRequest {
                namespace: String::new(),
                ..unused
            },
        ];
        for request in cases {
            peer.describe_queue(request).await.unwrap_err();
        }
    })
    .await;
}

#[tokio::test]
async fn the_first_partition_of_a_queue_bears_its_name() {
    conform("queue-partitions", async |peer| {
        let request = api::ListTaskQueuePartitionsRequest {
            namespace: "default".to_owned(),
            task_queue: peer.normal_queue(),
        };
        // Without a record: how many there are, and where, is a matter of settings.
        let mut quiet = peer.unrecorded().client();
        let listed = quiet.list_task_queue_partitions(request.clone()).await;
        let listed = listed.unwrap().into_inner();
        assert_eq!(listed.workflow_task_queue_partitions[0].key, peer.queue);
        assert_eq!(listed.activity_task_queue_partitions[0].key, peer.queue);
        let mut cases = vec![request; 3];
        cases[0].task_queue = None;
        cases[1].task_queue = Some(Default::default());
        cases[2].namespace = String::new();
        for request in cases {
            let refused = peer.client().list_task_queue_partitions(request).await;
            assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
        }
    })
    .await;
}

#[tokio::test]
async fn workers_are_known_by_their_heartbeats() {
    conform("worker-heartbeats", async |peer| {
        let heartbeat = |name: &str, status: WorkerStatus| WorkerHeartbeat {
            worker_instance_key: format!("{}-{name}", peer.uuid),
            worker_identity: name.to_owned(),
            task_queue: peer.queue.clone(),
            sdk_name: "sdk".to_owned(),
            status: status as i32,
            host_info: Some(WorkerHostInfo {
                host_name: "host".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let request = api::RecordWorkerHeartbeatRequest {
            namespace: "default".to_owned(),
            worker_heartbeat: vec![
                heartbeat("one", WorkerStatus::Running),
                heartbeat("two", WorkerStatus::ShuttingDown),
            ],
            ..Default::default()
        };
        peer.client()
            .record_worker_heartbeat(request)
            .await
            .unwrap();
        let own = format!("TaskQueue = '{}'", peer.queue);
        let cases = [
            (own.clone(), 2),
            (format!("{own} and Status = 'Running'"), 1),
            (
                format!("{own} and (WorkerIdentity = 'one' or HostName != 'host')"),
                1,
            ),
            (format!("{own} and WorkerIdentity starts_with 'x'"), 0),
        ];
        for (query, want) in cases {
            let request = api::CountWorkersRequest {
                namespace: "default".to_owned(),
                query: query.clone(),
                ..Default::default()
            };
            let counted = peer.client().count_workers(request).await.unwrap();
            assert_eq!(counted.into_inner().count, want, "{query}");
        }
        let request = api::ListWorkersRequest {
            namespace: "default".to_owned(),
            query: format!("{own} and Status = 'ShuttingDown'"),
            ..Default::default()
        };
        let listed = peer
            .client()
            .list_workers(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(listed.workers[0].worker_identity, "two");
        for key in [format!("{}-one", peer.uuid), "nobody".to_owned()] {
            let request = api::DescribeWorkerRequest {
                namespace: "default".to_owned(),
                worker_instance_key: key,
            };
            let _ = peer.client().describe_worker(request).await;
        }
    })
    .await;
}
