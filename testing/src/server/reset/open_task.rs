//! The workflow task that a reset ends: where a run can go back to, and what is written there.

use outlast_proto::temporal::api::enums::v1::{TimeoutType, WorkflowTaskFailedCause};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{Failure, ResetWorkflowFailureInfo};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::history::v1::{self as events, HistoryEvent};

use crate::server::execution::Execution;
use crate::server::history::Draft;
use crate::server::wire::{normal_queue, wire_duration};
use crate::server::world::World;

/// A workflow task without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpenTask {
    Scheduled {
        event_id: i64,
    },
    Started {
        scheduled_event_id: i64,
        started_event_id: i64,
    },
    /// The next attempt after a failed one, of which no event tells.
    Unwritten,
}

impl OpenTask {
    /// The task that is under way after these events.
    pub(super) fn after(events: &[HistoryEvent]) -> Option<Self> {
        events.iter().fold(None, Self::next)
    }

    fn next(open: Option<Self>, event: &HistoryEvent) -> Option<Self> {
        match event.attributes.as_ref()? {
            Attributes::WorkflowTaskScheduledEventAttributes(_) => Some(Self::Scheduled {
                event_id: event.event_id,
            }),
            Attributes::WorkflowTaskStartedEventAttributes(a) => Some(Self::Started {
                scheduled_event_id: a.scheduled_event_id,
                started_event_id: event.event_id,
            }),
            Attributes::WorkflowTaskCompletedEventAttributes(_) => None,
            Attributes::WorkflowTaskFailedEventAttributes(_) => Some(Self::Unwritten),
            // A task that nobody took is no attempt, and so has no next one.
            Attributes::WorkflowTaskTimedOutEventAttributes(a) => {
                (a.timeout_type() != TimeoutType::ScheduleToStart).then_some(Self::Unwritten)
            }
            _ => open,
        }
    }
}

impl Execution {
    /// Ends the workflow task that was under way in the run that this one goes back to.
    pub(super) fn fail_task_for_reset(
        &mut self,
        task: OpenTask,
        base_run_id: String,
        reason: &str,
        world: &World,
    ) {
        let (scheduled_event_id, started_event_id) = match task {
            OpenTask::Started {
                scheduled_event_id,
                started_event_id,
            } => (scheduled_event_id, started_event_id),
            OpenTask::Scheduled { event_id } => {
                (event_id, self.start_task_for_reset(event_id, world))
            }
            OpenTask::Unwritten => {
                let event_id = self.schedule_task_for_reset(world);
                (event_id, self.start_task_for_reset(event_id, world))
            }
        };
        let failure = Failure {
            message: reason.to_owned(),
            failure_info: Some(FailureInfo::ResetWorkflowFailureInfo(
                ResetWorkflowFailureInfo::default(),
            )),
            ..Default::default()
        };
        let attributes = events::WorkflowTaskFailedEventAttributes {
            scheduled_event_id,
            started_event_id,
            cause: WorkflowTaskFailedCause::ResetWorkflow as i32,
            failure: Some(failure),
            identity: "history-service".to_owned(),
            base_run_id,
            new_run_id: self.run_id.clone(),
            ..Default::default()
        };
        self.history.append(Draft::new(world.now, attributes));
    }

    /// Writes the attempt that was under way as if it were the first one.
    fn schedule_task_for_reset(&mut self, world: &World) -> i64 {
        let attributes = events::WorkflowTaskScheduledEventAttributes {
            task_queue: Some(normal_queue(self.normal_queue_name())),
            start_to_close_timeout: wire_duration(self.task_timeout()),
            attempt: 1,
        };
        self.history.append(Draft::new(world.now, attributes))
    }

    fn start_task_for_reset(&mut self, scheduled_event_id: i64, world: &World) -> i64 {
        let attributes = events::WorkflowTaskStartedEventAttributes {
            scheduled_event_id,
            identity: "history-service".to_owned(),
            request_id: "emptyUuid".to_owned(),
            history_size_bytes: self.history.size_bytes(),
            ..Default::default()
        };
        let event_id = self.history.append(Draft::new(world.now, attributes));
        self.history.close_batch();
        event_id
    }
}
