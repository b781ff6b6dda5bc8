//! [`Scene`]: what a test works with.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use outlast::client::{RequestError, StartCall, TaskQueueSet, Untyped};
use outlast::convert::{Args, InputOf};
use outlast::definition::{Workflow, WorkflowFn};
use outlast::raw::proto::temporal::api::history::v1 as wire;
use outlast::raw::proto::temporal::api::history::v1::history_event::Attributes;
use outlast::workflow::WorkflowImpl;
use outlast::{Client, Replayer, RunId, Worker, WorkflowHandle, WorkflowId};
use outlast_testing::Server;
use uuid::Uuid;

use crate::running::WorkerSetup;

/// A server with names that nobody else uses.
pub(crate) struct Scene {
    /// A client of the server.
    pub(crate) client: Client,
    /// Where the server listens, if it does.
    pub(crate) address: Option<String>,
    server: Option<Server>,
    /// The task queue, and the beginning of all workflow ids.
    name: String,
    last_id: AtomicU32,
    book: Mutex<Book>,
}

/// What is to be replayed at the end, and how.
#[derive(Default)]
struct Book {
    replayer: Replayer,
    started: Vec<WorkflowId>,
}

impl Scene {
    pub(crate) fn new(
        test: &str,
        client: Client,
        server: Option<Server>,
        address: Option<String>,
    ) -> Self {
        Self {
            client,
            address,
            server,
            name: format!("{}-{}", test.replace("::", "-"), Uuid::new_v4().simple()),
            last_id: AtomicU32::new(0),
            book: Mutex::default(),
        }
    }

    /// The queue of the workers and workflows.
    pub(crate) fn task_queue(&self) -> &str {
        &self.name
    }

    /// A worker of the task queue, to be set up.
    pub(crate) fn worker(&self) -> WorkerSetup<'_> {
        self.worker_over(&self.client)
    }

    /// A worker that reaches the server in its own way.
    pub(crate) fn worker_over(&self, client: &Client) -> WorkerSetup<'_> {
        WorkerSetup::new(self, Worker::builder(client.clone(), &self.name))
    }

    /// Starts a workflow in the task queue, under an id of its own.
    pub(crate) fn start<F, M>(
        &self,
        workflow: F,
        args: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> StartCall<F::Workflow, TaskQueueSet>
    where
        F: WorkflowFn<M>,
    {
        let call = self.client.start(workflow, args);
        call.task_queue(&self.name).id(self.id())
    }

    /// Starts a workflow that is known by its name only. It is not replayed at the end.
    pub(crate) fn start_by_name(
        &self,
        name: &str,
        args: impl Args,
    ) -> StartCall<Untyped, TaskQueueSet> {
        let call = self.client.start_by_name(name, args);
        call.task_queue(&self.name).id(self.next_id())
    }

    /// A workflow id whose runs are replayed at the end.
    pub(crate) fn id(&self) -> WorkflowId {
        let id = self.next_id();
        self.book().started.push(id.clone());
        id
    }

    /// Says that the workflow's history does not fit its code, on purpose.
    pub(crate) fn leave_unreplayed<K: Workflow>(&self, workflow: &WorkflowHandle<K>) {
        let id = workflow.workflow_id();
        self.book().started.retain(|started| started != id);
    }

    pub(crate) fn learn<F, M>(&self, workflow: F)
    where
        F: WorkflowFn<M>,
        F::Workflow: WorkflowImpl,
    {
        let mut book = self.book();
        book.replayer = std::mem::take(&mut book.replayer).workflow(workflow);
    }

    /// Replays every run of every workflow that was started, and ends those that are open.
    pub(crate) async fn replay_all(&self) {
        let started = std::mem::take(&mut self.book().started);
        let replayer = self.book().replayer.clone();
        for id in started {
            let workflow = self.client.workflow_by_id(id.clone());
            let seen = match workflow.describe().await {
                Ok(seen) => seen,
                Err(RequestError::NotFound { .. }) => continue,
                Err(error) => panic!("`{id}` cannot be described: {error:?}"),
            };
            let mut next = seen.first_run_id.or(Some(seen.execution.run_id));
            while let Some(run_id) = next {
                next = self.replay(&replayer, &id, run_id).await;
            }
            if seen.status.is_open() {
                // It may have ended by itself meanwhile.
                let _ = workflow.terminate("the test is over").await;
            }
        }
    }

    /// Replays one run, and gives the one that follows.
    async fn replay(&self, replayer: &Replayer, id: &WorkflowId, run_id: RunId) -> Option<RunId> {
        let run = self.client.workflow_by_id(id.clone()).with_run_id(run_id);
        let history = run.history().await.expect("a run has a history");
        let events = wire::History::from(history.clone()).events;
        if let Err(error) = replayer.replay(&history) {
            let told: Vec<_> = history.summary().collect();
            panic!("`{id}` cannot be replayed: {error}\n{}", told.join("\n"));
        }
        next_run(events.last()?)
    }

    /// What is known for people whose test hangs.
    pub(crate) async fn diagnostics(&self) -> String {
        if let Some(server) = &self.server {
            return server.diagnostics();
        }
        let mut told = String::new();
        let started = self.book().started.clone();
        for id in started {
            if let Ok(history) = self.client.workflow_by_id(id.clone()).history().await {
                let events: Vec<_> = history.summary().collect();
                told = format!("{told}\n{id}:\n{}", events.join("\n"));
            }
        }
        told
    }

    fn next_id(&self) -> WorkflowId {
        let number = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{}-{number}", self.name).into()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The run that an event passes the workflow on to.
fn next_run(last: &wire::HistoryEvent) -> Option<RunId> {
    let next = match last.attributes.as_ref()? {
        Attributes::WorkflowExecutionCompletedEventAttributes(end) => &end.new_execution_run_id,
        Attributes::WorkflowExecutionContinuedAsNewEventAttributes(end) => {
            &end.new_execution_run_id
        }
        Attributes::WorkflowExecutionFailedEventAttributes(end) => &end.new_execution_run_id,
        Attributes::WorkflowExecutionTimedOutEventAttributes(end) => &end.new_execution_run_id,
        _ => return None,
    };
    Some(next)
        .filter(|next| !next.is_empty())
        .map(|next| next.as_str().into())
}
