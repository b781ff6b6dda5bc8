//! What a run is handed and what it answers.

use bytes::Bytes;

use super::command::Command;
use super::event::Event;
use super::message::{UpdateReply, UpdateRequest};
use crate::convert::Payload;
use crate::failure::Failure;

/// A workflow task: new events of a run, and questions to it.
#[derive(Clone, Debug, Default)]
pub struct WorkflowTask {
    /// The last workflow task that was answered began with this event; 0 for the first task.
    pub previous_started: i64,
    /// This task began with this event; 0 for a task that is only a query.
    pub started: i64,
    /// The history, or what came since the task before.
    pub history: HistoryPage,
    /// Requests to update the run.
    pub updates: Vec<UpdateRequest>,
    /// Queries to answer with the task, by their ids.
    pub queries: Vec<(String, Query)>,
    /// The query that the task is for, if it is only a query.
    pub query: Option<Query>,
}

/// A part of a history.
#[derive(Clone, Debug, Default)]
pub struct HistoryPage {
    /// Events in order; possibly none.
    pub events: Vec<Event>,
    /// Where the next part is; `None` after the last.
    pub next: Option<PageToken>,
}

/// The server's token for the next part of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub Bytes);

/// A question to a run.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The handler's name.
    pub name: String,
    /// The arguments.
    pub input: Vec<Payload>,
}

/// What a run wants next.
#[derive(Debug)]
pub enum Step {
    /// The task was only a query, and this is the answer.
    Answered(QueryAnswer),
    /// The task is done.
    Completed(TaskCompletion),
    /// The task cannot be done, and the run's state is not to be used any more.
    Failed(TaskFailure),
    /// Nothing, until the next task.
    Idle,
    /// The next part of the history.
    NeedsHistory(PageToken),
}

/// The answer to a workflow task.
#[derive(Debug, Default)]
pub struct TaskCompletion {
    /// What the workflow decided, in order.
    pub commands: Vec<Command>,
    /// Replies to updates.
    pub replies: Vec<UpdateReply>,
    /// Answers to the task's queries, by their ids.
    pub answers: Vec<(String, QueryAnswer)>,
    /// Whether the history does not name this SDK yet.
    pub names_sdk: bool,
    /// Whether the run ends with this task.
    pub ends_run: bool,
}

/// An answer to a query: the value, or why there is none.
pub type QueryAnswer = Result<Payload, Failure>;

/// Why a workflow task cannot be done.
#[derive(Debug)]
pub struct TaskFailure {
    /// What sort of failure it is.
    pub cause: TaskFailureCause,
    /// What to tell people.
    pub failure: Failure,
}

/// What sort of failure of a workflow task it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskFailureCause {
    /// The arguments of the run, or of a signal that has to be understood, cannot be decoded.
    Arguments,
    /// The code does not do what the history says that it did.
    Nondeterminism,
    /// The code panicked.
    Panic,
    /// Something else kept the task from being done.
    Unhandled,
}
