//! [`Event`]: what the server recorded, reduced to what replay needs.

mod wire;

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1 as common;
use outlast_proto::temporal::api::enums::v1::EventType as WireType;

use super::message::UpdateRequest;
use crate::convert::Payload;
use crate::failure::{Failure, RetryState};
use crate::ids::{RunId, WorkflowExecution};
use crate::retry_policy::RetryPolicy;

/// One event of a run's history.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its place in the history, from 1.
    pub id: i64,
    /// When it was recorded, by the server's clock.
    pub time: SystemTime,
    /// Whether a worker that does not know the type may pass over it.
    pub ignorable: bool,
    /// What it says.
    pub body: EventBody,
}

/// What an event says. Large variants are boxed: histories are long.
#[derive(Clone, Debug)]
pub enum EventBody {
    /// A worker asked to cancel an activity.
    ActivityCancelRequested {
        /// The event that scheduled the activity.
        scheduled: i64,
    },
    /// An activity came to its end, one way or another.
    ActivityClosed {
        /// The event that scheduled the activity.
        scheduled: i64,
        /// How it ended.
        outcome: Box<ActivityOutcome>,
    },
    /// A worker scheduled an activity.
    ActivityScheduled(Box<ActivityScheduled>),
    /// Some worker took an activity.
    ActivityStarted {
        /// The event that scheduled the activity.
        scheduled: i64,
    },
    /// Somebody asked to cancel the execution.
    CancelRequested {
        /// Why.
        reason: Box<str>,
    },
    /// The execution ended, by a worker's command.
    ExecutionClosed(CloseKind),
    /// The server ended the execution: terminated or timed out.
    ExecutionEnded(EventType),
    /// The execution began.
    ExecutionStarted(Box<ExecutionStarted>),
    /// A worker recorded a marker of the given name.
    MarkerRecorded(Box<str>),
    /// Any other event.
    Other(EventType),
    /// Somebody sent a signal.
    Signaled(Box<Signaled>),
    /// A worker answered a workflow task.
    TaskCompleted(Box<TaskCompleted>),
    /// A worker failed a workflow task.
    TaskFailed {
        /// The run that a reset made, if that was the cause.
        reset_run: Option<RunId>,
    },
    /// A workflow task waits for a worker.
    TaskScheduled,
    /// A worker took a workflow task.
    TaskStarted(Box<TaskStarted>),
    /// A workflow task was not answered in time.
    TaskTimedOut,
    /// A worker canceled a timer.
    TimerCanceled {
        /// The timer's id.
        timer: Box<str>,
    },
    /// A timer fired.
    TimerFired {
        /// The event that started it.
        started: i64,
        /// The timer's id.
        timer: Box<str>,
    },
    /// A worker started a timer.
    TimerStarted {
        /// The timer's id.
        timer: Box<str>,
    },
    /// A worker accepted an update.
    UpdateAccepted(Box<UpdateAccepted>),
    /// The server kept an update for a run that was reset.
    UpdateAdmitted(Box<UpdateRequest>),
    /// A worker completed an update.
    UpdateCompleted {
        /// The event that accepted it.
        accepted: i64,
    },
}

/// The attributes of the first event.
#[derive(Clone, Debug, Default)]
pub struct ExecutionStarted {
    /// The id that the starter chose.
    pub workflow_id: String,
    /// The type's name.
    pub workflow_type: String,
    /// The arguments.
    pub input: Vec<Payload>,
    /// The queue of the execution's tasks.
    pub task_queue: String,
    /// 1, or more when a retry policy started the run.
    pub attempt: u32,
    /// The run whose id seeds randomness.
    pub original_run: String,
    /// The first run of the chain.
    pub first_run: String,
    /// The run that this one continues.
    pub continued_run: Option<RunId>,
    /// Who started it as a child.
    pub parent: Option<WorkflowExecution>,
    /// The longest time for one run.
    pub run_timeout: Option<Duration>,
    /// The longest time for the chain of runs.
    pub execution_timeout: Option<Duration>,
    /// The longest time for one workflow task.
    pub task_timeout: Option<Duration>,
    /// When the server retries the execution.
    pub retry: Option<RetryPolicy>,
    /// The cron schedule, if any.
    pub cron: Option<String>,
    /// The result of the run before, in a cron chain.
    pub last_result: Vec<Payload>,
    /// The failure of the run before.
    pub last_failure: Option<Failure>,
    /// What carries over to a run that continues as new.
    pub carried: Carried,
}

/// What a continued run inherits when the workflow does not say otherwise, kept as it came.
#[derive(Clone, Debug, Default)]
pub struct Carried {
    pub(in crate::engine) header: Option<common::Header>,
    pub(in crate::engine) memo: Option<common::Memo>,
    pub(in crate::engine) search_attributes: Option<common::SearchAttributes>,
    pub(in crate::engine) retry: Option<common::RetryPolicy>,
}

/// The attributes of a workflow task that a worker took.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskStarted {
    /// Whether the server thinks that it is time to continue as new.
    pub continue_as_new_suggested: bool,
    /// The size of the history so far.
    pub history_bytes: u64,
}

/// The attributes of a workflow task that a worker answered.
#[derive(Clone, Debug, Default)]
pub struct TaskCompleted {
    /// The SDK that answered, if it said so.
    pub sdk_name: Box<str>,
    /// The behaviours of Core-based SDKs that are in use from here on.
    pub core_flags: Vec<u32>,
    /// The behaviours of the named SDK that are in use from here on.
    pub lang_flags: Vec<u32>,
}

/// The attributes of an activity that a worker scheduled.
#[derive(Clone, Debug, Default)]
pub struct ActivityScheduled {
    /// Its id within the run.
    pub id: Box<str>,
    /// Its type's name.
    pub kind: Box<str>,
}

/// How an activity ended.
#[derive(Clone, Debug)]
pub enum ActivityOutcome {
    /// It was canceled, leaving these values.
    Canceled(Vec<Payload>),
    /// It returned.
    Completed(Vec<Payload>),
    /// It failed for good.
    Failed(ActivityFailed),
    /// A timeout ran out.
    TimedOut(ActivityFailed),
}

/// Why an activity failed or timed out.
#[derive(Clone, Debug)]
pub struct ActivityFailed {
    /// What was reported.
    pub failure: Failure,
    /// Why there is no further attempt.
    pub retry_state: RetryState,
    /// The worker of the last attempt.
    pub identity: String,
    /// The event that started the last attempt, 0 if none did.
    pub started: i64,
}

/// A signal.
#[derive(Clone, Debug, Default)]
pub struct Signaled {
    /// The handler's name.
    pub name: String,
    /// The arguments.
    pub input: Vec<Payload>,
}

/// An update that a worker accepted.
#[derive(Clone, Debug, Default)]
pub struct UpdateAccepted {
    /// The update's id.
    pub instance: String,
    /// The id of the request's message.
    pub message_id: String,
    /// The event after which the request is to be handled.
    pub sequencing: i64,
    /// The request itself; absent where an admitted event holds it.
    pub request: Option<UpdateRequest>,
}

/// How a worker ended an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseKind {
    /// As canceled.
    Canceled,
    /// With a result.
    Completed,
    /// By a run that goes on in its place.
    ContinuedAsNew,
    /// With a failure.
    Failed,
}

/// The type of an event, also of one that this version does not know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EventType(i32);

impl Event {
    /// The type, for messages to people.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        let known = match &self.body {
            EventBody::ActivityCancelRequested { .. } => WireType::ActivityTaskCancelRequested,
            EventBody::ActivityClosed { outcome, .. } => match **outcome {
                ActivityOutcome::Canceled(_) => WireType::ActivityTaskCanceled,
                ActivityOutcome::Completed(_) => WireType::ActivityTaskCompleted,
                ActivityOutcome::Failed(_) => WireType::ActivityTaskFailed,
                ActivityOutcome::TimedOut(_) => WireType::ActivityTaskTimedOut,
            },
            EventBody::ActivityScheduled(_) => WireType::ActivityTaskScheduled,
            EventBody::ActivityStarted { .. } => WireType::ActivityTaskStarted,
            EventBody::CancelRequested { .. } => WireType::WorkflowExecutionCancelRequested,
            EventBody::ExecutionClosed(CloseKind::Canceled) => WireType::WorkflowExecutionCanceled,
            EventBody::ExecutionClosed(CloseKind::Completed) => {
                WireType::WorkflowExecutionCompleted
            }
            EventBody::ExecutionClosed(CloseKind::ContinuedAsNew) => {
                WireType::WorkflowExecutionContinuedAsNew
            }
            EventBody::ExecutionClosed(CloseKind::Failed) => WireType::WorkflowExecutionFailed,
            EventBody::ExecutionEnded(event_type) | EventBody::Other(event_type) => {
                return *event_type;
            }
            EventBody::ExecutionStarted(_) => WireType::WorkflowExecutionStarted,
            EventBody::MarkerRecorded(_) => WireType::MarkerRecorded,
            EventBody::Signaled(_) => WireType::WorkflowExecutionSignaled,
            EventBody::TaskCompleted(_) => WireType::WorkflowTaskCompleted,
            EventBody::TaskFailed { .. } => WireType::WorkflowTaskFailed,
            EventBody::TaskScheduled => WireType::WorkflowTaskScheduled,
            EventBody::TaskStarted(_) => WireType::WorkflowTaskStarted,
            EventBody::TaskTimedOut => WireType::WorkflowTaskTimedOut,
            EventBody::TimerCanceled { .. } => WireType::TimerCanceled,
            EventBody::TimerFired { .. } => WireType::TimerFired,
            EventBody::TimerStarted { .. } => WireType::TimerStarted,
            EventBody::UpdateAccepted(_) => WireType::WorkflowExecutionUpdateAccepted,
            EventBody::UpdateAdmitted(_) => WireType::WorkflowExecutionUpdateAdmitted,
            EventBody::UpdateCompleted { .. } => WireType::WorkflowExecutionUpdateCompleted,
        };
        EventType(known as i32)
    }

    /// Whether the event is the record of a worker's command.
    #[must_use]
    pub fn is_command(&self) -> bool {
        match &self.body {
            EventBody::ActivityCancelRequested { .. }
            | EventBody::ActivityScheduled(_)
            | EventBody::ExecutionClosed(_)
            | EventBody::MarkerRecorded(_)
            | EventBody::TimerCanceled { .. }
            | EventBody::TimerStarted { .. }
            | EventBody::UpdateAccepted(_)
            | EventBody::UpdateCompleted { .. } => true,
            EventBody::Other(event_type) => event_type.is_command(),
            _ => false,
        }
    }

    /// Whether nothing can follow the event.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(
            self.body,
            EventBody::ExecutionClosed(_) | EventBody::ExecutionEnded(_)
        )
    }
}

impl EventType {
    /// The type of that number on the wire.
    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// Whether events of this type, among those the engine has no variant for, record commands.
    fn is_command(self) -> bool {
        matches!(
            WireType::try_from(self.0),
            Ok(WireType::StartChildWorkflowExecutionInitiated
                | WireType::SignalExternalWorkflowExecutionInitiated
                | WireType::RequestCancelExternalWorkflowExecutionInitiated
                | WireType::UpsertWorkflowSearchAttributes
                | WireType::WorkflowPropertiesModified
                | WireType::NexusOperationScheduled
                | WireType::NexusOperationCancelRequested
                | WireType::WorkflowExecutionUpdateRejected)
        )
    }

    /// Whether the type has a name in this version.
    #[must_use]
    pub fn is_known(self) -> bool {
        WireType::try_from(self.0).is_ok()
    }

    /// Whether events of this type are about something that the engine cannot start.
    #[must_use]
    pub(in crate::engine) fn is_unsupported(self) -> bool {
        let Ok(known) = WireType::try_from(self.0) else {
            return false;
        };
        let name = known.as_str_name();
        let subjects = ["CHILD_WORKFLOW", "EXTERNAL_WORKFLOW", "NEXUS_OPERATION"];
        subjects.iter().any(|subject| name.contains(subject))
    }

    /// The name, as the server's tools spell it: `TimerStarted`.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        let Ok(known) = WireType::try_from(self.0) else {
            return format!("event type {}", self.0).into();
        };
        let words = known
            .as_str_name()
            .trim_start_matches("EVENT_TYPE_")
            .split('_');
        let camel = words.map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            format!("{first}{}", rest.to_lowercase())
        });
        camel.collect::<String>().into()
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Names the event and what tells it from others of its type.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}, {}", self.id, self.event_type())?;
        match &self.body {
            EventBody::ActivityScheduled(activity) => {
                write!(f, " (id `{}`, type `{}`)", activity.id, activity.kind)
            }
            EventBody::ActivityCancelRequested { scheduled }
            | EventBody::ActivityClosed { scheduled, .. }
            | EventBody::ActivityStarted { scheduled } => {
                write!(f, " (of the activity scheduled by event {scheduled})")
            }
            EventBody::TimerCanceled { timer }
            | EventBody::TimerFired { timer, .. }
            | EventBody::TimerStarted { timer } => write!(f, " (id `{timer}`)"),
            EventBody::MarkerRecorded(name) => write!(f, " (`{name}`)"),
            EventBody::Signaled(signal) => write!(f, " (`{}`)", signal.name),
            EventBody::UpdateAccepted(update) => write!(f, " (update `{}`)", update.instance),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_small() {
        assert!(
            size_of::<Event>() <= 64,
            "an event takes {} bytes",
            size_of::<Event>()
        );
    }

    #[test]
    fn types_are_named_as_the_servers_tools_name_them() {
        assert_eq!(EventType::from_number(5).name(), "WorkflowTaskScheduled");
        assert_eq!(EventType::from_number(999).name(), "event type 999");
    }
}
