//! Timeouts of runs and of chains of runs.

use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    ParentClosePolicy, RetryState,
};
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::support::builders::*;
use crate::{Peer, conform};

fn limited(peer: &Peer, execution: f64, run: f64) -> api::StartWorkflowExecutionRequest {
    api::StartWorkflowExecutionRequest {
        workflow_execution_timeout: seconds(execution),
        workflow_run_timeout: seconds(run),
        ..peer.start_request()
    }
}

#[tokio::test]
async fn a_chain_of_runs_has_one_execution_timeout() {
    conform("chaintimeout", async |peer| {
        peer.start_with(limited(peer, 3.0, 60.0)).await.unwrap();
        peer.answer(continue_later("more")).await;
        peer.poll().await;
        let closed = peer.close_event().await;
        assert_eq!(retry_state(&closed), RetryState::Timeout);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_out_of_time_is_retried() {
    conform("runretry", async |peer| {
        let mut request = limited(peer, 60.0, 1.0);
        request.retry_policy = at_most(2, 1.0);
        let first = peer.start_with(request).await.unwrap().run_id;
        let closed = peer.close_event_of(&first).await;
        assert_eq!(retry_state(&closed), RetryState::InProgress);
        let closed = peer.close_event().await;
        assert_eq!(retry_state(&closed), RetryState::MaximumAttemptsReached);
    })
    .await;
}

#[tokio::test]
async fn an_execution_timeout_is_not_retried() {
    conform("noretry", async |peer| {
        let mut request = limited(peer, 1.0, 60.0);
        request.retry_policy = at_most(5, 1.0);
        peer.start_with(request).await.unwrap();
        let closed = peer.close_event().await;
        assert_eq!(retry_state(&closed), RetryState::Timeout);
    })
    .await;
}

#[tokio::test]
async fn an_execution_timeout_leaves_no_time_for_an_attempt() {
    conform("notime-retry", async |peer| {
        let mut request = limited(peer, 3.0, 60.0);
        request.retry_policy = at_most(5, 30.0);
        peer.start_with(request).await.unwrap();
        peer.answer(fail_workflow("once")).await;
        let closed = peer.close_event().await;
        let Some(Attributes::WorkflowExecutionFailedEventAttributes(a)) = &closed.attributes else {
            panic!("{closed:?}")
        };
        assert_eq!(a.retry_state(), RetryState::Timeout);
    })
    .await;
}

#[tokio::test]
async fn a_run_times_out_with_all_that_is_under_way() {
    conform("pending", async |peer| {
        let child = peer.kin("child");
        // Long enough for all of it, also on a busy server.
        peer.start_with(limited(peer, 60.0, 5.0)).await.unwrap();
        let task = peer.poll().await;
        let commands = vec![
            start_timer("t", 60.0),
            schedule_activity(peer.activity("a")),
            start_child(
                &child.queue,
                &child.workflow_id,
                ParentClosePolicy::Terminate,
            ),
        ];
        peer.complete(&task, commands).await.unwrap();
        peer.until(E::ChildWorkflowExecutionStarted).await;
        peer.poll_activity().await;
        peer.poll().await;
        peer.signal("unseen").await.unwrap();
        let closed = peer.close_event().await;
        assert_eq!(retry_state(&closed), RetryState::RetryPolicyNotSet);
        child.until(E::WorkflowExecutionTerminated).await;
    })
    .await;
}

#[tokio::test]
async fn a_task_has_as_much_time_as_its_run_at_most() {
    conform("taskcap", async |peer| {
        for (name, task, run, want) in [
            ("long", 600.0, 5.0, 5.0),
            ("short", 3.0, 60.0, 3.0),
            ("most", 9000.0, 0.0, 120.0),
        ] {
            let workflow = peer.kin(name);
            let mut request = limited(&workflow, 0.0, run);
            request.workflow_task_timeout = seconds(task);
            workflow.start_with(request).await.unwrap();
            let events = workflow.history().await;
            let Some(Attributes::WorkflowTaskScheduledEventAttributes(a)) = &events[1].attributes
            else {
                panic!("{events:?}")
            };
            assert_eq!(a.start_to_close_timeout, seconds(want), "{name}");
            workflow.terminate("").await.unwrap();
        }
    })
    .await;
}

fn retry_state(closed: &HistoryEvent) -> RetryState {
    match &closed.attributes {
        Some(Attributes::WorkflowExecutionTimedOutEventAttributes(a)) => a.retry_state(),
        _ => panic!("{closed:?}"),
    }
}
