//! Workflows that signal and cancel each other.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

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
