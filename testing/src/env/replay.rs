//! Replays of the histories that a test produced: what a deployment would run into later.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use outlast::definition::WorkflowFn;
use outlast::engine::{
    Event, EventBody, HistoryPage, Program, Run, Step, UpdateRequest, WorkflowTask,
};
use outlast::workflow::{WorkflowImpl, program};
use outlast::{ReplayError, Replayer, WorkflowExecution, WorkflowHistory};

/// Replays histories with the workflows that the test started.
#[derive(Clone, Default)]
pub(super) struct Replays {
    replayer: Replayer,
    programs: BTreeMap<&'static str, Arc<dyn Program>>,
}

impl Replays {
    pub(super) fn add<F, M>(&mut self, workflow: F)
    where
        F: WorkflowFn<M>,
        F::Workflow: WorkflowImpl,
    {
        let program = program::<F::Workflow>();
        if self.programs.insert(program.name(), program).is_none() {
            self.replayer = std::mem::take(&mut self.replayer).workflow(workflow);
        }
    }

    /// Replays a history from scratch, and as by a worker that had to forget the run before each
    /// of its tasks. Says what the code decides otherwise than the history has it.
    pub(super) fn check(&self, history: &WorkflowHistory) -> Option<String> {
        let program = self.programs.get(history.workflow_type()?)?;
        let report = match self.replayer.replay(history) {
            Ok(_) => check_evictions(program, history)?,
            Err(
                ReplayError::Nondeterminism(failure)
                | ReplayError::Task(failure)
                | ReplayError::UnusableHistory(failure),
            ) => failure.report(),
            Err(other) => other.to_string(),
        };
        let id = history.workflow_id().unwrap_or_else(|| "".into());
        Some(format!(
            "the history of workflow `{id}` does not replay with the code that wrote it: {report}\n\
             A workflow may decide by its arguments and by what its context gives it, and by \
             nothing else: no clock, no randomness, no state outside. If the test is about that, \
             see `TestEnv::without_replays`."
        ))
    }
}

/// Replays a history as by a worker that had to forget the run before each of its tasks.
fn check_evictions(program: &Arc<dyn Program>, history: &WorkflowHistory) -> Option<String> {
    let events = HistoryPage::from(history.clone()).events;
    let tasks = completed_tasks(&events);
    // A long history is replayed as often as it takes to read about so many events.
    let step = (tasks.len() * events.len()).div_ceil(EVENTS_TO_READ).max(1);
    let mut tasks = tasks.iter().step_by(step);
    tasks.find_map(|task| task.check(program, history, &events))
}

/// A workflow task that was completed.
struct Task {
    previous_started: i64,
    started: i64,
    /// The updates that it accepted.
    updates: Vec<UpdateRequest>,
}

fn completed_tasks(events: &[Event]) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    let mut started = 0;
    for event in events {
        match &event.body {
            EventBody::TaskStarted(_) => started = event.id,
            EventBody::TaskCompleted(_) => tasks.push(Task {
                previous_started: tasks.last().map_or(0, |task| task.started),
                started,
                updates: Vec::new(),
            }),
            EventBody::UpdateAccepted(accepted) => {
                if let Some(task) = tasks.last_mut() {
                    task.updates.extend(accepted.request.clone());
                }
            }
            _ => {}
        }
    }
    tasks
}

impl Task {
    /// Has a new run take the task, and then live through the rest of the history.
    fn check(
        &self,
        program: &Arc<dyn Program>,
        history: &WorkflowHistory,
        events: &[Event],
    ) -> Option<String> {
        let execution = WorkflowExecution {
            workflow_id: history.workflow_id().unwrap_or_else(|| "".into()),
            run_id: history.original_run_id()?,
        };
        let mut run = Run::new(Arc::clone(program), execution, "default");
        let until = events.iter().take_while(|event| event.id <= self.started);
        let (before, after) = events.split_at(until.count());
        let taken = answer(
            &mut run,
            WorkflowTask {
                previous_started: self.previous_started,
                started: self.started,
                history: page(before),
                updates: self.updates.clone(),
                ..WorkflowTask::default()
            },
        );
        let report = taken.or_else(|| {
            run.handle_recorded(None);
            let rest = WorkflowTask {
                history: page(after),
                ..WorkflowTask::default()
            };
            answer(&mut run, rest)
        })?;
        let task = self.started;
        Some(format!(
            "{report}\n(with the run forgotten before the task of event {task})"
        ))
    }
}

/// Hands a task to a run; says why that fails, if it does.
fn answer(run: &mut Run, task: WorkflowTask) -> Option<String> {
    run.handle_task(task);
    match run.poll() {
        Step::Failed(failure) => Some(failure.failure.report()),
        Step::Answered(_) | Step::Completed(_) | Step::Idle | Step::NeedsHistory(_) => None,
    }
}

fn page(events: &[Event]) -> HistoryPage {
    HistoryPage {
        events: events.to_vec(),
        next: None,
    }
}

impl fmt::Debug for Replays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.replayer.fmt(f)
    }
}

/// It takes some milliseconds.
const EVENTS_TO_READ: usize = 2000;
