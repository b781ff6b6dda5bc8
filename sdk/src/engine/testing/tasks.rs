//! Workflow tasks, and the ends of runs.

use super::HistoryBuilder;
use crate::engine::event::{CloseKind, EventBody, EventType};
use crate::ids::RunId;

impl HistoryBuilder {
    /// A workflow task that a worker answers; its commands come next.
    pub(in crate::engine) fn task(self) -> Self {
        self.open_task().task_completed()
    }

    /// A workflow task that a worker has taken and not answered.
    pub(in crate::engine) fn open_task(self) -> Self {
        self.task_scheduled().task_started()
    }

    /// A workflow task that a worker fails.
    pub(in crate::engine) fn failed_task(self) -> Self {
        self.open_task().task_failed()
    }

    pub(in crate::engine) fn task_scheduled(self) -> Self {
        self.event(EventBody::TaskScheduled)
    }

    pub(in crate::engine) fn task_started(mut self) -> Self {
        self.started = self.next_id();
        self.event(EventBody::TaskStarted(Box::default()))
    }

    pub(in crate::engine) fn task_completed(mut self) -> Self {
        self.previous_started = self.started;
        self.started = 0;
        let task = std::mem::take(&mut self.author);
        self.event(EventBody::TaskCompleted(Box::new(task)))
    }

    pub(in crate::engine) fn task_failed(mut self) -> Self {
        self.started = 0;
        self.event(EventBody::TaskFailed { reset_run: None })
    }

    /// The run that goes on in a reset run's place fails the task that the reset went back to.
    pub(in crate::engine) fn task_reset(mut self, new_run: &str) -> Self {
        self.started = 0;
        self.event(EventBody::TaskFailed {
            reset_run: Some(RunId::from(new_run)),
        })
    }

    pub(in crate::engine) fn task_timed_out(mut self) -> Self {
        self.started = 0;
        self.event(EventBody::TaskTimedOut)
    }

    pub(in crate::engine) fn execution_completed(self) -> Self {
        self.event(EventBody::ExecutionClosed(CloseKind::Completed))
    }

    pub(in crate::engine) fn execution_failed(self) -> Self {
        self.event(EventBody::ExecutionClosed(CloseKind::Failed))
    }

    pub(in crate::engine) fn execution_canceled(self) -> Self {
        self.event(EventBody::ExecutionClosed(CloseKind::Canceled))
    }

    pub(in crate::engine) fn continued_as_new(self) -> Self {
        self.event(EventBody::ExecutionClosed(CloseKind::ContinuedAsNew))
    }

    pub(in crate::engine) fn execution_terminated(self) -> Self {
        let event_type = EventType::from_number(27);
        self.event(EventBody::ExecutionEnded(event_type))
    }

    pub(in crate::engine) fn execution_timed_out(self) -> Self {
        let event_type = EventType::from_number(4);
        self.event(EventBody::ExecutionEnded(event_type))
    }
}
