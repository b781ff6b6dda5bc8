//! [`StartCall`]: starting a workflow.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use outlast_proto::temporal::api::common::v1::{Memo, SearchAttributes, WorkflowType};
use outlast_proto::temporal::api::sdk::v1::UserMetadata;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;

use super::Client;
use super::call::{CallFuture, Message, Unsendable, new_id};
use super::handle::WorkflowHandle;
use super::policy::{IdConflictPolicy, IdReusePolicy};
use super::send_start::send;
use super::start_error::{ExecuteError, StartError};
use crate::convert::{Args, InputOf, Payload, ToPayload, to_wire, wire_duration};
use crate::definition::{HandlerNames, ResultOf, SignalFn, Workflow};
use crate::failure::Failure;
use crate::ids::WorkflowId;
use crate::retry_policy::RetryPolicy;
use crate::search_attribute::SearchAttributeValue;

/// A workflow to be started; awaiting the call starts it.
///
/// It cannot be awaited before [`task_queue`](Self::task_queue) says where the workflow runs:
/// the compiler then names `StartCall<_, MissingTaskQueue>`.
///
/// # Examples
/// ```no_run
/// # use outlast::prelude::*;
/// # #[outlast::workflow]
/// # async fn greet(_: WorkflowContext, name: String) -> WorkflowResult<String> {
/// #     Ok(format!("Hello, {name}!"))
/// # }
/// # async fn example(client: outlast::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let greeting = client
///     .start(greet, "Ada".into())
///     .id("greet-ada")
///     .task_queue("greetings")
///     .execution_timeout(Duration::from_mins(5))
///     .retry(RetryPolicy::new().max_attempts(3))
///     .start_delay(Duration::from_secs(10))
///     .memo("asked_by", &"Grace")
///     .summary("the first greeting")
///     .await?;
/// println!("{}", greeting.result().await?);
/// # Ok(())
/// # }
/// ```
// `Q` has no default: the compiler leaves out of its messages what is as the default says.
#[must_use = "a workflow is started only when the call is awaited"]
pub struct StartCall<K, Q, Then = ReturnHandle> {
    client: Client,
    request: Box<StartWorkflowExecutionRequest>,
    signal: Option<Message>,
    /// The first thing that cannot be sent.
    failed: Option<Unsendable>,
    types: PhantomData<Types<K, Q, Then>>,
}

/// Types that a call only remembers; it is `Send` whatever they are.
type Types<K, Q, Then> = fn() -> (K, Q, Then);

/// A call that starts a workflow and waits for its result.
pub type ExecuteCall<K, Q> = StartCall<K, Q, ReturnResult>;

/// The call needs `.task_queue("..")` before it can be awaited.
#[derive(Debug)]
pub struct MissingTaskQueue(());

/// The call says where the workflow runs, so it can be awaited.
#[derive(Debug)]
pub struct TaskQueueSet(());

/// The call ends when the workflow is started, and returns a handle.
#[derive(Debug)]
pub struct ReturnHandle(());

/// The call ends with the workflow, and returns its result.
#[derive(Debug)]
pub struct ReturnResult(());

impl<K: Workflow, Then> StartCall<K, MissingTaskQueue, Then> {
    pub(super) fn new<A: Args>(client: Client, workflow_type: &str, args: A) -> Self {
        let (input, failed) = match args.encode() {
            Ok(input) => (input, None),
            Err(error) => (Vec::new(), Some(Unsendable::Encode(error))),
        };
        let request = StartWorkflowExecutionRequest {
            namespace: client.namespace().to_owned(),
            identity: client.identity().to_owned(),
            workflow_id: new_id(),
            workflow_type: Some(WorkflowType {
                name: workflow_type.to_owned(),
            }),
            input: to_wire(input),
            ..StartWorkflowExecutionRequest::default()
        };
        Self {
            client,
            request: Box::new(request),
            signal: None,
            failed,
            types: PhantomData,
        }
    }

    /// The task queue whose workers run the workflow.
    pub fn task_queue(mut self, name: impl Into<String>) -> StartCall<K, TaskQueueSet, Then> {
        self.request.task_queue = Some(TaskQueue {
            name: name.into(),
            ..TaskQueue::default()
        });
        StartCall {
            client: self.client,
            request: self.request,
            signal: self.signal,
            failed: self.failed,
            types: PhantomData,
        }
    }
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "a function that is a key is passed for its type only"
)]
impl<K: Workflow, Q, Then> StartCall<K, Q, Then> {
    /// The workflow id, by which the execution is found. Default: a random UUID.
    pub fn id(mut self, id: impl Into<WorkflowId>) -> Self {
        self.request.workflow_id = id.into().to_string();
        self
    }

    /// The longest time for the execution with all its runs. Default: no limit.
    pub fn execution_timeout(mut self, timeout: Duration) -> Self {
        self.request.workflow_execution_timeout = Some(wire_duration(timeout));
        self
    }

    /// The longest time for one run. Default: no limit but the execution's.
    pub fn run_timeout(mut self, timeout: Duration) -> Self {
        self.request.workflow_run_timeout = Some(wire_duration(timeout));
        self
    }

    /// How long a worker may be silent about one workflow task. Default: 10 s.
    pub fn task_timeout(mut self, timeout: Duration) -> Self {
        self.request.workflow_task_timeout = Some(wire_duration(timeout));
        self
    }

    /// When a failed workflow is run again. Default: never.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.request.retry_policy = Some(policy.into());
        self
    }

    /// Whether the id of an execution that has ended may be used again.
    /// Default: [`IdReusePolicy::AllowDuplicate`].
    pub fn id_reuse_policy(mut self, policy: IdReusePolicy) -> Self {
        self.request.workflow_id_reuse_policy = policy.to_wire();
        self
    }

    /// What to do when an open execution has the id. Default: [`IdConflictPolicy::Fail`], or
    /// with a signal [`IdConflictPolicy::UseExisting`].
    pub fn id_conflict_policy(mut self, policy: IdConflictPolicy) -> Self {
        self.request.workflow_id_conflict_policy = policy.to_wire();
        self
    }

    /// How long the server waits before the first task. A signal ends the wait.
    pub fn start_delay(mut self, delay: Duration) -> Self {
        self.request.workflow_start_delay = Some(wire_duration(delay));
        self
    }

    /// Runs the workflow again and again, by a cron schedule such as `0 12 * * *`.
    pub fn cron(mut self, schedule: impl Into<String>) -> Self {
        self.request.cron_schedule = schedule.into();
        self
    }

    /// Notes a value on the execution, for people and for [`describe`](WorkflowHandle::describe).
    pub fn memo(mut self, key: impl Into<String>, value: &impl ToPayload) -> Self {
        if let Some(payload) = self.encoded(value) {
            let memo = self.request.memo.get_or_insert_with(Memo::default);
            memo.fields.insert(key.into(), payload.into());
        }
        self
    }

    /// Sets an attribute that executions are found by.
    pub fn search_attribute(
        mut self,
        key: impl Into<String>,
        value: impl Into<SearchAttributeValue>,
    ) -> Self {
        let payload = value.into().to_payload().into();
        let attributes = self
            .request
            .search_attributes
            .get_or_insert_with(SearchAttributes::default);
        attributes.indexed_fields.insert(key.into(), payload);
        self
    }

    /// What a run before this one returned, for test environments: servers know it otherwise.
    #[doc(hidden)]
    pub fn last_result(mut self, value: &impl ToPayload) -> Self {
        let payload = self.encoded(value);
        self.request.last_completion_result = to_wire(payload.into_iter().collect());
        self
    }

    /// How a run before this one failed, likewise.
    #[doc(hidden)]
    pub fn last_failure(mut self, failure: Failure) -> Self {
        self.request.continued_failure = Some(failure.into());
        self
    }

    /// A line for people who look at the execution.
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        let payload = self.encoded(&text.into());
        self.user_metadata().summary = payload.map(Payload::into);
        self
    }

    /// A longer text for people who look at the execution; may be Markdown.
    pub fn details(mut self, text: impl Into<String>) -> Self {
        let payload = self.encoded(&text.into());
        self.user_metadata().details = payload.map(Payload::into);
        self
    }

    /// Sends a signal in the same step: to the workflow that is started, or to the open one that
    /// has the id already.
    ///
    /// # Examples
    /// ```no_run
    /// # use outlast::prelude::*;
    /// # #[derive(Default)]
    /// # struct Cart { items: Vec<String> }
    /// #[outlast::workflow]
    /// impl Cart {
    ///     #[run]
    ///     async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
    ///         Ok(ctx.wait_until(|cart| cart.items.len() >= 3).await?)
    ///     }
    ///
    ///     #[signal]
    ///     fn add(&mut self, item: String) {
    ///         self.items.push(item);
    ///     }
    /// }
    ///
    /// # async fn example(client: outlast::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let cart = client.start(Cart::run, ()).id("cart-7").task_queue("carts");
    /// cart.with_signal(Cart::add, "pen".into()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_signal<F, M>(mut self, signal: F, args: InputOf<F::Args>) -> Self
    where
        F: SignalFn<K::State, M>,
    {
        let _ = signal;
        let name = HandlerNames::name_of::<K, F>();
        match Message::new(name, F::Args::from_input(args)) {
            Ok(message) => self.signal = Some(message),
            Err(reason) => self.failed = self.failed.or(Some(reason)),
        }
        self
    }

    fn encoded(&mut self, value: &impl ToPayload) -> Option<Payload> {
        match value.to_payload() {
            Ok(payload) => Some(payload),
            Err(error) => {
                self.failed.get_or_insert(Unsendable::Encode(error));
                None
            }
        }
    }

    fn user_metadata(&mut self) -> &mut UserMetadata {
        self.request
            .user_metadata
            .get_or_insert_with(UserMetadata::default)
    }

    async fn start(self) -> Result<WorkflowHandle<K>, StartError> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        let started = send(&self.client, *self.request, self.signal).await?;
        Ok(WorkflowHandle::started(self.client, started))
    }
}

impl<K: Workflow> IntoFuture for StartCall<K, TaskQueueSet, ReturnHandle> {
    type Output = Result<WorkflowHandle<K>, StartError>;
    type IntoFuture = CallFuture<WorkflowHandle<K>, StartError>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(self.start())
    }
}

impl<K: Workflow> IntoFuture for StartCall<K, TaskQueueSet, ReturnResult> {
    type Output = Result<ResultOf<K>, ExecuteError>;
    type IntoFuture = CallFuture<ResultOf<K>, ExecuteError>;

    fn into_future(self) -> Self::IntoFuture {
        CallFuture::new(async move { Ok(self.start().await?.result().await?) })
    }
}

impl<K, Q, Then> fmt::Debug for StartCall<K, Q, Then> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartCall")
            .field("workflow_type", &self.request.workflow_type)
            .field("workflow_id", &self.request.workflow_id)
            .finish_non_exhaustive()
    }
}
