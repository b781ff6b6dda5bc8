//! The replay engine.

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
