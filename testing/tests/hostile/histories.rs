//! What is true of every history.

use std::collections::BTreeSet;

use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes as A;
use prost::Message;
use prost_reflect::{DynamicMessage, ReflectMessage, Value};

use crate::loot::descriptors;

/// Checks that a history tells the life of one run that may have happened.
pub(crate) fn check_history(events: &[HistoryEvent], is_open: bool) {
    assert_eq!(events[0].event_type(), E::WorkflowExecutionStarted);
    let mut task = Task::None;
    let mut ended = BTreeSet::new();
    for (index, event) in events.iter().enumerate() {
        let told = || format!("{event:?}\nof {:?}", types(events));
        assert_eq!(event.event_id, index as i64 + 1, "{}", told());
        let is_last = index + 1 == events.len();
        assert_eq!(is_close(event), is_last && !is_open, "{}", told());
        assert!(is_close(event) || task.handle(event), "{}", told());
        assert!(refers_to_the_past(event, events), "{}", told());
        if let Some(begun) = ended_by(event) {
            assert!(ended.insert(begun), "ended twice: {}", told());
        }
    }
}

/// Where the workflow task of a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    None,
    Scheduled,
    Started,
}

impl Task {
    /// Takes in an event; false if it could not come now.
    fn handle(&mut self, event: &HistoryEvent) -> bool {
        let (possible, next) = match event.event_type() {
            E::WorkflowTaskScheduled => (*self == Self::None, Self::Scheduled),
            E::WorkflowTaskStarted => (*self == Self::Scheduled, Self::Started),
            E::WorkflowTaskCompleted | E::WorkflowTaskFailed => {
                (*self == Self::Started, Self::None)
            }
            E::WorkflowTaskTimedOut => (*self != Self::None, Self::None),
            // What happens while a task runs is written after it.
            _ => (*self != Self::Started, *self),
        };
        *self = next;
        possible
    }
}

/// Whether every event that this one names lies before it, and is of the type that it says.
fn refers_to_the_past(event: &HistoryEvent, events: &[HistoryEvent]) -> bool {
    let name = "temporal.api.history.v1.HistoryEvent";
    let descriptor = descriptors().get_message_by_name(name).expect("it exists");
    let bytes = event.encode_to_vec();
    let event = DynamicMessage::decode(descriptor, bytes.as_slice()).expect("it is an event");
    let attributes = event.fields().find_map(|(_, value)| match value {
        Value::Message(attributes) if attributes.descriptor().name().ends_with("Attributes") => {
            Some(attributes.clone())
        }
        _ => None,
    });
    let own = event.get_field_by_name("event_id");
    let own = own.and_then(|id| id.as_i64()).unwrap_or_default();
    let is_sound = |name: &str, id: i64| {
        let place = usize::try_from(id - 1).ok().filter(|_| id < own);
        let kind = place.map(|place| events[place].event_type());
        match name {
            "workflow_task_completed_event_id" => kind == Some(E::WorkflowTaskCompleted),
            _ => kind.is_some(),
        }
    };
    let attributes = attributes.expect("every event has attributes");
    attributes.fields().all(|(field, value)| match value {
        Value::I64(id) if field.name().ends_with("_event_id") && !is_foreign(field.name()) => {
            is_sound(field.name(), *id)
        }
        _ => true,
    })
}

/// Whether an event of another run is meant, or one that has yet to come.
fn is_foreign(name: &str) -> bool {
    [
        "parent_initiated_event_id",
        "external_initiated_event_id",
        "accepted_request_sequencing_event_id",
        "base_rebuild_last_event_id",
    ]
    .contains(&name)
}

/// What an event ends, which ends only once.
fn ended_by(event: &HistoryEvent) -> Option<(&'static str, i64)> {
    Some(match event.attributes.as_ref()? {
        A::ActivityTaskCanceledEventAttributes(a) => ("activity", a.scheduled_event_id),
        A::ActivityTaskCompletedEventAttributes(a) => ("activity", a.scheduled_event_id),
        A::ActivityTaskFailedEventAttributes(a) => ("activity", a.scheduled_event_id),
        A::ActivityTaskTimedOutEventAttributes(a) => ("activity", a.scheduled_event_id),
        A::ChildWorkflowExecutionCanceledEventAttributes(a) => ("child", a.initiated_event_id),
        A::ChildWorkflowExecutionCompletedEventAttributes(a) => ("child", a.initiated_event_id),
        A::ChildWorkflowExecutionFailedEventAttributes(a) => ("child", a.initiated_event_id),
        A::ChildWorkflowExecutionTerminatedEventAttributes(a) => ("child", a.initiated_event_id),
        A::ChildWorkflowExecutionTimedOutEventAttributes(a) => ("child", a.initiated_event_id),
        A::ExternalWorkflowExecutionSignaledEventAttributes(a) => ("signal", a.initiated_event_id),
        A::TimerCanceledEventAttributes(a) => ("timer", a.started_event_id),
        A::TimerFiredEventAttributes(a) => ("timer", a.started_event_id),
        A::WorkflowExecutionUpdateCompletedEventAttributes(a) => ("update", a.accepted_event_id),
        _ => return None,
    })
}

fn is_close(event: &HistoryEvent) -> bool {
    matches!(
        event.event_type(),
        E::WorkflowExecutionCanceled
            | E::WorkflowExecutionCompleted
            | E::WorkflowExecutionContinuedAsNew
            | E::WorkflowExecutionFailed
            | E::WorkflowExecutionTerminated
            | E::WorkflowExecutionTimedOut
    )
}

fn types(events: &[HistoryEvent]) -> Vec<E> {
    events.iter().map(HistoryEvent::event_type).collect()
}
