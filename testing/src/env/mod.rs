//! [`TestEnv`]: a workflow under test, with everything around it.

mod activity_time;
mod attach;
mod backend;
mod builder;
mod callbacks;
mod calls;
mod difference;
mod guard;
mod handle;
mod history;
mod mock;
mod mock_program;
mod mocking;
mod nexus;
mod order;
mod problems;
mod real;
mod replay;
mod shared;
mod stand_in;
mod start;
mod text;
mod time;
mod transcript;
mod verify;
mod workers;
mod workflow_mocks;

use std::fmt;
use std::sync::Arc;

use outlast::Client;

pub use self::activity_time::ActivityTime;
pub use self::builder::{SearchAttributeType, StartTime, TestEnvBuilder};
pub use self::callbacks::CallbackOutput;
pub use self::calls::{Call, CallKind, CallOf, WorkflowCall, WorkflowCallOf};
pub use self::guard::Guarded;
pub use self::handle::TestHandle;
pub use self::history::assert_snapshot;
pub use self::mock::ActivityMock;
pub use self::nexus::{NexusCall, NexusError, NexusHandlerError, NexusMock, NexusOperation};
pub use self::order::{CallList, Callable};
use self::shared::Shared;
pub use self::stand_in::{CancelRequest, ReceivedSignal, StandIn};
pub use self::start::TestStart;
pub use self::workflow_mocks::WorkflowMock;
use crate::Server;

/// A Temporal server, a worker and a client in one process, on a virtual clock.
///
/// An environment is made for one test and costs next to nothing: no port, no download, no
/// waiting. Time stands still until the test waits for something; then it jumps to whatever is
/// due next, but never while a workflow or an activity is running, nor before every task of the
/// test's tokio runtime waits for something. The [guide](crate#time) says more.
///
/// # When a test fails at once
/// A test that would hang or go on in vain fails with a report of why: a workflow task fails (by a
/// panic or a nondeterminism), an activity or a mock panics, an activity is called that a mock is
/// not for, a workflow waits for something that will not come, or an activity hangs. The report
/// comes from whatever the test waits for at that moment.
///
/// # At the end
/// When the environment is dropped, or by [`verify`](Self::verify), the test fails if a mock was
/// not called as it expects, or if a workflow does not come to the same decisions when its history
/// is [replayed](Self::without_replays).
///
/// # Examples
/// ```
/// use outlast::prelude::*;
/// use outlast_testing::TestEnv;
///
/// #[activity(start_to_close_timeout = "30s")]
/// async fn charge(order: String) -> Result<u64, ActivityError> {
///     unreachable!("the test does not charge {order}")
/// }
///
/// #[workflow]
/// async fn pay_later(ctx: WorkflowContext, order: String) -> WorkflowResult<u64> {
///     ctx.sleep(Duration::from_hours(24)).await?;
///     Ok(ctx.activity(charge, order).await?)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let env = TestEnv::new().mock(charge, |order| Ok(order.len() as u64));
/// let before = env.now();
/// let paid = env.execute(pay_later, "pen".to_owned()).await.unwrap();
///
/// assert_eq!(paid, 3);
/// assert_eq!(env.now().duration_since(before).unwrap(), Duration::from_hours(24));
/// assert_eq!(env.calls(charge)[0].input, "pen");
/// # }
/// ```
pub struct TestEnv {
    shared: Arc<Shared>,
}

impl TestEnv {
    /// An environment with nothing in it.
    ///
    /// Workflows need not be registered: [`start`](Self::start) takes the function itself.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Sets up an environment that differs from the default.
    ///
    /// # Examples
    /// ```
    /// # use outlast_testing::{SearchAttributeType, TestEnv};
    /// let env = TestEnv::builder()
    ///     .start_time("2028-02-28T23:59:00Z")
    ///     .namespace("shop")
    ///     .search_attribute("CustomerId", SearchAttributeType::Keyword)
    ///     .build();
    /// assert_eq!(env.client().namespace(), "shop");
    /// ```
    pub fn builder() -> TestEnvBuilder {
        TestEnvBuilder::new()
    }

    /// An environment whose clock starts at the given time: a [`SystemTime`](std::time::SystemTime)
    /// or text such as `2030-01-01`.
    ///
    /// # Panics
    /// When a text is no date or time.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::starting_at("2028-02-29");
    /// assert_eq!(env.now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_835_395_200);
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn starting_at(time: impl StartTime) -> Self {
        Self::builder().start_time(time).build()
    }

    /// Lets workflow tasks fail without failing the test, for tests of just that. Histories are
    /// then not replayed at the end.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    ///
    /// static IS_MENDED: AtomicBool = AtomicBool::new(false);
    ///
    /// #[workflow]
    /// async fn broken(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     assert!(IS_MENDED.load(Ordering::Relaxed), "{ctx:?} has a bug");
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().tolerate_task_failures();
    /// let workflow = env.start(broken, ()).await;
    /// env.server().workflow_task_failure().await;
    /// IS_MENDED.store(true, Ordering::Relaxed);
    /// workflow.result().await.unwrap();
    /// # }
    /// ```
    #[must_use]
    pub fn tolerate_task_failures(self) -> Self {
        self.shared
            .change_settings(|settings| settings.fails_fast = false);
        self
    }

    /// Leaves out the replays of what the test produced, for tests of just that: of workflows that
    /// decide by something that is not the same the next time.
    ///
    /// Otherwise each history is replayed at the end of the test, from scratch and as if the
    /// worker had forgotten the run before each of its tasks. That takes milliseconds, and finds
    /// what would go wrong when a worker is restarted.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    ///
    /// static RUNS: AtomicU32 = AtomicU32::new(0);
    ///
    /// /// Decides by something that is not the same when it is replayed.
    /// #[workflow]
    /// async fn counts(ctx: WorkflowContext) -> WorkflowResult<u32> {
    ///     let run = RUNS.fetch_add(1, Ordering::Relaxed);
    ///     ctx.sleep(Duration::from_mins(u64::from(run) + 1)).await?;
    ///     Ok(run)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().without_replays();
    /// assert_eq!(env.execute(counts, ()).await.unwrap(), 0);
    /// # }
    /// ```
    #[must_use]
    pub fn without_replays(self) -> Self {
        self.shared
            .change_settings(|settings| settings.replays = false);
        self
    }

    /// Lets activities and mocks panic without failing the test. The attempt fails, and is tried
    /// again as the activity's retry policy says.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[activity(start_to_close_timeout = "30s")]
    /// # async fn charge(cents: u64) -> Result<u64, ActivityError> { Ok(cents) }
    /// # #[workflow]
    /// # async fn buy(ctx: WorkflowContext, cents: u64) -> WorkflowResult<u64> {
    /// #     Ok(ctx.activity(charge, cents).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().tolerate_activity_panics().mock_async(charge, async |ctx, cents| {
    ///     assert!(ctx.info().attempt > 1, "the first attempt panics");
    ///     Ok(cents)
    /// });
    /// assert_eq!(env.execute(buy, 5).await.unwrap(), 5);
    /// assert_eq!(env.calls(charge).len(), 2);
    /// # }
    /// ```
    #[must_use]
    pub fn tolerate_activity_panics(self) -> Self {
        self.shared.attempts.tolerate_panics();
        self
    }

    /// An ordinary client of the environment's server.
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
    /// env.start(nap, ()).id("siesta").await;
    /// // As the application would.
    /// let siesta = env.client().workflow_by_id("siesta");
    /// siesta.terminate("the phone rings").await.unwrap();
    /// # }
    /// ```
    #[must_use]
    pub fn client(&self) -> &Client {
        self.shared.run_workers();
        &self.shared.client
    }

    /// The environment's server.
    ///
    /// # Panics
    /// Where the environment is attached to a real server.
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
    /// let siesta = env.start(nap, ()).await;
    /// siesta.result().await.unwrap();
    /// let events = env.server().history(siesta.workflow_id().as_str(), "").unwrap();
    /// assert_eq!(events.len(), 10);
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn server(&self) -> &Server {
        self.shared.run_workers();
        self.shared.backend.in_memory("TestEnv::server")
    }
}

impl Default for TestEnv {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TestEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestEnv")
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}
