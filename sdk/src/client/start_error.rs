//! [`StartError`] and [`ExecuteError`]: why a workflow was not started, or has no result.

use thiserror::Error;

use super::call::Unsendable;
use super::result::ResultError;
use super::rpc::RpcError;
use crate::convert::EncodeError;
use crate::definition::NotAHandler;
use crate::failure::Failure;
use crate::ids::{RunId, WorkflowId};

/// Why a workflow was not started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The workflow id is taken.
    #[error("workflow `{workflow_id}` exists already, as run `{run_id}`")]
    AlreadyStarted {
        /// The id that was asked for.
        workflow_id: WorkflowId,
        /// The run that has it.
        run_id: RunId,
    },
    /// An argument or another value could not be encoded.
    #[error("cannot encode what the workflow is started with")]
    Encode(#[source] EncodeError),
    /// The signal is not annotated as one.
    #[error(transparent)]
    NotAHandler(NotAHandler),
    /// The request failed otherwise.
    #[error("cannot start workflow `{workflow_id}`")]
    Rpc {
        /// The id that was asked for.
        workflow_id: WorkflowId,
        /// What the server said.
        source: RpcError,
    },
}

/// Why there is no result of a workflow that was to be started and awaited.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// It was started, and there is no result.
    #[error(transparent)]
    Result(#[from] ResultError),
    /// It was not started.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl ExecuteError {
    /// Why the workflow failed, if that is what happened.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Result(error) => error.failure(),
            Self::Start(_) => None,
        }
    }

    /// The kind of the first application failure in the chain of causes.
    #[must_use]
    pub fn application_kind(&self) -> Option<&str> {
        self.failure().and_then(Failure::application_kind)
    }
}

impl From<Unsendable> for StartError {
    fn from(reason: Unsendable) -> Self {
        match reason {
            Unsendable::Encode(error) => Self::Encode(error),
            Unsendable::NotAHandler(error) => Self::NotAHandler(error),
        }
    }
}
