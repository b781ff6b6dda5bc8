//! [`Backlog`]: tasks that came for a run while it was busy.

use std::collections::VecDeque;

use crate::worker::task::PolledTask;

/// Tasks of one run that wait, as they came: any number of queries, and one real task at most.
#[derive(Debug, Default)]
pub(super) struct Backlog(VecDeque<PolledTask>);

impl Backlog {
    /// Adds a task. A newer real task replaces an older one together with the queries behind
    /// it: the server has given up on those.
    pub(super) fn push(&mut self, task: PolledTask) {
        if !task.open.is_query
            && let Some(older) = self.place_of_task()
        {
            self.0.truncate(older);
        }
        self.0.push_back(task);
    }

    /// Adds a task that the server sent in the answer to the one before. It is newer than
    /// whatever was polled, but queries are still waited for.
    pub(super) fn push_returned(&mut self, task: PolledTask) {
        if let Some(older) = self.place_of_task() {
            self.0.remove(older);
        }
        self.0.push_back(task);
    }

    /// What is next. A run that is there answers queries first; one that has to be rebuilt
    /// begins with the real task, which may bring its history.
    pub(super) fn pop(&mut self, has_run: bool) -> Option<PolledTask> {
        let first = self.0.iter().position(|task| task.open.is_query == has_run);
        let next = self.0.remove(first.unwrap_or(0));
        if self.0.is_empty() {
            // Thousands of runs may be kept, and few of them ever have a backlog.
            self.0 = VecDeque::new();
        }
        next
    }

    fn place_of_task(&self) -> Option<usize> {
        self.0.iter().position(|task| !task.open.is_query)
    }
}
