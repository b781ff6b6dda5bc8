//! [`History`]: everything that happened to a run.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use outlast_proto::temporal::api::enums::v1::{EventType, HistoryEventFilterType};
use outlast_proto::temporal::api::history::v1 as wire;
use outlast_proto::temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryRequest;
use prost::Message;
use thiserror::Error;
use tonic::Status;

use super::Client;
use super::control::RequestError;
use super::retry::Patience;
use super::target::Target;

/// Everything that happened to a run, event by event.
///
/// The events themselves are wire types: [`raw::events`](crate::raw::events).
#[derive(Clone, Default, PartialEq)]
pub struct History(wire::History);

/// What an event is, without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventSummary {
    /// Its place in the history, from 1.
    pub event_id: i64,
    /// What happened, such as `WorkflowExecutionStarted`.
    pub event_type: String,
    /// When.
    pub time: Option<SystemTime>,
}

/// Bytes that hold no history.
#[derive(Debug, Error)]
#[error("these bytes are not a history")]
pub struct HistoryDecodeError(#[source] prost::DecodeError);

impl History {
    /// Reads what [`to_bytes`](Self::to_bytes) wrote: the protobuf encoding of a history.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HistoryDecodeError> {
        let history = wire::History::decode(bytes).map_err(HistoryDecodeError)?;
        Ok(Self(history))
    }

    /// Writes the history in its protobuf encoding, to be stored and replayed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.events.len()
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.events.is_empty()
    }

    /// What the events are, in order.
    pub fn summaries(&self) -> impl Iterator<Item = EventSummary> {
        self.0.events.iter().map(|event| EventSummary {
            event_id: event.event_id,
            event_type: event_type(event),
            time: event.event_time.and_then(|time| time.try_into().ok()),
        })
    }

    /// What happened, in order, such as `WorkflowExecutionStarted`.
    pub fn event_types(&self) -> impl Iterator<Item = String> {
        self.0.events.iter().map(event_type)
    }

    pub(crate) fn new(events: Vec<wire::HistoryEvent>) -> Self {
        Self(wire::History { events })
    }

    pub(crate) fn events(&self) -> &[wire::HistoryEvent] {
        &self.0.events
    }
}

/// `WorkflowExecutionStarted` of `EVENT_TYPE_WORKFLOW_EXECUTION_STARTED`.
fn event_type(event: &wire::HistoryEvent) -> String {
    let Ok(known) = EventType::try_from(event.event_type) else {
        return format!("EventType{}", event.event_type);
    };
    let words = known
        .as_str_name()
        .trim_start_matches("EVENT_TYPE_")
        .split('_');
    let capitalized = words.map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{first}{}", rest.to_lowercase())
    });
    capitalized.collect()
}

/// Reads the history of a run, page by page.
pub(super) async fn history(target: &Target) -> Result<History, RequestError> {
    let mut request = GetWorkflowExecutionHistoryRequest {
        namespace: target.namespace(),
        execution: target.execution(),
        history_event_filter_type: HistoryEventFilterType::AllEvent as i32,
        ..GetWorkflowExecutionHistoryRequest::default()
    };
    let mut events = Vec::new();
    loop {
        let (read, next) = page(&target.client, Patience::Unary, &request)
            .await
            .map_err(|status| RequestError::of(target, status))?;
        events.extend(read);
        if next.is_empty() {
            return Ok(History::new(events));
        }
        request.next_page_token = next;
    }
}

/// Reads one page: its events, and the token of the next one.
pub(super) async fn page(
    client: &Client,
    patience: Patience,
    request: &GetWorkflowExecutionHistoryRequest,
) -> Result<(Vec<wire::HistoryEvent>, Bytes), Status> {
    let answer = client
        .call(patience, request, |mut service, request| async move {
            service.get_workflow_execution_history(request).await
        })
        .await?;
    let mut events = answer.history.unwrap_or_default().events;
    // Some servers hand on what their database holds.
    for blob in answer.raw_history {
        let history = wire::History::decode(blob.data).map_err(|error| {
            Status::data_loss(format!("the server sent an unreadable history: {error}"))
        })?;
        events.extend(history.events);
    }
    Ok((events, answer.next_page_token))
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.event_types()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_types_are_readable_and_unknown_ones_are_numbered() {
        let of = |event_type: i32| wire::HistoryEvent {
            event_type,
            ..wire::HistoryEvent::default()
        };
        let history = History::new(vec![of(EventType::WorkflowTaskTimedOut as i32), of(9999)]);
        assert_eq!(
            history.event_types().collect::<Vec<_>>(),
            ["WorkflowTaskTimedOut", "EventType9999"]
        );
        assert_eq!(History::from_bytes(&history.to_bytes()).unwrap(), history);
        assert!(History::from_bytes(b"nonsense").is_err());
    }
}
