#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
// For the whole crate: of an `allow` further in, this lint takes no notice.
#![allow(
    clippy::disallowed_macros,
    reason = "this is the code around workflows, which waits as the runtime does"
)]

#[allow(
    unused_extern_crates,
    reason = "generated code and doc tests name `::outlast`"
)]
extern crate self as outlast;

pub mod activity;
pub mod client;
pub mod convert;
pub mod definition;
pub mod engine;
pub mod prelude;
pub mod raw;
pub mod worker;
pub mod workflow;

mod any_error;
mod error;
mod failure;
mod history;
mod ids;
mod options;
mod replayer;
mod retry_policy;
mod search_attribute;

pub use activity::{ActivityContext, ActivityInfo, CancelReason};
pub use any_error::Error;
pub use client::{Client, WorkflowHandle};
pub use convert::{Payload, Raw};
pub use error::{ActivityError, WorkflowError, WorkflowResult};
pub use failure::{
    ActivityFailure, ApplicationFailure, CanceledFailure, ChildWorkflowFailure, Failure,
    FailureKind, NexusHandlerFailure, NexusOperationFailure, ResetWorkflowFailure, RetryState,
    ServerFailure, TerminatedFailure, TimeoutFailure, TimeoutKind,
};
pub use history::{HistoryFileError, WorkflowHistory};
pub use ids::{ActivityId, RunId, UpdateId, WorkflowExecution, WorkflowId};
pub use options::{ActivityCancellation, ActivityOptions, WorkflowOptions};
pub use outlast_macros::{activities, activity, workflow};
pub use replayer::{Replay, ReplayError, ReplayOutcome, Replayer};
pub use retry_policy::RetryPolicy;
pub use search_attribute::SearchAttributeValue;
pub use worker::{Worker, WorkerBuilder, shutdown_signal};
pub use workflow::{WorkflowContext, join_all};
