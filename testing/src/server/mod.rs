//! A Temporal server as one synchronous state machine.
//!
//! [`Engine`] holds every run, queue and timer. It does no I/O, starts no threads, awaits nothing
//! and reads no clock: requests are method calls, time is told to it, and an [`Oracle`] decides what
//! is left open. The same calls in the same order therefore give the same histories, on any machine.
//!
//! Calls that may have to wait (polls, long reads, queries, updates, sleeps) return a [`CallId`];
//! their answers come out of [`Engine::poll_answer`], sometimes at once:
//!
//! ```text
//! request ──▶ Engine method ──▶ answer, or CallId
//!                 │ settle: open new runs, match tasks with polls, move the clock
//!                 ▼
//!             poll_answer ──▶ (CallId, Answer)
//! ```
//!
//! # Where things are
//!
//! | concept | modules |
//! |---|---|
//! | one run: its state, its description, its chain | `execution`, `history` |
//! | what starts runs | `start`, `schedules`, `reset` |
//! | what moves a run | `workflow_task` (tasks and commands), `activities`, `updates`, `queries`, `nexus` |
//! | what runs are to each other | `relations` |
//! | who works, and who waits | `queues`, `task_queues`, `workers`, `deployments` |
//! | when things happen | `time`, `cron` |
//! | who finds runs | `visibility` (the language), `listing`, `search_attributes` |
//! | many at a time | `batch` |
//! | what chance decides elsewhere | `oracle` |
//! | around all of it | `namespaces`, `world`, `options`, `limits`, `links`, `priority`, `errors`, `ids`, `tokens`, `wire` |
//!
//! Architecture invariant: this module imports nothing of the SDK, so that the SDK and the server
//! that tests it cannot share a mistake.

#![allow(
    deprecated,
    reason = "deployed SDKs still send, and expect, deprecated fields"
)]

mod activities;
mod batch;
mod cron;
mod deployments;
mod errors;
mod execution;
mod history;
mod ids;
mod limits;
mod links;
mod listing;
mod namespaces;
mod nexus;
mod options;
mod oracle;
mod priority;
mod queries;
mod queues;
mod relations;
mod reset;
mod schedules;
mod search_attributes;
mod start;
mod task_queues;
mod time;
mod tokens;
mod updates;
mod visibility;
mod wire;
mod workers;
mod workflow_task;
mod world;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use outlast_proto::temporal::api::history::v1::HistoryEvent;

pub use self::errors::{Code, Error, Result};
pub use self::limits::Limits;
pub use self::options::{SearchAttributes, ServerOptions, TimeMode};
pub use self::oracle::{Oracle, Order, Seeded, Site, Subject};
pub use self::queues::long_polls::{Answer, CallId};
pub use self::relations::gate::ChildStart;
pub use self::time::busy::Stalled;
pub use self::time::clock::PendingTimer;
pub(crate) use self::time::end::{comes, later};
pub use self::time::holds::HoldId;
pub use self::world::WorkflowTaskFailure;

use self::execution::{Execution, NewRun, RunKey};
use self::listing::index::RunIndex;
use self::relations::gate::ChildGate;
use self::schedules::Schedules;
use self::time::clock::Clock;
use self::wire::workflow_execution;
use self::world::World;

/// A whole Temporal server, driven by calls.
#[derive(Debug)]
pub struct Engine {
    world: World,
    clock: Clock,
    /// Boxed, because a tree keeps room for twice as many as it has.
    runs: BTreeMap<RunKey, Box<Execution>>,
    run_index: RunIndex,
    /// The latest run of each (namespace, workflow id).
    current: BTreeMap<(String, String), RunKey>,
    by_run_id: BTreeMap<String, RunKey>,
    /// The runs that have something under way; only these can hold the clock.
    maybe_busy: BTreeSet<RunKey>,
    /// Names the next run; runs that are gone keep their names.
    next_run: u64,
    batch_jobs: Vec<batch::BatchJob>,
    schedules: Schedules,
    child_gate: ChildGate,
}

impl Engine {
    /// A server without any workflows, whose [`ServerOptions::seed`] and [`ServerOptions::order`]
    /// decide what is left open.
    pub fn new(options: ServerOptions) -> Self {
        let oracle = Seeded::new(options.seed, options.order);
        Self::with_oracle(options, Box::new(oracle))
    }

    /// A server without any workflows, with an oracle to decide what is left open.
    pub fn with_oracle(options: ServerOptions, oracle: Box<dyn Oracle>) -> Self {
        Self {
            clock: Clock::new(options.time),
            world: World::new(options, oracle),
            runs: BTreeMap::new(),
            run_index: RunIndex::default(),
            current: BTreeMap::new(),
            by_run_id: BTreeMap::new(),
            maybe_busy: BTreeSet::new(),
            next_run: 0,
            batch_jobs: Vec::new(),
            schedules: Schedules::default(),
            child_gate: ChildGate::default(),
        }
    }

    /// The next answer for a call that had to wait.
    pub fn poll_answer(&mut self) -> Option<(CallId, Answer)> {
        self.world.calls.poll_answer()
    }

    /// The next workflow task that failed since the last call of this method.
    pub fn poll_task_failure(&mut self) -> Option<WorkflowTaskFailure> {
        self.world.task_failures.pop_front()
    }

    /// The virtual time.
    pub fn now(&self) -> SystemTime {
        self.world.now
    }

    /// The history of a run; of the latest one if `run_id` is empty.
    ///
    /// # Errors
    /// The workflow is unknown.
    pub fn history(
        &self,
        namespace: &str,
        workflow_id: &str,
        run_id: &str,
    ) -> Result<Vec<HistoryEvent>> {
        let key = self.find(namespace, Some(&workflow_execution(workflow_id, run_id)))?;
        Ok(self.runs[&key].history.events().to_vec())
    }

    /// The ids of all workflows with the histories of their runs, in the order in which the runs
    /// were opened.
    pub fn histories(&self) -> Vec<(String, Vec<HistoryEvent>)> {
        let runs = self.runs.values();
        runs.map(|run| (run.workflow_id.clone(), run.history.events().to_vec()))
            .collect()
    }

    /// Changes one run in one transaction, then lets the rest of the server react.
    fn in_run<T>(
        &mut self,
        key: RunKey,
        change: impl FnOnce(&mut Execution, &mut World) -> T,
    ) -> T {
        let result = self.transact(key, change);
        self.settle();
        result
    }

    /// Changes one run in one transaction.
    fn transact<T>(
        &mut self,
        key: RunKey,
        change: impl FnOnce(&mut Execution, &mut World) -> T,
    ) -> T {
        let run = self
            .runs
            .get_mut(&key)
            .expect("nothing keeps the key of a deleted run");
        let result = change(run, &mut self.world);
        run.commit(&mut self.world);
        self.note_business(key);
        result
    }

    fn open_run(&mut self, run: NewRun) -> RunKey {
        let key = self.next_key();
        let execution = Execution::open(key, run, &mut self.world);
        self.add_run(execution)
    }

    fn next_key(&mut self) -> RunKey {
        self.next_run += 1;
        RunKey(self.next_run - 1)
    }

    /// Adds a run that its key was made for, as the current one of its workflow.
    fn add_run(&mut self, mut execution: Execution) -> RunKey {
        let key = execution.key;
        execution.commit(&mut self.world);
        let id = (execution.namespace.clone(), execution.workflow_id.clone());
        self.current.insert(id, key);
        self.by_run_id.insert(execution.run_id.clone(), key);
        self.run_index.add(&execution);
        self.runs.insert(key, Box::new(execution));
        self.note_business(key);
        key
    }

    /// Lets everything happen that follows from the last change, up to and including the passing
    /// of time.
    fn settle(&mut self) {
        loop {
            self.react();
            if !self.step_time() {
                return;
            }
        }
    }

    /// Lets everything happen that follows without time passing.
    fn react(&mut self) {
        loop {
            self.follow_up();
            self.wake_orphans();
            self.ring_event_alarms();
            self.dispatch();
            // A run that has no room for the start of its task ends instead.
            if self.world.deliveries.is_empty() {
                self.wake_orphans();
                self.ring_event_alarms();
                return;
            }
        }
    }

    /// Lets runs do to each other what they have to.
    fn follow_up(&mut self) {
        loop {
            self.follow_routes();
            if let Some(run) = self.world.new_runs.pop_front() {
                self.open_run(run);
            } else if self.dispatches_early() {
                self.dispatch_next();
            } else if let Some(delivery) = self.world.next_delivery() {
                self.deliver(delivery);
            } else {
                return;
            }
        }
    }

    fn note_business(&mut self, key: RunKey) {
        let run = self.runs.get(&key);
        if run.is_some_and(|run| run.may_be_busy()) {
            self.maybe_busy.insert(key);
        } else {
            self.maybe_busy.remove(&key);
        }
    }
}
