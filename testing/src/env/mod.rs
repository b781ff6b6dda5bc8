//! [`TestEnv`]: a workflow under test, with everything around it.

mod calls;
mod guard;
mod handle;
mod start;
mod workers;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use outlast::Client;
use outlast::activity::{ActivityImpl, ActivityRegistry, ActivitySet};
use outlast::client::ResultError;
use outlast::convert::{Args, InputOf};
use outlast::definition::{Activity, ActivityFn, ResultOf, Workflow, WorkflowFn};
use outlast::workflow::WorkflowImpl;

pub use self::calls::Call;
use self::calls::CallLog;
pub use self::guard::Guarded;
pub use self::handle::TestHandle;
pub use self::start::TestStart;
use self::workers::Workers;
use crate::Server;
use crate::server::ServerOptions;

/// A Temporal server, a worker and a client in one process, on a virtual clock.
///
/// An environment is made for one test and costs next to nothing: no port, no download, no
/// waiting. Time stands still until the test waits for something; then it jumps to whatever is
/// due next, but never while a workflow or an activity is running.
///
/// A workflow task that fails (a panic, a nondeterminism) fails the test at once with the
/// report, and so does a workflow that waits for something that will not come.
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
    server: Server,
    client: Client,
    activities: ActivityRegistry,
    calls: Arc<CallLog>,
    workers: Mutex<Workers>,
    fails_fast: bool,
}

impl TestEnv {
    /// An environment with nothing in it.
    ///
    /// Workflows need not be registered: [`start`](Self::start) takes the function itself.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(ServerOptions::default())
    }

    /// An environment whose clock starts at the given time.
    #[must_use]
    pub fn starting_at(start_time: SystemTime) -> Self {
        Self::with_options(ServerOptions {
            start_time,
            ..ServerOptions::default()
        })
    }

    fn with_options(options: ServerOptions) -> Self {
        let server = Server::new(options);
        let client = server.client();
        let calls = Arc::new(CallLog::new(server.clone()));
        let mut activities = ActivityRegistry::default();
        activities.refuse_unknown();
        let log = Arc::clone(&calls);
        activities.on_call(move |info, input| log.record(info, input));
        let workers = Mutex::default();
        Self {
            server,
            client,
            activities,
            calls,
            workers,
            fails_fast: true,
        }
    }

    /// Runs `body` in place of the activity.
    ///
    /// The body takes what a caller writes and returns what the activity would, so that its
    /// errors are retried and reported as the real ones are.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[activity(start_to_close_timeout = "5s")]
    /// async fn price(item: String, count: u32) -> Result<u64, ActivityError> {
    ///     unreachable!("{item} {count}")
    /// }
    ///
    /// let env = TestEnv::new().mock(price, |(_item, count)| match count {
    ///     0 => Err(ActivityError::application("Nothing", "no items").non_retryable()),
    ///     n => Ok(u64::from(n) * 5),
    /// });
    /// # drop(env);
    /// ```
    #[must_use]
    pub fn mock<F, M>(
        mut self,
        _activity: F,
        body: impl Fn(InputOf<<F::Activity as Activity>::Args>) -> <F::Activity as Activity>::Return
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        F: ActivityFn<M>,
    {
        self.activities
            .replace::<F::Activity, _>(move |_context, args| {
                let returned = body(args.into_input());
                std::future::ready(returned)
            });
        self
    }

    /// Runs `body` in place of the activity, with the activity's context, and waiting where it
    /// likes. Time stands still while it runs.
    #[must_use]
    pub fn mock_async<F, M, B>(
        mut self,
        _activity: F,
        body: impl Fn(outlast::ActivityContext, InputOf<<F::Activity as Activity>::Args>) -> B
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        F: ActivityFn<M>,
        B: Future<Output = <F::Activity as Activity>::Return> + Send + 'static,
    {
        self.activities
            .replace::<F::Activity, _>(move |context, args| body(context, args.into_input()));
        self
    }

    /// Runs the real activity.
    #[must_use]
    pub fn activity<F, M>(mut self, _activity: F) -> Self
    where
        F: ActivityFn<M>,
        F::Activity: ActivityImpl<Receiver = ()>,
    {
        self.activities.add::<F::Activity>(Arc::new(()));
        self
    }

    /// Runs the real activities of a type's methods. Mock single ones after this.
    #[must_use]
    pub fn activities(mut self, set: impl ActivitySet) -> Self {
        Arc::new(set).register(&mut self.activities);
        self
    }

    /// Also runs activities of the given task queue.
    ///
    /// Without it, an activity that names a queue of its own waits there for a worker.
    #[must_use]
    pub fn task_queue(self, name: impl Into<String>) -> Self {
        self.workers().activity_queues.push(name.into());
        self
    }

    /// Lets workflow tasks fail without failing the test, for tests of just that.
    #[must_use]
    pub fn tolerate_task_failures(mut self) -> Self {
        self.fails_fast = false;
        self
    }

    /// Starts a workflow; await the call.
    ///
    /// # Panics
    /// When no worker can be made for it; the message says why.
    #[track_caller]
    pub fn start<F, M>(
        &self,
        workflow: F,
        input: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> TestStart<'_, F::Workflow>
    where
        F: WorkflowFn<M> + Copy,
        F::Workflow: WorkflowImpl,
    {
        let queue = F::Workflow::NAME;
        self.run_worker(queue, |builder| builder.workflow(workflow));
        let call = self
            .client
            .start(workflow, input)
            .task_queue(queue)
            .id(self.next_id(queue));
        TestStart::new(self, call)
    }

    /// Starts a workflow and waits for its result, skipping time.
    ///
    /// # Errors
    /// When the workflow fails, or ends in another way without a result.
    ///
    /// # Panics
    /// When a workflow task fails, or the workflow waits for what will not come.
    pub async fn execute<F, M>(
        &self,
        workflow: F,
        input: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> Result<ResultOf<F::Workflow>, ResultError>
    where
        F: WorkflowFn<M> + Copy,
        F::Workflow: WorkflowImpl,
    {
        self.start(workflow, input).await.result().await
    }

    /// Lets virtual time pass. Whatever becomes due meanwhile has been dealt with at the end.
    ///
    /// # Panics
    /// When a workflow task fails meanwhile.
    #[track_caller]
    pub fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        self.watch().run(self.server.sleep(duration))
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.server.now()
    }

    /// The calls of an activity so far, mocked or real, in the order in which attempts began.
    ///
    /// # Panics
    /// When the arguments of a call were not of the activity's types.
    pub fn calls<F, M>(&self, _activity: F) -> Vec<Call<InputOf<<F::Activity as Activity>::Args>>>
    where
        F: ActivityFn<M>,
    {
        self.calls.of::<F::Activity>()
    }

    /// An ordinary client of the environment's server.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The environment's server.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
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
