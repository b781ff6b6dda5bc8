//! Children, and what workflows do to each other.

use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::enums::v1::ParentClosePolicy;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use super::builders::*;
use super::scene::*;

fn child() -> outlast_proto::temporal::api::command::v1::Command {
    start_child("children", "c", ParentClosePolicy::Terminate)
}

#[test]
fn a_child_starts_before_anything_else_happens() {
    let scene = Scene::after(vec![child()]);
    let want = [
        E::StartChildWorkflowExecutionInitiated,
        E::ChildWorkflowExecutionStarted,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(scene.types()[4..], want);
    assert_eq!(
        scene.types_of("c"),
        [E::WorkflowExecutionStarted, E::WorkflowTaskScheduled]
    );
}

#[test]
fn children_start_in_the_order_of_their_commands() {
    let commands = ["b", "c", "a"].map(|id| start_child("q2", id, ParentClosePolicy::Terminate));
    let scene = Scene::after(commands.to_vec());
    let started: Vec<String> = scene
        .history()
        .into_iter()
        .filter_map(|event| match event.attributes {
            Some(Attributes::ChildWorkflowExecutionStartedEventAttributes(a)) => {
                Some(a.workflow_execution.unwrap().workflow_id)
            }
            _ => None,
        })
        .collect();
    assert_eq!(started, ["b", "c", "a"]);
}

#[test]
fn a_childs_buffered_start_and_end_keep_their_order() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    let mut completion = Scene::completion(&task, vec![child()]);
    completion.force_create_new_workflow_task = true;
    completion.return_new_workflow_task = true;
    let parent = scene
        .engine
        .respond_workflow_task_completed(completion)
        .unwrap();
    let task = scene.poll_queue("children");
    scene
        .complete(&task, vec![complete_workflow("grown up")])
        .unwrap();
    scene.signal("s");
    scene
        .complete(&parent.workflow_task.unwrap(), vec![])
        .unwrap();
    let want = [
        E::ChildWorkflowExecutionStarted,
        E::WorkflowExecutionSignaled,
        E::ChildWorkflowExecutionCompleted,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(scene.types()[8..], want);
    let Attributes::ChildWorkflowExecutionCompletedEventAttributes(a) = scene.last_event(1) else {
        panic!()
    };
    assert_eq!((a.initiated_event_id, a.started_event_id), (5, 9));
}

#[test]
fn only_the_last_run_of_a_child_reports_its_end() {
    let mut scene = Scene::after(vec![child()]);
    let task = scene.poll_queue("children");
    scene
        .complete(&task, vec![continue_as_new("more")])
        .unwrap();
    assert!(!scene.types().contains(&E::ChildWorkflowExecutionCompleted));
    let task = scene.poll_queue("children");
    scene.complete(&task, vec![fail_workflow("boom")]).unwrap();
    let Attributes::ChildWorkflowExecutionFailedEventAttributes(a) = scene.last_event(0) else {
        panic!("{:?}", scene.types())
    };
    assert_eq!(a.failure.unwrap().message, "boom");
    assert_eq!(a.started_event_id, 6);
}

#[test]
fn a_parents_end_reaches_the_latest_run_of_its_child() {
    let mut scene = Scene::after(vec![child()]);
    let task = scene.poll_queue("children");
    scene
        .complete(&task, vec![continue_as_new("more")])
        .unwrap();
    scene.terminate();
    let events = scene.engine.history("default", "c", "").unwrap();
    let Some(Attributes::WorkflowExecutionTerminatedEventAttributes(a)) =
        &events.last().unwrap().attributes
    else {
        panic!("{events:?}")
    };
    assert_eq!(a.reason, "by parent close policy");
}

#[test]
fn an_abandoned_child_starts_even_if_its_parent_closes_at_once() {
    let abandoned = start_child("children", "c", ParentClosePolicy::Abandon);
    let scene = Scene::after(vec![abandoned, complete_workflow("done")]);
    assert_eq!(
        scene.types_of("c"),
        [E::WorkflowExecutionStarted, E::WorkflowTaskScheduled]
    );
    let scene = Scene::after(vec![child(), complete_workflow("done")]);
    assert!(scene.engine.history("default", "c", "").is_err());
}

#[test]
fn the_clock_waits_for_a_childs_task() {
    let mut scene = Scene::after(vec![child(), start_timer("t", 60.0)]);
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    let task = scene.poll_queue("children");
    scene.await_result();
    assert_eq!(scene.elapsed(), 0.0);
    scene.complete(&task, vec![start_timer("c", 30.0)]).unwrap();
    assert_eq!(scene.elapsed(), 30.0);
}

#[test]
fn a_signal_to_nobody_fails() {
    let scene = Scene::after(vec![signal_external("nobody", "s")]);
    let want = [
        E::SignalExternalWorkflowExecutionInitiated,
        E::SignalExternalWorkflowExecutionFailed,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(scene.types()[4..], want);
}

#[test]
fn a_signal_to_a_child_arrives() {
    let scene = Scene::after(vec![child(), signal_external("c", "s")]);
    assert!(
        scene
            .types()
            .contains(&E::ExternalWorkflowExecutionSignaled)
    );
    assert_eq!(
        scene.types_of("c").last(),
        Some(&E::WorkflowExecutionSignaled)
    );
}

#[test]
fn a_cancellation_names_the_workflow_that_asked() {
    let mut scene = Scene::after(vec![child()]);
    let task = scene.poll();
    let cancel = vec![cancel_external("c")];
    scene.complete(&task, cancel).unwrap();
    assert!(
        scene
            .types()
            .contains(&E::ExternalWorkflowExecutionCancelRequested)
    );
    let events = scene.engine.history("default", "c", "").unwrap();
    let Some(Attributes::WorkflowExecutionCancelRequestedEventAttributes(a)) =
        &events.last().unwrap().attributes
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        a.external_workflow_execution.as_ref().unwrap().workflow_id,
        "w"
    );
    assert_eq!(a.external_initiated_event_id, 10);
}
