//! What becomes of children when their parents close.

use outlast_proto::temporal::api::command::v1::{
    Command, ContinueAsNewWorkflowExecutionCommandAttributes as Continuation,
};
use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    ParentClosePolicy as Policy,
};

use crate::support::builders::*;
use crate::{Peer, conform};

/// Starts a workflow with a child for each policy.
async fn family(peer: &Peer) -> [Peer; 3] {
    let policies = [Policy::Terminate, Policy::RequestCancel, Policy::Abandon];
    let children = policies.map(|policy| peer.kin(&format!("{policy:?}")));
    peer.start().await;
    for (child, policy) in children.iter().zip(policies) {
        // One after the other, because the order of their starts is chance.
        let before = peer.unrecorded().types().await;
        let before = before
            .into_iter()
            .filter(|t| *t == E::ChildWorkflowExecutionStarted);
        let before = before.count();
        peer.answer(start_child(&child.queue, &child.workflow_id, policy))
            .await;
        peer.until_times(E::ChildWorkflowExecutionStarted, before + 1)
            .await;
    }
    children
}

/// Checks that each child has met its fate.
async fn check([terminated, canceled, abandoned]: [Peer; 3]) {
    terminated.until(E::WorkflowExecutionTerminated).await;
    canceled.until(E::WorkflowExecutionCancelRequested).await;
    let want = [E::WorkflowExecutionStarted, E::WorkflowTaskScheduled];
    assert_eq!(abandoned.types().await, want);
    canceled.terminate("").await.unwrap();
    abandoned.terminate("").await.unwrap();
}

async fn close_by(name: &str, command: fn() -> Command) {
    conform(name, async |peer| {
        let children = family(peer).await;
        peer.answer(command()).await;
        check(children).await;
    })
    .await;
}

#[tokio::test]
async fn children_end_when_their_parent_completes() {
    close_by("closedone", || complete_workflow("done")).await;
}

#[tokio::test]
async fn children_end_when_their_parent_fails() {
    close_by("closefail", || fail_workflow("no luck")).await;
}

#[tokio::test]
async fn children_end_when_their_parent_is_canceled() {
    close_by("closecancel", cancel_workflow).await;
}

#[tokio::test]
async fn children_end_when_their_parent_continues_as_new() {
    conform("closenext", async |peer| {
        let children = family(peer).await;
        let later = Continuation {
            backoff_start_interval: seconds(60.0),
            ..Default::default()
        };
        peer.answer(continue_as_new_with(later)).await;
        check(children).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn children_end_when_their_parent_times_out() {
    conform("closelate", async |peer| {
        let child = peer.kin("child");
        let mut request = peer.start_request();
        request.workflow_run_timeout = seconds(2.0);
        peer.start_with(request).await.unwrap();
        peer.answer(start_child(
            &child.queue,
            &child.workflow_id,
            Policy::Terminate,
        ))
        .await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        child.until(E::WorkflowExecutionTerminated).await;
    })
    .await;
}

#[tokio::test]
async fn a_child_that_has_ended_is_left_alone() {
    conform("closeafter", async |peer| {
        let child = peer.kin("child");
        peer.start().await;
        peer.answer(start_child(
            &child.queue,
            &child.workflow_id,
            Policy::RequestCancel,
        ))
        .await;
        child.answer(complete_workflow("grown up")).await;
        peer.until(E::ChildWorkflowExecutionCompleted).await;
        child.start().await;
        peer.terminate("").await.unwrap();
        child.what_was_sent_arrives().await;
        let want = [E::WorkflowExecutionStarted, E::WorkflowTaskScheduled];
        assert_eq!(child.types().await, want);
        child.terminate("").await.unwrap();
    })
    .await;
}
