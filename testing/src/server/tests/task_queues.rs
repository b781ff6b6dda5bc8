//! What task queues and workers tell about themselves.

use outlast_proto::temporal::api::enums::v1::{DescribeTaskQueueMode, TaskQueueType, WorkerStatus};
use outlast_proto::temporal::api::taskqueue::v1::TaskQueueMetadata;
use outlast_proto::temporal::api::worker::v1::{WorkerHeartbeat, WorkerHostInfo};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::schedule_activity;
use super::scene::{Scene, activity, queue};

fn describe(scene: &Scene, queue_type: TaskQueueType) -> api::DescribeTaskQueueResponse {
    let request = api::DescribeTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: queue("q"),
        task_queue_type: queue_type as i32,
        report_stats: true,
        ..Default::default()
    };
    scene.engine.describe_task_queue(&request).unwrap()
}

#[test]
fn a_queue_counts_the_tasks_that_wait() {
    let mut scene = Scene::new();
    scene.start();
    scene.start_with(|request| request.workflow_id = "other".to_owned());
    scene.advance(2);
    let stats = describe(&scene, TaskQueueType::Workflow).stats.unwrap();
    assert_eq!(stats.approximate_backlog_count, 2);
    assert_eq!(stats.approximate_backlog_age.unwrap().seconds, 2);
    assert!((stats.tasks_add_rate - 1.0).abs() < 0.01, "{stats:?}");

    scene.terminate();
    let stats = describe(&scene, TaskQueueType::Workflow).stats.unwrap();
    assert_eq!(
        stats.approximate_backlog_count, 1,
        "the other one is out of date"
    );
    scene.poll();
    let stats = describe(&scene, TaskQueueType::Workflow).stats.unwrap();
    assert_eq!(stats.approximate_backlog_count, 0);
    assert!(stats.tasks_dispatch_rate > 0.0);
}

#[test]
fn pollers_are_remembered_for_some_minutes() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    let request = api::PollActivityTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: queue("q"),
        identity: "slow".to_owned(),
        task_queue_metadata: Some(TaskQueueMetadata {
            max_tasks_per_second: Some(5.0),
        }),
        ..Default::default()
    };
    scene.engine.poll_activity_task_queue(request).unwrap();
    let described = describe(&scene, TaskQueueType::Activity);
    assert_eq!(described.pollers.len(), 1);
    assert_eq!(described.pollers[0].identity, "slow");
    assert_eq!(described.pollers[0].rate_per_second, 5.0);
    assert_eq!(
        described.effective_rate_limit.unwrap().requests_per_second,
        5.0
    );
    let of_workflows = describe(&scene, TaskQueueType::Workflow);
    assert_eq!(of_workflows.pollers[0].rate_per_second, 100_000.0);

    scene.advance(301);
    assert!(describe(&scene, TaskQueueType::Activity).pollers.is_empty());
}

#[test]
fn the_enhanced_mode_tells_of_every_type_of_queue() {
    let mut scene = Scene::new();
    scene.start();
    let request = api::DescribeTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: queue("q"),
        api_mode: DescribeTaskQueueMode::Enhanced as i32,
        report_task_reachability: true,
        ..Default::default()
    };
    let described = scene.engine.describe_task_queue(&request).unwrap();
    let unversioned = &described.versions_info[""];
    assert_eq!(unversioned.task_reachability, 1);
    let backlog = |queue_type: TaskQueueType| {
        let info = &unversioned.types_info[&(queue_type as i32)];
        info.stats.unwrap().approximate_backlog_count
    };
    assert_eq!(backlog(TaskQueueType::Workflow), 1);
    assert_eq!(backlog(TaskQueueType::Activity), 0);
}

fn heartbeat(key: &str, status: WorkerStatus) -> WorkerHeartbeat {
    WorkerHeartbeat {
        worker_instance_key: key.to_owned(),
        task_queue: "q".to_owned(),
        status: status as i32,
        host_info: Some(WorkerHostInfo {
            host_name: "host".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[test]
fn workers_are_found_by_their_heartbeats() {
    let mut scene = Scene::new();
    let request = api::RecordWorkerHeartbeatRequest {
        namespace: "default".to_owned(),
        worker_heartbeat: vec![
            heartbeat("k1", WorkerStatus::Running),
            heartbeat("k2", WorkerStatus::ShuttingDown),
            heartbeat("k3", WorkerStatus::Running),
        ],
        ..Default::default()
    };
    scene.engine.record_worker_heartbeat(request).unwrap();
    let mut request = api::ListWorkersRequest {
        namespace: "default".to_owned(),
        query: "Status = 'Running' and HostName = 'host'".to_owned(),
        page_size: 1,
        ..Default::default()
    };
    let first = scene.engine.list_workers(&request).unwrap();
    assert_eq!(first.workers[0].worker_instance_key, "k1");
    request.next_page_token = first.next_page_token;
    let second = scene.engine.list_workers(&request).unwrap();
    assert_eq!(second.workers[0].worker_instance_key, "k3");
    assert!(second.next_page_token.is_empty());

    let request = api::CountWorkersRequest {
        namespace: "default".to_owned(),
        query: "WorkerInstanceKey starts_with 'k'".to_owned(),
        ..Default::default()
    };
    assert_eq!(scene.engine.count_workers(&request).unwrap().count, 3);
    let request = api::DescribeWorkerRequest {
        namespace: "default".to_owned(),
        worker_instance_key: "k9".to_owned(),
    };
    let error = scene.engine.describe_worker(&request).unwrap_err();
    assert_eq!(error.message, "Worker k9 not found");
}
