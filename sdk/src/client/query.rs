//! [`QueryCall`]: asking a workflow.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use outlast_proto::temporal::api::enums::v1::QueryRejectCondition;
use outlast_proto::temporal::api::query::v1::WorkflowQuery;
use outlast_proto::temporal::api::workflowservice::v1::QueryWorkflowRequest;
use thiserror::Error;
use tonic::{Code, Status};

use super::call::{CallFuture, Message, Unsendable, decode_value};
use super::details;
use super::retry::Patience;
use super::rpc::RpcError;
use super::status::WorkflowStatus;
use super::target::Target;
use crate::convert::{DecodeError, EncodeError, FromPayload, from_wire, to_wire};
use crate::definition::NotAHandler;
use crate::failure::Failure;
use crate::ids::WorkflowId;

/// A question to a workflow; awaiting the call asks it.
///
/// # Examples
/// ```no_run
/// # use outlast::WorkflowHandle;
/// # use outlast::client::Untyped;
/// # async fn example(order: WorkflowHandle<Untyped>) -> Result<(), Box<dyn std::error::Error>> {
/// let status = order.query_by_name::<String>("status", ()).only_open().await?;
/// println!("{status}");
/// # Ok(())
/// # }
/// ```
#[must_use = "a query is sent only when the call is awaited"]
pub struct QueryCall<R> {
    target: Target,
    message: Result<Message, Unsendable>,
    reject: QueryRejectCondition,
    result: PhantomData<fn() -> R>,
}

/// Why there is no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The answer is not what the handler's definition says.
    #[error("the query returned something else than its definition says")]
    Decode(#[source] DecodeError),
    /// An argument could not be encoded.
    #[error("cannot encode the arguments of the query")]
    Encode(#[source] EncodeError),
    /// The handler failed, or there is none of this name.
    #[error("the query failed")]
    Failed(#[source] Failure),
    /// The function is not annotated as a handler.
    #[error(transparent)]
    NotAHandler(NotAHandler),
    /// There is no such execution.
    #[error("there is no workflow `{workflow_id}`")]
    NotFound {
        /// The id that was asked for.
        workflow_id: WorkflowId,
        /// What the server said.
        source: RpcError,
    },
    /// The workflow ended before it did anything.
    #[error("the workflow ended before its first task")]
    NotReady(#[source] RpcError),
    /// No worker polls the workflow's task queue.
    #[error("no worker polls the workflow's task queue: start one, or wait for it")]
    NoWorker(#[source] RpcError),
    /// The workflow has a status that the call excluded.
    #[error("the workflow is {0}, which the query excludes")]
    Rejected(WorkflowStatus),
    /// The request failed otherwise.
    #[error("cannot send the query")]
    Rpc(#[source] RpcError),
    /// No worker answered in time; perhaps there is none.
    #[error("no worker answered in time: is one running for the workflow's task queue?")]
    Timeout(#[source] RpcError),
}

impl From<Unsendable> for QueryError {
    fn from(reason: Unsendable) -> Self {
        match reason {
            Unsendable::Encode(error) => Self::Encode(error),
            Unsendable::NotAHandler(error) => Self::NotAHandler(error),
        }
    }
}

impl<R: FromPayload + Send + 'static> QueryCall<R> {
    pub(super) fn new(target: Target, message: Result<Message, Unsendable>) -> Self {
        Self {
            target,
            message,
            reject: QueryRejectCondition::None,
            result: PhantomData,
        }
    }

    /// Gives [`QueryError::Rejected`] if the workflow has ended.
    pub fn only_open(mut self) -> Self {
        self.reject = QueryRejectCondition::NotOpen;
        self
    }

    /// Gives [`QueryError::Rejected`] if the workflow has ended without a value.
    pub fn only_open_or_completed(mut self) -> Self {
        self.reject = QueryRejectCondition::NotCompletedCleanly;
        self
    }

    async fn send(self) -> Result<R, QueryError> {
        let target = self.target;
        let Message { name, input } = self.message?;
        let request = QueryWorkflowRequest {
            namespace: target.namespace(),
            execution: target.execution(),
            query: Some(WorkflowQuery {
                query_type: name,
                query_args: to_wire(input),
                ..WorkflowQuery::default()
            }),
            query_reject_condition: self.reject as i32,
        };
        let answer = target
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move { service.query_workflow(request).await },
            )
            .await
            .map_err(|status| error_of(target.workflow_id, status))?;
        if let Some(rejected) = answer.query_rejected {
            let status = WorkflowStatus::from_wire(rejected.status);
            return Err(QueryError::Rejected(status));
        }
        decode_value(&from_wire(answer.query_result)).map_err(QueryError::Decode)
    }
}

impl<R: FromPayload + Send + 'static> IntoFuture for QueryCall<R> {
    type Output = Result<R, QueryError>;
    type IntoFuture = CallFuture<R, QueryError>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(self.send())
    }
}

fn error_of(workflow_id: WorkflowId, status: Status) -> QueryError {
    if let Some(failure) = details::query_failed(&status) {
        return QueryError::Failed(failure);
    }
    if details::not_ready(&status) {
        return QueryError::NotReady(status.into());
    }
    if details::not_found(&status) {
        return QueryError::NotFound {
            workflow_id,
            source: status.into(),
        };
    }
    let no_poller = status.message().contains("no poller");
    match status.code() {
        Code::FailedPrecondition if no_poller => QueryError::NoWorker(status.into()),
        Code::DeadlineExceeded => QueryError::Timeout(status.into()),
        _ => QueryError::Rpc(status.into()),
    }
}

impl<R> fmt::Debug for QueryCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryCall")
            .field("workflow_id", &self.target.workflow_id)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}
