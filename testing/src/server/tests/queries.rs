//! Queries: on their own, attached to a task, and refused.

use super::builders::*;
use super::scene::*;
use crate::server::Code;
use outlast_proto::temporal::api::query::v1::WorkflowQueryResult;

fn answered(text: &str) -> WorkflowQueryResult {
    WorkflowQueryResult {
        result_type: 1,
        answer: payloads(text),
        ..Default::default()
    }
}

#[test]
fn an_idle_workflow_gets_the_query_as_a_task() {
    let mut scene = Scene::after(vec![]);
    let call = scene.query("state").unwrap();
    let task = scene.poll();
    assert_eq!(task.query.as_ref().unwrap().query_type, "state");
    assert_eq!((task.started_event_id, events_of(&task).len()), (0, 4));
    scene.answer_query(&task, "fine");
    assert_eq!(
        scene.queried(call).unwrap().unwrap().query_result,
        payloads("fine")
    );
    assert_eq!(scene.history().len(), 4);
}

#[test]
fn a_cached_workflow_gets_the_query_without_history() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    let call = scene.begin_poll("sticky");
    scene.complete_sticky(&task, vec![]);
    scene.query("state").unwrap();
    let task = scene.workflow_task(call).unwrap();
    assert!(task.query.is_some());
    assert_eq!(events_of(&task), []);
}

#[test]
fn a_closed_workflow_can_still_be_queried() {
    let mut scene = Scene::after(vec![complete_workflow("done")]);
    scene.query("state").unwrap();
    assert_eq!(events_of(&scene.poll()).len(), 5);
}

#[test]
fn a_query_waits_for_the_first_task() {
    let mut scene = Scene::new();
    scene.start();
    let call = scene.query("state").unwrap();
    let task = scene.poll();
    let (id, query) = task.queries.first_key_value().unwrap();
    assert_eq!(query.query_type, "state");
    let mut completion = Scene::completion(&task, vec![]);
    completion.query_results = [(id.clone(), answered("fine"))].into();
    scene
        .engine
        .respond_workflow_task_completed(completion)
        .unwrap();
    assert_eq!(
        scene.queried(call).unwrap().unwrap().query_result,
        payloads("fine")
    );
}

#[test]
fn a_query_of_a_failed_task_rides_on_the_next() {
    let mut scene = Scene::new();
    scene.start();
    scene.query("state").unwrap();
    let task = scene.poll();
    scene.fail(&task);
    assert_eq!(scene.poll().queries.len(), 1);
}

#[test]
fn an_attached_query_without_an_answer_becomes_a_task() {
    let mut scene = Scene::new();
    scene.start();
    scene.query("state").unwrap();
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    assert!(scene.poll().query.is_some());
}

#[test]
fn only_one_query_waits_for_a_task() {
    let mut scene = Scene::new();
    scene.start();
    scene.query("one").unwrap();
    let error = scene.query("two").unwrap_err();
    assert_eq!(error.code, Code::ResourceExhausted);
}

#[test]
fn a_workflow_that_closed_before_its_first_task_cannot_be_queried() {
    let mut scene = Scene::new();
    scene.start();
    let waiting = scene.query("state").unwrap();
    scene.terminate();
    let error = scene.queried(waiting).unwrap().unwrap_err();
    assert_eq!(error.code, Code::FailedPrecondition);
    let error = scene.query("state").unwrap_err();
    assert_eq!(
        error.message,
        "Workflow execution closed before WorkflowTaskStarted event"
    );
    assert!(
        error
            .detail
            .unwrap()
            .type_url
            .ends_with("WorkflowNotReadyFailure")
    );
}

#[test]
fn a_caller_can_ask_not_to_query_closed_workflows() {
    let mut scene = Scene::after(vec![complete_workflow("done")]);
    let call = scene.query_with("state", 2).unwrap();
    let rejected = scene
        .queried(call)
        .unwrap()
        .unwrap()
        .query_rejected
        .unwrap();
    assert_eq!(rejected.status, 2);
    let call = scene.query_with("state", 3).unwrap();
    assert_eq!(scene.queried(call), None, "it completed cleanly");
}

#[test]
fn a_query_out_of_time_is_not_handed_out() {
    let mut scene = Scene::after(vec![]);
    let call = scene.query("state").unwrap();
    scene.engine.time_out_call(call);
    assert_eq!(
        scene.queried(call).unwrap().unwrap_err().code,
        Code::DeadlineExceeded
    );
    let poll = scene.begin_poll("q");
    assert_eq!(scene.workflow_task(poll), None);
}
