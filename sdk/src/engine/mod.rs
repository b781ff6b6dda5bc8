//! The replay engine.

mod chunk;
mod command;
mod core;
mod event;
mod history;
mod message;
mod program;
mod run;
mod task;
#[cfg(test)]
mod testing;

pub use self::command::{Command, NextRun, ScheduleActivity};
pub use self::core::CoreHandle;
pub use self::event::{
    ActivityFailed, ActivityOutcome, ActivityScheduled, Carried, CloseKind, Event, EventBody,
    EventType, ExecutionStarted, Signaled, TaskCompleted, TaskStarted, UpdateAccepted,
};
pub use self::history::{Chunk, History, HistoryError, NextChunk};
pub use self::message::{MessageError, UpdateReply, UpdateRequest};
pub use self::program::{Coroutine, Dispatch, HandlerList, Instance, Program};
pub use self::run::Run;
pub use self::task::{
    HistoryPage, PageToken, Query, QueryAnswer, Step, TaskCompletion, TaskFailure,
    TaskFailureCause, WorkflowTask,
};
