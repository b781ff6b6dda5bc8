//! What clients get that cannot follow a closed run to the next one.

#![allow(deprecated, reason = "clients of old expect fields of old")]

use outlast_proto::temporal::api::enums::v1::{EventType, TimeoutType};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{Failure, TimeoutFailureInfo};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::history::v1::{
    HistoryEvent, WorkflowExecutionContinuedAsNewEventAttributes as ContinuedAsNew,
};
use tonic::metadata::MetadataMap;

/// Whether a client knows that a closed run may name the next one.
pub(super) fn follows_next_run(metadata: &MetadataMap) -> bool {
    let features = metadata.get("supported-features");
    let features = features.and_then(|features| features.to_str().ok());
    features.is_some_and(|features| features.split(',').any(|f| f.trim() == FOLLOWS_NEXT_RUN))
}

/// Shows a close that a retry or a schedule follows as a continue-as-new, which every client
/// follows.
pub(super) fn simplify(event: &mut HistoryEvent) {
    let continued = match event.attributes.as_ref() {
        Some(Attributes::WorkflowExecutionCompletedEventAttributes(a)) => ContinuedAsNew {
            new_execution_run_id: a.new_execution_run_id.clone(),
            last_completion_result: a.result.clone(),
            ..Default::default()
        },
        Some(Attributes::WorkflowExecutionFailedEventAttributes(a)) => ContinuedAsNew {
            new_execution_run_id: a.new_execution_run_id.clone(),
            failure: a.failure.clone(),
            ..Default::default()
        },
        Some(Attributes::WorkflowExecutionTimedOutEventAttributes(a)) => ContinuedAsNew {
            new_execution_run_id: a.new_execution_run_id.clone(),
            failure: Some(timeout()),
            ..Default::default()
        },
        _ => return,
    };
    if continued.new_execution_run_id.is_empty() {
        return;
    }
    event.event_type = EventType::WorkflowExecutionContinuedAsNew as i32;
    event.attributes = Some(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(
        Box::new(continued),
    ));
}

fn timeout() -> Failure {
    Failure {
        message: "workflow timeout".to_owned(),
        source: "Server".to_owned(),
        failure_info: Some(FailureInfo::TimeoutFailureInfo(TimeoutFailureInfo {
            timeout_type: TimeoutType::StartToClose as i32,
            last_heartbeat_details: None,
        })),
        ..Default::default()
    }
}

const FOLLOWS_NEXT_RUN: &str = "follows-next-run-id";
