//! [`Backlog`]: tasks that came for a run while it was busy.

use std::collections::VecDeque;

use crate::worker::task::PolledTask;

/// Tasks of one run that wait: any number of queries, and the newest real task.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Queries that came before the task.
    queries: VecDeque<PolledTask>,
    task: Option<PolledTask>,
    /// Queries that came behind the task.
    tied: VecDeque<PolledTask>,
}

impl Backlog {
    /// A newer task replaces an older one together with the queries behind it: the server has
    /// given up on those.
    pub(super) fn push(&mut self, task: PolledTask) {
        if !task.open.is_query {
            if self.task.replace(task).is_some() {
                self.tied.clear();
            }
        } else if self.task.is_some() {
            self.tied.push_back(task);
        } else {
            self.queries.push_back(task);
        }
    }

    /// Adds a task that the server sent in the answer to the one before. It is newer than
    /// whatever was polled, but queries are still waited for.
    pub(super) fn push_returned(&mut self, task: PolledTask) {
        self.queries.append(&mut self.tied);
        self.task = Some(task);
    }

    /// What is next. A run that is there answers queries first; one that has to be rebuilt
    /// begins with the real task, which may bring its history.
    pub(super) fn pop(&mut self, has_run: bool) -> Option<PolledTask> {
        if !has_run && let Some(task) = self.task.take() {
            return Some(task);
        }
        let query = self.queries.pop_front().or_else(|| self.tied.pop_front());
        query.or_else(|| self.task.take())
    }
}
