//! Reading what the server sent.

use outlast_proto::temporal::api::enums::v1::{EventType, WorkflowTaskFailedCause};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::history::v1::{HistoryEvent, WorkflowTaskFailedEventAttributes};
use prost::Message;
use tonic::Status;

use super::WorkflowTask;

pub(crate) fn types(events: &[HistoryEvent]) -> Vec<EventType> {
    events.iter().map(HistoryEvent::event_type).collect()
}

pub(crate) fn events_of(task: &WorkflowTask) -> &[HistoryEvent] {
    task.history.as_ref().map_or(&[], |history| &history.events)
}

/// The name of the first detail of an error.
pub(crate) fn detail(status: &Status) -> String {
    let details = outlast_proto::google::rpc::Status::decode(status.details()).unwrap();
    let name = details
        .details
        .first()
        .and_then(|any| any.type_url.rsplit('.').next());
    name.unwrap_or_default().to_owned()
}

pub(crate) fn task_failure(event: &HistoryEvent) -> Option<&WorkflowTaskFailedEventAttributes> {
    match &event.attributes {
        Some(Attributes::WorkflowTaskFailedEventAttributes(a)) => Some(a),
        _ => None,
    }
}

pub(crate) fn failed_cause(event: &HistoryEvent) -> WorkflowTaskFailedCause {
    task_failure(event).map(|a| a.cause()).unwrap_or_default()
}
