//! Workflow tasks: scheduled, started, failed and timed out, in three kinds.

pub(super) mod check;
pub(super) mod commands;
pub(super) mod completion;
pub(super) mod failures;
pub(super) mod limits;
pub(super) mod requests;
pub(super) mod taker;
mod writing;

use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1::{WorkerVersionStamp, WorkflowType};
use outlast_proto::temporal::api::enums::v1::{SuggestContinueAsNewReason, TimeoutType};
use outlast_proto::temporal::api::history::v1::History as WireHistory;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1::PollWorkflowTaskQueueResponse;

use self::taker::Taker;
use super::deployments::Version;
use super::execution::Execution;
use super::history::reads::PAGE_BATCHES;
use super::queues::matching::{QueueKey, QueueType, QueuedTask};
use super::time::end::later;
use super::time::timers::{Timer, TimerKey};
use super::tokens::{PageToken, TaskToken};
use super::wire::{normal_queue, timestamp, workflow_execution};
use super::world::World;

/// How much of a workflow task is in history while it is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its scheduled and started events are written at once.
    Normal,
    /// Exists for updates only; leaves no trace if the worker rejects them all.
    Speculative,
    /// A further attempt after a failure; written only when it succeeds.
    Transient,
}

/// The workflow task of a run that is scheduled or started.
#[derive(Debug)]
pub(super) struct WorkflowTask {
    pub(super) kind: Kind,
    /// For tasks that are not in history, the id that the event would get.
    pub(super) scheduled_event_id: i64,
    /// Zero until the task is started.
    pub(super) started_event_id: i64,
    pub(super) attempt: i32,
    pub(super) stamp: u64,
    pub(super) scheduled_at: SystemTime,
    pub(super) started_at: SystemTime,
    /// Where the task waits; the normal queue if nobody attends the sticky one.
    pub(super) queue: QueueKey,
    start_to_close: Duration,
    identity: String,
    build: Option<WorkerVersionStamp>,
    request_id: String,
    history_size: i64,
    suggest_reasons: Vec<i32>,
    /// The run is pinned, and would be on another version if it were not.
    target_changed: bool,
    /// The server refused its completion, so no answer will come: it can only time out.
    pub(super) given_up: bool,
    /// Its worker is presumed to leave it to its timeout.
    pub(super) is_silent: bool,
    pub(super) timers: Vec<TimerKey>,
}

/// The queue of the worker that has the run in its cache.
#[derive(Clone, Debug)]
pub(super) struct Sticky {
    pub(super) queue: TaskQueue,
    pub(super) schedule_to_start: Option<Duration>,
}

impl WorkflowTask {
    pub(super) fn is_started(&self) -> bool {
        self.started_event_id > 0
    }
}

impl Execution {
    /// Schedules a workflow task; a task after a failed attempt becomes a transient one.
    pub(super) fn schedule_task(&mut self, kind: Kind, world: &mut World) {
        let kind = if self.attempt > 1 {
            Kind::Transient
        } else {
            kind
        };
        let stamp = self.stamps.next();
        let queue = self.choose_queue(world);
        let task = WorkflowTask {
            kind,
            scheduled_event_id: self.history.next_id(),
            started_event_id: 0,
            attempt: self.attempt,
            stamp,
            scheduled_at: world.now,
            started_at: world.now,
            start_to_close: self.task_timeout(),
            identity: String::new(),
            build: None,
            request_id: String::new(),
            history_size: 0,
            suggest_reasons: Vec::new(),
            target_changed: false,
            given_up: false,
            is_silent: false,
            timers: self.arm_schedule_to_start(&queue, stamp, world.now, world),
            queue,
        };
        if kind == Kind::Normal {
            let draft = task.scheduled_draft(self.named_queue());
            self.history.append(draft);
        }
        let queued = QueuedTask::Workflow {
            run: self.key,
            stamp,
        };
        world.queues.add_task(task.queue.clone(), queued, world.now);
        self.needs_task = false;
        self.task = Some(task);
    }

    /// The queue that a task waits in: the normal one if nobody attends the sticky one.
    pub(super) fn choose_queue(&self, world: &World) -> QueueKey {
        let version = self.task_version(world);
        let sticky = self.sticky.as_ref().map(|sticky| {
            let key = self.queue_key(&sticky.queue.name);
            key.for_version(version.clone())
        });
        sticky
            .filter(|key| world.queues.is_attended(key))
            .unwrap_or_else(|| {
                self.queue_key(self.normal_queue_name())
                    .for_version(version)
            })
    }

    /// The queue that a scheduled event names when it is written or shown, wherever the task
    /// waits: a task that was not written at once names what is sticky by then.
    fn named_queue(&self) -> TaskQueue {
        match &self.sticky {
            Some(sticky) => sticky.queue.clone(),
            None => normal_queue(self.normal_queue_name()),
        }
    }

    pub(super) fn queue_key(&self, name: &str) -> QueueKey {
        QueueKey::new(&self.namespace, QueueType::Workflow, name)
    }

    fn arm_schedule_to_start(
        &self,
        queue: &QueueKey,
        stamp: u64,
        since: SystemTime,
        world: &mut World,
    ) -> Vec<TimerKey> {
        let Some(sticky) = self
            .sticky
            .as_ref()
            .filter(|sticky| sticky.queue.name == queue.name)
        else {
            return Vec::new();
        };
        let Some(timeout) = sticky.schedule_to_start else {
            return Vec::new();
        };
        let timer = Timer::WorkflowTask {
            stamp,
            timeout: TimeoutType::ScheduleToStart,
        };
        let until = later(since, timeout).max(world.now);
        vec![world.timers.arm(self.key, until, timer)]
    }

    /// Hands the scheduled task to the worker that has just completed one.
    pub(super) fn start_returned_task(
        &mut self,
        taker: Taker,
        worker: Option<&Version>,
        world: &mut World,
    ) -> PollWorkflowTaskQueueResponse {
        self.meet_worker(worker, world);
        let request_id = "request-from-RespondWorkflowTaskCompleted".to_owned();
        self.start_task(taker, request_id, true, world)
    }

    /// Hands the scheduled task to a worker.
    ///
    /// A worker that polled its sticky queue has the run in its cache, and gets only the events
    /// since its last completed task.
    pub(super) fn start_task(
        &mut self,
        taker: Taker,
        request_id: String,
        from_sticky: bool,
        world: &mut World,
    ) -> PollWorkflowTaskQueueResponse {
        self.renumber_stale_task();
        if !from_sticky {
            // Its worker is not there to take the task, so it does not count as sticky any more.
            self.sticky = None;
        }
        let next_id = self.history.next_id();
        let reasons = self.suggest_reasons(world);
        let target_changed = self.looks_at_target(world);
        let history_size = self.history.size_bytes();
        let task = self
            .task
            .as_mut()
            .expect("only a scheduled task is started");
        for key in task.timers.drain(..) {
            world.timers.cancel(key);
        }
        task.identity = taker.identity;
        task.build = taker.build;
        task.request_id = request_id;
        task.started_at = world.now;
        task.history_size = history_size;
        task.suggest_reasons = reasons;
        task.target_changed = target_changed;
        task.started_event_id = if task.kind == Kind::Normal {
            next_id
        } else {
            task.scheduled_event_id + 1
        };
        task.stamp = self.stamps.next();
        let timer = Timer::WorkflowTask {
            stamp: task.stamp,
            timeout: TimeoutType::StartToClose,
        };
        task.timers.push(
            world
                .timers
                .arm(self.key, world.after(task.start_to_close), timer),
        );
        if task.kind == Kind::Normal {
            self.history.append(task.started_draft());
        }
        // The worker sees everything that has happened so far.
        self.needs_task = false;
        self.history.close_batch();
        let from_event_id = if from_sticky {
            self.previous_started_event_id + 1
        } else {
            1
        };
        self.task_response(from_event_id)
    }

    fn suggest_reasons(&self, world: &World) -> Vec<i32> {
        let mut reasons = Vec::new();
        if self.history.size_bytes() >= world.options.suggest_continue_as_new_bytes {
            reasons.push(SuggestContinueAsNewReason::HistorySizeTooLarge as i32);
        }
        // The event counts that starts the task and has the advice.
        if self.history.next_id() >= world.options.suggest_continue_as_new_events {
            reasons.push(SuggestContinueAsNewReason::TooManyHistoryEvents as i32);
        }
        if self.updates.are_too_many() {
            reasons.push(SuggestContinueAsNewReason::TooManyUpdates as i32);
        }
        reasons
    }

    pub(super) fn task_response(&mut self, from_event_id: i64) -> PollWorkflowTaskQueueResponse {
        let messages = self.send_updates();
        let queries = self.attach_queries();
        let task = self.task.as_ref().expect("the task was just started");
        let (page, next_id) = self.history.page(from_event_id, PAGE_BATCHES);
        let mut page = page.to_vec();
        let mut next_page_token = bytes::Bytes::new();
        if next_id <= self.history.last_id() {
            next_page_token = PageToken::new(self.key.0, next_id, false).to_bytes();
        } else {
            page.extend(self.unwritten_task_events());
        }
        PollWorkflowTaskQueueResponse {
            task_token: TaskToken::new(self.key.0, task.stamp, 0).to_bytes(),
            workflow_execution: Some(workflow_execution(&self.workflow_id, &self.run_id)),
            workflow_type: self.started.workflow_type.clone(),
            previous_started_event_id: self.previous_started_event_id,
            started_event_id: task.started_event_id,
            attempt: task.attempt,
            history: Some(WireHistory { events: page }),
            next_page_token,
            workflow_execution_task_queue: Some(normal_queue(self.normal_queue_name())),
            scheduled_time: timestamp(task.scheduled_at),
            started_time: timestamp(task.started_at),
            queries,
            messages,
            ..Default::default()
        }
    }

    /// Takes back a start whose answer never left the server.
    pub(super) fn unstart_task(&mut self, stamp: u64, world: &mut World) {
        let Some(task) = self.task.as_mut().filter(|task| task.stamp == stamp) else {
            return;
        };
        for key in task.timers.drain(..) {
            world.timers.cancel(key);
        }
        let started_event_id = std::mem::take(&mut task.started_event_id);
        let (kind, queue, since) = (task.kind, task.queue.clone(), task.scheduled_at);
        // Nobody may come back for what waits in a sticky queue.
        let timers = self.arm_schedule_to_start(&queue, stamp, since, world);
        if let Some(task) = self.task.as_mut() {
            task.timers = timers;
        }
        let queued = QueuedTask::Workflow {
            run: self.key,
            stamp,
        };
        world.queues.return_task(queue, queued);
        if kind == Kind::Normal {
            self.history.take_back(started_event_id);
        }
        self.unsend_updates(stamp);
        self.detach_queries();
        self.history.flush();
    }

    /// Removes the completed task and disarms its timeout.
    pub(super) fn finish_task(&mut self, world: &mut World) -> Option<WorkflowTask> {
        let mut task = self.task.take()?;
        self.wanted_to_close = false;
        for key in task.timers.drain(..) {
            world.timers.cancel(key);
        }
        Some(task)
    }

    /// Whether a worker holds the task that `stamp` names.
    pub(super) fn has_started_task(&self, stamp: u64) -> bool {
        self.task
            .as_ref()
            .is_some_and(|task| task.is_started() && task.stamp == stamp && !task.given_up)
    }

    pub(super) fn has_speculative_task(&self) -> bool {
        let task = self.task.as_ref();
        task.is_some_and(|task| task.kind == Kind::Speculative)
    }

    pub(super) fn task_is_started(&self) -> bool {
        self.task.as_ref().is_some_and(WorkflowTask::is_started)
    }

    pub(super) fn workflow_type(&self) -> Option<WorkflowType> {
        self.started.workflow_type.clone()
    }
}
