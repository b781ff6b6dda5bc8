//! Workers that run beside a test.

use outlast::WorkerBuilder;
use outlast::activity::{ActivityImpl, ActivitySet};
use outlast::definition::{ActivityFn, WorkflowFn};
use outlast::worker::WorkerError;
use outlast::workflow::WorkflowImpl;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::scene::Scene;

/// A worker about to run.
#[must_use]
pub(crate) struct WorkerSetup<'a> {
    scene: &'a Scene,
    builder: WorkerBuilder,
}

/// A worker at work. It ends at once when dropped.
#[must_use]
pub(crate) struct RunningWorker {
    task: JoinHandle<Result<(), WorkerError>>,
    stop: Option<oneshot::Sender<()>>,
}

impl<'a> WorkerSetup<'a> {
    pub(crate) fn new(scene: &'a Scene, builder: WorkerBuilder) -> Self {
        Self { scene, builder }
    }

    /// Adds a workflow, which the histories are replayed with too.
    pub(crate) fn workflow<F, M>(self, workflow: F) -> Self
    where
        F: WorkflowFn<M> + Copy,
        F::Workflow: WorkflowImpl,
    {
        self.scene.learn(workflow);
        self.with(|builder| builder.workflow(workflow))
    }

    pub(crate) fn activity<F, M>(self, activity: F) -> Self
    where
        F: ActivityFn<M>,
        F::Activity: ActivityImpl<Receiver = ()>,
    {
        self.with(|builder| builder.activity(activity))
    }

    pub(crate) fn activities(self, set: impl ActivitySet) -> Self {
        self.with(|builder| builder.activities(set))
    }

    /// Sets options.
    pub(crate) fn with(self, set: impl FnOnce(WorkerBuilder) -> WorkerBuilder) -> Self {
        Self {
            builder: set(self.builder),
            ..self
        }
    }

    pub(crate) fn run(self) -> RunningWorker {
        let worker = self.builder.build().expect("the worker is set up well");
        let (stop, stopped) = oneshot::channel();
        let work = async move {
            let stopped = async {
                // A test that lets go of the sender aborts the task too.
                let _ = stopped.await;
            };
            worker.run_until(stopped).await
        };
        #[expect(clippy::disallowed_methods, reason = "it is aborted when dropped")]
        let task = tokio::spawn(work);
        RunningWorker {
            task,
            stop: Some(stop),
        }
    }
}

impl RunningWorker {
    /// Ends the worker as if its process was killed.
    pub(crate) async fn kill(mut self) {
        self.task.abort();
        let killed = (&mut self.task).await;
        assert!(
            killed.is_err_and(|error| error.is_cancelled()),
            "it ended by itself"
        );
    }

    /// Asks the worker to stop.
    pub(crate) fn ask_to_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until the worker has stopped.
    pub(crate) async fn stopped(&mut self) -> Result<(), WorkerError> {
        (&mut self.task).await.expect("a worker does not panic")
    }

    /// Stops the worker as gently as it can be.
    pub(crate) async fn stop(mut self) {
        self.ask_to_stop();
        self.stopped().await.expect("the worker was asked to stop");
    }

    /// Whether the worker has stopped.
    pub(crate) fn has_stopped(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        self.task.abort();
    }
}
