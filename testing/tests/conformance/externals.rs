//! Workflows that signal and cancel each other.

use outlast_proto::temporal::api::command::v1::{
    RequestCancelExternalWorkflowExecutionCommandAttributes as Cancel,
    SignalExternalWorkflowExecutionCommandAttributes as Signal,
};
use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    ParentClosePolicy as Policy,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

#[tokio::test]
async fn workflows_signal_and_cancel_each_other() {
    conform("external", async |peer| {
        let other = peer.kin("other");
        other.start().await;
        other.complete(&other.poll().await, vec![]).await.unwrap();
        peer.start().await;
        let mut task = peer.poll().await;
        let commands = [
            (
                signal_external(&other.workflow_id, "hello"),
                E::ExternalWorkflowExecutionSignaled,
            ),
            (
                cancel_external(&other.workflow_id),
                E::ExternalWorkflowExecutionCancelRequested,
            ),
            (
                signal_external("nobody at all", "hello"),
                E::SignalExternalWorkflowExecutionFailed,
            ),
            (
                cancel_external("nobody at all"),
                E::RequestCancelExternalWorkflowExecutionFailed,
            ),
        ];
        for (command, want) in commands {
            peer.complete(&task, vec![command]).await.unwrap();
            task = peer.poll().await;
            let events = events_of(&task);
            assert_eq!(events[events.len() - 3].event_type(), want);
        }
        let events = other.history().await;
        let signaled = events.iter().find_map(|event| match &event.attributes {
            Some(Attributes::WorkflowExecutionSignaledEventAttributes(a)) => Some(a),
            _ => None,
        });
        let signaled = signaled.unwrap();
        assert_eq!(signaled.identity, "history-service");
        let source = signaled.external_workflow_execution.as_ref().unwrap();
        assert_eq!(source.workflow_id, peer.workflow_id);
        let canceled = events.iter().find_map(|event| match &event.attributes {
            Some(Attributes::WorkflowExecutionCancelRequestedEventAttributes(a)) => Some(a),
            _ => None,
        });
        assert_eq!(canceled.unwrap().external_initiated_event_id, 10);
        peer.terminate("").await.unwrap();
        other.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_a_workflow_sends_as_it_ends_never_arrives() {
    conform("external/last words", async |peer| {
        let other = peer.kin("other");
        other.start().await;
        other.complete(&other.poll().await, vec![]).await.unwrap();
        peer.start().await;
        let last_words = vec![
            signal_external(&other.workflow_id, "lost"),
            cancel_external(&other.workflow_id),
            complete_workflow("done"),
        ];
        peer.complete(&peer.poll().await, last_words).await.unwrap();
        let third = peer.kin("third");
        third.start().await;
        let signal = signal_external(&other.workflow_id, "heard");
        third
            .complete(&third.poll().await, vec![signal])
            .await
            .unwrap();
        let events = other.until(E::WorkflowExecutionSignaled).await;
        let arrived = events.iter().filter_map(|event| match &event.attributes {
            Some(Attributes::WorkflowExecutionSignaledEventAttributes(a)) => {
                Some(a.signal_name.as_str())
            }
            Some(Attributes::WorkflowExecutionCancelRequestedEventAttributes(_)) => Some("cancel"),
            _ => None,
        });
        assert!(arrived.eq(["heard"]), "{events:?}");
        for open in [third, other] {
            open.terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn closed_workflows_get_no_signals_and_need_no_cancellation() {
    conform("externalclosed", async |peer| {
        let other = peer.kin("other");
        other.start().await;
        other.terminate("").await.unwrap();
        peer.start().await;
        peer.answer(signal_external(&other.workflow_id, "late"))
            .await;
        peer.until(E::SignalExternalWorkflowExecutionFailed).await;
        peer.answer(cancel_external(&other.workflow_id)).await;
        peer.until(E::ExternalWorkflowExecutionCancelRequested)
            .await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_workflow_cannot_reach_for_itself() {
    conform("externalself", async |peer| {
        peer.start().await;
        peer.answer(signal_external(&peer.workflow_id, "me")).await;
        peer.until(E::SignalExternalWorkflowExecutionFailed).await;
        peer.answer(cancel_external(&peer.workflow_id)).await;
        peer.until(E::RequestCancelExternalWorkflowExecutionFailed)
            .await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn one_run_of_another_workflow_can_be_named() {
    conform("externalrun", async |peer| {
        let other = peer.kin("other");
        let run_id = other.start().await;
        peer.start().await;
        peer.answer(signal_external_with(Signal {
            execution: other.run(&run_id),
            signal_name: "hello".to_owned(),
            input: payloads("input"),
            ..Default::default()
        }))
        .await;
        peer.until(E::ExternalWorkflowExecutionSignaled).await;
        peer.answer(cancel_external_with(Cancel {
            workflow_id: other.workflow_id.clone(),
            run_id: uuid(),
            reason: "no more".to_owned(),
            ..Default::default()
        }))
        .await;
        peer.until(E::RequestCancelExternalWorkflowExecutionFailed)
            .await;
        other.until(E::WorkflowExecutionSignaled).await;
        peer.terminate("").await.unwrap();
        other.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn children_are_canceled_and_signaled_by_their_parents_only() {
    conform("externalchild", async |peer| {
        let (child, stranger) = (peer.kin("child"), peer.kin("stranger"));
        stranger.start().await;
        peer.start().await;
        peer.answer(start_child(
            &child.queue,
            &child.workflow_id,
            Policy::Terminate,
        ))
        .await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        let cancel = |target: &Peer| {
            cancel_external_with(Cancel {
                workflow_id: target.workflow_id.clone(),
                child_workflow_only: true,
                reason: "tidying up".to_owned(),
                ..Default::default()
            })
        };
        peer.answer(cancel(&stranger)).await;
        peer.until(E::RequestCancelExternalWorkflowExecutionFailed)
            .await;
        peer.answer(cancel(&child)).await;
        peer.until(E::ExternalWorkflowExecutionCancelRequested)
            .await;
        child.answer(cancel_workflow()).await;
        peer.until(E::ChildWorkflowExecutionCanceled).await;
        peer.terminate("").await.unwrap();
        stranger.terminate("").await.unwrap();
    })
    .await;
}
