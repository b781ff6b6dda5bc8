//! [`SignalCall`]: sending a signal.

use std::future::IntoFuture;

use outlast_proto::temporal::api::workflowservice::v1::SignalWorkflowExecutionRequest;
use thiserror::Error;

use super::call::{CallFuture, Message, Unsendable, new_id};
use super::details;
use super::retry::Patience;
use super::rpc::RpcError;
use super::target::Target;
use crate::convert::{EncodeError, to_wire};
use crate::definition::NotAHandler;
use crate::ids::WorkflowId;

/// A signal to be sent; awaiting the call sends it.
#[derive(Debug)]
#[must_use = "a signal is sent only when the call is awaited"]
pub struct SignalCall {
    target: Target,
    message: Result<Message, Unsendable>,
}

/// Why a signal was not sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignalError {
    /// An argument could not be encoded.
    #[error("cannot encode the arguments of the signal")]
    Encode(#[source] EncodeError),
    /// The function is not annotated as a handler.
    #[error(transparent)]
    NotAHandler(NotAHandler),
    /// There is no such execution, or it has ended.
    #[error("there is no open workflow `{workflow_id}`")]
    NotFound {
        /// The id that was asked for.
        workflow_id: WorkflowId,
        /// What the server said.
        source: RpcError,
    },
    /// The request failed otherwise.
    #[error("cannot send the signal")]
    Rpc(#[source] RpcError),
}

impl From<Unsendable> for SignalError {
    fn from(reason: Unsendable) -> Self {
        match reason {
            Unsendable::Encode(error) => Self::Encode(error),
            Unsendable::NotAHandler(error) => Self::NotAHandler(error),
        }
    }
}

impl SignalCall {
    pub(super) fn new(target: Target, message: Result<Message, Unsendable>) -> Self {
        Self { target, message }
    }

    /// Sends the signal, under one request id however often it is sent.
    async fn send(self) -> Result<(), SignalError> {
        let target = self.target;
        let Message { name, input } = self.message?;
        let request = SignalWorkflowExecutionRequest {
            namespace: target.namespace(),
            workflow_execution: target.execution(),
            signal_name: name,
            input: to_wire(input),
            identity: target.identity(),
            request_id: new_id(),
            ..SignalWorkflowExecutionRequest::default()
        };
        let sent =
            target
                .client
                .call(
                    Patience::Unary,
                    &request,
                    |mut service, request| async move {
                        service.signal_workflow_execution(request).await
                    },
                )
                .await;
        match sent {
            Ok(_) => Ok(()),
            Err(status) if details::not_found(&status) => Err(SignalError::NotFound {
                workflow_id: target.workflow_id,
                source: status.into(),
            }),
            Err(status) => Err(SignalError::Rpc(status.into())),
        }
    }
}

impl IntoFuture for SignalCall {
    type Output = Result<(), SignalError>;
    type IntoFuture = CallFuture<(), SignalError>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(self.send())
    }
}
