//! How operations go on and end, as their workflow sees it.

use std::time::SystemTime;

use outlast_proto::temporal::api::common::v1::{Link, Payload};
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::history::v1 as events;

use super::{Operation, Progress, failures};
use crate::server::execution::Execution;
use crate::server::history::Draft;
use crate::server::history::event_types::EventAttributes;
use crate::server::world::World;

impl Execution {
    /// Takes in that an operation goes on by itself.
    pub(super) fn operation_started(
        &mut self,
        event_id: i64,
        token: String,
        links: Vec<Link>,
        world: &mut World,
    ) {
        let Some(operation) = self.operations.get_mut(&event_id) else {
            return;
        };
        operation.is_started = true;
        operation.token.clone_from(&token);
        operation.start.succeed(world.now);
        let wants_cancel = operation.cancellation.is_some();
        let attributes = events::NexusOperationStartedEventAttributes {
            scheduled_event_id: event_id,
            operation_id: token.clone(),
            request_id: operation.scheduled.request_id.clone(),
            operation_token: token,
        };
        self.record(Draft::new(world.now, attributes).with_links(links));
        self.arm_start_to_close(event_id, world.now, world);
        if wants_cancel {
            self.send_cancellation(event_id, world);
        }
    }

    pub(super) fn complete_operation(
        &mut self,
        event_id: i64,
        result: Option<Payload>,
        links: Vec<Link>,
        world: &mut World,
    ) {
        self.end_operation(event_id, links, world, |operation| {
            events::NexusOperationCompletedEventAttributes {
                scheduled_event_id: event_id,
                result,
                request_id: operation.scheduled.request_id.clone(),
            }
        });
    }

    pub(super) fn fail_operation(
        &mut self,
        event_id: i64,
        cause: Failure,
        links: Vec<Link>,
        world: &mut World,
    ) {
        self.end_operation(event_id, links, world, |operation| {
            events::NexusOperationFailedEventAttributes {
                scheduled_event_id: event_id,
                failure: Some(failures::of_operation(operation, event_id, cause)),
                request_id: operation.scheduled.request_id.clone(),
            }
        });
    }

    pub(super) fn cancel_operation(
        &mut self,
        event_id: i64,
        cause: Failure,
        links: Vec<Link>,
        world: &mut World,
    ) {
        self.end_operation(event_id, links, world, |operation| {
            events::NexusOperationCanceledEventAttributes {
                scheduled_event_id: event_id,
                failure: Some(failures::of_operation(operation, event_id, cause)),
                request_id: operation.scheduled.request_id.clone(),
            }
        });
    }

    pub(super) fn time_out_operation(&mut self, event_id: i64, cause: Failure, world: &mut World) {
        self.end_operation(event_id, Vec::new(), world, |operation| {
            events::NexusOperationTimedOutEventAttributes {
                scheduled_event_id: event_id,
                failure: Some(failures::of_operation(operation, event_id, cause)),
                request_id: operation.scheduled.request_id.clone(),
            }
        });
    }

    /// Takes in that the handler knows of the wish to cancel.
    pub(super) fn note_cancel_sent(&mut self, event_id: i64, world: &mut World) {
        let operation = self.operations.get_mut(&event_id);
        let Some(cancellation) = operation.and_then(|o| o.cancellation.as_mut()) else {
            return;
        };
        if let Some(errand) = &mut cancellation.errand {
            errand.succeed(world.now);
        }
        let attributes = events::NexusOperationCancelRequestCompletedEventAttributes {
            requested_event_id: cancellation.requested_event_id,
            workflow_task_completed_event_id: 0,
            scheduled_event_id: event_id,
        };
        self.record(Draft::new(world.now, attributes));
    }

    pub(super) fn note_cancel_failed(&mut self, event_id: i64, failure: Failure, world: &World) {
        let operation = self.operations.get(&event_id);
        let Some(cancellation) = operation.and_then(|o| o.cancellation.as_ref()) else {
            return;
        };
        let attributes = events::NexusOperationCancelRequestFailedEventAttributes {
            requested_event_id: cancellation.requested_event_id,
            workflow_task_completed_event_id: 0,
            failure: Some(failure),
            scheduled_event_id: event_id,
        };
        self.record(Draft::new(world.now, attributes));
    }

    pub(super) fn end_operation<A: EventAttributes>(
        &mut self,
        event_id: i64,
        links: Vec<Link>,
        world: &mut World,
        attributes: impl FnOnce(&Operation) -> A,
    ) {
        let Some(operation) = self.remove_operation(event_id, world) else {
            return;
        };
        let draft = Draft::new(world.now, attributes(&operation));
        self.record(draft.with_links(links));
    }

    pub(super) fn remove_operation(
        &mut self,
        event_id: i64,
        world: &mut World,
    ) -> Option<Operation> {
        let operation = self.operations.remove(&event_id)?;
        for key in &operation.timeouts {
            world.timers.cancel(*key);
        }
        Some(operation)
    }
}

impl super::Errand {
    pub(super) fn succeed(&mut self, at: SystemTime) {
        self.progress = Progress::Done;
        self.attempts += 1;
        self.last_attempt_at = Some(at);
        self.last_failure = None;
    }
}
