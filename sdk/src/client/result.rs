//! [`ResultCall`]: waiting for how a workflow ends.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use bytes::Bytes;
use outlast_proto::temporal::api::enums::v1::HistoryEventFilterType;
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryRequest;
use thiserror::Error;
use tonic::Status;

use super::call::{CallFuture, decode_value};
use super::details;
use super::history::page;
use super::retry::Patience;
use super::rpc::RpcError;
use super::target::{Target, execution, run_id};
use crate::convert::{DecodeError, Payload, from_wire};
use crate::definition::{ResultOf, Workflow};
use crate::failure::{CanceledFailure, Failure};
use crate::ids::{RunId, WorkflowId};

/// The result of a workflow; awaiting the call waits for it.
///
/// A run that continues as new, is retried or runs by a cron schedule passes the wait on to the
/// next run.
#[must_use = "the result is awaited only when the call is"]
pub struct ResultCall<K> {
    target: Target,
    follow: bool,
    key: PhantomData<fn() -> K>,
}

/// Why a workflow has no result.
///
/// # Examples
/// ```no_run
/// # use outlast::client::{ResultError, Untyped};
/// # async fn example(order: outlast::WorkflowHandle<Untyped>) {
/// match order.result().await {
///     Ok(result) => println!("{result:?}"),
///     Err(error) if error.application_kind() == Some("CardDeclined") => println!("declined"),
///     Err(ResultError::Canceled { .. }) => println!("somebody canceled it"),
///     Err(error) => println!("{error}"),
/// }
/// # }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResultError {
    /// It ended because it was canceled.
    #[error("the workflow was canceled")]
    Canceled(CanceledFailure),
    /// The run continued as new, and the next run is not to be followed.
    #[error("the workflow continued as new, as run `{run_id}`")]
    ContinuedAsNew {
        /// The next run.
        run_id: RunId,
    },
    /// The result is not what the workflow's definition says.
    #[error("the workflow returned something else than its definition says")]
    Decode(#[from] DecodeError),
    /// It failed.
    #[error("the workflow failed")]
    Failed(#[source] Failure),
    /// There is no such execution.
    #[error("there is no workflow `{workflow_id}`")]
    NotFound {
        /// The id that was asked for.
        workflow_id: WorkflowId,
        /// What the server said.
        source: RpcError,
    },
    /// The request failed otherwise.
    #[error("cannot wait for the result")]
    Rpc(#[source] RpcError),
    /// Somebody terminated it.
    #[error("the workflow was terminated{}", because(reason))]
    Terminated {
        /// What they said.
        reason: String,
        /// Who they are.
        identity: String,
    },
    /// It ran out of time.
    #[error("the workflow timed out")]
    TimedOut,
}

impl ResultError {
    /// Why the workflow failed, if that is what happened.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// The kind of the first application failure in the chain of causes.
    #[must_use]
    pub fn application_kind(&self) -> Option<&str> {
        self.failure().and_then(Failure::application_kind)
    }
}

impl<K: Workflow> ResultCall<K> {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            follow: true,
            key: PhantomData,
        }
    }

    /// Waits for the end of this run only. How it ended is then told as it is, also when another
    /// run goes on.
    pub fn of_this_run(mut self) -> Self {
        self.follow = false;
        self
    }
}

impl<K: Workflow> IntoFuture for ResultCall<K> {
    type Output = Result<ResultOf<K>, ResultError>;
    type IntoFuture = CallFuture<ResultOf<K>, ResultError>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(async move {
            let result = result(&self.target, self.follow).await?;
            Ok(decode_value(&result)?)
        })
    }
}

/// Waits run by run.
async fn result(target: &Target, follow: bool) -> Result<Vec<Payload>, ResultError> {
    let mut run = target.run_id.clone();
    loop {
        let event = close_event(target, run.as_ref())
            .await
            .map_err(|status| error_of(target, status))?;
        let end = End::of(event).ok_or_else(|| {
            let status = Status::internal("the last event of a closed workflow closes nothing");
            ResultError::Rpc(status.into())
        })?;
        match end.next_run {
            Some(next) if follow => run = Some(next),
            _ => return end.outcome,
        }
    }
}

/// Waits for the event that closes a run.
///
/// The server answers now and then with nothing but a token, by which it wants to be asked again.
async fn close_event(target: &Target, run: Option<&RunId>) -> Result<HistoryEvent, Status> {
    let mut token = Bytes::new();
    loop {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: target.namespace(),
            execution: execution(&target.workflow_id, run),
            next_page_token: token,
            wait_new_event: true,
            history_event_filter_type: HistoryEventFilterType::CloseEvent as i32,
            skip_archival: true,
            ..GetWorkflowExecutionHistoryRequest::default()
        };
        let (mut events, next) = page(&target.client, Patience::LongPoll, &request).await?;
        if let Some(event) = events.pop() {
            return Ok(event);
        }
        token = next;
    }
}

/// How a run ended, and which run goes on.
struct End {
    outcome: Result<Vec<Payload>, ResultError>,
    next_run: Option<RunId>,
}

impl End {
    fn of(event: HistoryEvent) -> Option<Self> {
        let (outcome, next_run) = match event.attributes? {
            Attributes::WorkflowExecutionCompletedEventAttributes(end) => {
                let result = from_wire(end.result);
                (Ok(result), run_id(end.new_execution_run_id))
            }
            Attributes::WorkflowExecutionFailedEventAttributes(end) => {
                let failure = end.failure.map(Failure::from);
                let failure = failure.unwrap_or_else(|| Failure::application("", ""));
                let error = ResultError::Failed(failure);
                (Err(error), run_id(end.new_execution_run_id))
            }
            Attributes::WorkflowExecutionTimedOutEventAttributes(end) => {
                (Err(ResultError::TimedOut), run_id(end.new_execution_run_id))
            }
            Attributes::WorkflowExecutionContinuedAsNewEventAttributes(end) => {
                let next = RunId::from(end.new_execution_run_id);
                let run_id = next.clone();
                (Err(ResultError::ContinuedAsNew { run_id }), Some(next))
            }
            Attributes::WorkflowExecutionCanceledEventAttributes(end) => {
                let canceled = CanceledFailure {
                    details: from_wire(end.details),
                    ..CanceledFailure::default()
                };
                (Err(ResultError::Canceled(canceled)), None)
            }
            Attributes::WorkflowExecutionTerminatedEventAttributes(end) => {
                let error = ResultError::Terminated {
                    reason: end.reason,
                    identity: end.identity,
                };
                (Err(error), None)
            }
            _ => return None,
        };
        Some(Self { outcome, next_run })
    }
}

fn because(reason: &str) -> String {
    match reason {
        "" => String::new(),
        reason => format!(": {reason}"),
    }
}

fn error_of(target: &Target, status: Status) -> ResultError {
    if details::not_found(&status) {
        return ResultError::NotFound {
            workflow_id: target.workflow_id.clone(),
            source: status.into(),
        };
    }
    ResultError::Rpc(status.into())
}

impl<K> fmt::Debug for ResultCall<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultCall")
            .field("workflow_id", &self.target.workflow_id)
            .field("run_id", &self.target.run_id)
            .finish_non_exhaustive()
    }
}
