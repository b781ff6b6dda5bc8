//! Checks a completed task's commands and messages as a whole, before any of them is applied.

use std::collections::BTreeSet;

use outlast_proto::temporal::api::command::v1 as commands;
use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::common::v1::SearchAttributes;
use outlast_proto::temporal::api::enums::v1::{EventType, WorkflowTaskFailedCause as Cause};
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;

use crate::server::cron;
use crate::server::errors::{Error, Result};
use crate::server::execution::Execution;
use crate::server::execution::retry;
use crate::server::nexus;
use crate::server::updates::messages::UpdateMessage;
use crate::server::wire::{is_negative, set_duration};
use crate::server::workflow_task::limits::Pending;
use crate::server::world::World;

/// Why a task is failed instead of completed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::server) struct Flaw {
    pub(in crate::server) cause: Cause,
    text: String,
}

impl Flaw {
    pub(in crate::server) fn new(cause: Cause, text: impl Into<String>) -> Self {
        Self {
            cause,
            text: text.into(),
        }
    }

    /// The cause and the text, as the worker gets to see them.
    pub(in crate::server) fn message(&self) -> String {
        let name = cause_name(self.cause);
        if self.text.is_empty() {
            name
        } else {
            format!("{name}: {}", self.text)
        }
    }
}

pub(in crate::server) type Checked = std::result::Result<(), Flaw>;

/// What earlier commands of the same task have changed already.
struct Checker<'a> {
    execution: &'a Execution,
    world: &'a World,
    messages: &'a [WireMessage],
    timers: BTreeSet<&'a str>,
    activities: BTreeSet<&'a str>,
    unbuffered_timers: Vec<&'a str>,
    pending: Pending,
    schedules_operations: bool,
    canceled_operations: BTreeSet<i64>,
}

/// Refuses a close command that is not the last one. The task goes on as if nothing was sent.
pub(in crate::server) fn check_sequence(commands: &[Command]) -> Result<()> {
    let Some(at) = commands.iter().position(closes_run) else {
        return Ok(());
    };
    if at + 1 == commands.len() {
        return Ok(());
    }
    let names: Vec<String> = commands.iter().map(command_name).collect();
    Err(Error::invalid(format!(
        "invalid command sequence: [{}], command {} must be the last command.",
        names.join(", "),
        names[at],
    )))
}

/// Checks all commands and messages of one completion.
pub(in crate::server) fn check<'a>(
    execution: &'a Execution,
    commands: &'a [Command],
    messages: &'a [WireMessage],
    world: &'a World,
) -> Checked {
    let mut checker = Checker {
        execution,
        world,
        messages,
        timers: execution.timers.keys().map(String::as_str).collect(),
        activities: execution
            .activities
            .values()
            .map(|activity| activity.id())
            .collect(),
        unbuffered_timers: Vec::new(),
        pending: Pending::of(execution),
        schedules_operations: false,
        canceled_operations: BTreeSet::new(),
    };
    checker.check_messages()?;
    for command in commands {
        checker.check_command(command)?;
    }
    Ok(())
}

impl<'a> Checker<'a> {
    fn check_command(&mut self, command: &'a Command) -> Checked {
        let Some(attributes) = command.attributes.as_ref() else {
            return Err(Flaw::new(Cause::Unspecified, "a command has no attributes"));
        };
        if closes_run(command)
            && self
                .execution
                .history
                .has_buffered_besides(&self.unbuffered_timers)
        {
            return Err(Flaw::new(Cause::UnhandledCommand, ""));
        }
        self.pending.add(attributes)?;
        match attributes {
            Attributes::ScheduleActivityTaskCommandAttributes(a) => self.check_activity(a),
            Attributes::RequestCancelActivityTaskCommandAttributes(a) => {
                self.check_activity_cancel(a.scheduled_event_id)
            }
            Attributes::StartTimerCommandAttributes(a) => self.check_timer(a),
            Attributes::CancelTimerCommandAttributes(a) => self.check_timer_cancel(&a.timer_id),
            Attributes::RecordMarkerCommandAttributes(a) if a.marker_name.is_empty() => {
                Err(Flaw::new(
                    Cause::BadRecordMarkerAttributes,
                    "MarkerName is not set on command.",
                ))
            }
            Attributes::UpsertWorkflowSearchAttributesCommandAttributes(a) => {
                self.check_upsert(a.search_attributes.as_ref())
            }
            Attributes::ModifyWorkflowPropertiesCommandAttributes(a)
                if a.upserted_memo.is_none() =>
            {
                Err(Flaw::new(
                    Cause::BadModifyWorkflowPropertiesAttributes,
                    "ModifyWorkflowPropertiesCommandAttributes is not set on command.",
                ))
            }
            Attributes::ProtocolMessageCommandAttributes(a) => self.check_message(&a.message_id),
            Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(a) => {
                self.check_search_attributes(a.search_attributes.as_ref())?;
                match a.retry_policy.as_ref().and_then(retry::flaw) {
                    Some(flaw) => Err(Flaw::new(Cause::BadContinueAsNewAttributes, flaw)),
                    None => Ok(()),
                }
            }
            Attributes::FailWorkflowExecutionCommandAttributes(a) if a.failure.is_none() => {
                Err(Flaw::new(
                    Cause::BadFailWorkflowExecutionAttributes,
                    "Failure is not set on command.",
                ))
            }
            Attributes::RecordMarkerCommandAttributes(_)
            | Attributes::ModifyWorkflowPropertiesCommandAttributes(_)
            | Attributes::FailWorkflowExecutionCommandAttributes(_)
            | Attributes::CompleteWorkflowExecutionCommandAttributes(_)
            | Attributes::CancelWorkflowExecutionCommandAttributes(_) => Ok(()),
            Attributes::StartChildWorkflowExecutionCommandAttributes(a) => self.check_child(a),
            Attributes::SignalExternalWorkflowExecutionCommandAttributes(a) => {
                let cause = Cause::BadSignalWorkflowExecutionAttributes;
                if a.signal_name.is_empty() {
                    return Err(Flaw::new(cause, "SignalName is not set on command."));
                }
                check_target(
                    cause,
                    a.execution
                        .as_ref()
                        .map_or("", |target| &target.workflow_id),
                )
            }
            Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(a) => check_target(
                Cause::BadRequestCancelExternalWorkflowExecutionAttributes,
                &a.workflow_id,
            ),
            Attributes::ScheduleNexusOperationCommandAttributes(a) => {
                self.schedules_operations = true;
                let flaw = nexus::schedule_flaw(a, &self.world.endpoints);
                let cause = Cause::BadScheduleNexusOperationAttributes;
                flaw.map_or(Ok(()), |text| Err(Flaw::new(cause, text)))
            }
            Attributes::RequestCancelNexusOperationCommandAttributes(a) => {
                self.check_operation_cancel(a.scheduled_event_id)
            }
        }
    }

    fn check_operation_cancel(&mut self, scheduled_event_id: i64) -> Checked {
        let run = self.execution;
        let flaw = match self.canceled_operations.insert(scheduled_event_id) {
            true => run.cancel_flaw(scheduled_event_id, self.schedules_operations),
            false => Some(nexus::canceled_before(scheduled_event_id)),
        };
        let cause = Cause::BadRequestCancelNexusOperationAttributes;
        flaw.map_or(Ok(()), |text| Err(Flaw::new(cause, text)))
    }

    fn check_activity(
        &mut self,
        a: &'a commands::ScheduleActivityTaskCommandAttributes,
    ) -> Checked {
        let flaw = |text: String| Err(Flaw::new(Cause::BadScheduleActivityAttributes, text));
        let activity_type = a.activity_type.as_ref().map_or("", |t| t.name.as_str());
        let whose = format!("ActivityId={} ActivityType={activity_type}", a.activity_id);
        if a.activity_id.is_empty() {
            return flaw("activityId is not set".to_owned());
        }
        if activity_type.is_empty() {
            return flaw(format!(
                "ActivityType is not set. ActivityId={}",
                a.activity_id
            ));
        }
        if a.task_queue
            .as_ref()
            .is_none_or(|queue| queue.name.is_empty())
        {
            return flaw("taskQueue is not set".to_owned());
        }
        let timeouts = [
            &a.schedule_to_close_timeout,
            &a.schedule_to_start_timeout,
            &a.start_to_close_timeout,
            &a.heartbeat_timeout,
        ];
        if timeouts
            .into_iter()
            .any(|timeout| is_negative(timeout.as_ref()))
        {
            return flaw(format!("a timeout is negative. {whose}"));
        }
        if set_duration(a.start_to_close_timeout.as_ref()).is_none()
            && set_duration(a.schedule_to_close_timeout.as_ref()).is_none()
        {
            return flaw(format!(
                "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the \
                 activity. {whose}"
            ));
        }
        if let Some(text) = a.retry_policy.as_ref().and_then(retry::flaw) {
            return flaw(format!("{text} {whose}"));
        }
        if !self.activities.insert(&a.activity_id) {
            return Err(Flaw::new(
                Cause::ScheduleActivityDuplicateId,
                format!(
                    "invalid history builder state for action: add-activitytask-scheduled-event, \
                     ActivityID: {}",
                    a.activity_id
                ),
            ));
        }
        Ok(())
    }

    /// An activity that ended in the meantime may be canceled; one that never was may not.
    fn check_activity_cancel(&self, scheduled_event_id: i64) -> Checked {
        let events = self.execution.history.events();
        let scheduled = scheduled_event_id > 0
            && events
                .get(scheduled_event_id as usize - 1)
                .is_some_and(|event| event.event_type() == EventType::ActivityTaskScheduled);
        if scheduled {
            return Ok(());
        }
        Err(Flaw::new(
            Cause::BadRequestCancelActivityAttributes,
            format!(
                "invalid history builder state for action: \
                 add-activitytask-cancel-requested-event, ScheduledEventID: {scheduled_event_id}"
            ),
        ))
    }

    fn check_child(&self, a: &commands::StartChildWorkflowExecutionCommandAttributes) -> Checked {
        let cause = Cause::BadStartChildExecutionAttributes;
        check_target(cause, &a.workflow_id)?;
        if a.workflow_type.as_ref().is_none_or(|t| t.name.is_empty()) {
            return Err(Flaw::new(cause, "WorkflowType is not set on command."));
        }
        if !a.cron_schedule.is_empty()
            && let Some(flaw) = cron::flaw(&a.cron_schedule, self.world.now)
        {
            let text = format!(
                "invalid CronSchedule on StartChildWorkflowExecutionCommand: {flaw}. \
                 WorkflowId={} WorkflowType={} Namespace={}",
                a.workflow_id,
                a.workflow_type.as_ref().map_or("", |t| t.name.as_str()),
                or_if_empty(&a.namespace, &self.execution.namespace),
            );
            return Err(Flaw::new(cause, text));
        }
        if let Some(flaw) = a.retry_policy.as_ref().and_then(retry::flaw) {
            return Err(Flaw::new(cause, flaw));
        }
        self.check_search_attributes(a.search_attributes.as_ref())
    }

    fn check_timer(&mut self, a: &'a commands::StartTimerCommandAttributes) -> Checked {
        let flaw = |text: &str| Err(Flaw::new(Cause::BadStartTimerAttributes, text));
        if a.timer_id.is_empty() {
            return flaw("TimerId is not set on StartTimerCommand.");
        }
        if is_negative(a.start_to_fire_timeout.as_ref()) {
            return flaw("An invalid StartToFireTimeout is set on command: negative duration.");
        }
        if !self.timers.insert(&a.timer_id) {
            return Err(Flaw::new(
                Cause::StartTimerDuplicateId,
                format!(
                    "invalid history builder state for action: add-timer-started-event, TimerID: {}",
                    a.timer_id
                ),
            ));
        }
        Ok(())
    }

    fn check_timer_cancel(&mut self, timer_id: &'a str) -> Checked {
        if timer_id.is_empty() {
            let text = "TimerId is not set on CancelTimerCommand.";
            return Err(Flaw::new(Cause::BadCancelTimerAttributes, text));
        }
        if self.timers.remove(timer_id) {
            return Ok(());
        }
        if self.execution.history.has_buffered_timer(timer_id) {
            self.unbuffered_timers.push(timer_id);
            return Ok(());
        }
        Err(Flaw::new(
            Cause::BadCancelTimerAttributes,
            format!(
                "invalid history builder state for action: add-timer-canceled-event, TimerID: \
                 {timer_id}"
            ),
        ))
    }

    fn check_search_attributes(&self, attributes: Option<&SearchAttributes>) -> Checked {
        let namespace = &self.execution.namespace;
        let known = self.world.namespaces.search_attributes(namespace);
        known
            .check(namespace, attributes)
            .map_err(|flaw| Flaw::new(Cause::BadSearchAttributes, flaw))
    }

    fn check_upsert(&self, attributes: Option<&SearchAttributes>) -> Checked {
        let missing = match attributes {
            None => Some("SearchAttributes"),
            Some(attributes) if attributes.indexed_fields.is_empty() => Some("IndexedFields"),
            Some(_) => None,
        };
        match missing {
            Some(missing) => Err(Flaw::new(
                Cause::BadSearchAttributes,
                format!("{missing} is not set on UpsertWorkflowSearchAttributesCommand."),
            )),
            None => self.check_search_attributes(attributes),
        }
    }

    fn check_message(&self, message_id: &str) -> Checked {
        if self.messages.iter().any(|message| message.id == message_id) {
            return Ok(());
        }
        Err(Flaw::new(
            Cause::BadUpdateWorkflowExecutionMessage,
            format!("ProtocolMessageCommand referenced absent message ID {message_id}"),
        ))
    }

    /// Each message must fit the state of its update, counting the messages before it.
    fn check_messages(&self) -> Checked {
        let mut accepted = BTreeSet::new();
        let mut rejected = BTreeSet::new();
        for message in self.messages {
            let id = message.protocol_instance_id.as_str();
            let flaw = |text: &str| {
                Err(Flaw::new(
                    Cause::BadUpdateWorkflowExecutionMessage,
                    format!("update {id:?}: {text}"),
                ))
            };
            let undecided = self.execution.updates.is_undecided(id)
                && !accepted.contains(id)
                && !rejected.contains(id);
            match UpdateMessage::parse(message) {
                Some(UpdateMessage::Accept(a)) if a.accepted_request_sequencing_event_id == 0 => {
                    return Err(Flaw::new(
                        Cause::BadUpdateWorkflowExecutionMessage,
                        "invalid *update.Acceptance: accepted_request_sequencing_event_id is not \
                         set",
                    ));
                }
                Some(UpdateMessage::Accept(_)) if undecided => {
                    accepted.insert(id);
                }
                Some(UpdateMessage::Reject(_)) if undecided => {
                    rejected.insert(id);
                }
                Some(UpdateMessage::Complete(_))
                    if self.execution.updates.is_accepted(id) || accepted.contains(id) => {}
                Some(_) => return flaw("the message does not fit the update's state"),
                None => return flaw("the message cannot be understood"),
            }
        }
        Ok(())
    }
}

fn check_target(cause: Cause, workflow_id: &str) -> Checked {
    if workflow_id.is_empty() {
        return Err(Flaw::new(cause, "WorkflowId is not set on command."));
    }
    Ok(())
}

fn or_if_empty<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

/// Whether a command ends its run.
pub(in crate::server) fn closes_run(command: &Command) -> bool {
    matches!(
        command.attributes.as_ref(),
        Some(
            Attributes::CompleteWorkflowExecutionCommandAttributes(_)
                | Attributes::FailWorkflowExecutionCommandAttributes(_)
                | Attributes::CancelWorkflowExecutionCommandAttributes(_)
                | Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(_)
        )
    )
}

fn command_name(command: &Command) -> String {
    camel_case(
        command
            .command_type()
            .as_str_name()
            .trim_start_matches("COMMAND_TYPE_"),
    )
}

fn cause_name(cause: Cause) -> String {
    camel_case(
        cause
            .as_str_name()
            .trim_start_matches("WORKFLOW_TASK_FAILED_CAUSE_"),
    )
}

fn camel_case(shouting: &str) -> String {
    shouting
        .split('_')
        .map(|word| {
            let (first, rest) = word.split_at(1);
            format!("{first}{}", rest.to_ascii_lowercase())
        })
        .collect()
}
