//! When the events of a workflow task are written: those of a normal one at once, those of the other
//! kinds once they have to be there.

use outlast_proto::temporal::api::history::v1::{self as events, HistoryEvent};
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;

use super::{Kind, WorkflowTask};
use crate::server::execution::Execution;
use crate::server::history::Draft;
use crate::server::wire::wire_duration;

impl WorkflowTask {
    /// Its scheduled event, which names `queue`.
    pub(super) fn scheduled_draft(&self, queue: TaskQueue) -> Draft {
        let attributes = events::WorkflowTaskScheduledEventAttributes {
            task_queue: Some(queue),
            start_to_close_timeout: wire_duration(self.start_to_close),
            attempt: self.attempt,
        };
        Draft::new(self.scheduled_at, attributes)
    }

    pub(super) fn started_draft(&self) -> Draft {
        let attributes = events::WorkflowTaskStartedEventAttributes {
            scheduled_event_id: self.scheduled_event_id,
            identity: self.identity.clone(),
            worker_version: self.build.clone(),
            request_id: self.request_id.clone(),
            suggest_continue_as_new: !self.suggest_reasons.is_empty(),
            suggest_continue_as_new_reasons: self.suggest_reasons.clone(),
            target_worker_deployment_version_changed: self.target_changed,
            history_size_bytes: self.history_size,
            ..Default::default()
        };
        Draft::new(self.started_at, attributes)
    }
}

impl Execution {
    /// Events that arrived while a transient attempt waited make it a normal first attempt.
    pub(super) fn renumber_stale_task(&mut self) {
        let next_id = self.history.next_id();
        let queue = self.named_queue();
        let Some(task) = self.task.as_mut() else {
            return;
        };
        if task.kind == Kind::Transient && task.scheduled_event_id != next_id {
            task.kind = Kind::Normal;
            task.attempt = 1;
            task.scheduled_event_id = next_id;
            self.attempt = 1;
            self.history.append(task.scheduled_draft(queue));
        }
    }

    /// The events of a task that is under way but not written, unless others were written since
    /// and so have their ids.
    pub(in crate::server) fn unwritten_task_events(&self) -> Vec<HistoryEvent> {
        let next_id = self.history.next_id();
        let is_shown =
            |task: &&WorkflowTask| task.kind != Kind::Normal && task.scheduled_event_id == next_id;
        let Some(task) = self.task.as_ref().filter(is_shown) else {
            return Vec::new();
        };
        let scheduled = self
            .history
            .numbered(task.scheduled_draft(self.named_queue()), next_id);
        let started = task.is_started().then(|| {
            self.history
                .numbered(task.started_draft(), task.started_event_id)
        });
        std::iter::once(scheduled).chain(started).collect()
    }

    /// Writes a speculative task into history, because other events have come up. Its start is
    /// written in the name of whoever brings the event, not of the worker that has the task.
    pub(in crate::server) fn make_task_real(&mut self, identity: &str) {
        let queue = self.named_queue();
        let Some(task) = self.task.as_mut() else {
            return;
        };
        if task.kind != Kind::Speculative {
            return;
        }
        task.kind = Kind::Normal;
        self.history.append(task.scheduled_draft(queue));
        if task.is_started() {
            task.identity = identity.to_owned();
            self.history.append(task.started_draft());
            self.history.close_batch();
        }
    }

    /// Writes what is missing of the started task, so that its end can be written. Its start is
    /// written in the name of the worker that completes it.
    pub(in crate::server) fn write_task(&mut self, identity: &str) {
        let queue = self.named_queue();
        let Some(task) = self.task.as_mut() else {
            return;
        };
        if task.kind != Kind::Normal {
            task.kind = Kind::Normal;
            identity.clone_into(&mut task.identity);
            self.history.append(task.scheduled_draft(queue));
            self.history.append(task.started_draft());
            self.history.close_batch();
        }
    }
}
