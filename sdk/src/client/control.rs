//! [`CancelCall`] and [`TerminateCall`]: ending a workflow from outside.

use std::future::IntoFuture;

use outlast_proto::temporal::api::workflowservice::v1::{
    RequestCancelWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
};
use thiserror::Error;
use tonic::Status;

use super::call::{CallFuture, new_id};
use super::details;
use super::retry::Patience;
use super::rpc::RpcError;
use super::target::Target;
use crate::convert::to_wire;
use crate::convert::{EncodeError, Payload, ToPayload};
use crate::ids::WorkflowId;

/// A cancellation to be requested; awaiting the call requests it.
#[derive(Debug)]
#[must_use = "a cancellation is requested only when the call is awaited"]
pub struct CancelCall {
    target: Target,
    reason: String,
}

/// A termination; awaiting the call carries it out.
#[derive(Debug)]
#[must_use = "a workflow is terminated only when the call is awaited"]
pub struct TerminateCall {
    target: Target,
    reason: String,
    details: Result<Vec<Payload>, EncodeError>,
}

/// Why an execution could not be canceled, terminated or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A value could not be encoded.
    #[error("cannot encode the details")]
    Encode(#[from] EncodeError),
    /// There is no such execution, or it has ended and cannot be ended again.
    #[error("there is no such workflow `{workflow_id}`")]
    NotFound {
        /// The id that was asked for.
        workflow_id: WorkflowId,
        /// What the server said.
        source: RpcError,
    },
    /// The request failed otherwise.
    #[error("the request about workflow `{workflow_id}` failed")]
    Rpc {
        /// The id that was asked for.
        workflow_id: WorkflowId,
        /// What the server said.
        source: RpcError,
    },
}

impl RequestError {
    pub(super) fn of(target: &Target, status: Status) -> Self {
        let workflow_id = target.workflow_id.clone();
        let missing = details::not_found(&status);
        let source = status.into();
        if missing {
            Self::NotFound {
                workflow_id,
                source,
            }
        } else {
            Self::Rpc {
                workflow_id,
                source,
            }
        }
    }
}

impl CancelCall {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            reason: String::new(),
        }
    }

    /// Why; noted in the history.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    async fn send(self) -> Result<(), RequestError> {
        let target = self.target;
        let request = RequestCancelWorkflowExecutionRequest {
            namespace: target.namespace(),
            workflow_execution: target.execution(),
            identity: target.identity(),
            request_id: new_id(),
            first_execution_run_id: target.first_run_id(),
            reason: self.reason,
            ..RequestCancelWorkflowExecutionRequest::default()
        };
        target
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.request_cancel_workflow_execution(request).await
                },
            )
            .await
            .map_err(|status| RequestError::of(&target, status))?;
        Ok(())
    }
}

impl TerminateCall {
    pub(super) fn new(target: Target, reason: String) -> Self {
        Self {
            target,
            reason,
            details: Ok(Vec::new()),
        }
    }

    /// Adds a value; noted in the history.
    pub fn detail(mut self, value: &impl ToPayload) -> Self {
        self.details = self.details.and_then(|mut details| {
            details.push(value.to_payload()?);
            Ok(details)
        });
        self
    }

    async fn send(self) -> Result<(), RequestError> {
        let target = self.target;
        let request = TerminateWorkflowExecutionRequest {
            namespace: target.namespace(),
            workflow_execution: target.execution(),
            reason: self.reason,
            details: to_wire(self.details?),
            identity: target.identity(),
            first_execution_run_id: target.first_run_id(),
            ..TerminateWorkflowExecutionRequest::default()
        };
        target
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.terminate_workflow_execution(request).await
                },
            )
            .await
            .map_err(|status| RequestError::of(&target, status))?;
        Ok(())
    }
}

impl IntoFuture for CancelCall {
    type Output = Result<(), RequestError>;
    type IntoFuture = CallFuture<(), RequestError>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(self.send())
    }
}

impl IntoFuture for TerminateCall {
    type Output = Result<(), RequestError>;
    type IntoFuture = CallFuture<(), RequestError>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(self.send())
    }
}
