//! Runs at their boundary: history in, commands out.

mod activities;
mod cancellation;
mod chaos;
mod executor;
mod handlers;
mod history;
mod logs;
mod memory;
mod mishaps;
mod outside;
mod queries;
mod replaying;
mod timers;
mod updates;

use std::time::Duration;

use super::Run;
use crate::convert::{FromPayload, Payload, ToPayload};
use crate::definition::WorkflowFn;
use crate::engine::testing::HistoryBuilder;
use crate::engine::{Command, Step, TaskCompletion, TaskFailure, WorkflowTask};
use crate::ids::WorkflowExecution;
use crate::workflow::{WorkflowImpl, program};

/// A run of the workflow behind `function`.
pub(super) fn run_of<F, M>(_function: F) -> Run
where
    F: WorkflowFn<M>,
    F::Workflow: WorkflowImpl,
{
    let execution = WorkflowExecution {
        workflow_id: "w".into(),
        run_id: "r".into(),
    };
    Run::new(program::<F::Workflow>(), execution, "default")
}

impl Run {
    /// Takes a task whose history is all there, and gives the answer to it.
    fn complete(&mut self, task: WorkflowTask) -> TaskCompletion {
        self.handle_task(task);
        match self.poll() {
            Step::Completed(completion) => {
                self.handle_recorded(None);
                completion
            }
            other => panic!("expected a completed task, got {other:?}"),
        }
    }

    /// Takes a task that cannot be done, and gives why.
    fn fail_task(&mut self, task: WorkflowTask) -> TaskFailure {
        self.handle_task(task);
        match self.poll() {
            Step::Failed(failure) => failure,
            other => panic!("expected a failed task, got {other:?}"),
        }
    }
}

impl TaskCompletion {
    /// The commands, in words.
    fn words(&self) -> Vec<String> {
        self.commands.iter().map(ToString::to_string).collect()
    }

    /// The result with which the run ends.
    fn result<T: FromPayload>(&self) -> T {
        match self.commands.last() {
            Some(Command::CompleteWorkflow { result }) => T::from_payload(result).unwrap(),
            other => panic!("expected the run to complete, got {other:?}"),
        }
    }
}

/// The commands, in words, that the open task of a history gives a fresh run.
pub(super) fn words<F, M>(function: F, history: &HistoryBuilder) -> Vec<String>
where
    F: WorkflowFn<M>,
    F::Workflow: WorkflowImpl,
{
    run_of(function).complete(history.workflow_task()).words()
}

/// The report of a fresh run that the history does not fit.
pub(super) fn report<F, M>(function: F, history: &HistoryBuilder) -> String
where
    F: WorkflowFn<M>,
    F::Workflow: WorkflowImpl,
{
    run_of(function)
        .fail_task(history.workflow_task())
        .failure
        .message()
        .to_owned()
}

pub(super) fn value(value: &impl ToPayload) -> Payload {
    value.to_payload().unwrap()
}

pub(super) const HOUR: Duration = Duration::from_hours(1);

/// Feeds a history in pages of the given size.
fn complete_in_pages(run: &mut Run, history: &HistoryBuilder, size: usize) -> TaskCompletion {
    let mut pages = history.pages(size).into_iter();
    let first = pages.next().unwrap_or_default();
    run.handle_task(WorkflowTask {
        history: first,
        ..history.workflow_task()
    });
    loop {
        match run.poll() {
            Step::NeedsHistory(_) => run.handle_page(pages.next().expect("a page is left")),
            Step::Completed(completion) => return completion,
            other => panic!("expected a completed task, got {other:?}"),
        }
    }
}
