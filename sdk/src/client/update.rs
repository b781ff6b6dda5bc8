//! [`UpdateCall`], [`StartUpdateCall`] and [`UpdateHandle`]: changing a workflow and hearing back.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use thiserror::Error;

use super::call::{CallFuture, Message, Unsendable, decode_value, new_id};
use super::rpc::RpcError;
use super::send_update::{self, Outcome};
use super::target::Target;
use crate::convert::{DecodeError, EncodeError, FromPayload};
use crate::definition::NotAHandler;
use crate::failure::Failure;
use crate::ids::{UpdateId, WorkflowId};

/// An update to be sent; awaiting the call sends it and waits until it is completed.
///
/// As long as no worker takes the update the call waits; bound it with `tokio::time::timeout`
/// where that matters.
///
/// # Examples
/// ```no_run
/// # use outlast::WorkflowHandle;
/// # use outlast::client::Untyped;
/// # async fn example(order: WorkflowHandle<Untyped>) -> Result<(), Box<dyn std::error::Error>> {
/// let added = order.update_by_name::<u32>("add_item", ("pen".to_owned(), 2));
/// // Sent again under the same id, the update is not made twice.
/// let items = added.id("request-17").await?;
/// println!("{items} items");
/// # Ok(())
/// # }
/// ```
#[must_use = "an update is sent only when the call is awaited"]
pub struct UpdateCall<R> {
    target: Target,
    id: UpdateId,
    message: Result<Message, Unsendable>,
    result: PhantomData<fn() -> R>,
}

/// An update to be sent; awaiting the call sends it and waits until it is accepted.
#[must_use = "an update is sent only when the call is awaited"]
pub struct StartUpdateCall<R>(UpdateCall<R>);

/// An update that the workflow has accepted.
///
/// # Examples
/// ```no_run
/// # use outlast::client::Untyped;
/// # async fn example(
/// #     order: outlast::WorkflowHandle<Untyped>,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let item = ("pen".to_owned(), 2);
/// let update = order.update_by_name::<u32>("add_item", item).started().await?;
/// println!("update {} is accepted", update.id());
/// println!("{} items", update.result().await?);
/// # Ok(())
/// # }
/// ```
pub struct UpdateHandle<R> {
    target: Target,
    id: UpdateId,
    /// How it ended, if that is known already.
    outcome: Option<Outcome>,
    result: PhantomData<fn() -> R>,
}

/// Why an update has no result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The result is not what the handler's definition says.
    #[error("the update returned something else than its definition says")]
    Decode(#[source] DecodeError),
    /// An argument could not be encoded.
    #[error("cannot encode the arguments of the update")]
    Encode(#[source] EncodeError),
    /// The validator or the handler refused, or there is no handler of this name.
    #[error("the update failed")]
    Failed(#[source] Failure),
    /// The function is not annotated as a handler.
    #[error(transparent)]
    NotAHandler(NotAHandler),
    /// There is no such execution or update, or the execution ended before it took the update.
    #[error("there is no open workflow `{workflow_id}`, or no such update of it")]
    NotFound {
        /// The id that was asked for.
        workflow_id: WorkflowId,
        /// What the server said.
        source: RpcError,
    },
    /// The request failed otherwise.
    #[error("cannot send the update")]
    Rpc(#[source] RpcError),
}

impl UpdateError {
    /// Why the handler or the validator refused, if that is what happened.
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

impl From<Unsendable> for UpdateError {
    fn from(reason: Unsendable) -> Self {
        match reason {
            Unsendable::Encode(error) => Self::Encode(error),
            Unsendable::NotAHandler(error) => Self::NotAHandler(error),
        }
    }
}

impl<R: FromPayload + Send + 'static> UpdateCall<R> {
    pub(super) fn new(target: Target, message: Result<Message, Unsendable>) -> Self {
        Self {
            target,
            id: new_id().into(),
            message,
            result: PhantomData,
        }
    }

    /// The id of the update; the same id is carried out once. Default: a random UUID.
    pub fn id(mut self, id: impl Into<UpdateId>) -> Self {
        self.id = id.into();
        self
    }

    /// Waits only until the workflow has accepted the update.
    pub fn started(self) -> StartUpdateCall<R> {
        StartUpdateCall(self)
    }

    async fn send(self, wanted: Stage) -> Result<UpdateHandle<R>, UpdateError> {
        let sent = send_update::send(&self.target, &self.id, self.message?, wanted).await?;
        Ok(UpdateHandle::new(sent.target, self.id, sent.outcome))
    }
}

impl<R: FromPayload + Send + 'static> IntoFuture for UpdateCall<R> {
    type Output = Result<R, UpdateError>;
    type IntoFuture = CallFuture<R, UpdateError>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(async move { self.send(Stage::Completed).await?.result().await })
    }
}

impl<R: FromPayload + Send + 'static> StartUpdateCall<R> {
    /// The id of the update; the same id is carried out once. Default: a random UUID.
    pub fn id(self, id: impl Into<UpdateId>) -> Self {
        Self(self.0.id(id))
    }
}

impl<R: FromPayload + Send + 'static> IntoFuture for StartUpdateCall<R> {
    type Output = Result<UpdateHandle<R>, UpdateError>;
    type IntoFuture = CallFuture<UpdateHandle<R>, UpdateError>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(self.0.send(Stage::Accepted))
    }
}

impl<R: FromPayload + Send + 'static> UpdateHandle<R> {
    pub(super) fn new(target: Target, id: UpdateId, outcome: Option<Outcome>) -> Self {
        Self {
            target,
            id,
            outcome,
            result: PhantomData,
        }
    }

    /// The id of the update.
    #[must_use]
    pub fn id(&self) -> &UpdateId {
        &self.id
    }

    /// The workflow that it was sent to.
    #[must_use]
    pub fn workflow_id(&self) -> &WorkflowId {
        &self.target.workflow_id
    }

    /// Waits for the result.
    ///
    /// # Errors
    /// When the validator or the handler refused, or the execution ended before it took the
    /// update, or the request fails.
    pub async fn result(&self) -> Result<R, UpdateError> {
        let outcome = match &self.outcome {
            Some(outcome) => outcome.clone(),
            None => send_update::outcome(&self.target, &self.id).await?,
        };
        let result = outcome.map_err(UpdateError::Failed)?;
        decode_value(&result).map_err(UpdateError::Decode)
    }
}

impl<R> fmt::Debug for UpdateCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateCall")
            .field("workflow_id", &self.target.workflow_id)
            .field("id", &self.id)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for StartUpdateCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StartUpdateCall").field(&self.0).finish()
    }
}

impl<R> fmt::Debug for UpdateHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateHandle")
            .field("workflow_id", &self.target.workflow_id)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
