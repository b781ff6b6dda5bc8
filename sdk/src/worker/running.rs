//! [`Running`]: a worker at work, from its first poll to its last report.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tonic::{Code, Status};

use super::Worker;
use super::activities::Activities;
use super::error::WorkerError;
use super::lifecycle::Lifecycle;
use super::poller::Poller;
use super::responder::Responder;
use super::server::{QueueKind, Server};
use super::slots::Slots;
use super::task::PolledTask;
use super::threads::Shards;

/// How long the end of a worker waits for the server to take notice of it.
const FAREWELL: Duration = Duration::from_secs(5);

/// A worker at work. Dropping it ends everything at once: activities are told to stop, and
/// what was under way is left to other workers.
pub(super) struct Running {
    server: Arc<Server>,
    lifecycle: Lifecycle,
    grace: Option<Duration>,
    /// Absent if there are no workflows.
    workflows: Option<Workflows>,
    /// Absent if there are no activities.
    activities: Option<Arc<Activities>>,
    pollers: TaskTracker,
    /// Everything that is spawned but pollers: requests, activities, threads.
    tracker: TaskTracker,
    failures: mpsc::UnboundedReceiver<WorkerError>,
    failed: mpsc::UnboundedSender<WorkerError>,
}

struct Workflows {
    shards: Arc<Shards>,
    slots: Slots,
}

impl Running {
    pub(super) fn start(worker: Worker) -> Result<Self, WorkerError> {
        let Worker {
            client,
            settings,
            programs,
            activities,
            limits,
        } = worker;
        let (failed, failures) = mpsc::unbounded_channel();
        let lifecycle = Lifecycle::default();
        let tracker = TaskTracker::new();
        let server = Arc::new(Server::new(client, settings));
        let activities = (!activities.is_empty()).then(|| {
            Arc::new(Activities {
                server: Arc::clone(&server),
                registry: activities,
                slots: Slots::new(limits.activities),
                tracker: tracker.clone(),
                grace_is_over: lifecycle.grace_is_over.clone(),
            })
        });
        let mut running = Self {
            server,
            lifecycle,
            grace: limits.grace,
            workflows: None,
            activities,
            pollers: TaskTracker::new(),
            tracker,
            failures,
            failed,
        };
        if !programs.is_empty() {
            let responder = Responder::new(
                Arc::clone(&running.server),
                running.activities.clone().filter(|_| limits.is_eager),
                running.lifecycle.stop.clone(),
            );
            let shards = Shards::start(
                &programs,
                &running.server.settings.namespace,
                limits.workflow_threads,
                limits.cached_workflows,
                Arc::new(responder),
                &running.tracker,
            )?;
            let slots = Slots::new(limits.workflow_slots());
            running.workflows = Some(Workflows {
                shards: Arc::new(shards),
                slots,
            });
            let polls = limits.workflow_polls();
            running.poll_workflows(QueueKind::Normal, polls.normal);
            running.poll_workflows(QueueKind::Sticky, polls.sticky);
        }
        running.poll_activities(limits.activity_polls);
        running.examine_namespace();
        Ok(running)
    }

    /// Waits until the worker cannot go on.
    pub(super) async fn failure(&mut self) -> WorkerError {
        let failure = self.failures.recv().await;
        failure.expect("`failed` is kept beside the receiver")
    }

    /// Ends the worker: no more polls, then everything under way comes to its end.
    pub(super) async fn shut_down(mut self) {
        tracing::debug!(
            task_queue = self.server.settings.task_queue,
            "the worker stops"
        );
        self.lifecycle.stop.cancel();
        self.pollers.close();
        tokio::join!(self.say_farewell(), self.end_polls());
        tokio::join!(self.end_workflows(), self.end_activities());
        // The threads are counted by the tracker and go when the last sender does.
        self.workflows = None;
        self.tracker.close();
        self.tracker.wait().await;
    }

    fn poll_workflows(&self, kind: QueueKind, polls: usize) {
        let Some(workflows) = &self.workflows else {
            return;
        };
        for _ in 0..polls {
            let server = Arc::clone(&self.server);
            let poll = move || {
                let server = Arc::clone(&server);
                async move { server.poll_workflow_task(kind).await }
            };
            let shards = Arc::clone(&workflows.shards);
            let poller = self.poller(&workflows.slots);
            self.spawn_poller(poller.run(poll, move |(header, work), permit| {
                shards.handle(PolledTask::new(header, work, permit));
            }));
        }
    }

    fn poll_activities(&self, polls: usize) {
        let Some(activities) = &self.activities else {
            return;
        };
        for _ in 0..polls {
            let server = Arc::clone(&self.server);
            let poll = move || {
                let server = Arc::clone(&server);
                async move { server.poll_activity_task().await }
            };
            let activities = Arc::clone(activities);
            let poller = self.poller(&activities.slots);
            self.spawn_poller(poller.run(poll, move |task, permit| {
                activities.start(task, permit);
            }));
        }
    }

    fn poller(&self, slots: &Slots) -> Poller {
        Poller {
            queue: self.server.settings.task_queue.clone(),
            slots: slots.clone(),
            lifecycle: self.lifecycle.clone(),
        }
    }

    fn spawn_poller(&self, polls: impl Future<Output = Result<(), Status>> + Send + 'static) {
        let failed = self.failed.clone();
        let task_queue = self.server.settings.task_queue.clone();
        self.pollers.spawn(async move {
            if let Err(status) = polls.await {
                let source = status.into();
                let _ = failed.send(WorkerError::PollsRefused { task_queue, source });
            }
        });
    }

    /// Finds out early whether the namespace exists, and what it takes and does.
    fn examine_namespace(&self) {
        let server = Arc::clone(&self.server);
        let failed = self.failed.clone();
        let examination = async move {
            let namespace = server.settings.namespace.clone();
            match server.namespace().await {
                Ok(_) => {}
                Err(status) if status.code() == Code::NotFound => {
                    let _ = failed.send(WorkerError::NamespaceNotFound { namespace });
                }
                // Whatever it is, the polls find out too and have more patience.
                Err(status) => tracing::debug!(
                    namespace,
                    message = status.message(),
                    "the namespace could not be examined"
                ),
            }
        };
        let stop = self.lifecycle.stop.clone();
        self.pollers.spawn(async move {
            tokio::select! {
                () = examination => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Tells the server that the worker is gone, so that its tasks go elsewhere at once.
    async fn say_farewell(&self) {
        let answer = self
            .server
            .say_farewell(self.workflows.is_some(), self.activities.is_some());
        if let Ok(Err(status)) = timeout(FAREWELL, answer).await {
            tracing::debug!(
                message = status.message(),
                "the server was not told of the end"
            );
        }
    }

    async fn end_polls(&self) {
        let namespace = self.server.known_namespace();
        if namespace.is_some_and(|namespace| namespace.ends_polls) {
            let _ = timeout(FAREWELL, self.pollers.wait()).await;
        }
        self.lifecycle.abort_polls.cancel();
        self.pollers.wait().await;
    }

    async fn end_workflows(&self) {
        if let Some(workflows) = &self.workflows {
            workflows.slots.drained().await;
        }
    }

    async fn end_activities(&self) {
        let Some(activities) = &self.activities else {
            return;
        };
        let drained = activities.slots.drained();
        match self.grace {
            None => drained.await,
            Some(grace) => {
                let mut drained = std::pin::pin!(drained);
                if timeout(grace, &mut drained).await.is_err() {
                    self.lifecycle.grace_is_over.cancel();
                    drained.await;
                }
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.lifecycle.end();
    }
}
