//! Workers that say goodbye.

use outlast_proto::temporal::api::enums::v1::WorkerStatus;
use outlast_proto::temporal::api::worker::v1::WorkerHeartbeat;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::builders::complete_workflow;
use crate::{Peer, conform};

impl Peer {
    fn goodbye(&self) -> api::ShutdownWorkerRequest {
        api::ShutdownWorkerRequest {
            namespace: "default".to_owned(),
            sticky_task_queue: self.sticky_queue().unwrap().name,
            identity: "worker".to_owned(),
            reason: "it is late".to_owned(),
            ..Default::default()
        }
    }

    async fn shut_down(&self, request: api::ShutdownWorkerRequest) -> Result<(), Status> {
        self.client().shutdown_worker(request).await.map(drop)
    }
}

#[tokio::test]
async fn the_workflows_of_a_worker_that_left_go_to_the_others() {
    conform("shutdown-sticky", async |peer| {
        peer.start().await;
        peer.complete_sticky(&peer.poll().await, vec![]).await;
        let (task, ()) = tokio::join!(peer.poll_sticky(), async {
            peer.what_was_sent_arrives().await;
            peer.signal("s").await.unwrap();
        });
        peer.complete_sticky(&task, vec![]).await;
        peer.shut_down(peer.goodbye()).await.unwrap();
        peer.signal("s").await.unwrap();
        let task = peer.poll().await;
        assert_eq!(task.started_event_id, 11);
        let done = vec![complete_workflow("done")];
        peer.complete(&task, done).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_worker_is_known_until_its_heartbeat_says_that_it_has_shut_down() {
    conform("shutdown-heartbeat", async |peer| {
        let key = format!("{}-worker", peer.uuid);
        for (status, workers) in [
            (WorkerStatus::Running, 1),
            (WorkerStatus::ShuttingDown, 1),
            (WorkerStatus::Shutdown, 0),
        ] {
            let heartbeat = WorkerHeartbeat {
                worker_instance_key: key.clone(),
                task_queue: peer.queue.clone(),
                status: status as i32,
                ..Default::default()
            };
            let request = api::ShutdownWorkerRequest {
                worker_heartbeat: Some(heartbeat),
                worker_instance_key: key.clone(),
                ..peer.goodbye()
            };
            peer.shut_down(request).await.unwrap();
            let request = api::ListWorkersRequest {
                namespace: "default".to_owned(),
                query: format!("WorkerInstanceKey = '{key}'"),
                ..Default::default()
            };
            let listed = peer.client().list_workers(request).await.unwrap();
            assert_eq!(listed.get_ref().workers.len(), workers, "{status:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn goodbyes_need_a_namespace_only() {
    conform("shutdown-refusals", async |peer| {
        let nowhere = api::ShutdownWorkerRequest::default();
        let refused = peer.shut_down(nowhere.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        let elsewhere = api::ShutdownWorkerRequest {
            namespace: "nowhere".to_owned(),
            ..nowhere.clone()
        };
        let refused = peer.shut_down(elsewhere).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
        let nobody = api::ShutdownWorkerRequest {
            namespace: "default".to_owned(),
            ..nowhere
        };
        peer.shut_down(nobody).await.unwrap();
    })
    .await;
}
