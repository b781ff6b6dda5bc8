//! Applies the commands of a completed task. They have been checked, so nothing here can fail.

use std::collections::BTreeMap;

use outlast_proto::temporal::api::command::v1 as commands;
use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::common::v1::{Memo, Payload, Payloads, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::{TaskQueueKind, WorkflowExecutionStatus};
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::sdk::v1::UserMetadata;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1::PollActivityTaskQueueResponse;

use crate::server::activities::ActivityState;
use crate::server::activities::timeouts::AskedTimeouts;
use crate::server::execution::retry;
use crate::server::execution::{Execution, UserTimer};
use crate::server::history::Draft;
use crate::server::time::timers::Timer;
use crate::server::updates::messages::UpdateMessage;
use crate::server::wire::{capped, normal_queue, set_duration};
use crate::server::world::World;

/// One completion while its commands are applied.
#[derive(Debug)]
pub(in crate::server) struct Completion {
    pub(in crate::server) completed_event_id: i64,
    pub(in crate::server) identity: String,
    /// The messages that no command has placed yet.
    pub(in crate::server) messages: Vec<WireMessage>,
    /// Activities that start at once in the worker that scheduled them.
    pub(in crate::server) eager_activities: Vec<PollActivityTaskQueueResponse>,
}

impl Execution {
    pub(in crate::server) fn apply_command(
        &mut self,
        command: Command,
        completion: &mut Completion,
        world: &mut World,
    ) {
        let Some(attributes) = command.attributes else {
            return;
        };
        let event_id = self.history.next_id();
        let metadata = command.user_metadata;
        self.apply_attributes(attributes, metadata.clone(), completion, world);
        self.history
            .annotate(event_id, metadata, command.event_group_markers);
    }

    fn apply_attributes(
        &mut self,
        attributes: Attributes,
        metadata: Option<UserMetadata>,
        completion: &mut Completion,
        world: &mut World,
    ) {
        let completed = completion.completed_event_id;
        match attributes {
            Attributes::ScheduleActivityTaskCommandAttributes(a) => {
                self.schedule_activity(*a, completion, world);
            }
            Attributes::RequestCancelActivityTaskCommandAttributes(a) => {
                self.request_activity_cancel(a.scheduled_event_id, completion, world);
            }
            Attributes::StartTimerCommandAttributes(a) => {
                self.start_timer(*a, completed, world);
            }
            Attributes::CancelTimerCommandAttributes(a) => {
                self.cancel_timer(a.timer_id, completion, world);
            }
            Attributes::RecordMarkerCommandAttributes(a) => {
                self.record_marker(*a, completed, world);
            }
            Attributes::UpsertWorkflowSearchAttributesCommandAttributes(a) => {
                self.upsert_search_attributes(a.search_attributes, completed, world);
            }
            Attributes::ModifyWorkflowPropertiesCommandAttributes(a) => {
                self.upsert_memo(a.upserted_memo, completed, world);
            }
            Attributes::ProtocolMessageCommandAttributes(a) => {
                let found = completion
                    .messages
                    .iter()
                    .position(|m| m.id == a.message_id);
                if let Some(at) = found {
                    let message = completion.messages.remove(at);
                    self.apply_message(&message, world);
                }
            }
            Attributes::CompleteWorkflowExecutionCommandAttributes(a) => {
                self.complete(a.result, completed, world);
            }
            Attributes::FailWorkflowExecutionCommandAttributes(a) => {
                self.fail(a.failure.unwrap_or_default(), completed, world);
            }
            Attributes::CancelWorkflowExecutionCommandAttributes(a) => {
                self.cancel(a.details, completed, world);
            }
            Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(a) => {
                self.continue_as_new(*a, completed, world);
            }
            Attributes::StartChildWorkflowExecutionCommandAttributes(a) => {
                self.initiate_child(*a, metadata, completed, world);
            }
            Attributes::SignalExternalWorkflowExecutionCommandAttributes(a) => {
                self.initiate_signal(*a, completed, world);
            }
            Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(a) => {
                self.initiate_cancel(*a, completed, world);
            }
            Attributes::ScheduleNexusOperationCommandAttributes(a) => {
                self.schedule_operation(*a, completed, world);
            }
            Attributes::RequestCancelNexusOperationCommandAttributes(a) => {
                self.request_operation_cancel(a.scheduled_event_id, completed, world);
            }
        }
    }

    pub(in crate::server) fn apply_message(&mut self, message: &WireMessage, world: &mut World) {
        let update_id = &message.protocol_instance_id;
        match UpdateMessage::parse(message) {
            Some(UpdateMessage::Accept(acceptance)) => {
                self.accept_update(update_id, acceptance, world);
            }
            Some(UpdateMessage::Complete(response)) => {
                self.complete_update(update_id, response, world);
            }
            Some(UpdateMessage::Reject(rejection)) => {
                self.reject_update(update_id, rejection.failure.unwrap_or_default(), world);
            }
            None => {}
        }
    }

    fn schedule_activity(
        &mut self,
        a: commands::ScheduleActivityTaskCommandAttributes,
        completion: &mut Completion,
        world: &mut World,
    ) {
        let queue = self.queue_or_own(a.task_queue.as_ref()).to_owned();
        let eager = a.request_eager_execution && queue == self.normal_queue_name();
        let timeouts = AskedTimeouts::of_command(&a).filled(self.run_timeout());
        let mut scheduled = events::ActivityTaskScheduledEventAttributes {
            activity_id: a.activity_id,
            activity_type: a.activity_type,
            task_queue: Some(kept_queue(a.task_queue, &queue)),
            header: a.header,
            input: a.input,
            workflow_task_completed_event_id: completion.completed_event_id,
            retry_policy: Some(retry::with_defaults(&a.retry_policy.unwrap_or_default())),
            use_workflow_build_id: a.use_workflow_build_id,
            priority: a.priority,
            ..Default::default()
        };
        timeouts.write(&mut scheduled);
        let draft = Draft::new(world.now, scheduled.clone());
        let event_id = self.history.append(draft);
        self.add_activity(event_id, scheduled, world);
        if eager {
            let stamp = self.activities[&event_id].stamp;
            let task = self.start_activity(event_id, stamp, &completion.identity, world);
            self.note_activity_version(event_id, self.effective_version());
            completion.eager_activities.extend(task);
        }
    }

    fn request_activity_cancel(
        &mut self,
        scheduled_event_id: i64,
        completion: &Completion,
        world: &mut World,
    ) {
        let attributes = events::ActivityTaskCancelRequestedEventAttributes {
            scheduled_event_id,
            workflow_task_completed_event_id: completion.completed_event_id,
        };
        let event_id = self.history.append(Draft::new(world.now, attributes));
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        activity.cancel_requested_event_id = Some(event_id);
        match activity.state {
            ActivityState::Started => {}
            ActivityState::Queued | ActivityState::BackingOff { .. } | ActivityState::Paused => {
                self.drop_activity(scheduled_event_id, event_id, &completion.identity, world);
            }
        }
    }

    fn start_timer(
        &mut self,
        a: commands::StartTimerCommandAttributes,
        completed: i64,
        world: &mut World,
    ) {
        let after = set_duration(a.start_to_fire_timeout.as_ref()).unwrap_or_default();
        let timer_id = a.timer_id.clone();
        let attributes = events::TimerStartedEventAttributes {
            timer_id: a.timer_id,
            start_to_fire_timeout: a.start_to_fire_timeout.map(capped),
            workflow_task_completed_event_id: completed,
        };
        let draft = Draft::new(world.now, attributes);
        let started_event_id = self.history.append(draft);
        let timer = Timer::User {
            timer_id: timer_id.clone(),
        };
        let key = world.timers.arm(self.key, world.after(after), timer);
        self.timers.insert(
            timer_id,
            UserTimer {
                started_event_id,
                key,
            },
        );
    }

    /// Cancels a timer, even one whose firing the workflow has not seen yet.
    fn cancel_timer(&mut self, timer_id: String, completion: &Completion, world: &mut World) {
        let started_event_id = match self.timers.remove(&timer_id) {
            Some(timer) => {
                world.timers.cancel(timer.key);
                timer.started_event_id
            }
            None => self.history.unbuffer_timer(&timer_id).unwrap_or_default(),
        };
        let attributes = events::TimerCanceledEventAttributes {
            timer_id,
            started_event_id,
            workflow_task_completed_event_id: completion.completed_event_id,
            identity: completion.identity.clone(),
        };
        self.history.append(Draft::new(world.now, attributes));
    }

    /// Takes in that a timer of the workflow is due.
    pub(in crate::server) fn fire_timer(&mut self, timer_id: String, world: &World) {
        let Some(timer) = self.timers.remove(&timer_id) else {
            return;
        };
        let attributes = events::TimerFiredEventAttributes {
            timer_id,
            started_event_id: timer.started_event_id,
        };
        self.record(Draft::new(world.now, attributes));
    }

    fn record_marker(
        &mut self,
        a: commands::RecordMarkerCommandAttributes,
        completed: i64,
        world: &World,
    ) {
        let attributes = events::MarkerRecordedEventAttributes {
            marker_name: a.marker_name,
            details: a.details,
            workflow_task_completed_event_id: completed,
            header: a.header,
            failure: a.failure,
        };
        self.history.append(Draft::new(world.now, attributes));
    }

    fn upsert_search_attributes(
        &mut self,
        mut search_attributes: Option<SearchAttributes>,
        completed: i64,
        world: &mut World,
    ) {
        if let Some(attributes) = &mut search_attributes {
            let known = world.namespaces.search_attributes_mut(&self.namespace);
            known.adopt(attributes);
        }
        let upserted = search_attributes.clone().unwrap_or_default().indexed_fields;
        merge(&mut self.search_attributes, upserted);
        let attributes = events::UpsertWorkflowSearchAttributesEventAttributes {
            workflow_task_completed_event_id: completed,
            search_attributes,
        };
        self.history.append(Draft::new(world.now, attributes));
    }

    fn upsert_memo(&mut self, upserted_memo: Option<Memo>, completed: i64, world: &World) {
        merge(
            &mut self.memo,
            upserted_memo.clone().unwrap_or_default().fields,
        );
        let attributes = events::WorkflowPropertiesModifiedEventAttributes {
            workflow_task_completed_event_id: completed,
            upserted_memo,
        };
        self.history.append(Draft::new(world.now, attributes));
    }

    fn complete(&mut self, result: Option<Payloads>, completed: i64, world: &mut World) {
        let next_run_id = self.repeat_run(result.clone(), None, world);
        let attributes = events::WorkflowExecutionCompletedEventAttributes {
            result,
            workflow_task_completed_event_id: completed,
            new_execution_run_id: next_run_id.unwrap_or_default(),
        };
        let draft = Draft::new(world.now, attributes);
        self.close(WorkflowExecutionStatus::Completed, draft, world);
    }

    fn cancel(&mut self, details: Option<Payloads>, completed: i64, world: &mut World) {
        let attributes = events::WorkflowExecutionCanceledEventAttributes {
            workflow_task_completed_event_id: completed,
            details,
        };
        let draft = Draft::new(world.now, attributes);
        self.close(WorkflowExecutionStatus::Canceled, draft, world);
    }

    fn fail(&mut self, failure: Failure, completed: i64, world: &mut World) {
        let (retry_state, new_execution_run_id) = self.follow_failure(&failure, world);
        let attributes = events::WorkflowExecutionFailedEventAttributes {
            failure: Some(failure),
            retry_state: retry_state as i32,
            workflow_task_completed_event_id: completed,
            new_execution_run_id,
        };
        let draft = Draft::new(world.now, attributes);
        self.close(WorkflowExecutionStatus::Failed, draft, world);
    }
}

/// Sets or, where the payload is empty or null, removes entries.
pub(in crate::server) fn merge(
    entries: &mut BTreeMap<String, Payload>,
    upserted: BTreeMap<String, Payload>,
) {
    for (name, payload) in upserted {
        if is_set(&payload) {
            entries.insert(name, payload);
        } else {
            entries.remove(&name);
        }
    }
}

/// Whether a payload has a value.
pub(in crate::server) fn is_set(payload: &Payload) -> bool {
    !payload.data.is_empty() && payload.data != "null" && payload.data != "[]"
}

/// A queue as events have it: of the kind that was asked for, or a normal one.
fn kept_queue(asked: Option<TaskQueue>, name: &str) -> TaskQueue {
    let mut queue = normal_queue(name);
    if let Some(asked) = asked {
        queue.normal_name = asked.normal_name;
        if asked.kind != TaskQueueKind::Unspecified as i32 {
            queue.kind = asked.kind;
        }
    }
    queue
}
