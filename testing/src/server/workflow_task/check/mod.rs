//! Checks a completed task's commands and messages as a whole, before any of them is applied.

mod activities;
mod attributes;
mod flaw;
mod lengths;
mod messages;
mod relations;
mod sequence;
mod sizes;
mod timers;

use std::collections::BTreeSet;

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::common::v1::Memo;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;

pub(in crate::server) use self::flaw::Flaw;
use self::relations::check_target;
pub(in crate::server) use self::sequence::{check_sequence, closes_run};
use crate::server::execution::Execution;
use crate::server::execution::retry;
use crate::server::nexus;
use crate::server::workflow_task::limits::Pending;
use crate::server::world::World;

pub(in crate::server) type Checked = Result<(), Flaw>;

/// What earlier commands of the same task have changed already.
struct Checker<'a> {
    execution: &'a Execution,
    world: &'a World,
    messages: &'a [WireMessage],
    timers: BTreeSet<&'a str>,
    activities: BTreeSet<&'a str>,
    unbuffered_timers: Vec<&'a str>,
    pending: Pending,
    /// The memo, once a command has changed it.
    memo: Option<Memo>,
    schedules_operations: bool,
    canceled_operations: BTreeSet<i64>,
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
        memo: None,
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
        self.check_lengths(attributes)?;
        self.check_attributes(attributes)?;
        self.check_sizes(attributes)?;
        self.pending.add(attributes)
    }

    fn check_attributes(&mut self, attributes: &'a Attributes) -> Checked {
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
}
