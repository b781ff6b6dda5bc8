//! [`WorkflowMock`]: what is said of one mocked workflow.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use outlast::convert::{Args, InputOf, ToPayload};
use outlast::definition::{ResultOf, Workflow, WorkflowReturn};
use outlast::engine::Coroutine;
use outlast::{Payload, WorkflowContext, WorkflowError, WorkflowId};

use super::reply::End;
use super::runs::{WorkflowMocks, WorkflowPlan};
use crate::env::backend::payload_of;
use crate::env::calls::Started;
use crate::env::mock::{Matcher, expectations};
use crate::env::text;

/// What runs in place of one workflow, and what the test expects of its starts.
///
/// [`TestEnv::on_workflow`](crate::TestEnv::on_workflow) makes one, for children and for whatever
/// else starts the workflow. It takes the words of [`ActivityMock`](crate::ActivityMock), with the
/// same meaning: of several mocks the last one that is for a call answers, answers come in turn,
/// and the last one stays. A call is a start; each attempt of a workflow that is retried is one,
/// and each run of one that continues as new.
///
/// A mock runs in the environment's worker, with a history of its own: its parent hears of it what
/// it would hear of the real one. It takes every signal, and answers no queries and updates.
///
/// # Examples
/// ```
/// use outlast::prelude::*;
/// use outlast_testing::TestEnv;
///
/// #[workflow]
/// async fn ship(ctx: WorkflowContext, order: String) -> WorkflowResult<u64> {
///     unreachable!("{order} {ctx:?}")
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let env = TestEnv::new();
/// env.on_workflow(ship)
///     .with(|order| order == "pen")
///     .times(2)
///     .fails(WorkflowError::application("NoPaper", "nothing to wrap it in"))
///     .after(Duration::from_hours(48))
///     .returns(7);
///
/// // Usually a workflow under test starts it.
/// let first = env.start_mocked(ship, "pen".to_owned()).await.result().await;
/// assert_eq!(first.unwrap_err().application_kind(), Some("NoPaper"));
/// let second = env.start_mocked(ship, "pen".to_owned()).await.result().await;
/// assert_eq!(second.unwrap(), 7);
/// # }
/// ```
pub struct WorkflowMock<K: Workflow> {
    mocks: Arc<WorkflowMocks>,
    plan: usize,
    key: PhantomData<fn() -> K>,
}

impl<K: Workflow> WorkflowMock<K> {
    pub(super) fn new(mocks: &Arc<WorkflowMocks>, plan: usize) -> Self {
        Self {
            mocks: Arc::clone(mocks),
            plan,
            key: PhantomData,
        }
    }

    /// Only for starts whose arguments are as `matches` says. It takes what a starter writes. With
    /// [`cannot_start`](Self::cannot_start), it is not to ask the environment for anything.
    pub fn with(
        &mut self,
        matches: impl Fn(&InputOf<K::Args>) -> bool + Send + Sync + 'static,
    ) -> &mut Self {
        let matches = move |_: &_, input: &[Payload]| {
            K::Args::decode(input).is_ok_and(|args| matches(&args.into_input()))
        };
        self.matching("arguments that a closure chooses", matches)
    }

    /// Only for starts with these arguments: those that are written to payloads in the same way.
    ///
    /// # Panics
    /// When they cannot be encoded.
    #[track_caller]
    pub fn with_args(&mut self, args: InputOf<K::Args>) -> &mut Self {
        let wanted = K::Args::from_input(args).encode();
        let wanted = wanted.unwrap_or_else(|error| panic!("the arguments: {error}"));
        let description = text::input(&wanted);
        self.matching(&description, move |_, input| input == wanted)
    }

    /// Only for the workflow with this id.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn ship(ctx: WorkflowContext, order: String) -> WorkflowResult<u64> { Ok(1) }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// env.on_workflow(ship).returns(1);
    /// env.on_workflow(ship).with_id("ship-2").returns(2);
    /// for expected in [1, 2] {
    ///     let shipping = env.start_mocked(ship, "pen".to_owned()).await;
    ///     assert_eq!(shipping.result().await.unwrap(), expected);
    /// }
    /// # }
    /// ```
    pub fn with_id(&mut self, id: impl Into<WorkflowId>) -> &mut Self {
        let id = id.into();
        let description = format!("the id `{id}`");
        self.matching(&description, move |run, _| run.workflow_id == id)
    }

    /// Only for the given attempt of a workflow that is retried; 1 is the first.
    pub fn on_attempt(&mut self, attempt: u32) -> &mut Self {
        let description = format!("attempt {attempt}");
        self.matching(&description, move |run, _| run.attempt == attempt)
    }

    expectations!();

    /// The answer that follows comes when so much virtual time has passed since the start. A run
    /// that is canceled meanwhile ends as canceled, and a timeout that is shorter runs out before.
    pub fn after(&mut self, delay: Duration) -> &mut Self {
        self.change(|plan| plan.draft().delay = delay)
    }

    /// A run succeeds with the value.
    ///
    /// # Panics
    /// When the value cannot be encoded.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "as a workflow returns it")]
    pub fn returns(&mut self, value: ResultOf<K>) -> &mut Self {
        let value = payload_of(&value, "the value that a mock returns");
        self.end(End::Returns(value))
    }

    /// A run fails. It is retried if its start said so.
    ///
    /// # Panics
    /// When the error is none, but continues the workflow as new: [`answers_async`] does that.
    ///
    /// [`answers_async`]: Self::answers_async
    #[track_caller]
    pub fn fails(&mut self, error: impl Into<WorkflowError>) -> &mut Self {
        let failure = error.into().as_failure().cloned();
        let failure = failure.unwrap_or_else(|| {
            panic!("to continue as new, answer with a closure: `WorkflowMock::answers_async`")
        });
        self.end(End::Fails(failure))
    }

    /// A run goes on until it is canceled, terminated or out of time, so that the test sees what
    /// its parent does meanwhile. [`after`](Self::after) means nothing to it.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn ship(ctx: WorkflowContext, order: String) -> WorkflowResult<u64> { Ok(1) }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// env.on_workflow(ship).goes_on();
    /// let shipping = env.start_mocked(ship, "pen".to_owned()).await;
    /// env.sleep(Duration::from_hours(48)).await;
    /// assert!(env.workflow_calls(ship)[0].result.is_none());
    ///
    /// shipping.cancel().await.unwrap();
    /// assert_eq!(shipping.result().await.unwrap_err().to_string(), "the workflow was canceled");
    /// # }
    /// ```
    pub fn goes_on(&mut self) -> &mut Self {
        self.end(End::GoesOn)
    }

    /// A run does not answer until its timeout has run out, and does not listen to cancellations.
    /// One that was started without a timeout fails the test.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn ship(ctx: WorkflowContext, order: String) -> WorkflowResult<u64> { Ok(1) }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().workflow(ship);
    /// env.on_workflow(ship).times_out();
    /// let start = env.client().start(ship, "pen".to_owned()).task_queue("ship").id("s-1");
    /// start.run_timeout(Duration::from_hours(1)).await.unwrap();
    ///
    /// env.sleep(Duration::from_hours(2)).await;
    /// let end = env.client().workflow(ship, "s-1").result().await;
    /// assert_eq!(end.unwrap_err().to_string(), "the workflow timed out");
    /// # }
    /// ```
    pub fn times_out(&mut self) -> &mut Self {
        self.end(End::TimesOut)
    }

    /// Somebody cancels a run, and it ends as canceled.
    ///
    /// # Panics
    /// Where the environment is attached to a real server: cancel it there by a client.
    #[track_caller]
    pub fn gets_canceled(&mut self) -> &mut Self {
        self.in_memory("WorkflowMock::gets_canceled");
        self.end(End::GetsCanceled)
    }

    /// Somebody terminates a run.
    ///
    /// # Panics
    /// Where the environment is attached to a real server: terminate it there by a client.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn ship(ctx: WorkflowContext, order: String) -> WorkflowResult<u64> { Ok(1) }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// env.on_workflow(ship).gets_terminated("out of stock");
    /// let end = env.start_mocked(ship, "pen".to_owned()).await.result().await;
    /// assert_eq!(end.unwrap_err().to_string(), "the workflow was terminated: out of stock");
    /// # }
    /// ```
    #[track_caller]
    pub fn gets_terminated(&mut self, reason: impl Into<String>) -> &mut Self {
        self.in_memory("WorkflowMock::gets_terminated");
        self.end(End::GetsTerminated(reason.into()))
    }

    /// A child does not start, because its id is taken; its parent hears that it exists already.
    /// [`after`](Self::after) means nothing to it. Matchers of such a workflow are asked while the
    /// server waits; one that asks the environment for anything panics, which fails the test.
    ///
    /// Where the test knows the id, [`TestEnv::stand_in`](crate::TestEnv::stand_in) takes it for
    /// clients, too.
    ///
    /// # Panics
    /// Where the environment is attached to a real server.
    #[track_caller]
    pub fn cannot_start(&mut self) -> &mut Self {
        self.in_memory("WorkflowMock::cannot_start");
        self.end(End::CannotStart)
    }

    /// A run ends as the closure says, which takes what a starter writes and returns what the
    /// workflow would.
    pub fn answers(
        &mut self,
        body: impl Fn(InputOf<K::Args>) -> K::Return + Send + Sync + 'static,
    ) -> &mut Self {
        self.answers_async(move |_ctx, input| std::future::ready(body(input)))
    }

    /// A run is what the closure does with the workflow's context: it may sleep and call
    /// activities. Whatever holds for workflows holds for it.
    pub fn answers_async<B>(
        &mut self,
        body: impl Fn(WorkflowContext, InputOf<K::Args>) -> B + Send + Sync + 'static,
    ) -> &mut Self
    where
        B: Future<Output = K::Return> + Send + 'static,
    {
        self.end(End::Runs(Arc::new(move |ctx, input| {
            let args = K::Args::decode(input)?;
            let run = body(ctx, args.into_input());
            let run = async move { Ok(run.await.into_result()?.to_payload()?) };
            Ok(Box::pin(run) as Coroutine)
        })))
    }

    /// A run is the real workflow, which [`TestEnv::workflow`](crate::TestEnv::workflow)
    /// registered.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn ship(ctx: WorkflowContext, order: String) -> WorkflowResult<String> {
    ///     ctx.sleep(Duration::from_hours(1)).await?;
    ///     Ok(format!("{order} has come"))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// // A spy: the real workflow, once at the most, and the test hears of its runs.
    /// let env = TestEnv::new().workflow(ship);
    /// env.on_workflow(ship).at_most(1).calls_real();
    /// let shipping = env.start_mocked(ship, "pen".to_owned()).await;
    /// assert_eq!(shipping.result().await.unwrap(), "pen has come");
    /// assert_eq!(env.workflow_calls(ship)[0].input, "pen");
    /// # }
    /// ```
    pub fn calls_real(&mut self) -> &mut Self {
        self.end(End::Real)
    }

    #[track_caller]
    fn in_memory(&self, what: &str) {
        let _ = self.mocks.backend().in_memory(what);
    }

    fn matching(
        &mut self,
        description: &str,
        matches: impl Fn(&Started, &[Payload]) -> bool + Send + Sync + 'static,
    ) -> &mut Self {
        let matcher = Matcher::new(description, matches);
        self.change(|plan| plan.narrow(matcher))
    }

    fn end(&mut self, end: End) -> &mut Self {
        self.change(|plan| plan.answer(|reply| reply.end = end))
    }

    fn change(&mut self, change: impl FnOnce(&mut WorkflowPlan)) -> &mut Self {
        self.mocks.change_plan(self.plan, change);
        self
    }
}

impl<K: Workflow> fmt::Debug for WorkflowMock<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkflowMock")
            .field("workflow", &K::NAME)
            .finish_non_exhaustive()
    }
}
