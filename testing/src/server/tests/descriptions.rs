//! What the description of a workflow counts and remembers.

use outlast_proto::temporal::api::common::v1::WorkerVersionStamp;
use outlast_proto::temporal::api::workflow::v1::WorkflowExecutionInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::{application_failure, complete_workflow, schedule_activity};
use super::scene::{Scene, activity, execution};

fn info(scene: &Scene) -> WorkflowExecutionInfo {
    let request = api::DescribeWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        execution: execution(""),
    };
    let described = scene.engine.describe_workflow_execution(&request).unwrap();
    described.workflow_execution_info.unwrap()
}

fn transitions(scene: &Scene) -> i64 {
    info(scene).state_transition_count
}

#[test]
fn every_change_of_state_is_counted_once() {
    let mut scene = Scene::new();
    scene.start();
    assert_eq!(transitions(&scene), 1);
    scene.signal("s");
    assert_eq!(transitions(&scene), 2);
    let task = scene.poll();
    assert_eq!(transitions(&scene), 3);
    scene.signal("buffered");
    assert_eq!(transitions(&scene), 4);
    scene
        .complete(&task, vec![schedule_activity(activity("a"))])
        .unwrap();
    assert_eq!(transitions(&scene), 5);
    let attempt = scene.poll_activity();
    assert_eq!(transitions(&scene), 6);
    scene.heartbeat(&attempt, "half").unwrap();
    assert_eq!(transitions(&scene), 7);
    scene.fail_activity(&attempt, application_failure("again"));
    assert_eq!(transitions(&scene), 8);
    scene.advance(2);
    assert_eq!(
        transitions(&scene),
        8,
        "the next attempt is in the queue, no more"
    );
}

#[test]
fn failing_tasks_are_counted_though_only_the_first_is_written() {
    let mut scene = Scene::new();
    scene.start();
    for want in [3, 5, 7] {
        let task = scene.poll();
        scene.fail(&task);
        assert_eq!(transitions(&scene), want);
    }
}

#[test]
fn builds_that_completed_tasks_are_remembered() {
    let mut scene = Scene::new();
    scene.start();
    for build_id in ["b1", "b1", "b2"] {
        let task = scene.poll();
        let mut completion = Scene::completion(&task, vec![]);
        completion.worker_version_stamp = Some(WorkerVersionStamp {
            build_id: build_id.to_owned(),
            ..Default::default()
        });
        scene
            .engine
            .respond_workflow_task_completed(completion)
            .unwrap();
        scene.signal("more");
    }
    let info = info(&scene);
    let attributes = info.search_attributes.unwrap().indexed_fields;
    let want = r#"["unversioned","unversioned:b1","unversioned:b2"]"#;
    assert_eq!(attributes["BuildIds"].data, want);
    assert_eq!(
        info.most_recent_worker_version_stamp.unwrap().build_id,
        "b2"
    );
    let points = info.auto_reset_points.unwrap().points;
    let points = points.iter().map(|point| {
        (
            point.build_id.as_str(),
            point.first_workflow_task_completed_id,
        )
    });
    assert_eq!(points.collect::<Vec<_>>(), [("b1", 4), ("b2", 12)]);
}

#[test]
fn a_task_that_keeps_failing_is_reported_until_it_is_complete() {
    let mut scene = Scene::new();
    scene.start();
    let problems = |scene: &Scene| {
        let attributes = info(scene).search_attributes.unwrap().indexed_fields;
        attributes
            .get("TemporalReportedProblems")
            .map(|p| p.data.clone())
    };
    for _ in 0..4 {
        let task = scene.poll();
        scene.fail(&task);
    }
    assert_eq!(problems(&scene), None);
    let task = scene.poll();
    scene.fail(&task);
    let want =
        r#"["category=WorkflowTaskFailed","cause=WorkflowTaskFailedCauseNonDeterministicError"]"#;
    assert_eq!(problems(&scene).unwrap(), want);
    let task = scene.poll();
    scene
        .complete(&task, vec![complete_workflow("done")])
        .unwrap();
    assert_eq!(problems(&scene), None);
}
