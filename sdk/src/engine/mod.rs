//! The replay engine: history in, commands out.
//!
//! A [`Run`] is one run of one workflow. It holds the workflow's futures and a state machine for
//! everything that they started, and it does nothing by itself: no I/O, no clock, no threads, no
//! randomness of its own. Whoever owns it drives it, so the same history and the same calls give
//! the same commands on any machine. The worker does so from its threads, [`Replayer`] from a
//! file.
//!
//! # The contract
//!
//! Inputs are `handle_*`, and none of them runs user code; all work happens in [`Run::poll`].
//!
//! 1. Hand a workflow task over with [`Run::handle_task`]. The task before it must have been
//!    answered.
//! 2. Call [`Run::poll`] and do what its [`Step`] says, until the task is answered:
//!    - [`Step::NeedsHistory`]: fetch that page, hand it over with [`Run::handle_page`], poll
//!      again. The run asks for a page only when it cannot go on without.
//!    - [`Step::Completed`]: send the commands, and tell the run with [`Run::handle_recorded`] that
//!      the server took them; or, if it discarded the task, how far the run has to go back. Then
//!      the run is ready for its next task.
//!    - [`Step::Answered`]: the task was a query, and this is its answer.
//!    - [`Step::Failed`]: tell the server, and drop the run. Its code is somewhere that history
//!      does not know of.
//!    - [`Step::Idle`]: there is no task.
//! 3. A run may be dropped between any two calls. That evicts it: its code is dropped without
//!    effect, and a new `Run` that is handed the history from the beginning comes to the same
//!    state.
//!
//! Events that the run has taken in before are passed over, so a task may come with the history
//! from the beginning or from [`Run::last_event_id`] on.
//!
//! # Examples
//! The first task of a workflow, whose history comes in two pages:
//!
//! ```
//! use std::time::SystemTime;
//!
//! use outlast::convert::ToPayload;
//! use outlast::engine::{
//!     Command, Event, EventBody, ExecutionStarted, HistoryPage, PageToken, Run, Step, WorkflowTask,
//! };
//! use outlast::prelude::*;
//! use outlast::{WorkflowExecution, workflow::program};
//!
//! #[workflow]
//! async fn greet(_ctx: WorkflowContext, name: String) -> WorkflowResult<String> {
//!     Ok(format!("Hello, {name}!"))
//! }
//!
//! # fn main() -> Result<(), outlast::convert::EncodeError> {
//! let started = ExecutionStarted {
//!     workflow_type: "greet".into(),
//!     input: vec!["Ada".to_payload()?],
//!     ..ExecutionStarted::default()
//! };
//! let event = |id, body| Event { id, time: SystemTime::UNIX_EPOCH, ignorable: false, body };
//! let first = HistoryPage {
//!     events: vec![event(1, EventBody::ExecutionStarted(started.into()))],
//!     next: Some(PageToken("page 2".into())),
//! };
//! let second = HistoryPage {
//!     events: vec![
//!         event(2, EventBody::TaskScheduled),
//!         event(3, EventBody::TaskStarted(Box::default())),
//!     ],
//!     next: None,
//! };
//!
//! let execution = WorkflowExecution { workflow_id: "w".into(), run_id: "r".into() };
//! let mut run = Run::new(program::<greet>(), execution, "default");
//! run.handle_task(WorkflowTask { started: 3, history: first, ..WorkflowTask::default() });
//! let completion = loop {
//!     match run.poll() {
//!         Step::NeedsHistory(_page_2) => run.handle_page(second.clone()),
//!         Step::Completed(completion) => break completion,
//!         other => panic!("{other:?}"),
//!     }
//! };
//!
//! assert!(completion.ends_run);
//! let [Command::CompleteWorkflow { result }] = &completion.commands[..] else {
//!     panic!("{completion:?}");
//! };
//! assert_eq!(result, &"Hello, Ada!".to_payload()?);
//! # Ok(())
//! # }
//! ```
//!
//! [`Replayer`]: crate::Replayer

mod chunk;
mod command;
mod core;
mod event;
mod executor;
mod handle;
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
pub use self::core::ConditionId;
pub use self::event::{
    ActivityFailed, ActivityOutcome, ActivityScheduled, Carried, CloseKind, Event, EventBody,
    EventType, ExecutionStarted, Signaled, TaskCompleted, TaskStarted, UpdateAccepted,
};
pub use self::handle::CoreHandle;
#[cfg(test)]
pub(crate) use self::history::{History, HistoryError, NextChunk};
pub(crate) use self::machine::Resolution;
pub use self::message::{MessageError, UpdateReply, UpdateRequest};
pub(crate) use self::operation::Place;
pub use self::operation::{OperationId, Scope};
pub(crate) use self::panic::guard;
pub use self::program::{Coroutine, Dispatch, HandlerList, Instance, Program};
pub(crate) use self::random::Random;
pub use self::run::Run;
pub(crate) use self::run::UNUSABLE_HISTORY;
pub use self::task::{
    HistoryPage, PageToken, Query, QueryAnswer, Step, TaskCompletion, TaskFailure,
    TaskFailureCause, WorkflowTask,
};
