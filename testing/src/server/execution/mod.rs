//! One run of a workflow: its state, and how it opens and closes.

pub(super) mod chain;
pub(super) mod deletion;
pub(super) mod describe;
pub(super) mod marks;
pub(super) mod naming;
mod option_paths;
pub(super) mod options;
mod pause;
pub(super) mod pending;
pub(super) mod requests;
pub(super) mod retry;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1::{Link, Payload};
use outlast_proto::temporal::api::enums::v1::{WorkflowExecutionStatus, WorkflowTaskFailedCause};
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::sdk::v1::UserMetadata;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;

use self::marks::WorkerMarks;
use self::naming::{RunName, Stamps};
use self::pending::Pending;
use super::activities::Activity;
use super::deployments::RunVersioning;
use super::errors::{Error, Result};
use super::history::reads::HistoryRead;
use super::history::{Draft, History};
use super::nexus::{CompletionCallback, Operation};
use super::queries::Query;
use super::relations::children::Child;
use super::time::end::later;
use super::time::timers::{Timer, TimerKey};
use super::updates::Updates;
use super::wire::{filled_attributes, filled_memo, set_duration, system_time};
use super::workflow_task::commands::{is_set, merge};
use super::workflow_task::{Kind, Sticky, WorkflowTask};
use super::world::World;

/// Names one run inside this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RunKey(pub(super) u64);

/// A run that is about to be opened.
#[derive(Debug)]
pub(super) struct NewRun {
    pub(super) namespace: String,
    pub(super) name: RunName,
    pub(super) request_id: String,
    pub(super) started: Box<events::WorkflowExecutionStartedEventAttributes>,
    pub(super) user_metadata: Option<UserMetadata>,
    pub(super) links: Vec<Link>,
    /// The signal of a signal-with-start.
    pub(super) signal: Option<Draft>,
}

/// One run of a workflow.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) key: RunKey,
    pub(super) namespace: String,
    pub(super) workflow_id: String,
    pub(super) run_id: String,
    /// Which run of its workflow this is, counted from one.
    pub(super) number: u64,
    pub(super) start_request_id: String,
    pub(super) started: Box<events::WorkflowExecutionStartedEventAttributes>,
    pub(super) user_metadata: Option<UserMetadata>,
    pub(super) start_time: SystemTime,
    /// When the run was started that this one, or a reset before it, goes back to.
    pub(super) original_start_time: SystemTime,
    pub(super) close_time: Option<SystemTime>,
    pub(super) status: WorkflowExecutionStatus,
    pub(super) cancel_requested: bool,
    pub(super) history: History,
    /// The workflow task that is scheduled or started; there is at most one.
    pub(super) task: Option<WorkflowTask>,
    /// The attempt of the next workflow task; above 1, it is transient.
    pub(super) attempt: i32,
    pub(super) sticky: Option<Sticky>,
    /// The started event of the last completed workflow task, or zero.
    pub(super) previous_started_event_id: i64,
    /// Something happened that the workflow has to see.
    pub(super) needs_task: bool,
    /// Runs while the first workflow task is held back.
    pub(super) backoff: Option<TimerKey>,
    pub(super) activities: BTreeMap<i64, Activity>,
    pub(super) timers: BTreeMap<String, UserTimer>,
    pub(super) children: BTreeMap<i64, Child>,
    /// Nexus operations, by the events that scheduled them.
    pub(super) operations: BTreeMap<i64, Operation>,
    /// The Nexus tasks in the hands of workers, by their stamps.
    pub(super) nexus_tasks: BTreeMap<u64, i64>,
    /// Who is told when the chain of this run ends.
    pub(super) callbacks: Vec<CompletionCallback>,
    /// What the run waited for when it closed.
    left_pending: Option<Pending>,
    pub(super) updates: Updates,
    pub(super) queries: Vec<Query>,
    pub(super) reads: Vec<HistoryRead>,
    /// Request ids of signals and cancellations, which must not count twice.
    pub(super) request_ids: BTreeSet<String>,
    pub(super) memo: BTreeMap<String, Payload>,
    pub(super) search_attributes: BTreeMap<String, Payload>,
    /// Whether this run began with the events of another.
    pub(super) is_reset: bool,
    /// The run that began with the events of this one, the latest if there are several.
    pub(super) reset_run_id: String,
    pub(super) marks: WorkerMarks,
    pub(super) stamps: Stamps,
    pub(super) versioning: RunVersioning,
    /// How often the state has changed, which descriptions tell.
    pub(super) state_transitions: i64,
    /// The state has changed in this transaction, though perhaps no event tells of it.
    pub(super) touched: bool,
    /// Why the run has been terminated instead of taking in the last change.
    pub(super) overflow: Option<&'static str>,
    /// The last workflow task would have closed the run if nothing had come up meanwhile.
    pub(super) wanted_to_close: bool,
}

/// A timer that the workflow started.
#[derive(Debug)]
pub(super) struct UserTimer {
    pub(super) started_event_id: i64,
    pub(super) key: TimerKey,
}

impl Execution {
    /// Opens a run: writes its first events and schedules its first workflow task.
    pub(super) fn open(key: RunKey, run: NewRun, world: &mut World) -> Self {
        let mut run = run;
        if let Some(attributes) = &mut run.started.search_attributes {
            let known = world.namespaces.search_attributes_mut(&run.namespace);
            known.adopt(attributes);
            attributes
                .indexed_fields
                .retain(|_, payload| is_set(payload));
        }
        let started = &mut run.started;
        started.search_attributes = filled_attributes(started.search_attributes.take());
        started.memo = filled_memo(started.memo.take());
        let mut execution = Self::without_events(key, &run, world);
        execution.write_first_events(run.user_metadata, run.links, run.signal, world);
        execution.arm_timeouts(world);
        execution.note_imposed_version(world);
        execution
    }

    pub(super) fn without_events(key: RunKey, run: &NewRun, world: &World) -> Self {
        let started = run.started.clone();
        let (mut memo, mut search_attributes) = (BTreeMap::new(), BTreeMap::new());
        merge(&mut memo, started.memo.clone().unwrap_or_default().fields);
        let attributes = started.search_attributes.clone().unwrap_or_default();
        merge(&mut search_attributes, attributes.indexed_fields);
        let callbacks = started.completion_callbacks.iter().cloned();
        let callbacks = callbacks.map(|callback| CompletionCallback::new(callback, world.now));
        Self {
            key,
            namespace: run.namespace.clone(),
            workflow_id: started.workflow_id.clone(),
            run_id: run.name.id.clone(),
            number: run.name.number,
            start_request_id: run.request_id.clone(),
            user_metadata: run.user_metadata.clone(),
            start_time: world.now,
            original_start_time: world.now,
            close_time: None,
            status: WorkflowExecutionStatus::Running,
            cancel_requested: false,
            history: History::new(run.name.number),
            task: None,
            attempt: 1,
            sticky: None,
            previous_started_event_id: 0,
            needs_task: false,
            backoff: None,
            activities: BTreeMap::new(),
            timers: BTreeMap::new(),
            children: BTreeMap::new(),
            operations: BTreeMap::new(),
            nexus_tasks: BTreeMap::new(),
            callbacks: callbacks.collect(),
            left_pending: None,
            updates: Updates::default(),
            queries: Vec::new(),
            reads: Vec::new(),
            request_ids: BTreeSet::new(),
            memo,
            search_attributes,
            is_reset: false,
            reset_run_id: String::new(),
            marks: WorkerMarks::inheriting(started.prev_auto_reset_points.as_ref()),
            stamps: Stamps::default(),
            versioning: RunVersioning::of_start(&started),
            state_transitions: 0,
            touched: false,
            overflow: None,
            wanted_to_close: false,
            started,
        }
    }

    fn write_first_events(
        &mut self,
        user_metadata: Option<UserMetadata>,
        links: Vec<Link>,
        signal: Option<Draft>,
        world: &mut World,
    ) {
        let attributes = (*self.started).clone();
        self.history.append(
            Draft::new(world.now, attributes)
                .with_metadata(user_metadata)
                .with_links(links),
        );
        if let Some(signal) = signal {
            self.history.append(signal);
        }
        match set_duration(self.started.first_workflow_task_backoff.as_ref()) {
            Some(backoff) => {
                let key = world
                    .timers
                    .arm(self.key, world.after(backoff), Timer::FirstTask);
                self.backoff = Some(key);
            }
            None => self.schedule_task(Kind::Normal, world),
        }
    }

    /// The run timeout counts from the first workflow task on, the execution timeout does not.
    pub(super) fn arm_timeouts(&self, world: &mut World) {
        if let Some(timeout) = set_duration(self.started.workflow_run_timeout.as_ref()) {
            let at = later(self.execution_time(), timeout);
            world.timers.arm(self.key, at, Timer::RunTimeout);
        }
        if let Some(expiration) = &self.started.workflow_execution_expiration_time {
            world
                .timers
                .arm(self.key, system_time(expiration), Timer::ExecutionTimeout);
        }
    }

    /// Records something that happened outside a workflow task, and that the workflow must see.
    pub(super) fn record(&mut self, draft: Draft) {
        self.make_task_real("");
        if self.task_is_started() {
            self.history.buffer(draft);
        } else {
            self.history.append(draft);
            self.needs_task = true;
        }
    }

    /// Ends the held-back phase of the first workflow task.
    pub(super) fn end_backoff(&mut self, world: &mut World) {
        self.drop_backoff(world);
        self.needs_task = true;
    }

    fn drop_backoff(&mut self, world: &mut World) {
        if let Some(key) = self.backoff.take() {
            world.timers.cancel(key);
        }
    }

    /// Whether a workflow task has been written. That of an update that comes during the backoff
    /// is not, until the update is accepted.
    fn has_had_task(&self) -> bool {
        let is_written = |task: &WorkflowTask| task.kind == Kind::Normal;
        self.previous_started_event_id > 0
            || self.attempt > 1
            || self.task.as_ref().is_some_and(is_written)
    }

    /// Closes the run with `draft` as its last event.
    pub(super) fn close(
        &mut self,
        status: WorkflowExecutionStatus,
        draft: Draft,
        world: &mut World,
    ) {
        self.left_pending = Some(self.pending());
        self.announce_close(&draft.attributes, world);
        self.history.drop_buffered();
        self.history.append(draft);
        self.status = status;
        self.close_time = Some(world.now);
        self.task = None;
        self.backoff = None;
        self.activities.clear();
        self.timers.clear();
        world.timers.cancel_run(self.key);
        self.abort_updates(world);
    }

    /// Closes the run from outside, whatever its worker is doing at the moment.
    pub(super) fn force_close(
        &mut self,
        status: WorkflowExecutionStatus,
        draft: Draft,
        world: &mut World,
    ) {
        if self.task_is_started() {
            self.write_task_failed(
                WorkflowTaskFailedCause::ForceCloseCommand,
                None,
                "history-service",
                world,
            );
        }
        self.history.flush();
        self.close(status, draft, world);
    }

    /// Ends a transaction: schedules a workflow task if one is due, and answers who waited.
    pub(super) fn commit(&mut self, world: &mut World) {
        self.end_if_full(world);
        self.schedule_due_task(world);
        self.history.close_batch();
        if !self.is_open() {
            self.history.shrink();
        }
        self.count_transition();
        self.answer_updates(world);
        self.dispatch_queries(world);
        self.answer_reads(world);
    }

    /// Schedules a workflow task if the workflow has something to see.
    pub(super) fn schedule_due_task(&mut self, world: &mut World) {
        if self.has_had_task() {
            self.drop_backoff(world);
        }
        if self.is_open() && self.task.is_none() {
            if self.needs_task && self.backoff.is_none() {
                self.schedule_task(Kind::Normal, world);
            } else if self.updates.has_unsent() {
                self.schedule_task(Kind::Speculative, world);
            }
        }
    }

    /// Refuses what would keep the run from closing a second time.
    pub(super) fn check_not_closing(&self) -> Result<()> {
        match self.wanted_to_close && self.task_is_started() {
            true => Err(Error::closing()),
            false => Ok(()),
        }
    }

    /// Whether workflow tasks have failed so often that nobody is asked to wait for the next.
    pub(super) fn tasks_fail(&self) -> bool {
        self.attempt > 2
    }

    /// Whether a workflow task is due that is written when it is scheduled.
    pub(super) fn owes_written_task(&self) -> bool {
        let is_due = self.needs_task && self.task.is_none() && self.backoff.is_none();
        self.is_open() && is_due && self.attempt == 1
    }

    /// Counts the transaction if it has changed anything.
    pub(super) fn count_transition(&mut self) {
        let has_events = self.history.take_changes();
        if std::mem::take(&mut self.touched) || has_events {
            self.state_transitions += 1;
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.status == WorkflowExecutionStatus::Running
    }

    pub(super) fn run_timeout(&self) -> Option<Duration> {
        set_duration(self.started.workflow_run_timeout.as_ref())
    }

    /// When the first workflow task was due.
    pub(super) fn execution_time(&self) -> SystemTime {
        let backoff = set_duration(self.started.first_workflow_task_backoff.as_ref());
        later(self.start_time, backoff.unwrap_or_default())
    }

    pub(super) fn has_completed_task(&self) -> bool {
        self.previous_started_event_id > 0
    }

    /// The namespace that a command names, or the run's own.
    pub(super) fn namespace_or_own<'a>(&'a self, asked: &'a str) -> &'a str {
        match asked.is_empty() {
            true => &self.namespace,
            false => asked,
        }
    }

    /// The queue that a command names, or the run's own.
    pub(super) fn queue_or_own<'a>(&'a self, asked: Option<&'a TaskQueue>) -> &'a str {
        match asked.map(|queue| queue.name.as_str()) {
            Some("") | None => self.normal_queue_name(),
            Some(name) => name,
        }
    }

    pub(super) fn normal_queue_name(&self) -> &str {
        self.started
            .task_queue
            .as_ref()
            .map_or("", |queue| queue.name.as_str())
    }
}
