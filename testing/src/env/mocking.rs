//! Mocking activities, and looking at their calls.

use std::panic::Location;
use std::sync::Arc;

use outlast::activity::ActivityResult;
use outlast::convert::InputOf;
use outlast::definition::{Activity, ActivityFn};
use outlast::{ActivityContext, Payload};

use super::mock::{ActivityMock, Plan};
use super::{CallKind, CallOf, TestEnv};

impl TestEnv {
    /// Runs `body` in place of the activity, and in place of what was mocked of it before.
    ///
    /// The body takes what a caller writes and returns what the activity would, so that its
    /// errors are retried and reported as the real ones are. [`on`](Self::on) says more: which
    /// calls are expected, and how often; what comes first and what later; how long it takes.
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
    #[track_caller]
    pub fn mock<F, M>(
        self,
        _activity: F,
        body: impl Fn(InputOf<<F::Activity as Activity>::Args>) -> <F::Activity as Activity>::Return
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        F: ActivityFn<M>,
    {
        self.replace::<F::Activity>().answers(body);
        self
    }

    /// Runs `body` in place of the activity, with the activity's context, and waiting where it
    /// likes. Time stands still while it runs.
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
    /// let env = TestEnv::new().mock_async(charge, async |ctx: ActivityContext, cents| {
    ///     if ctx.info().attempt == 1 {
    ///         return Err(ActivityError::application("Busy", "try again"));
    ///     }
    ///     Ok(cents)
    /// });
    /// assert_eq!(env.execute(buy, 5).await.unwrap(), 5);
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn mock_async<F, M, B>(
        self,
        _activity: F,
        body: impl Fn(ActivityContext, InputOf<<F::Activity as Activity>::Args>) -> B
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        F: ActivityFn<M>,
        B: Future<Output = <F::Activity as Activity>::Return> + Send + 'static,
    {
        self.replace::<F::Activity>().answers_async(body);
        self
    }

    /// Runs `body` in place of every activity that is neither mocked nor registered. It takes the
    /// context, which knows the activity's name, and the arguments as they were sent.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast::{Payload, convert::ToPayload};
    /// # use outlast_testing::TestEnv;
    /// let env = TestEnv::new().mock_others(|ctx, _arguments| match ctx.info().activity_type.as_str() {
    ///     "count" => Ok(0.to_payload()?),
    ///     _ => Ok(().to_payload()?),
    /// });
    /// # drop(env);
    /// ```
    #[must_use]
    pub fn mock_others(
        self,
        body: impl Fn(&ActivityContext, &[Payload]) -> ActivityResult + Send + Sync + 'static,
    ) -> Self {
        self.shared.attempts.set_fallback(Arc::new(body));
        self
    }

    /// Mocks the activity on top of what was mocked of it before; the value that comes back takes
    /// what there is to say.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn refund(cents: u64) -> Result<(), ActivityError> { unreachable!("{cents}") }
    /// let env = TestEnv::new();
    /// env.on(refund).never();
    /// ```
    #[track_caller]
    pub fn on<F, M>(&self, _activity: F) -> ActivityMock<F::Activity>
    where
        F: ActivityFn<M>,
    {
        let plan = Plan::new(F::Activity::NAME, Location::caller());
        let plan = self.shared.attempts.add_plan(plan);
        ActivityMock::new(&self.shared.attempts, plan)
    }

    #[track_caller]
    fn replace<K: Activity>(&self) -> ActivityMock<K> {
        let plan = Plan::new(K::NAME, Location::caller());
        let plan = self.shared.attempts.replace_plans(plan);
        ActivityMock::new(&self.shared.attempts, plan)
    }

    /// The calls of an activity so far, mocked or real, in the order in which attempts began.
    ///
    /// # Panics
    /// When the arguments or the result of a call are not of the activity's types.
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
    /// let env = TestEnv::new();
    /// env.on(charge).fails(ActivityError::application("Busy", "try again")).returns(5);
    /// env.execute(buy, 5).await.unwrap();
    ///
    /// let calls = env.calls(charge);
    /// assert_eq!((calls[1].input, calls[1].attempt), (5, 2));
    /// assert_eq!(calls[1].at, calls[0].at + Duration::from_secs(1));
    /// let busy = calls[0].result.clone().unwrap().unwrap_err();
    /// assert_eq!(busy.application_kind(), Some("Busy"));
    /// # }
    /// ```
    #[must_use]
    pub fn calls<F, M>(&self, _activity: F) -> Vec<CallOf<F::Activity>>
    where
        F: ActivityFn<M>,
    {
        self.shared.attempts.log.of::<F::Activity>()
    }

    /// The names of all activities that were called so far, in order. One that was tried again is
    /// there once.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn reserve() -> Result<(), ActivityError> { Ok(()) }
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn charge() -> Result<(), ActivityError> { Ok(()) }
    /// # #[workflow]
    /// # async fn buy(ctx: WorkflowContext) -> WorkflowResult<()> {
    /// #     ctx.activity(reserve, ()).await?;
    /// #     Ok(ctx.activity(charge, ()).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().activity(reserve).activity(charge);
    /// env.execute(buy, ()).await.unwrap();
    /// assert_eq!(env.activities_called(), ["reserve", "charge"]);
    /// # }
    /// ```
    #[must_use]
    pub fn activities_called(&self) -> Vec<String> {
        let calls = self.shared.attempts.log.order().into_iter();
        let activities = calls.filter(|(kind, _)| *kind == CallKind::Activity);
        activities.map(|(_, name)| name).collect()
    }
}
