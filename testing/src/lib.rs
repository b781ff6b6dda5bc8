//! A Temporal server in a crate: unit tests of workflows on a virtual clock.
//!
//! [`Server`] is a whole Temporal server inside the test's process. It needs no download, no port
//! and no waiting: its clock is virtual and jumps to the next timer as soon as nothing is busy and
//! somebody waits. The same seed and the same calls give the same histories.
//!
//! # Two doors
//! [`Server::service`] is a tower service, to be used as the transport of a generated client in the
//! same process. [`Server::bind`] opens a TCP port, for other languages and for Temporal's command
//! line; the binary `outlast-server PORT` does just that.
//!
//! # Time
//! A [`TimeMode::Frozen`] clock stands still until somebody *wants* time to pass: by waiting for a
//! workflow's result or an update's outcome, or by [`Server::sleep`]. Then it jumps from one due
//! moment to the next, but never while something is *busy*: a workflow task that a worker has or
//! will get, an activity likewise, a query without an answer. When the only thing left is the
//! timeout of a whole run, the clock stays: the test most likely forgot to signal, and
//! [`Server::stall`] says so.
//!
//! # When a test hangs
//! [`Server::diagnostics`] tells what every workflow is doing, [`Server::workflow_task_failure`]
//! why a workflow does not get on, and [`Server::history`] what has happened so far.

mod activity_env;
mod dev_server;
mod env;
mod grpc;
pub mod server;

pub use activity_env::{ActivityEnv, AttemptOutcome, Attempts};
pub use dev_server::{DevServer, DevServerBuilder, DevServerError};
pub use env::{
    ActivityMock, ActivityTime, Call, CallOf, CallbackOutput, Guarded, SearchAttributeType,
    StartTime, TestEnv, TestEnvBuilder, TestHandle, TestStart, assert_snapshot,
};
pub use grpc::{BoundServer, InProcessServer, Server, TimeHold};
pub use server::{PendingTimer, SearchAttributes, ServerOptions, TimeMode};
