//! Checks a completed task's commands and messages as a whole, before any of them is applied.

mod activities;
mod externals;
mod flaw;
pub(super) mod kinds;
mod messages;
mod properties;
mod runs;
mod sizes;
mod timers;

use std::collections::{BTreeMap, BTreeSet};

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::common::v1::{Memo, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;

pub(in crate::server) use self::flaw::{Flaw, Refusal};
use self::messages::Standing;
use crate::server::errors::Error;
use crate::server::execution::Execution;
use crate::server::limits::ID_LIMIT;
use crate::server::nexus;
use crate::server::workflow_task::limits::Pending;
use crate::server::world::World;

pub(in crate::server) type Checked = Result<(), Flaw>;

/// Checks all commands and messages of one completion.
pub(in crate::server) fn check<'a>(
    execution: &'a Execution,
    commands: &'a [Command],
    sent: &'a [WireMessage],
    world: &'a World,
) -> Result<(), Refusal> {
    messages::check_bodies(sent)?;
    kinds::check_sequence(commands)?;
    let mut checker = Checker::new(execution, sent, world);
    for command in commands {
        checker.check_command(command)?;
    }
    Ok(checker.check_other_messages()?)
}

/// What earlier commands of the same task have changed already.
struct Checker<'a> {
    execution: &'a Execution,
    world: &'a World,
    /// Those that no command has placed yet.
    messages: Vec<&'a WireMessage>,
    /// What earlier messages have made of updates.
    standings: BTreeMap<&'a str, Standing>,
    /// The event that the next command will write.
    next_event_id: i64,
    timers: BTreeSet<&'a str>,
    unbuffered_timers: Vec<&'a str>,
    /// The ids of activities, by the events that scheduled them.
    activities: BTreeMap<i64, &'a str>,
    /// Those that have not started: to cancel them is to end them.
    waiting_activities: BTreeSet<i64>,
    ended_activities: BTreeSet<i64>,
    /// The workflow ids of children.
    new_children: BTreeSet<&'a str>,
    pending: Pending,
    /// The memo, once a command has changed it.
    memo: Option<Memo>,
    schedules_operations: bool,
    canceled_operations: BTreeSet<i64>,
}

impl<'a> Checker<'a> {
    fn new(execution: &'a Execution, messages: &'a [WireMessage], world: &'a World) -> Self {
        let activities = || execution.activities.iter();
        let waiting = activities().filter(|(_, activity)| !activity.is_started());
        Self {
            execution,
            world,
            messages: messages.iter().collect(),
            standings: BTreeMap::new(),
            next_event_id: execution.completion_id() + 1,
            timers: execution.timers.keys().map(String::as_str).collect(),
            unbuffered_timers: Vec::new(),
            activities: activities()
                .map(|(id, activity)| (*id, activity.id()))
                .collect(),
            waiting_activities: waiting.map(|(id, _)| *id).collect(),
            ended_activities: BTreeSet::new(),
            new_children: BTreeSet::new(),
            pending: Pending::of(execution),
            memo: None,
            schedules_operations: false,
            canceled_operations: BTreeSet::new(),
        }
    }

    fn check_command(&mut self, command: &'a Command) -> Result<(), Refusal> {
        let is_surprised = || {
            let history = &self.execution.history;
            history.has_buffered_besides(&self.unbuffered_timers)
        };
        if kinds::closes_run(command) && is_surprised() {
            return Err(Flaw::new(Cause::UnhandledCommand, "").into());
        }
        let attributes = kinds::attributes_of(command)?;
        self.check_attributes(attributes)?;
        self.check_sizes(attributes)?;
        self.pending.add(attributes)?;
        self.next_event_id += kinds::own_events(attributes);
        Ok(())
    }

    fn check_attributes(&mut self, attributes: &'a Attributes) -> Result<(), Refusal> {
        match attributes {
            Attributes::ScheduleActivityTaskCommandAttributes(a) => self.check_activity(a)?,
            Attributes::RequestCancelActivityTaskCommandAttributes(a) => {
                self.check_activity_cancel(a.scheduled_event_id)?;
            }
            Attributes::StartTimerCommandAttributes(a) => self.check_timer(a)?,
            Attributes::CancelTimerCommandAttributes(a) => self.check_timer_cancel(&a.timer_id)?,
            Attributes::RecordMarkerCommandAttributes(a) => {
                properties::check_marker(&a.marker_name)?;
            }
            Attributes::UpsertWorkflowSearchAttributesCommandAttributes(a) => {
                self.check_upsert(a.search_attributes.as_ref())?;
            }
            Attributes::ModifyWorkflowPropertiesCommandAttributes(a) => {
                properties::check_memo(a.upserted_memo.as_ref())?;
            }
            Attributes::ProtocolMessageCommandAttributes(a) => self.check_message(&a.message_id)?,
            Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(a) => {
                self.check_continuation(a)?;
            }
            Attributes::FailWorkflowExecutionCommandAttributes(a) if a.failure.is_none() => {
                return Err(Flaw::new(
                    Cause::BadFailWorkflowExecutionAttributes,
                    "Failure is not set on FailWorkflowExecutionCommand.",
                )
                .into());
            }
            Attributes::FailWorkflowExecutionCommandAttributes(_)
            | Attributes::CompleteWorkflowExecutionCommandAttributes(_)
            | Attributes::CancelWorkflowExecutionCommandAttributes(_) => {}
            Attributes::StartChildWorkflowExecutionCommandAttributes(a) => {
                self.check_child(a)?;
                self.new_children.insert(&a.workflow_id);
            }
            Attributes::SignalExternalWorkflowExecutionCommandAttributes(a) => {
                self.check_signal(a)?;
            }
            Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(a) => {
                self.check_cancel(a)?;
            }
            Attributes::ScheduleNexusOperationCommandAttributes(a) => {
                self.schedules_operations = true;
                if let Some(text) = nexus::schedule_flaw(a, &self.world.endpoints) {
                    let cause = Cause::BadScheduleNexusOperationAttributes;
                    return Err(Flaw::new(cause, text).into());
                }
            }
            Attributes::RequestCancelNexusOperationCommandAttributes(a) => {
                self.check_operation_cancel(a.scheduled_event_id)?;
            }
        }
        Ok(())
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

    /// Whether a command names the workflow's own namespace. One that does not exist is a mistake
    /// of the request.
    fn is_own(&self, namespace: &str) -> Result<bool, Error> {
        if namespace.is_empty() || namespace == self.execution.namespace {
            return Ok(true);
        }
        self.world.namespaces.check(namespace)?;
        Ok(false)
    }

    /// Other namespaces are out of reach.
    fn check_namespace(&self, cause: Cause, namespace: &str) -> Result<(), Refusal> {
        if self.is_own(namespace)? {
            return Ok(());
        }
        Err(Flaw::new(cause, "cross namespace commands are not allowed").into())
    }

    fn check_search_attributes(
        &self,
        namespace: &str,
        attributes: Option<&SearchAttributes>,
    ) -> Checked {
        let known = self.world.namespaces.search_attributes(namespace);
        known
            .check(namespace, attributes)
            .map_err(|flaw| Flaw::new(Cause::BadSearchAttributes, flaw))
    }
}

/// How a name is too long, if it is, in the words that all refusals of long names end with.
fn excess(name: &str) -> Option<String> {
    let length = name.len();
    (length > ID_LIMIT).then(|| format!("Length={length} Limit={ID_LIMIT}"))
}
