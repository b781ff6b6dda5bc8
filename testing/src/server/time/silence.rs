//! Workers that do not answer, because their workflow task failed again.
//!
//! A worker reports the first failure of a workflow task. Of further attempts it says nothing, so
//! that these come in the rhythm of the task's timeout and not in a busy loop. On a virtual clock
//! that timeout would never come: the task seems to be running.

use crate::server::Engine;
use crate::server::execution::{Execution, RunKey};
use crate::server::workflow_task::WorkflowTask;

impl Engine {
    /// Whether nothing but further attempts of workflow tasks keep time from passing for somebody
    /// who wants it to.
    pub fn waits_for_retries(&self) -> bool {
        let busy = || self.maybe_busy.iter().map(|key| &self.runs[key]);
        !self.clock.follows_wall()
            && !self.clock.is_locked()
            && !self.clock.holds.any()
            && !self.clock.holds.anything_rings()
            && self.has_waiters()
            && busy().any(|run| retries(run))
            && busy().all(|run| self.business(run).len() == usize::from(retries(run)))
    }

    /// Presumes that no answer will come to the further attempts that are under way, so that time
    /// may pass until they are over. An answer that comes before that counts all the same.
    pub fn presume_silence(&mut self) {
        let retrying = self
            .maybe_busy
            .iter()
            .filter(|key| retries(&self.runs[key]));
        let retrying: Vec<RunKey> = retrying.copied().collect();
        for key in retrying {
            let run = self.runs.get_mut(&key);
            if let Some(task) = run.and_then(|run| run.task.as_mut()) {
                task.is_silent = true;
            }
        }
        self.settle();
    }
}

/// Whether a further attempt of the run's task is with a worker of whom an answer is expected.
fn retries(run: &Execution) -> bool {
    let expects_answer = |task: &WorkflowTask| {
        task.is_started() && task.attempt > 1 && !task.given_up && !task.is_silent
    };
    run.task.as_ref().is_some_and(expects_answer)
}
