//! The user's code as the engine sees it: no types, only names and payloads.

use std::future::Future;
use std::pin::Pin;

use super::handle::CoreHandle;
use crate::convert::{DecodeError, Payload};
use crate::error::WorkflowError;
use crate::failure::Failure;
use crate::options::WorkflowOptions;

/// A workflow type that a worker can run.
pub trait Program: Send + Sync {
    /// The type's name on the wire.
    fn name(&self) -> &'static str;

    /// What becomes of a run that goes wrong.
    fn options(&self) -> WorkflowOptions {
        WorkflowOptions::default()
    }

    /// The names of its handlers, for messages to people.
    fn handlers(&self) -> HandlerList<'_>;

    /// Makes the state of one run.
    ///
    /// # Errors
    /// When the arguments of the run cannot be decoded.
    fn instantiate(
        &self,
        core: &CoreHandle,
        input: &[Payload],
    ) -> Result<Box<dyn Instance>, DecodeError>;
}

/// The names of a workflow's handlers.
#[derive(Clone, Copy, Debug)]
pub struct HandlerList<'a> {
    /// Names of signals, in order.
    pub signals: &'a [&'static str],
    /// Names of queries, in order.
    pub queries: &'a [&'static str],
    /// Names of updates, in order.
    pub updates: &'a [&'static str],
}

/// The state of one run with its code.
pub trait Instance: Send {
    /// The main coroutine. Called once.
    ///
    /// # Errors
    /// When the arguments of the run cannot be decoded.
    fn main(&mut self, input: &[Payload]) -> Result<Coroutine, DecodeError>;

    /// Delivers a signal.
    fn signal(&mut self, name: &str, input: &[Payload]) -> Dispatch<Result<(), WorkflowError>>;

    /// Answers a query.
    fn query(&self, name: &str, input: &[Payload]) -> Dispatch<Result<Payload, Failure>>;

    /// Asks the validator of an update, or whether its arguments can be read if it has none.
    fn validate(&self, name: &str, input: &[Payload]) -> Dispatch<Result<(), Failure>>;

    /// Runs an update that was accepted.
    fn update(&mut self, name: &str, input: &[Payload])
    -> Dispatch<Result<Payload, WorkflowError>>;
}

/// What came of handing a message to a handler.
pub enum Dispatch<T> {
    /// The handler ran to its end.
    Done(T),
    /// The handler waits for something and has to be polled.
    Running(Pin<Box<dyn Future<Output = T> + Send>>),
    /// The arguments are not what the handler takes.
    Undecodable(DecodeError),
    /// There is no such handler.
    Unknown,
}

/// The future of a workflow's `run`.
pub type Coroutine = Pin<Box<dyn Future<Output = Result<Payload, WorkflowError>> + Send>>;

impl<T> std::fmt::Debug for Dispatch<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Done(_) => "Done",
            Self::Running(_) => "Running",
            Self::Undecodable(_) => "Undecodable",
            Self::Unknown => "Unknown",
        })
    }
}
