//! [`Run`]: one run of a workflow, history in, commands out.

mod activate;
mod answer;
mod apply;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::chunk::SDK_NAME;
use super::command::Command;
use super::core::{Facts, Mode};
use super::event::{CloseKind, UpdateAccepted};
use super::executor::Executor;
use super::handle::CoreHandle;
use super::history::{History, HistoryError, NextChunk};
use super::machine::{Resolution, Update};
use super::message::{UpdateIndex, UpdateReply, UpdateRequest};
use super::nondeterminism::Nondeterminism;
use super::operation::OperationId;
use super::program::{Instance, Program};
use super::task::{
    HistoryPage, Query, Step, TaskCompletion, TaskFailure, TaskFailureCause, WorkflowTask,
};
use crate::convert::{DecodeError, Payload};
use crate::error::WorkflowError;
use crate::failure::Failure;
use crate::ids::WorkflowExecution;

/// One run of a workflow.
///
/// Dropping it evicts it: its code is dropped without effect, and another `Run` can take over
/// from history.
pub struct Run {
    program: Arc<dyn Program>,
    core: CoreHandle,
    history: History,
    executor: Executor,
    instance: Option<Box<dyn Instance>>,
    /// Updates that were accepted and are not recorded as complete.
    updates: BTreeMap<UpdateIndex, Update>,
    accepted_updates: UpdateIndex,
    /// Updates that the server kept for a run that was reset, by their ids.
    admitted: BTreeMap<String, UpdateRequest>,
    /// How `run` came out, until the command that says so is issued.
    outcome: Option<Outcome>,
    end: End,
    /// What ended the run, once history says so.
    closing: Option<Command>,
    task: Option<CurrentTask>,
    /// The SDK that the history names, once it names one.
    sdk: Sdk,
    last_started: i64,
    /// What was known before the current task, in case the server discards it.
    facts_before: Facts,
    /// Why the run cannot go on: said once for each task until it is dropped.
    history_error: Option<HistoryError>,
}

/// The workflow task that is being worked on.
#[derive(Debug)]
struct CurrentTask {
    previous_started: i64,
    started: i64,
    updates: Vec<UpdateRequest>,
    rejections: Vec<UpdateReply>,
    queries: Vec<(String, Query)>,
    query: Option<Query>,
}

/// How the code of a run came out.
#[derive(Debug)]
struct Outcome {
    result: Result<Payload, WorkflowError>,
    /// The place of the first command that was issued after that moment.
    commands_before: usize,
}

/// How far the end of a run is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The run goes on.
    Open,
    /// The code ended it; history does not say so yet.
    Issued(CloseKind),
    /// History says so.
    Recorded,
}

/// Who wrote the history, and by which rules.
#[derive(Debug, Default)]
struct Sdk {
    name: Box<str>,
    core_flags: Vec<u32>,
    /// Whether the history holds a task that was answered.
    has_answered: bool,
}

/// What a chunk of history has to tell the code, in the order in which it is told.
#[derive(Debug, Default)]
struct Jobs {
    starts: bool,
    reseed: Option<crate::RunId>,
    messages: Vec<Message>,
    resolutions: Vec<Told>,
}

#[derive(Debug)]
enum Message {
    Signal(Box<super::event::Signaled>, i64),
    Update(UpdateRequest),
}

#[derive(Debug)]
enum Told {
    Cancel(Box<str>),
    Resolved(OperationId, Resolution),
}

impl Run {
    /// A run of which nothing is known yet.
    #[must_use]
    pub fn new(program: Arc<dyn Program>, execution: WorkflowExecution, namespace: &str) -> Self {
        let core = CoreHandle::new(execution, namespace.into());
        let facts_before = core.lock().facts;
        Self {
            program,
            core,
            history: History::default(),
            executor: Executor::default(),
            instance: None,
            updates: BTreeMap::new(),
            accepted_updates: 0,
            admitted: BTreeMap::new(),
            outcome: None,
            end: End::Open,
            closing: None,
            task: None,
            sdk: Sdk::default(),
            last_started: 0,
            facts_before,
            history_error: None,
        }
    }

    /// Takes a workflow task. The task before must have been answered.
    pub fn handle_task(&mut self, task: WorkflowTask) {
        self.facts_before = self.core.lock().facts;
        self.task = Some(CurrentTask {
            previous_started: task.previous_started,
            started: task.started,
            updates: task.updates,
            rejections: Vec::new(),
            queries: task.queries,
            query: task.query,
        });
        self.handle_page(task.history);
    }

    /// Takes the part of the history that [`Step::NeedsHistory`] asked for.
    pub fn handle_page(&mut self, page: HistoryPage) {
        if let Err(error) = self.history.handle_page(page) {
            self.history_error.get_or_insert(error);
        }
    }

    /// Takes word that the server recorded the answer to the last task. A discarded task comes
    /// with the event that the run goes back to.
    pub fn handle_recorded(&mut self, reset_to: Option<i64>) {
        if let Some(started) = reset_to {
            self.history.roll_back(started);
            self.last_started = started;
            // Time must not have moved: a replay does not know of the discarded task.
            self.core.lock().facts = self.facts_before;
        }
    }

    /// Works until something is needed or done.
    pub fn poll(&mut self) -> Step {
        if self.task.is_none() {
            return Step::Idle;
        }
        self.advance().unwrap_or_else(|failure| self.fail(failure))
    }

    /// The last event that the run has taken in; 0 before the first.
    #[must_use]
    pub fn last_event_id(&self) -> i64 {
        self.history.last_event_id()
    }

    /// The event with which the last task that the run has taken in began.
    #[must_use]
    pub fn last_started(&self) -> i64 {
        self.last_started
    }

    /// Whether the run's history ends with its end.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.end == End::Recorded
    }

    /// The command that ended the run, if its event is in history and the run has not sent it
    /// itself: what a replay comes to.
    #[must_use]
    pub fn closing_command(&self) -> Option<&Command> {
        self.closing.as_ref()
    }

    fn advance(&mut self) -> Result<Step, TaskFailure> {
        if let Some(error) = &self.history_error {
            return Err(unhandled(Failure::application(
                UNUSABLE_HISTORY,
                error.to_string(),
            )));
        }
        loop {
            match self.history.next_chunk() {
                NextChunk::NeedsPage(token) => return Ok(Step::NeedsHistory(token)),
                NextChunk::End => return self.answer(),
                NextChunk::Chunk(mut chunk) => {
                    let is_only_asked = self.task.as_ref().is_some_and(|t| t.query.is_some());
                    let held_back = is_only_asked && chunk.last;
                    if held_back {
                        self.history.put_back(chunk.split_off_unanswered());
                    }
                    let jobs = self.apply(chunk)?;
                    self.activate(jobs)?;
                    if held_back {
                        return self.answer();
                    }
                }
            }
        }
    }

    /// Ends the task in failure. A query's answer is the failure; otherwise the run fails with
    /// its task if its options say so.
    fn fail(&mut self, failure: TaskFailure) -> Step {
        let options = self.program.options();
        let fails_run = match failure.cause {
            TaskFailureCause::Arguments => options.fails_on_undecodable_arguments,
            TaskFailureCause::Nondeterminism => options.fails_on_nondeterminism,
            TaskFailureCause::Panic => options.fails_on_panic,
            TaskFailureCause::Unhandled => false,
        };
        match self.task.take() {
            Some(CurrentTask { query: Some(_), .. }) => Step::Answered(Err(failure.failure)),
            Some(CurrentTask { rejections, .. }) if fails_run => Step::Completed(TaskCompletion {
                commands: vec![Command::FailWorkflow {
                    failure: failure.failure,
                }],
                replies: rejections,
                names_sdk: *self.sdk.name != *SDK_NAME,
                ends_run: true,
                ..TaskCompletion::default()
            }),
            _ => Step::Failed(failure),
        }
    }

    fn nondeterminism(&self, report: Nondeterminism) -> TaskFailure {
        report.into_failure(&self.core.lock())
    }

    /// Whether ids in the history are those that this code would give.
    fn checks_ids(&self) -> bool {
        self.is_ours() || self.sdk.core_flags.contains(&FLAG_CHECKS_IDS)
    }

    /// Whether what is issued after the end of the run counts.
    fn keeps_commands_after_end(&self) -> bool {
        self.is_ours()
            || self.sdk.core_flags.contains(&FLAG_KEEPS_COMMANDS_AFTER_END)
            || !self.core.lock().facts.is_replaying
    }

    /// Whether the history is Outlast's, or of nobody yet.
    fn is_ours(&self) -> bool {
        *self.sdk.name == *SDK_NAME || !self.sdk.has_answered
    }
}

/// Core-based SDKs: ids and types of commands are compared.
const FLAG_CHECKS_IDS: u32 = 1;
/// Core-based SDKs: commands issued after the end of the run are kept, the end comes last.
const FLAG_KEEPS_COMMANDS_AFTER_END: u32 = 3;

/// The kind of failures that blame the history itself, and not the code.
pub(crate) const UNUSABLE_HISTORY: &str = "History";

fn unhandled(failure: Failure) -> TaskFailure {
    TaskFailure {
        cause: TaskFailureCause::Unhandled,
        failure,
    }
}

/// What a caller hears of arguments that the code does not take.
fn undecodable(what: &str, name: &str, error: &DecodeError) -> Failure {
    let message = format!("the arguments of {what} `{name}`: {error}");
    Failure::application("UndecodableArguments", message)
}

/// The request of an accepted update, from the acceptance or from what was admitted before.
fn accepted_request(
    accepted: &UpdateAccepted,
    admitted: &BTreeMap<String, UpdateRequest>,
) -> Option<UpdateRequest> {
    let request = accepted.request.clone();
    request.or_else(|| {
        let admitted = admitted.get(&accepted.instance).cloned();
        admitted.map(|request| request.sequenced_at(accepted.sequencing))
    })
}

impl Drop for Run {
    fn drop(&mut self) {
        self.core.lock().mode = Mode::Inert;
        self.executor.clear();
        let instance = self.instance.take();
        let _ = super::panic::guard(|| drop(instance));
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("workflow", &self.program.name())
            .field("last_event_id", &self.last_event_id())
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
