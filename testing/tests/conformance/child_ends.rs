//! How children end, as their parents see it.

use outlast_proto::temporal::api::command::v1::StartChildWorkflowExecutionCommandAttributes as Child;
use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    RetryState,
};
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use crate::support::builders::*;
use crate::{Peer, conform};

/// Starts a workflow that starts a child, whose own task queue is the returned peer's.
async fn parent_of(peer: &Peer, change: impl FnOnce(&mut Child)) -> Peer {
    let child = peer.kin("child");
    let mut attributes = child_in(&child.queue, &child.workflow_id);
    change(&mut attributes);
    peer.start().await;
    let task = peer.poll().await;
    let commands = vec![start_child_with(attributes)];
    peer.complete(&task, commands).await.unwrap();
    peer.complete(&peer.poll().await, vec![]).await.unwrap();
    child
}

#[tokio::test]
async fn a_child_fails_with_its_failure() {
    conform("childfail", async |peer| {
        let child = parent_of(peer, |_| ()).await;
        child.answer(fail_workflow("no luck")).await;
        let events = peer.until(E::ChildWorkflowExecutionFailed).await;
        assert_eq!(retry_state(&events), RetryState::RetryPolicyNotSet);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_child_cancels_itself() {
    conform("childcancel", async |peer| {
        let child = parent_of(peer, |_| ()).await;
        child.answer(cancel_workflow()).await;
        peer.until(E::ChildWorkflowExecutionCanceled).await;
        peer.answer(complete_workflow("alone")).await;
    })
    .await;
}

#[tokio::test]
async fn a_child_times_out() {
    conform("childtimeout", async |peer| {
        parent_of(peer, |child| child.workflow_run_timeout = seconds(1.0)).await;
        let events = peer.until(E::ChildWorkflowExecutionTimedOut).await;
        assert_eq!(retry_state(&events), RetryState::RetryPolicyNotSet);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_child_is_terminated() {
    conform("childkill", async |peer| {
        let child = parent_of(peer, |_| ()).await;
        child.terminate("enough").await.unwrap();
        peer.until(E::ChildWorkflowExecutionTerminated).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_child_ends_with_the_last_run_of_its_chain() {
    conform("childchain", async |peer| {
        let child = parent_of(peer, |_| ()).await;
        child.answer(continue_later("more")).await;
        child.answer(complete_workflow("grown up")).await;
        let events = peer.until(E::ChildWorkflowExecutionCompleted).await;
        let completed = events.iter().find_map(|event| match &event.attributes {
            Some(Attributes::ChildWorkflowExecutionCompletedEventAttributes(a)) => Some(a),
            _ => None,
        });
        let last = child.describe("").await.workflow_execution_info.unwrap();
        assert_eq!(completed.unwrap().workflow_execution, last.execution);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn only_the_last_attempt_of_a_child_counts() {
    conform("childretry", async |peer| {
        let child = parent_of(peer, |child| child.retry_policy = at_most(2, 1.0)).await;
        child.answer(fail_workflow("once")).await;
        child.answer(fail_workflow("twice")).await;
        let events = peer.until(E::ChildWorkflowExecutionFailed).await;
        assert_eq!(retry_state(&events), RetryState::MaximumAttemptsReached);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_attempts_of_a_child_run_out_of_time() {
    conform("childexpire", async |peer| {
        let child = parent_of(peer, |child| {
            child.retry_policy = at_most(5, 60.0);
            child.workflow_execution_timeout = seconds(2.0);
        })
        .await;
        child.answer(fail_workflow("once")).await;
        let events = peer.until(E::ChildWorkflowExecutionFailed).await;
        assert_eq!(retry_state(&events), RetryState::Timeout);
        peer.terminate("").await.unwrap();
    })
    .await;
}

fn retry_state(events: &[HistoryEvent]) -> RetryState {
    let state = events
        .iter()
        .rev()
        .find_map(|event| match &event.attributes {
            Some(Attributes::ChildWorkflowExecutionFailedEventAttributes(a)) => {
                Some(a.retry_state())
            }
            Some(Attributes::ChildWorkflowExecutionTimedOutEventAttributes(a)) => {
                Some(a.retry_state())
            }
            _ => None,
        });
    state.unwrap()
}
