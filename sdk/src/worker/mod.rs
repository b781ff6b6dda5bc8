//! [`Worker`]: takes tasks from a task queue and runs workflows and activities.
//!
//! Pollers and requests are tasks of the application's tokio runtime; workflow code runs on
//! threads of its own, each with the runs of one shard, which decides everything and does no
//! I/O. A workflow task makes one hop each way: from its poll to the
//! thread of its run, and from there to the request that answers it.

mod activities;
mod attempt;
mod builder;
mod error;
mod heartbeats;
mod lifecycle;
mod limits;
mod outcome;
mod panics;
mod poller;
mod programs;
mod responder;
mod running;
mod server;
mod settings;
mod shard;
mod signal;
mod slots;
mod task;
mod threads;

use std::future::{Future, pending};
use std::sync::Arc;

pub use self::builder::WorkerBuilder;
pub use self::error::{BuildError, WorkerError};
use self::limits::Limits;
#[doc(hidden)]
pub use self::programs::AroundPrograms;
use self::programs::Programs;
use self::running::Running;
use self::settings::Settings;
pub use self::signal::shutdown_signal;
use crate::activity::ActivityRegistry;
use crate::client::Client;

/// Takes tasks from a task queue and runs the workflows and activities that are registered.
///
/// # Examples
/// ```no_run
/// use outlast::prelude::*;
/// use outlast::{Client, Worker};
///
/// #[activity(start_to_close_timeout = "10s")]
/// async fn greet(name: String) -> Result<String, ActivityError> {
///     Ok(format!("Hello, {name}!"))
/// }
///
/// #[workflow]
/// async fn hello(ctx: WorkflowContext, name: String) -> WorkflowResult<String> {
///     Ok(ctx.activity(greet, name).await?)
/// }
///
/// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let worker = Worker::builder(client, "greetings")
///     .workflow(hello)
///     .activity(greet)
///     .build()?;
/// worker.run_until(outlast::shutdown_signal()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a worker does nothing before it is run"]
pub struct Worker {
    client: Client,
    settings: Arc<Settings>,
    programs: Arc<Programs>,
    activities: ActivityRegistry,
    limits: Limits,
}

impl Worker {
    /// Sets up a worker of that task queue.
    pub fn builder(client: Client, task_queue: impl Into<String>) -> WorkerBuilder {
        WorkerBuilder::new(client, task_queue.into())
    }

    /// Runs until the worker cannot go on. It traps no signals.
    ///
    /// # Errors
    /// When the namespace does not exist, when the server has refused polls for a minute, or
    /// when the system refuses threads.
    ///
    /// # Cancel safety
    /// Dropping it ends the worker at once: activities are told to stop, and what was under way
    /// is left to other workers. [`run_until`](Self::run_until) ends it gently.
    pub async fn run(self) -> Result<(), WorkerError> {
        self.run_until(pending()).await
    }

    /// Runs until `stop` is done, and then until everything under way has come to its end.
    ///
    /// Workflow tasks are answered. Activities go on for the
    /// [graceful shutdown period](WorkerBuilder::graceful_shutdown_period), and are then told to
    /// stop; those that do not listen are waited for.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    ///
    /// # Cancel safety
    /// As for [`run`](Self::run).
    pub async fn run_until(self, stop: impl Future<Output = ()> + Send) -> Result<(), WorkerError> {
        let mut running = Running::start(self)?;
        let outcome = tokio::select! {
            failure = running.failure() => Err(failure),
            () = stop => Ok(()),
        };
        running.shut_down().await;
        outcome
    }
}

#[cfg(test)]
mod tests;
