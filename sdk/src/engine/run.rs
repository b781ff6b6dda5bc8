//! [`Run`]: one run of a workflow, history in, commands out.

use std::sync::Arc;

use super::program::Program;
use super::task::{HistoryPage, Step, WorkflowTask};
use crate::ids::WorkflowExecution;

/// One run of a workflow.
pub struct Run {
    program: Arc<dyn Program>,
}

impl Run {
    /// A run of which nothing is known yet.
    #[must_use]
    pub fn new(program: Arc<dyn Program>, execution: WorkflowExecution, namespace: &str) -> Self {
        let _ = (execution, namespace);
        Self { program }
    }

    /// Takes a workflow task. The task before must have been answered.
    pub fn handle_task(&mut self, task: WorkflowTask) {
        let _ = (self, task);
    }

    /// Takes the part of the history that [`Step::NeedsHistory`] asked for.
    pub fn handle_page(&mut self, page: HistoryPage) {
        let _ = (self, page);
    }

    /// Takes word that the server recorded the answer to the last task. A discarded task comes
    /// with the event that the run goes back to.
    pub fn handle_recorded(&mut self, reset_to: Option<i64>) {
        let _ = (self, reset_to);
    }

    /// Works until something is needed or done.
    pub fn poll(&mut self) -> Step {
        let _ = &self.program;
        Step::Idle
    }

    /// The last event that the run has taken in; 0 before the first.
    #[must_use]
    pub fn last_event_id(&self) -> i64 {
        let _ = self;
        0
    }

    /// The event with which the last task that the run has taken in began.
    #[must_use]
    pub fn last_started(&self) -> i64 {
        let _ = self;
        0
    }

    /// Whether the run's history ends with its end.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let _ = self;
        false
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}
