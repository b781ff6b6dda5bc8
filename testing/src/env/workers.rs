//! The workers of an environment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use outlast::definition::{Workflow, WorkflowFn};
use outlast::workflow::WorkflowImpl;
use outlast::{Worker, WorkerBuilder, WorkflowId};
use tokio::task::AbortHandle;

use super::backend::Backend;
use super::builder::WorkerSetup;
use super::mock_program::MockProgram;
use super::shared::Shared;
use super::workflow_mocks::AroundRuns;

/// The workers that run, and the ids that were given out.
#[derive(Default)]
pub(super) struct Workers {
    /// The task queues that have a worker. Each workflow type has a queue of its own, so that a
    /// worker is never asked for a type that it does not know.
    attended: BTreeSet<String>,
    /// The workers, and what else runs for the environment.
    tasks: Vec<AbortHandle>,
    /// Queues that are to be attended as soon as the test does something.
    pub(super) queues_to_come: Vec<String>,
    /// What tells names on a real server from those of other tests; nothing in memory.
    pub(super) suffix: String,
    /// Workflow types that every worker runs: a child is started in its parent's queue, unless its
    /// call names another.
    workflows: BTreeMap<&'static str, Arc<WorkerSetup>>,
    /// Those that are the environment's own, likewise.
    own: BTreeMap<&'static str, MockProgram>,
    /// What the test sets on each worker.
    pub(super) setup: Option<Arc<WorkerSetup>>,
    last_id: u64,
}

impl Shared {
    /// Makes sure that a worker attends the queue.
    #[track_caller]
    pub(super) fn run_worker(&self, queue: &str) {
        self.run_workers();
        self.run_one(queue);
    }

    /// Makes sure that workers attend all the queues that the test has named.
    #[track_caller]
    pub(super) fn run_workers(&self) {
        let queues = std::mem::take(&mut self.workers().queues_to_come);
        for queue in queues {
            self.run_one(&queue);
        }
    }

    #[track_caller]
    fn run_one(&self, queue: &str) {
        let mut workers = self.workers();
        let is_first = workers.attended.is_empty();
        if !workers.attended.insert(queue.to_owned()) {
            return;
        }
        drop(workers);
        let mut builder = Worker::builder(self.client.clone(), queue)
            .activity_registry(self.activities().clone())
            .workflow_threads(1);
        if let Backend::InMemory(server) = &self.backend {
            // The worker polls in a moment; until then, time is not to run away.
            server.expect_worker_in(self.client.namespace(), queue);
            // The clock stands still while an activity runs: it need not wait to be heard.
            builder = builder.max_heartbeat_throttle(Duration::from_millis(1));
            if is_first {
                let server = server.clone();
                self.workers()
                    .run(async move { match server.pass_time_for_others().await {} });
            }
        }
        // What the test sets on workers is its own code, which may ask for whatever is in here.
        let (own, setup, workflows) = self.workers().programs();
        for program in own.values() {
            builder = builder.program(Arc::new(program.clone()));
        }
        if let Some(setup) = setup {
            builder = setup(builder);
        }
        for (name, add) in workflows {
            if !own.contains_key(name) {
                builder = add(builder);
            }
        }
        let around = AroundRuns(Arc::clone(&self.workflows));
        let worker = builder.around_programs(Arc::new(around)).build();
        let worker = worker.unwrap_or_else(|error| panic!("the worker of `{queue}`: {error}"));
        self.workers().run(async move {
            if let Err(error) = worker.run().await {
                tracing::error!(%error, "a test environment's worker ended");
            }
        });
    }
}

/// Workflow types of the environment's own, what the test sets on workers, and real types.
type Programs = (
    BTreeMap<&'static str, MockProgram>,
    Option<Arc<WorkerSetup>>,
    BTreeMap<&'static str, Arc<WorkerSetup>>,
);

impl Workers {
    /// Adds a workflow type for all workers that are to come.
    pub(super) fn add_workflow<F, M>(&mut self, workflow: F)
    where
        F: WorkflowFn<M> + Copy + Send + Sync + 'static,
        F::Workflow: WorkflowImpl,
    {
        let add = move |builder: WorkerBuilder| builder.workflow(workflow);
        self.workflows.insert(F::Workflow::NAME, Arc::new(add));
    }

    /// Adds a workflow type of the environment's own, for all workers that are to come.
    pub(super) fn add_own(&mut self, program: MockProgram) {
        self.own.insert(program.type_name(), program);
    }

    /// What every worker runs.
    fn programs(&self) -> Programs {
        let setup = self.setup.clone();
        (self.own.clone(), setup, self.workflows.clone())
    }

    /// Has the queue attended that is named for a workflow type.
    pub(super) fn attend_own_queue(&mut self, workflow_type: &str) {
        let queue = format!("{workflow_type}{}", self.suffix);
        self.queues_to_come.push(queue);
    }

    /// Runs something until the environment ends.
    pub(super) fn run(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(spawn(task));
    }

    /// An id that no other workflow has.
    pub(super) fn next_id(&mut self, workflow_type: &str) -> WorkflowId {
        self.last_id += 1;
        format!("{workflow_type}-{}{}", self.last_id, self.suffix).into()
    }

    /// Ends everything at once.
    pub(super) fn stop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment aborts it when dropped"
)]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
    tokio::spawn(task).abort_handle()
}
