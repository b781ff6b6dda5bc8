//! What an activity and a workflow are, apart from how they run.
//!
//! `#[activity]` and `#[workflow]` leave the user's functions in place and give each a *key*: a
//! type that carries its name, argument types and result type. The client, the workflow
//! context, the worker and the test environment take the function itself and find the key
//! through its type; none of them needs to know about the others.

mod activity;
mod handler;
mod workflow;

pub use activity::{
    Activity, ActivityFn, ActivityFuture, ActivityReturn, MissingTimeout, OutputOf, TimeoutSet,
};
pub use handler::{
    Borrowing, HandlerNames, NotAHandler, QueryFn, QueryReturn, SignalFn, SignalReturn, UpdateFn,
    UpdateReturn,
};
pub use workflow::{ResultOf, Workflow, WorkflowFn, WorkflowFuture, WorkflowReturn};
