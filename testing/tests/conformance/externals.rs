//! Workflows that signal and cancel each other.

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn workflows_signal_and_cancel_each_other() {
    conform("external", async |peer| {
        let other = peer.of(&format!("{}-other", peer.workflow_id));
        other.start().await;
        other.complete(&other.poll().await, vec![]).await.unwrap();
        peer.start().await;
        let task = peer.poll().await;
        let commands = vec![
            signal_external(&other.workflow_id, "hello"),
            cancel_external(&other.workflow_id),
            signal_external("nobody at all", "hello"),
        ];
        peer.complete(&task, commands).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1000)).await;
        let events = peer.history().await;
        let want = [
            E::SignalExternalWorkflowExecutionInitiated,
            E::RequestCancelExternalWorkflowExecutionInitiated,
            E::SignalExternalWorkflowExecutionInitiated,
        ];
        assert_eq!(types(&events[4..7]), want);
        for want in [
            E::ExternalWorkflowExecutionSignaled,
            E::ExternalWorkflowExecutionCancelRequested,
            E::SignalExternalWorkflowExecutionFailed,
        ] {
            assert!(types(&events).contains(&want), "{want:?} in {events:?}");
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
        assert_eq!(canceled.unwrap().external_initiated_event_id, 6);
        peer.terminate("").await.unwrap();
        other.terminate("").await.unwrap();
    })
    .await;
}
