//! [`Command`]: what a workflow decided, on its way to the server.
//!
//! The wire's form of a command is written here and nowhere else in the engine.

use std::fmt;
use std::time::Duration;

use outlast_proto::temporal::api::command::v1 as wire;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::common::v1 as common;
use outlast_proto::temporal::api::enums::v1::CommandType;
use outlast_proto::temporal::api::sdk::v1::UserMetadata;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;

use super::event::Carried;
use crate::convert::{Payload, ToPayload, to_wire, wire_duration};
use crate::failure::Failure;
use crate::ids::ActivityId;
use crate::options::ActivityOptions;

/// One decision of a workflow.
#[derive(Clone, Debug)]
pub enum Command {
    /// Cancel a timer.
    CancelTimer {
        /// The timer's id.
        timer: String,
    },
    /// End the execution as canceled.
    CancelWorkflow {
        /// Values for whoever looks at it.
        details: Vec<Payload>,
    },
    /// End the execution with a result.
    CompleteWorkflow {
        /// The result.
        result: Payload,
    },
    /// End the run and go on in another.
    ContinueAsNew(Box<NextRun>),
    /// End the execution with a failure.
    FailWorkflow {
        /// Why.
        failure: Failure,
    },
    /// Cancel an activity.
    RequestCancelActivity {
        /// The event that scheduled it.
        scheduled: i64,
    },
    /// Schedule an activity.
    ScheduleActivity(Box<ScheduleActivity>),
    /// Start a timer.
    StartTimer {
        /// The timer's id.
        timer: String,
        /// The time until it fires.
        after: Duration,
        /// A line for people who look at the execution.
        summary: Option<String>,
    },
    /// Place a reply to an update among the other commands.
    UpdateReply {
        /// The id of the reply's message.
        message_id: String,
    },
}

/// An activity to schedule.
#[derive(Clone, Debug)]
pub struct ScheduleActivity {
    /// Its id within the run.
    pub id: ActivityId,
    /// Its type's name.
    pub kind: &'static str,
    /// The arguments.
    pub input: Vec<Payload>,
    /// The queue of the workflow, for an activity that names none.
    pub workflow_task_queue: String,
    /// Timeouts, retries and the rest.
    pub options: ActivityOptions,
}

/// The run in which an execution goes on.
#[derive(Clone, Debug)]
pub struct NextRun {
    /// The type's name.
    pub workflow_type: String,
    /// The arguments.
    pub input: Vec<Payload>,
    /// Its task queue.
    pub task_queue: String,
    /// The longest time for the run.
    pub run_timeout: Option<Duration>,
    /// The longest time for one of its workflow tasks.
    pub task_timeout: Option<Duration>,
    /// What it inherits.
    pub carried: Carried,
}

impl Command {
    /// Whether it ends the run.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::CancelWorkflow { .. }
                | Self::CompleteWorkflow { .. }
                | Self::ContinueAsNew(_)
                | Self::FailWorkflow { .. }
        )
    }

    fn command_type(&self) -> CommandType {
        match self {
            Self::CancelTimer { .. } => CommandType::CancelTimer,
            Self::CancelWorkflow { .. } => CommandType::CancelWorkflowExecution,
            Self::CompleteWorkflow { .. } => CommandType::CompleteWorkflowExecution,
            Self::ContinueAsNew(_) => CommandType::ContinueAsNewWorkflowExecution,
            Self::FailWorkflow { .. } => CommandType::FailWorkflowExecution,
            Self::RequestCancelActivity { .. } => CommandType::RequestCancelActivityTask,
            Self::ScheduleActivity(_) => CommandType::ScheduleActivityTask,
            Self::StartTimer { .. } => CommandType::StartTimer,
            Self::UpdateReply { .. } => CommandType::ProtocolMessage,
        }
    }

    fn summary(&self) -> Option<&str> {
        match self {
            Self::ScheduleActivity(schedule) => schedule.options.summary.as_deref(),
            Self::StartTimer { summary, .. } => summary.as_deref(),
            _ => None,
        }
    }
}

/// Names the decision and what tells it from others of its type.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CancelTimer { timer } => write!(f, "cancel timer `{timer}`"),
            Self::CancelWorkflow { .. } => f.write_str("end the execution as canceled"),
            Self::CompleteWorkflow { .. } => f.write_str("complete the execution"),
            Self::ContinueAsNew(next) => write!(f, "continue as new `{}`", next.workflow_type),
            Self::FailWorkflow { failure } => write!(f, "fail the execution ({failure})"),
            Self::RequestCancelActivity { scheduled } => {
                write!(f, "cancel the activity scheduled by event {scheduled}")
            }
            Self::ScheduleActivity(schedule) => {
                write!(
                    f,
                    "schedule activity `{}` (id `{}`)",
                    schedule.kind, schedule.id
                )
            }
            Self::StartTimer { timer, after, .. } => {
                write!(f, "start timer `{timer}` of {after:?}")
            }
            Self::UpdateReply { message_id } => write!(f, "send the update reply `{message_id}`"),
        }
    }
}

impl From<Command> for wire::Command {
    fn from(command: Command) -> Self {
        let summary = command
            .summary()
            .and_then(|text| text.to_owned().to_payload().ok());
        Self {
            command_type: command.command_type() as i32,
            user_metadata: summary.map(|summary| UserMetadata {
                summary: Some(summary.into()),
                details: None,
            }),
            event_group_markers: Vec::new(),
            attributes: Some(attributes(command)),
        }
    }
}

fn attributes(command: Command) -> Attributes {
    match command {
        Command::CancelTimer { timer } => {
            Attributes::CancelTimerCommandAttributes(Box::new(wire::CancelTimerCommandAttributes {
                timer_id: timer,
            }))
        }
        Command::CancelWorkflow { details } => {
            Attributes::CancelWorkflowExecutionCommandAttributes(Box::new(
                wire::CancelWorkflowExecutionCommandAttributes {
                    details: to_wire(details),
                },
            ))
        }
        Command::CompleteWorkflow { result } => {
            Attributes::CompleteWorkflowExecutionCommandAttributes(Box::new(
                wire::CompleteWorkflowExecutionCommandAttributes {
                    result: to_wire(vec![result]),
                },
            ))
        }
        Command::ContinueAsNew(next) => {
            Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(Box::new(continue_as_new(
                *next,
            )))
        }
        Command::FailWorkflow { failure } => Attributes::FailWorkflowExecutionCommandAttributes(
            Box::new(wire::FailWorkflowExecutionCommandAttributes {
                failure: Some(failure.into()),
            }),
        ),
        Command::RequestCancelActivity { scheduled } => {
            Attributes::RequestCancelActivityTaskCommandAttributes(Box::new(
                wire::RequestCancelActivityTaskCommandAttributes {
                    scheduled_event_id: scheduled,
                },
            ))
        }
        Command::ScheduleActivity(activity) => Attributes::ScheduleActivityTaskCommandAttributes(
            Box::new(schedule_activity(*activity)),
        ),
        Command::StartTimer { timer, after, .. } => {
            Attributes::StartTimerCommandAttributes(Box::new(wire::StartTimerCommandAttributes {
                timer_id: timer,
                start_to_fire_timeout: Some(wire_duration(after)),
            }))
        }
        Command::UpdateReply { message_id } => Attributes::ProtocolMessageCommandAttributes(
            Box::new(wire::ProtocolMessageCommandAttributes { message_id }),
        ),
    }
}

fn schedule_activity(activity: ScheduleActivity) -> wire::ScheduleActivityTaskCommandAttributes {
    let options = activity.options;
    // An activity on another queue is not run by this build of the worker.
    let same_queue = options.task_queue.is_none();
    wire::ScheduleActivityTaskCommandAttributes {
        activity_id: activity.id.to_string(),
        activity_type: Some(common::ActivityType {
            name: activity.kind.to_owned(),
        }),
        task_queue: Some(task_queue(
            options.task_queue.unwrap_or(activity.workflow_task_queue),
        )),
        header: None,
        input: to_wire(activity.input),
        schedule_to_close_timeout: options.schedule_to_close_timeout.map(wire_duration),
        schedule_to_start_timeout: options.schedule_to_start_timeout.map(wire_duration),
        start_to_close_timeout: options.start_to_close_timeout.map(wire_duration),
        heartbeat_timeout: options.heartbeat_timeout.map(wire_duration),
        retry_policy: options.retry.map(Into::into),
        request_eager_execution: same_queue && options.eager.unwrap_or(true),
        use_workflow_build_id: same_queue,
        priority: None,
    }
}

fn continue_as_new(next: NextRun) -> wire::ContinueAsNewWorkflowExecutionCommandAttributes {
    wire::ContinueAsNewWorkflowExecutionCommandAttributes {
        workflow_type: Some(common::WorkflowType {
            name: next.workflow_type,
        }),
        task_queue: Some(task_queue(next.task_queue)),
        input: to_wire(next.input),
        workflow_run_timeout: next.run_timeout.map(wire_duration),
        workflow_task_timeout: next.task_timeout.map(wire_duration),
        retry_policy: next.carried.retry,
        header: next.carried.header,
        memo: next.carried.memo,
        search_attributes: next.carried.search_attributes,
        ..Default::default()
    }
}

fn task_queue(name: String) -> TaskQueue {
    TaskQueue {
        name,
        ..TaskQueue::default()
    }
}
