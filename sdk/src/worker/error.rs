//! Why a worker cannot be built, and why it ended.

use std::io;

use thiserror::Error;

use crate::client::RpcError;

/// Why a worker cannot be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two activities have the same name.
    #[error("activity `{name}` is registered twice: remove one, or set another `name` for one")]
    DuplicateActivity {
        /// The name.
        name: &'static str,
    },
    /// Two workflows have the same name.
    #[error("workflow `{name}` is registered twice: remove one, or set another `name` for one")]
    DuplicateWorkflow {
        /// The name.
        name: &'static str,
    },
    /// There is nothing to run.
    #[error(
        "nothing is registered: add what the worker is to run with `.workflow(..)`, \
         `.activity(..)` or `.activities(..)`"
    )]
    NothingRegistered,
    /// The program cannot survive panics, and so cannot tell a failed task from its own end.
    #[error(
        "the program is compiled with `panic = \"abort\"`, by which a panic in one workflow would \
         end all of them: remove that line from the profile"
    )]
    PanicAborts,
    /// The name belongs to the server.
    #[error("the name `{name}` of {what} is reserved: choose one without that prefix")]
    ReservedName {
        /// What has the name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A limit is too small to work with.
    #[error("`{setting}` is {value}, but has to be at least {least}{why}")]
    TooSmall {
        /// The builder's method.
        setting: &'static str,
        /// What was set.
        value: usize,
        /// The smallest number that works.
        least: usize,
        /// Why, after a comma.
        why: &'static str,
    },
    /// The task queue has no name.
    #[error("the task queue has no name: pass one to `Worker::builder`")]
    UnnamedTaskQueue,
}

/// Why a worker ended on its own.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// There is no such namespace.
    #[error("the namespace `{namespace}` does not exist: create it, or connect to another")]
    NamespaceNotFound {
        /// The namespace of the client.
        namespace: String,
    },
    /// The server refuses to hand out tasks.
    #[error("the server refuses polls of the task queue `{task_queue}`")]
    PollsRefused {
        /// The task queue.
        task_queue: String,
        /// What the server says.
        source: RpcError,
    },
    /// The system refuses threads for workflows.
    #[error("the threads that run workflows could not be started")]
    Threads(#[from] io::Error),
}
