//! [`Shard`]: the runs of one thread.
//!
//! A shard is a state machine without I/O, clock or threads: inputs come in one after the
//! other, and each may leave actions for the shell to carry out, whose outcomes come in again.

mod backlog;
mod cached_run;
mod fetch;
mod replay;

use std::collections::VecDeque;
use std::sync::Arc;

use lru::LruCache;
use rustc_hash::FxBuildHasher;

use self::backlog::Backlog;
use self::cached_run::CachedRun;
pub(crate) use self::replay::Replay;
use self::replay::unhandled;
use super::programs::Programs;
use super::task::{OpenTask, PolledTask, TaskHeader};
use crate::engine::{HistoryPage, PageToken, QueryAnswer, Run, TaskCompletion, TaskFailure};
use crate::ids::{RunId, WorkflowExecution};

/// The runs of one thread, with those that were used last at the front.
#[derive(Debug)]
pub(super) struct Shard<R = Run> {
    runs: LruCache<RunId, CachedRun<R>, FxBuildHasher>,
    /// How many runs are kept; 0 keeps none beyond its task.
    capacity: usize,
    /// Tasks of runs for which there is no room yet. They keep their slots.
    parked: VecDeque<(WorkflowExecution, Backlog)>,
    host: Host,
}

/// Something that happened outside.
#[derive(Debug)]
pub(super) enum Input {
    /// A part of a run's history cannot be had.
    FetchFailed { run_id: RunId, reason: String },
    /// The server did not record a task's answer, or may not have.
    NotRecorded { run_id: RunId },
    /// The next part of a run's history.
    Page { run_id: RunId, page: HistoryPage },
    /// The server recorded a task's answer, and may have sent the next task with that.
    Recorded {
        run_id: RunId,
        /// Set if the server discarded the task: the event that the run goes back to.
        reset_to: Option<i64>,
        next: Option<PolledTask>,
    },
    /// A task.
    Task(PolledTask),
}

/// Something to do outside.
#[derive(Debug)]
pub(super) enum Action {
    /// Send the answer to a task that is only a query.
    AnswerQuery { task: OpenTask, answer: QueryAnswer },
    /// Send the answer to a task, and say what came of it.
    Complete {
        task: OpenTask,
        completion: TaskCompletion,
    },
    /// Say that a task failed.
    Fail {
        task: OpenTask,
        failure: TaskFailure,
    },
    /// Get a part of a history, or its first part.
    FetchHistory {
        execution: WorkflowExecution,
        from: Option<PageToken>,
    },
}

/// What all runs of a shard share.
#[derive(Debug)]
struct Host {
    programs: Arc<Programs>,
    namespace: String,
    actions: Vec<Action>,
}

impl Input {
    pub(super) fn run_id(&self) -> &RunId {
        match self {
            Self::FetchFailed { run_id, .. }
            | Self::NotRecorded { run_id }
            | Self::Page { run_id, .. }
            | Self::Recorded { run_id, .. } => run_id,
            Self::Task(task) => task.run_id(),
        }
    }
}

impl<R: Replay> Shard<R> {
    pub(super) fn new(programs: Arc<Programs>, namespace: String, capacity: usize) -> Self {
        Self {
            runs: LruCache::unbounded_with_hasher(FxBuildHasher),
            capacity,
            parked: VecDeque::new(),
            host: Host {
                programs,
                namespace,
                actions: Vec::new(),
            },
        }
    }

    /// Takes what happened outside.
    pub(super) fn handle(&mut self, input: Input) {
        match input {
            Input::FetchFailed { run_id, reason } => self.resume(&run_id, |run, host| {
                run.handle_fetch_failure(&reason, host);
            }),
            Input::NotRecorded { run_id } => self.resume(&run_id, CachedRun::handle_not_recorded),
            Input::Page { run_id, page } => {
                self.resume(&run_id, |run, host| run.handle_page(page, host));
            }
            Input::Recorded {
                run_id,
                reset_to,
                next,
            } => self.resume(&run_id, |run, host| {
                run.handle_recorded(reset_to, next, host);
            }),
            Input::Task(task) => self.admit(task),
        }
        self.unpark();
    }

    /// What is to be done outside.
    pub(super) fn actions(&mut self) -> impl Iterator<Item = Action> {
        self.host.actions.drain(..)
    }

    fn admit(&mut self, task: PolledTask) {
        let run_id = task.run_id();
        if self.runs.contains(run_id) {
            let run_id = run_id.clone();
            return self.resume(&run_id, |run, host| run.handle_task(task, host));
        }
        let execution = task.open.header.execution.clone();
        let parked = self
            .parked
            .iter_mut()
            .find(|(parked, _)| *parked == execution);
        if let Some((_, backlog)) = parked {
            return backlog.push(task);
        }
        if self.make_room() {
            self.insert(execution, |run, host| run.handle_task(task, host));
        } else {
            let mut backlog = Backlog::default();
            backlog.push(task);
            self.parked.push_back((execution, backlog));
        }
    }

    fn insert(
        &mut self,
        execution: WorkflowExecution,
        begin: impl FnOnce(&mut CachedRun<R>, &mut Host),
    ) {
        let run_id = execution.run_id.clone();
        self.runs.put(run_id.clone(), CachedRun::new(execution));
        self.resume(&run_id, begin);
    }

    /// Lets a run go on, and drops it when it is of no more use.
    fn resume(&mut self, run_id: &RunId, go_on: impl FnOnce(&mut CachedRun<R>, &mut Host)) {
        let Some(run) = self.runs.get_mut(run_id) else {
            return;
        };
        go_on(run, &mut self.host);
        if run.is_spent() || (self.capacity == 0 && run.is_idle()) {
            run.drop_run();
            self.runs.pop(run_id);
        }
    }

    /// Makes room for one run by dropping the one that was not used for the longest time.
    fn make_room(&mut self) -> bool {
        if self.capacity == 0 || self.runs.len() < self.capacity {
            return true;
        }
        let idle = self.runs.iter().rev().find(|(_, run)| run.is_idle());
        let Some(run_id) = idle.map(|(run_id, _)| run_id.clone()) else {
            return false;
        };
        // The server is not told (`ResetStickyTaskQueue`): a task of the run that waits in the
        // sticky queue at that moment would be lost until it times out there.
        if let Some(mut run) = self.runs.pop(&run_id) {
            run.drop_run();
        }
        true
    }

    fn unpark(&mut self) {
        while !self.parked.is_empty() && self.make_room() {
            if let Some((execution, backlog)) = self.parked.pop_front() {
                self.insert(execution, |run, host| run.handle_backlog(backlog, host));
            }
        }
    }
}

impl Host {
    fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn instantiate<R: Replay>(&self, header: &TaskHeader) -> Result<R, TaskFailure> {
        let program = self.programs.get(&header.workflow_type);
        let program = program.map_err(|message| unhandled("NotFoundError", message))?;
        replay::guarded(|| R::begin(program, header.execution.clone(), &self.namespace))
    }
}

#[cfg(test)]
mod tests;
