//! The replay engine: a run of a workflow as a state machine without I/O.
//!
//! A driver hands a [`Run`] one workflow task at a time with [`Run::handle_task`], and calls
//! [`Run::poll`] until it says how the task ends:
//!
//! - [`Step::NeedsHistory`] asks for a page: hand it in with [`Run::handle_page`], poll again.
//! - [`Step::Completed`] is the answer. Once the server has recorded it, say so with
//!   [`Run::handle_recorded`]; if it has not, or may not have, drop the run, which is ahead of
//!   its history.
//! - [`Step::Answered`] is the answer to a task that is only a query.
//! - [`Step::Failed`] says why there is no answer. Drop the run.
//!
//! A run that is dropped has no effect any more; another takes over from the beginning of the
//! history. The same history and the same calls give the same commands, on any machine: there
//! is no clock, no randomness, no runtime and no order of hash maps in here.

mod chunk;
mod command;
mod core;
mod event;
mod executor;
mod history;
mod machine;
mod message;
mod nondeterminism;
mod operation;
mod panic;
mod program;
mod queue;
mod random;
mod run;
mod task;
#[cfg(test)]
mod testing;
mod wake;

pub use self::chunk::SDK_NAME;
pub use self::command::{Command, NextRun, ScheduleActivity};
pub use self::core::{ConditionId, CoreHandle};
pub use self::event::{
    ActivityFailed, ActivityOutcome, ActivityScheduled, Carried, CloseKind, Event, EventBody,
    EventType, ExecutionStarted, Signaled, TaskCompleted, TaskStarted, UpdateAccepted,
};
#[cfg(test)]
pub(crate) use self::history::{History, HistoryError, NextChunk};
pub(crate) use self::machine::Resolution;
pub use self::message::{MessageError, UpdateReply, UpdateRequest};
pub use self::operation::{OperationId, Scope};
pub(crate) use self::panic::guard;
pub use self::program::{Coroutine, Dispatch, HandlerList, Instance, Program};
pub(crate) use self::queue::Place;
pub(crate) use self::random::Random;
pub use self::run::Run;
pub(crate) use self::run::UNUSABLE_HISTORY;
pub use self::task::{
    HistoryPage, PageToken, Query, QueryAnswer, Step, TaskCompletion, TaskFailure,
    TaskFailureCause, WorkflowTask,
};
