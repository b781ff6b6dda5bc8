//! [`Client`]: starting workflows and talking to them.

mod address;
mod call;
mod connect;
mod control;
mod describe;
mod details;
mod handle;
mod history;
mod metadata;
mod policy;
mod query;
mod result;
pub(crate) mod retry;
mod rpc;
mod send_start;
mod send_update;
mod signal;
mod start;
mod start_error;
mod status;
mod target;
#[cfg(test)]
mod tests;
mod tls;
pub(crate) mod transport;
mod untyped;
mod update;
mod wire;

use std::fmt;
use std::sync::Arc;

use tokio::sync::OnceCell;
use tonic::codec::CompressionEncoding;

pub use self::call::CallFuture;
pub use self::connect::{ClientBuilder, ConnectError};
pub use self::control::{CancelCall, RequestError, TerminateCall};
pub use self::describe::{
    PendingActivity, PendingActivityState, PendingChild, WorkflowDescription,
};
pub use self::handle::WorkflowHandle;
pub use self::policy::{IdConflictPolicy, IdReusePolicy};
pub use self::query::{QueryCall, QueryError};
pub use self::result::{ResultCall, ResultError};
pub use self::rpc::{RpcCode, RpcError};
pub use self::signal::{SignalCall, SignalError};
pub use self::start::{
    ExecuteCall, MissingTaskQueue, ReturnHandle, ReturnResult, StartCall, TaskQueueSet,
};
pub use self::start_error::{ExecuteError, StartError};
pub use self::status::WorkflowStatus;
pub use self::tls::TlsOptions;
pub use self::untyped::Untyped;
pub use self::update::{StartUpdateCall, UpdateCall, UpdateError, UpdateHandle};

use self::transport::Transport;
use self::wire::Capabilities;
use crate::convert::{Args, InputOf};
use crate::definition::{Workflow, WorkflowFn};
use crate::ids::WorkflowId;

/// A connection to a server, for one namespace.
///
/// Cloning it is cheap, and the clones share the connection.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Transport,
    namespace: String,
    identity: String,
    capabilities: OnceCell<Capabilities>,
    /// How requests are compressed, if they are.
    compression: Option<CompressionEncoding>,
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "a function that is a key is passed for its type only"
)]
impl Client {
    /// Connects to a server, such as `http://localhost:7233`, for the namespace `default`.
    ///
    /// It works within a tokio runtime, and asks the server at once what it can do.
    ///
    /// # Errors
    /// When the address makes no sense, or the server is not reached or refuses.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), outlast::client::ConnectError> {
    /// let client = outlast::Client::connect("http://localhost:7233").await?;
    /// assert_eq!(client.namespace(), "default");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(url: impl Into<String>) -> Result<Self, ConnectError> {
        Self::builder(url).connect().await
    }

    /// Makes a client that connects with its first request.
    ///
    /// # Errors
    /// When the address makes no sense, or there is no tokio runtime.
    ///
    /// # Examples
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), outlast::client::ConnectError> {
    /// // The server may come up later: the first request connects.
    /// let client = outlast::Client::connect_lazy("localhost:7233")?;
    /// assert_eq!(client.namespace(), "default");
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect_lazy(url: impl Into<String>) -> Result<Self, ConnectError> {
        Self::builder(url).connect_lazy()
    }

    /// Begins to say how to connect.
    ///
    /// The address is `host:port`, or begins with `http://`, or with `https://` for an encrypted
    /// connection.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

    /// The namespace whose workflows it sees.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// How it names itself to the server, for people who read histories.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.0.identity
    }

    /// Starts a workflow. Its arguments are `()` for none, the bare value for one, else a tuple.
    ///
    /// See [`StartCall`] for what can be set.
    pub fn start<F, M>(
        &self,
        workflow: F,
        args: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> StartCall<F::Workflow, MissingTaskQueue>
    where
        F: WorkflowFn<M>,
    {
        self.starting(workflow, args)
    }

    /// Starts a workflow and waits for its result.
    ///
    /// # Examples
    /// ```no_run
    /// # use outlast::prelude::*;
    /// # #[outlast::workflow]
    /// # async fn greet(_: WorkflowContext, name: String) -> WorkflowResult<String> {
    /// #     Ok(format!("Hello, {name}!"))
    /// # }
    /// # async fn example(client: outlast::Client) -> Result<(), outlast::client::ExecuteError> {
    /// let greeting = client.execute(greet, "Ada".into()).task_queue("greetings").await?;
    /// println!("{greeting}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn execute<F, M>(
        &self,
        workflow: F,
        args: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> ExecuteCall<F::Workflow, MissingTaskQueue>
    where
        F: WorkflowFn<M>,
    {
        self.starting(workflow, args)
    }

    fn starting<F, M, Then>(
        &self,
        workflow: F,
        args: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> StartCall<F::Workflow, MissingTaskQueue, Then>
    where
        F: WorkflowFn<M>,
    {
        let _ = workflow;
        let args = <F::Workflow as Workflow>::Args::from_input(args);
        StartCall::new(self.clone(), F::Workflow::NAME, args)
    }

    /// Starts a workflow that is known by its name only, with its arguments as a tuple.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(client: outlast::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// // The workflow may be written in another language.
    /// let greeting = client.start_by_name("Greet", ("Ada".to_owned(),));
    /// let greeting = greeting.id("greet-ada").task_queue("greetings").await?;
    /// // A handle for later, in this program or in another one:
    /// let same = client.workflow_by_id("greet-ada");
    /// assert_eq!(greeting.workflow_id(), same.workflow_id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_by_name(
        &self,
        workflow_type: impl AsRef<str>,
        args: impl Args,
    ) -> StartCall<Untyped, MissingTaskQueue> {
        StartCall::new(self.clone(), workflow_type.as_ref(), args)
    }

    /// A handle to an execution that was started before. The server is not asked.
    #[must_use]
    pub fn workflow<F, M>(
        &self,
        workflow: F,
        id: impl Into<WorkflowId>,
    ) -> WorkflowHandle<F::Workflow>
    where
        F: WorkflowFn<M>,
    {
        let _ = workflow;
        WorkflowHandle::new(self.clone(), id.into())
    }

    /// A handle to an execution of whatever type.
    #[must_use]
    pub fn workflow_by_id(&self, id: impl Into<WorkflowId>) -> WorkflowHandle<Untyped> {
        WorkflowHandle::new(self.clone(), id.into())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("namespace", &self.0.namespace)
            .field("identity", &self.0.identity)
            .finish_non_exhaustive()
    }
}
