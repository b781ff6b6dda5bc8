//! Starting a workflow under test.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use outlast::client::{ResultError, StartCall, TaskQueueSet};
use outlast::convert::InputOf;
use outlast::definition::{ResultOf, Workflow, WorkflowFn};
use outlast::workflow::WorkflowImpl;
use outlast::{Failure, RetryPolicy, WorkflowId};

use super::shared::Shared;
use super::{TestEnv, TestHandle};

impl TestEnv {
    /// Starts a workflow; await the call.
    ///
    /// # Panics
    /// When the workflow is mocked, and when no worker can be made for it; the message says why.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    /// #     Ok(ctx.sleep(Duration::from_hours(1)).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let first = env.start(nap, ()).await;
    /// let second = env.start(nap, ()).id("siesta").run_timeout(Duration::from_mins(30)).await;
    /// assert_eq!(second.workflow_id().as_str(), "siesta");
    /// first.result().await.unwrap();
    /// assert!(second.result().await.is_err(), "it has timed out");
    /// # }
    /// ```
    #[track_caller]
    pub fn start<F, M>(
        &self,
        workflow: F,
        input: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> TestStart<F::Workflow>
    where
        F: WorkflowFn<M> + Copy + Send + Sync + 'static,
        F::Workflow: WorkflowImpl,
    {
        let shared = &self.shared;
        let name = F::Workflow::NAME;
        assert!(
            !shared.workflows.is_mocked(name),
            "`{name}` is mocked: start the mock with `TestEnv::start_mocked`"
        );
        shared.replays().add(workflow);
        shared.workers().add_workflow(workflow);
        let queue = format!("{name}{}", shared.workers().suffix);
        shared.run_worker(&queue);
        let id = shared.workers().next_id(F::Workflow::NAME);
        let call = shared
            .client
            .start(workflow, input)
            .task_queue(queue)
            .id(id);
        TestStart::new(shared, call)
    }

    /// Starts a workflow and waits for its result, skipping time.
    ///
    /// # Errors
    /// When the workflow fails, or ends in another way without a result.
    ///
    /// # Panics
    /// When the test [would hang](Self#when-a-test-fails-at-once).
    #[track_caller]
    pub fn execute<F, M>(
        &self,
        workflow: F,
        input: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> impl Future<Output = Result<ResultOf<F::Workflow>, ResultError>> + Send + use<F, M>
    where
        F: WorkflowFn<M> + Copy + Send + Sync + 'static,
        F::Workflow: WorkflowImpl,
        ResultOf<F::Workflow>: Send,
    {
        let start = self.start(workflow, input);
        let watch = self.shared.watch();
        async move {
            let handle = start.await;
            watch.run(handle.untimed_result()).await
        }
    }
}

/// A workflow about to be started: set options, then `.await` it.
///
/// # Examples
/// ```
/// # use outlast::prelude::*;
/// # use outlast_testing::TestEnv;
/// # use outlast::SearchAttributeValue;
/// # #[workflow]
/// # async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
/// #     Ok(ctx.sleep(Duration::from_hours(1)).await?)
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let env = TestEnv::new();
/// let customer = SearchAttributeValue::Keyword("ada".to_owned());
/// let siesta = env
///     .start(nap, ())
///     .id("siesta")
///     .retry(RetryPolicy::new().max_attempts(2))
///     .with(|call| call.search_attribute("CustomerId", customer))
///     .await;
/// siesta.result().await.unwrap();
/// # }
/// ```
#[must_use = "the workflow is started only when awaited"]
pub struct TestStart<K: Workflow> {
    shared: Arc<Shared>,
    call: StartCall<K, TaskQueueSet>,
    place: &'static Location<'static>,
}

impl<K: Workflow> TestStart<K> {
    #[track_caller]
    pub(super) fn new(shared: &Arc<Shared>, call: StartCall<K, TaskQueueSet>) -> Self {
        Self {
            shared: Arc::clone(shared),
            call,
            place: Location::caller(),
        }
    }

    /// The workflow's id. Default: the name of its type with a number.
    pub fn id(self, id: impl Into<WorkflowId>) -> Self {
        self.with(|call| call.id(id))
    }

    /// The longest time for the workflow with all its runs.
    pub fn execution_timeout(self, timeout: Duration) -> Self {
        self.with(|call| call.execution_timeout(timeout))
    }

    /// The longest time for one run.
    pub fn run_timeout(self, timeout: Duration) -> Self {
        self.with(|call| call.run_timeout(timeout))
    }

    /// When the server retries the workflow.
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.with(|call| call.retry(policy))
    }

    /// What the run before this one returned, as a run of a cron workflow or of a schedule finds it
    /// in [`last_result`](outlast::workflow::WorkflowInfo::last_result).
    ///
    /// # Panics
    /// When the value cannot be encoded, which is told when the start is awaited.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// /// Reads on from where the last run stopped.
    /// #[workflow]
    /// async fn import(ctx: WorkflowContext) -> WorkflowResult<u64> {
    ///     Ok(ctx.info().last_result::<u64>()?.unwrap_or(0) + 100)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// assert_eq!(env.execute(import, ()).await.unwrap(), 100);
    /// let next = env.start(import, ()).last_result(&100).await;
    /// assert_eq!(next.result().await.unwrap(), 200);
    /// # }
    /// ```
    pub fn last_result(self, value: &ResultOf<K>) -> Self {
        self.with(|call| call.last_result(value))
    }

    /// How the run before this one failed, as a retry or a run of a cron workflow finds it in
    /// [`last_failure`](outlast::workflow::WorkflowInfo::last_failure).
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast::Failure;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn import(ctx: WorkflowContext) -> WorkflowResult<bool> {
    ///     let is_careful = ctx.info().last_failure().is_some();
    ///     Ok(is_careful)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let failed = Failure::application("Torn", "row 7 is torn");
    /// let next = env.start(import, ()).last_failure(failed).await;
    /// assert!(next.result().await.unwrap());
    /// # }
    /// ```
    pub fn last_failure(self, failure: impl Into<Failure>) -> Self {
        self.with(|call| call.last_failure(failure.into()))
    }

    /// Sets any other option of the client's call.
    pub fn with(
        self,
        set: impl FnOnce(StartCall<K, TaskQueueSet>) -> StartCall<K, TaskQueueSet>,
    ) -> Self {
        Self {
            call: set(self.call),
            ..self
        }
    }
}

impl<K: Workflow> IntoFuture for TestStart<K> {
    type Output = TestHandle<K>;
    type IntoFuture = Pin<Box<dyn Future<Output = TestHandle<K>> + Send>>;

    /// # Panics
    /// When the server refuses the start; the message says why.
    fn into_future(self) -> Self::IntoFuture {
        let Self {
            shared,
            call,
            place,
        } = self;
        Box::pin(async move {
            match call.await {
                Ok(handle) => TestHandle::new(&shared, handle),
                Err(error) => panic!("the start of `{}` at {place} is refused: {error}", K::NAME),
            }
        })
    }
}

impl<K: Workflow> fmt::Debug for TestStart<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestStart")
            .field("workflow", &K::NAME)
            .finish_non_exhaustive()
    }
}
