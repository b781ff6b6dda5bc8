//! Operations of a run that begins with the events of another one.

use std::time::SystemTime;

use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use super::ErrandKind;
use crate::server::execution::Execution;
use crate::server::wire::system_time;
use crate::server::world::World;

impl Execution {
    /// Takes in what an event did to the operations of the run.
    ///
    /// The wish to cancel an operation is lost, as on the real server.
    pub(in crate::server) fn replay_operation(&mut self, event: &HistoryEvent, world: &mut World) {
        use Attributes as A;
        let at = event.event_time.as_ref().map_or(world.now, system_time);
        match &event.attributes {
            Some(A::NexusOperationScheduledEventAttributes(a)) => {
                self.add_operation(event.event_id, (**a).clone(), at, world);
            }
            Some(A::NexusOperationStartedEventAttributes(a)) => {
                self.replay_start(a.scheduled_event_id, &a.operation_token, at, world);
            }
            Some(A::NexusOperationCompletedEventAttributes(a)) => {
                self.remove_operation(a.scheduled_event_id, world);
            }
            Some(A::NexusOperationFailedEventAttributes(a)) => {
                self.remove_operation(a.scheduled_event_id, world);
            }
            Some(A::NexusOperationCanceledEventAttributes(a)) => {
                self.remove_operation(a.scheduled_event_id, world);
            }
            Some(A::NexusOperationTimedOutEventAttributes(a)) => {
                self.remove_operation(a.scheduled_event_id, world);
            }
            _ => {}
        }
    }

    fn replay_start(&mut self, event_id: i64, token: &str, at: SystemTime, world: &mut World) {
        if let Some(operation) = self.operations.get_mut(&event_id) {
            operation.is_started = true;
            token.clone_into(&mut operation.token);
            operation.start.succeed(at);
            self.arm_start_to_close(event_id, at, world);
        }
    }

    /// Asks handlers once more to start what had not started.
    pub(in crate::server) fn resend_operations(&mut self, world: &mut World) {
        let waiting = self.operations.iter().filter(|(_, o)| !o.is_started);
        let waiting: Vec<i64> = waiting.map(|(event_id, _)| *event_id).collect();
        for event_id in waiting {
            self.send_errand(event_id, ErrandKind::Start, world);
        }
    }

    /// Lets what a handler said about an operation that this run has, too, be said once more.
    pub(in crate::server) fn reapply_operation(&mut self, event: HistoryEvent, world: &mut World) {
        use Attributes as A;
        let links = event.links;
        match event.attributes {
            Some(A::NexusOperationStartedEventAttributes(a)) => {
                let event_id = a.scheduled_event_id;
                if self.has_operation(event_id, &a.request_id) {
                    self.operation_started(event_id, a.operation_token, links, world);
                }
            }
            Some(A::NexusOperationCompletedEventAttributes(a)) => {
                let event_id = a.scheduled_event_id;
                if self.has_operation(event_id, &a.request_id) {
                    self.end_operation(event_id, links, world, |_| *a);
                }
            }
            Some(A::NexusOperationFailedEventAttributes(a)) => {
                let event_id = a.scheduled_event_id;
                if self.has_operation(event_id, &a.request_id) {
                    self.end_operation(event_id, links, world, |_| *a);
                }
            }
            Some(A::NexusOperationCanceledEventAttributes(a)) => {
                let event_id = a.scheduled_event_id;
                if self.has_operation(event_id, &a.request_id) {
                    self.end_operation(event_id, links, world, |_| *a);
                }
            }
            Some(A::NexusOperationTimedOutEventAttributes(a)) => {
                let event_id = a.scheduled_event_id;
                if self.has_operation(event_id, &a.request_id) {
                    self.end_operation(event_id, links, world, |_| *a);
                }
            }
            _ => {}
        }
    }

    pub(super) fn has_operation(&self, scheduled_event_id: i64, request_id: &str) -> bool {
        let operation = self.operations.get(&scheduled_event_id);
        operation.is_some_and(|operation| operation.scheduled.request_id == request_id)
    }
}
