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
mod status;
mod target;
#[cfg(test)]
mod tests;
mod tls;
pub(crate) mod transport;
mod untyped;
mod update;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use outlast_proto::temporal::api::workflowservice::v1::GetSystemInfoRequest;
use outlast_proto::temporal::api::workflowservice::v1::get_system_info_response;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use tokio::sync::OnceCell;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request, Response, Status};

pub use self::call::CallFuture;
pub use self::connect::{ClientBuilder, ConnectError};
pub use self::control::{CancelCall, RequestError, TerminateCall};
pub use self::describe::{
    PendingActivity, PendingActivityState, PendingChild, WorkflowDescription,
};
pub use self::handle::WorkflowHandle;
pub use self::history::{EventSummary, History, HistoryDecodeError};
pub use self::policy::{IdConflictPolicy, IdReusePolicy};
pub use self::query::{QueryCall, QueryError};
pub use self::result::{ResultCall, ResultError};
pub use self::rpc::{RpcCode, RpcError};
pub use self::signal::{SignalCall, SignalError};
pub use self::start::{
    ExecuteCall, ExecuteError, MissingTaskQueue, ReturnHandle, ReturnResult, StartCall, StartError,
    TaskQueueSet,
};
pub use self::status::WorkflowStatus;
pub use self::tls::TlsOptions;
pub use self::untyped::Untyped;
pub use self::update::{StartUpdateCall, UpdateCall, UpdateError, UpdateHandle};

use self::metadata::Metadata;
use self::retry::Patience;
use self::transport::Transport;
use crate::convert::{Args, InputOf};
use crate::definition::{Workflow, WorkflowFn};
use crate::ids::WorkflowId;

/// The generated client over a [`Client`]'s transport.
pub(crate) type Service = WorkflowServiceClient<Transport>;

/// What the server can do.
pub(crate) type Capabilities = get_system_info_response::Capabilities;

/// The largest response that is read.
const MAX_RESPONSE_BYTES: usize = 128 * 1024 * 1024;

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

    pub(crate) fn from_service<S>(service: S, namespace: String, identity: String) -> Self
    where
        S: tower_service::Service<http::Request<Body>, Response = http::Response<Body>>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send,
    {
        let mut metadata = Metadata::new();
        assert!(
            metadata.set_namespace(&namespace),
            "`{namespace}` is not the name of a namespace: no header can hold it"
        );
        Self::over(Transport::new(service, metadata), namespace, identity)
    }

    fn over(transport: Transport, namespace: String, identity: String) -> Self {
        Self(Arc::new(Inner {
            transport,
            namespace,
            identity,
            capabilities: OnceCell::new(),
        }))
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

    /// The generated client over the same transport, which adds the metadata.
    pub(crate) fn service(&self) -> Service {
        Service::new(self.0.transport.clone())
            .max_decoding_message_size(MAX_RESPONSE_BYTES)
            .accept_compressed(CompressionEncoding::Gzip)
    }

    /// A request that tells the server how long its answer is awaited.
    #[allow(clippy::unused_self, reason = "the client may come to add to requests")]
    pub(crate) fn request<T>(&self, message: T, timeout: Duration) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(timeout);
        request
    }

    /// Sends a message as often as `patience` allows.
    pub(crate) async fn call<M, T, F>(
        &self,
        patience: Patience,
        message: &M,
        method: impl Fn(Service, Request<M>) -> F,
    ) -> Result<T, Status>
    where
        M: Clone,
        F: Future<Output = Result<Response<T>, Status>>,
    {
        retry::call(patience, || {
            let request = self.request(message.clone(), patience.deadline());
            method(self.service(), request)
        })
        .await
    }

    /// What the server can do; asked once. A server that does not know the question can do
    /// nothing beyond the basics.
    pub(crate) async fn capabilities(&self) -> Result<&Capabilities, Status> {
        self.0
            .capabilities
            .get_or_try_init(|| async {
                let answer = self
                    .call(Patience::Unary, &GetSystemInfoRequest {}, |mut service, request| async move {
                        service.get_system_info(request).await
                    })
                    .await;
                match answer {
                    Ok(info) => Ok(info.capabilities.unwrap_or_default()),
                    Err(status) if status.code() == Code::Unimplemented => {
                        Ok(Capabilities::default())
                    }
                    Err(status) => Err(status),
                }
            })
            .await
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
