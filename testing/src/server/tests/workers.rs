//! Queues and polls: order, backlog, workers that leave, tasks that come back.

use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::*;
use super::scene::*;
use crate::server::Answer;

fn start_as(scene: &mut Scene, id: &str) {
    scene.start_with(|request| request.workflow_id = id.to_owned());
}

fn workflow_id(task: WorkflowTask) -> String {
    task.workflow_execution.unwrap().workflow_id
}

#[test]
fn tasks_and_polls_meet_in_order() {
    let mut scene = Scene::new();
    let (one, two) = (scene.begin_poll("q"), scene.begin_poll("q"));
    start_as(&mut scene, "a");
    start_as(&mut scene, "b");
    start_as(&mut scene, "c");
    assert_eq!(
        scene.workflow_task(one).map(workflow_id),
        Some("a".to_owned())
    );
    assert_eq!(
        scene.workflow_task(two).map(workflow_id),
        Some("b".to_owned())
    );
    let late = scene.poll();
    let more = late
        .poller_scaling_decision
        .unwrap()
        .poll_request_delta_suggestion;
    assert_eq!((more, workflow_id(late)), (1, "c".to_owned()));
}

#[test]
fn a_worker_that_shuts_down_gets_its_polls_back_at_once() {
    let mut scene = Scene::new();
    let (workflow, activity) = (scene.begin_poll("q"), scene.begin_poll_activity());
    let request = api::ShutdownWorkerRequest {
        namespace: "default".to_owned(),
        worker_instance_key: "instance".to_owned(),
        ..Default::default()
    };
    scene.engine.shutdown_worker(&request).unwrap();
    assert_eq!(scene.workflow_task(workflow), Some(WorkflowTask::default()));
    assert_eq!(scene.activity_task(activity), Some(ActivityTask::default()));
    scene.start();
    assert_eq!(scene.types().last(), Some(&E::WorkflowTaskScheduled));
}

#[test]
fn a_poll_out_of_time_is_answered_with_nothing() {
    let mut scene = Scene::new();
    let call = scene.begin_poll("q");
    scene.engine.expire_call(call);
    assert_eq!(scene.workflow_task(call), Some(WorkflowTask::default()));
}

#[test]
fn a_task_that_was_not_picked_up_goes_to_the_next_poll() {
    let mut scene = Scene::new();
    scene.start();
    let call = scene.begin_poll("q");
    let answer = scene.answer(call).unwrap();
    scene.signal("s");
    scene.engine.return_undelivered(answer);
    let want = [
        E::WorkflowExecutionStarted,
        E::WorkflowTaskScheduled,
        E::WorkflowExecutionSignaled,
    ];
    assert_eq!(scene.types(), want, "the start was taken back");
    let task = scene.poll();
    assert_eq!((task.attempt, task.started_event_id), (1, 4));
    scene
        .complete(&task, vec![complete_workflow("done")])
        .unwrap();
}

#[test]
fn an_activity_that_was_not_picked_up_goes_to_the_next_poll() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    let lost = scene.poll_activity();
    scene
        .engine
        .return_undelivered(Answer::ActivityTask(Box::new(lost.clone())));
    let task = scene.poll_activity();
    assert_eq!(task.attempt, 1);
    assert!(
        scene.complete_activity(&lost).is_err(),
        "the lost token is void"
    );
    scene.complete_activity(&task).unwrap();
}

#[test]
fn a_query_that_was_not_picked_up_goes_to_the_next_poll() {
    let mut scene = Scene::after(vec![]);
    scene.query("state").unwrap();
    let lost = scene.poll();
    scene
        .engine
        .return_undelivered(Answer::WorkflowTask(Box::new(lost)));
    assert!(scene.poll().query.is_some());
}

#[test]
fn an_eager_activity_skips_its_queue() {
    let mut eager = activity("a");
    eager.request_eager_execution = true;
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    let response = scene
        .complete(&task, vec![schedule_activity(eager)])
        .unwrap();
    let poll = scene.begin_poll_activity();
    assert_eq!(scene.activity_task(poll), None);
    scene
        .complete_activity(&response.activity_tasks[0])
        .unwrap();
    assert!(scene.types().contains(&E::ActivityTaskCompleted));
}
