//! The workers of an environment.

use std::sync::PoisonError;

use outlast::{Worker, WorkerBuilder, WorkflowId};

use super::TestEnv;

/// The workers that run, and the ids that were given out.
#[derive(Debug, Default)]
pub(super) struct Workers {
    /// By task queue. Each workflow type has a queue of its own, so that a worker is never asked
    /// for a type that it does not know.
    running: std::collections::BTreeMap<String, tokio::task::AbortHandle>,
    /// Queues that only activities are polled from, before their worker runs.
    pub(super) activity_queues: Vec<String>,
    last_id: u64,
}

impl TestEnv {
    /// Makes sure that a worker attends the queue, and those that only activities use.
    #[track_caller]
    pub(super) fn run_worker(
        &self,
        queue: &str,
        register: impl FnOnce(WorkerBuilder) -> WorkerBuilder,
    ) {
        for queue in std::mem::take(&mut self.workers().activity_queues) {
            self.run_one(&queue, |builder| builder);
        }
        self.run_one(queue, register);
    }

    #[track_caller]
    fn run_one(&self, queue: &str, register: impl FnOnce(WorkerBuilder) -> WorkerBuilder) {
        let mut workers = self.workers();
        if workers.running.contains_key(queue) {
            return;
        }
        // The worker polls in a moment; until then, time is not to run away.
        self.server.expect_worker(queue);
        let builder = Worker::builder(self.client.clone(), queue)
            .activity_registry(self.activities.clone())
            .workflow_threads(1)
            // The clock stands still while an activity runs: it need not wait to be heard.
            .max_heartbeat_throttle(std::time::Duration::from_millis(1));
        let worker = register(builder).build();
        let worker = worker.unwrap_or_else(|error| panic!("the worker of `{queue}`: {error}"));
        #[expect(
            clippy::disallowed_methods,
            reason = "the environment aborts it when dropped"
        )]
        let task = tokio::spawn(async move {
            if let Err(error) = worker.run().await {
                tracing::error!(%error, "a test environment's worker ended");
            }
        });
        workers
            .running
            .insert(queue.to_owned(), task.abort_handle());
    }

    pub(super) fn next_id(&self, workflow_type: &str) -> WorkflowId {
        let mut workers = self.workers();
        workers.last_id += 1;
        format!("{workflow_type}-{}", workers.last_id).into()
    }

    pub(super) fn workers(&self) -> std::sync::MutexGuard<'_, Workers> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for worker in self.running.values() {
            worker.abort();
        }
    }
}
