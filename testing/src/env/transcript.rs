//! A history as text that is the same in every run of a test.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use outlast::{Failure, Payload, WorkflowHistory};
use outlast_proto::temporal::api::common::v1::Payloads;
use outlast_proto::temporal::api::enums::v1::TimeoutType;
use outlast_proto::temporal::api::failure::v1::Failure as WireFailure;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::history::v1::history_event::Attributes as A;
use outlast_proto::temporal::api::history::v1::{History, HistoryEvent};
use outlast_proto::temporal::api::update::v1::outcome::Value;

use super::text;

/// A line for each event: how long after the start it was written, its number and its type, and
/// what tells it from others.
///
/// Whatever differs between two runs of the same test is left out: ids that are made up at random,
/// and times but for the distance from the start.
pub(super) fn transcript(history: &WorkflowHistory) -> String {
    let events = History::from(history.clone()).events;
    let start = events.first().map_or(SystemTime::UNIX_EPOCH, time_of);
    let mut text = String::new();
    for event in &events {
        let after = time_of(event).duration_since(start).unwrap_or_default();
        let after = format!("+{}", text::duration(after));
        let name = name_of(event);
        let details = event.attributes.as_ref().map(details).unwrap_or_default();
        let line = format!("{after:<10} {:>3} {name} {details}", event.event_id);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn time_of(event: &HistoryEvent) -> SystemTime {
    let time = event
        .event_time
        .and_then(|time| SystemTime::try_from(time).ok());
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// `TimerStarted` of `EVENT_TYPE_TIMER_STARTED`.
fn name_of(event: &HistoryEvent) -> String {
    let name = event.event_type().as_str_name();
    let words = name.trim_start_matches("EVENT_TYPE_").split('_');
    words
        .map(|word| format!("{}{}", &word[..1], word[1..].to_ascii_lowercase()))
        .collect()
}

fn details(attributes: &A) -> String {
    match attributes {
        A::WorkflowExecutionStartedEventAttributes(a) => call(&a.workflow_type, &a.input),
        A::WorkflowExecutionCompletedEventAttributes(a) => values(&a.result),
        A::WorkflowExecutionFailedEventAttributes(a) => failure(&a.failure),
        A::WorkflowExecutionTerminatedEventAttributes(a) => a.reason.clone(),
        A::WorkflowExecutionContinuedAsNewEventAttributes(a) => call(&a.workflow_type, &a.input),
        A::WorkflowExecutionCanceledEventAttributes(a) => values(&a.details),
        A::WorkflowExecutionCancelRequestedEventAttributes(a) => a.cause.clone(),
        A::WorkflowExecutionSignaledEventAttributes(a) => called(&a.signal_name, &a.input),
        A::WorkflowExecutionUpdateAcceptedEventAttributes(a) => {
            let input = a.accepted_request.as_ref().and_then(|r| r.input.as_ref());
            input.map_or_else(String::new, |input| called(&input.name, &input.args))
        }
        A::WorkflowExecutionUpdateCompletedEventAttributes(a) => {
            let outcome = a
                .outcome
                .as_ref()
                .and_then(|outcome| outcome.value.as_ref());
            let outcome = match outcome {
                None => String::new(),
                Some(Value::Success(result)) => values(&Some(result.clone())),
                Some(Value::Failure(reason)) => failure(&Some(reason.clone())),
            };
            of(a.accepted_event_id, &outcome)
        }
        A::WorkflowTaskFailedEventAttributes(a) => {
            format!("{} {}", a.cause().as_str_name(), failure(&a.failure))
        }
        A::WorkflowTaskTimedOutEventAttributes(a) => timeout(a.timeout_type()),
        A::ActivityTaskScheduledEventAttributes(a) => {
            let kind = a
                .activity_type
                .as_ref()
                .map_or("", |kind| kind.name.as_str());
            format!("{}, id {}", called(kind, &a.input), a.activity_id)
        }
        A::ActivityTaskStartedEventAttributes(a) => {
            of(a.scheduled_event_id, &format!("attempt {}", a.attempt))
        }
        A::ActivityTaskCompletedEventAttributes(a) => of(a.scheduled_event_id, &values(&a.result)),
        A::ActivityTaskFailedEventAttributes(a) => of(a.scheduled_event_id, &failure(&a.failure)),
        A::ActivityTaskTimedOutEventAttributes(a) => of(a.scheduled_event_id, &failure(&a.failure)),
        A::ActivityTaskCancelRequestedEventAttributes(a) => of(a.scheduled_event_id, ""),
        A::ActivityTaskCanceledEventAttributes(a) => of(a.scheduled_event_id, &values(&a.details)),
        A::TimerStartedEventAttributes(a) => {
            let length = a
                .start_to_fire_timeout
                .and_then(|d| Duration::try_from(d).ok());
            let length = text::duration(length.unwrap_or_default());
            format!("id {}, {length}", a.timer_id)
        }
        A::TimerFiredEventAttributes(a) => format!("id {}", a.timer_id),
        A::TimerCanceledEventAttributes(a) => format!("id {}", a.timer_id),
        A::MarkerRecordedEventAttributes(a) => a.marker_name.clone(),
        A::StartChildWorkflowExecutionInitiatedEventAttributes(a) => {
            call(&a.workflow_type, &a.input)
        }
        A::ChildWorkflowExecutionStartedEventAttributes(a) => of(a.initiated_event_id, ""),
        A::ChildWorkflowExecutionCompletedEventAttributes(a) => {
            of(a.initiated_event_id, &values(&a.result))
        }
        A::ChildWorkflowExecutionFailedEventAttributes(a) => {
            of(a.initiated_event_id, &failure(&a.failure))
        }
        A::ChildWorkflowExecutionCanceledEventAttributes(a) => of(a.initiated_event_id, ""),
        A::ChildWorkflowExecutionTimedOutEventAttributes(a) => of(a.initiated_event_id, ""),
        A::ChildWorkflowExecutionTerminatedEventAttributes(a) => of(a.initiated_event_id, ""),
        A::SignalExternalWorkflowExecutionInitiatedEventAttributes(a) => {
            called(&a.signal_name, &a.input)
        }
        A::ExternalWorkflowExecutionSignaledEventAttributes(a) => of(a.initiated_event_id, ""),
        A::SignalExternalWorkflowExecutionFailedEventAttributes(a) => of(a.initiated_event_id, ""),
        A::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(a) => a.reason.clone(),
        A::ExternalWorkflowExecutionCancelRequestedEventAttributes(a) => {
            of(a.initiated_event_id, "")
        }
        A::RequestCancelExternalWorkflowExecutionFailedEventAttributes(a) => {
            of(a.initiated_event_id, "")
        }
        A::NexusOperationScheduledEventAttributes(a) => {
            let name = format!("{}/{}/{}", a.endpoint, a.service, a.operation);
            let input: Vec<Payload> = a.input.iter().cloned().map(Payload::from).collect();
            format!("{name}{}", text::input(&input))
        }
        A::NexusOperationStartedEventAttributes(a) => of(a.scheduled_event_id, ""),
        A::NexusOperationCompletedEventAttributes(a) => {
            let result = a.result.iter().cloned().map(Payload::from);
            let result: Vec<String> = result.map(|value| text::value(&value)).collect();
            of(a.scheduled_event_id, &result.join(", "))
        }
        A::NexusOperationFailedEventAttributes(a) => of(a.scheduled_event_id, &failure(&a.failure)),
        A::NexusOperationTimedOutEventAttributes(a) => {
            of(a.scheduled_event_id, &failure(&a.failure))
        }
        A::NexusOperationCancelRequestedEventAttributes(a) => of(a.scheduled_event_id, ""),
        A::NexusOperationCanceledEventAttributes(a) => of(a.scheduled_event_id, ""),
        // The type of all others says what there is to say.
        _ => String::new(),
    }
}

fn call(
    kind: &Option<outlast_proto::temporal::api::common::v1::WorkflowType>,
    input: &Option<Payloads>,
) -> String {
    called(kind.as_ref().map_or("", |kind| kind.name.as_str()), input)
}

fn called(name: &str, input: &Option<Payloads>) -> String {
    format!("{name}{}", text::input(&payloads(input)))
}

fn values(values: &Option<Payloads>) -> String {
    let values: Vec<String> = payloads(values).iter().map(text::value).collect();
    values.join(", ")
}

fn payloads(list: &Option<Payloads>) -> Vec<Payload> {
    let list = list.iter().flat_map(|list| &list.payloads);
    list.cloned().map(Payload::from).collect()
}

fn failure(failure: &Option<WireFailure>) -> String {
    let Some(failure) = failure else {
        return String::new();
    };
    let mut innermost = failure;
    while let Some(cause) = &innermost.cause {
        innermost = cause;
    }
    match &innermost.failure_info {
        Some(FailureInfo::TimeoutFailureInfo(info)) => timeout(info.timeout_type()),
        _ => text::failure(&Failure::from(innermost.clone())),
    }
}

fn timeout(kind: TimeoutType) -> String {
    kind.as_str_name()
        .trim_start_matches("TIMEOUT_TYPE_")
        .to_owned()
}

/// What concerns an earlier event.
fn of(event_id: i64, details: &str) -> String {
    match details {
        "" => format!("of {event_id}"),
        details => format!("of {event_id}: {details}"),
    }
}
