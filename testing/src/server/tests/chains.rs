//! Chains of runs: continue-as-new, retries, and the timeouts that span them.

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::enums::v1::{ContinueAsNewInitiator, RetryState};
use outlast_proto::temporal::api::history::v1::WorkflowExecutionStartedEventAttributes;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use super::builders::*;
use super::scene::*;
use crate::server::ServerOptions;

fn started(scene: &Scene) -> WorkflowExecutionStartedEventAttributes {
    match scene.history().swap_remove(0).attributes {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(a)) => *a,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_run_keeps_the_chains_first_id_and_its_own_seed() {
    let mut scene = Scene::new();
    let first = scene.start();
    let task = scene.poll();
    scene
        .complete(&task, vec![continue_as_new("again")])
        .unwrap();
    let next = started(&scene);
    assert_eq!(next.first_execution_run_id, first);
    assert_eq!(next.continued_execution_run_id, first);
    assert_eq!(
        next.original_execution_run_id,
        scene.poll().workflow_execution.unwrap().run_id
    );
    assert_eq!(next.initiator(), ContinueAsNewInitiator::Workflow);
    assert_eq!(next.input, payloads("again"));
}

#[test]
fn young_runs_wait_before_they_continue_if_the_server_is_told_so() {
    let minimal_run_interval = Duration::from_secs(1);
    let mut scene = Scene::with(ServerOptions {
        minimal_run_interval,
        ..ServerOptions::default()
    });
    scene.start();
    let task = scene.poll();
    scene
        .complete(&task, vec![continue_as_new("again")])
        .unwrap();
    assert_eq!(started(&scene).first_workflow_task_backoff, seconds(1.0));
    assert_eq!(scene.types(), [E::WorkflowExecutionStarted]);
    scene.await_result();
    assert_eq!(scene.elapsed(), 1.0);
    assert_eq!(
        scene.types(),
        [E::WorkflowExecutionStarted, E::WorkflowTaskScheduled]
    );
}

#[test]
fn a_retried_run_backs_off_in_virtual_time() {
    let mut scene = Scene::new();
    let first = scene.start_with(|request| request.retry_policy = at_most(2, 60.0));
    let task = scene.poll();
    scene.complete(&task, vec![fail_workflow("once")]).unwrap();
    let events = scene.history_of(&first);
    let Some(Attributes::WorkflowExecutionFailedEventAttributes(a)) =
        &events.last().unwrap().attributes
    else {
        panic!()
    };
    assert_eq!(a.retry_state(), RetryState::InProgress);
    let next = started(&scene);
    assert_eq!(
        (next.attempt, next.initiator()),
        (2, ContinueAsNewInitiator::Retry)
    );
    assert_eq!(next.continued_failure.unwrap().message, "once");
    scene.await_result();
    assert_eq!(scene.elapsed(), 60.0);
    let task = scene.poll();
    scene.complete(&task, vec![fail_workflow("twice")]).unwrap();
    let Attributes::WorkflowExecutionFailedEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert_eq!(a.retry_state(), RetryState::MaximumAttemptsReached);
}

#[test]
fn a_run_that_timed_out_is_retried_too() {
    let mut scene = Scene::new();
    scene.start_with(|request| {
        request.retry_policy = at_most(2, 5.0);
        request.workflow_run_timeout = seconds(10.0);
    });
    scene.advance(10);
    assert_eq!(
        started(&scene).continued_failure.unwrap().message,
        "workflow timeout"
    );
    scene.advance(15);
    let Attributes::WorkflowExecutionTimedOutEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert_eq!(a.retry_state(), RetryState::MaximumAttemptsReached);
}

#[test]
fn the_execution_timeout_spans_the_chain_and_is_final() {
    let mut scene = Scene::new();
    scene.start_with(|request| {
        request.retry_policy = at_most(0, 1.0);
        request.workflow_execution_timeout = seconds(10.0);
    });
    let expiration = started(&scene).workflow_execution_expiration_time;
    assert!(expiration.is_some());
    scene.advance(4);
    let task = scene.poll();
    scene
        .complete(&task, vec![continue_as_new("again")])
        .unwrap();
    assert_eq!(
        started(&scene).workflow_execution_expiration_time,
        expiration
    );
    scene.advance(6);
    let Attributes::WorkflowExecutionTimedOutEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert_eq!(
        (a.retry_state(), a.new_execution_run_id.as_str()),
        (RetryState::Timeout, "")
    );
}

#[test]
fn a_start_delay_holds_back_only_the_task() {
    let mut scene = Scene::new();
    scene.start_with(|request| request.workflow_start_delay = seconds(60.0));
    scene.signal("early");
    assert_eq!(
        scene.types(),
        [E::WorkflowExecutionStarted, E::WorkflowExecutionSignaled]
    );
    scene.await_result();
    assert_eq!(scene.elapsed(), 60.0);
    assert_eq!(scene.types().last(), Some(&E::WorkflowTaskScheduled));
}

#[test]
fn a_cancellation_ends_the_start_delay() {
    let mut scene = Scene::new();
    scene.start_with(|request| request.workflow_start_delay = seconds(60.0));
    scene.cancel();
    let want = [
        E::WorkflowExecutionCancelRequested,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(scene.types()[1..], want);
    scene.advance(60);
    assert_eq!(scene.history().len(), 3, "the delay does not end twice");
}
