//! [`ActivityMock`]: what is said of one mocked activity.

mod answer;
mod attempts;
mod expect;
mod plan;
mod plans;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use outlast::convert::{Args, InputOf, ToPayload};
use outlast::definition::{Activity, ActivityReturn, OutputOf};
use outlast::{ActivityContext, ActivityError, Payload, TimeoutKind};

pub(super) use self::answer::{Answer, Outcome};
pub(super) use self::attempts::{Around, Attempts};
pub(super) use self::expect::expectations;
pub(super) use self::plan::{Matcher, Plan};
pub(super) use self::plans::{Chosen, Plans};
use super::backend::payload_of;
use super::text;

/// What runs in place of one activity, and what the test expects of its calls.
///
/// [`TestEnv::on`](super::TestEnv::on) makes one. What is said of it takes effect at once:
///
/// - [`with`](Self::with), [`with_args`](Self::with_args) and [`on_attempt`](Self::on_attempt)
///   narrow down the calls that it is for. Of several mocks that are for a call, the one that was
///   made last answers, until it has been called as often as it expects.
/// - [`once`](Self::once), [`times`](Self::times), [`never`](Self::never),
///   [`at_least`](Self::at_least) and [`at_most`](Self::at_most) say how many calls the test
///   expects. Each attempt is a call. Without any of them, every number will do.
/// - [`returns`](Self::returns), [`fails`](Self::fails), [`answers`](Self::answers),
///   [`times_out`](Self::times_out) and the like say what a call comes to. Said more than once,
///   the first is for the first call, the second for the second, and the last for all that follow.
/// - [`after`](Self::after) and [`heartbeats`](Self::heartbeats) say how long the answer that
///   follows them takes, in virtual time, and what happens meanwhile.
///
/// Mocks run in the environment's worker as the real activity would: their errors are retried, the
/// timeouts of the call apply, and values go through the same encoding. A call that a mocked
/// activity is not mocked for, and a panic in a mock, fail the test at once. Expectations that are
/// not met fail it at the end; see [`TestEnv::verify`](super::TestEnv::verify).
///
/// # Examples
/// ```
/// use outlast::prelude::*;
/// use outlast_testing::TestEnv;
///
/// #[activity(start_to_close_timeout = "2h")]
/// async fn charge(order: String, cents: u64) -> Result<u64, ActivityError> {
///     unreachable!("{order} {cents}")
/// }
///
/// #[workflow]
/// async fn checkout(ctx: WorkflowContext, order: String) -> WorkflowResult<u64> {
///     Ok(ctx.activity(charge, (order, 1999)).await?)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let env = TestEnv::new();
/// env.on(charge)
///     .with(|(order, _cents)| order == "pen")
///     .times(2)
///     .fails(ActivityError::application("Busy", "try again"))
///     .after(Duration::from_hours(1))
///     .returns(7);
///
/// assert_eq!(env.execute(checkout, "pen".to_owned()).await.unwrap(), 7);
/// # }
/// ```
pub struct ActivityMock<K: Activity> {
    attempts: Arc<Attempts>,
    plan: usize,
    key: PhantomData<fn() -> K>,
}

/// What a test said of one mock of an activity.
pub(super) type ActivityPlan = Plan<ActivityContext, Answer>;

impl<K: Activity> ActivityMock<K> {
    pub(super) fn new(attempts: &Arc<Attempts>, plan: usize) -> Self {
        Self {
            attempts: Arc::clone(attempts),
            plan,
            key: PhantomData,
        }
    }

    /// Only for calls whose arguments are as `matches` says. It takes what a caller writes, and may
    /// ask the environment, for instance for the calls so far, of which this one is the last.
    pub fn with(
        &mut self,
        matches: impl Fn(&InputOf<K::Args>) -> bool + Send + Sync + 'static,
    ) -> &mut Self {
        let matches = move |_: &_, input: &[Payload]| {
            K::Args::decode(input).is_ok_and(|args| matches(&args.into_input()))
        };
        self.matching("arguments that a closure chooses", matches)
    }

    /// Only for calls with these arguments: those that are written to payloads in the same way.
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

    /// Only for the given attempt of each activity; 1 is the first.
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
    /// let env = TestEnv::new().activity(charge);
    /// env.on(charge).on_attempt(1).fails(ActivityError::application("Busy", "try again"));
    /// env.on(charge).on_attempt(2).calls_real();
    /// assert_eq!(env.execute(buy, 5).await.unwrap(), 5);
    /// # }
    /// ```
    pub fn on_attempt(&mut self, attempt: u32) -> &mut Self {
        let description = format!("attempt {attempt}");
        self.matching(&description, move |call, _| call.info().attempt == attempt)
    }

    expectations!();

    /// The answer that follows comes when the attempt has taken so long, in virtual time.
    ///
    /// Timeouts of the call that are shorter run out before, as they would with a real activity.
    pub fn after(&mut self, delay: Duration) -> &mut Self {
        self.change(|plan| plan.draft().delay = delay)
    }

    /// Before the answer that follows, the attempt sends these heartbeats, each at a time after
    /// its beginning. One that is told to stop by the answer to a heartbeat ends as canceled.
    ///
    /// # Panics
    /// When a value cannot be encoded.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[activity(start_to_close_timeout = "2h", heartbeat_timeout = "10m")]
    /// # async fn copy(rows: u64) -> Result<u64, ActivityError> { unreachable!("{rows}") }
    /// # #[workflow]
    /// # async fn backup(ctx: WorkflowContext) -> WorkflowResult<u64> {
    /// #     Ok(ctx.activity(copy, 100).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// env.on(copy)
    ///     .heartbeats([(Duration::from_mins(5), 10u64), (Duration::from_mins(10), 20)])
    ///     .times_out(outlast::TimeoutKind::Heartbeat)
    ///     .answers_async(|ctx: ActivityContext, _rows| async move {
    ///         Ok(ctx.last_heartbeat::<u64>()?.unwrap_or(0))
    ///     });
    ///
    /// assert_eq!(env.execute(backup, ()).await.unwrap(), 20);
    /// # }
    /// ```
    #[track_caller]
    pub fn heartbeats<T: ToPayload>(
        &mut self,
        beats: impl IntoIterator<Item = (Duration, T)>,
    ) -> &mut Self {
        let beats = beats.into_iter();
        let beats: Vec<_> = beats
            .map(|(after, progress)| (after, payload_of(&progress, "a heartbeat")))
            .collect();
        self.change(|plan| plan.draft().heartbeats = beats)
    }

    /// A call succeeds with the value.
    ///
    /// # Panics
    /// When the value cannot be encoded.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "as an activity returns it")]
    pub fn returns(&mut self, value: OutputOf<K>) -> &mut Self {
        let value = payload_of(&value, "the value that a mock returns");
        self.outcome(Outcome::Returns(value))
    }

    /// A call fails. It is retried as its policy says, unless the error is non-retryable.
    pub fn fails(&mut self, error: impl Into<ActivityError>) -> &mut Self {
        match error.into().as_failure() {
            Some(failure) => self.outcome(Outcome::Fails(failure.clone())),
            None => self.completes_later(),
        }
    }

    /// A call does not answer, until that timeout of it has run out.
    ///
    /// A call that has no such timeout fails the test.
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
    /// let begun = env.now();
    /// env.on(charge).times_out(outlast::TimeoutKind::StartToClose).returns(5);
    /// assert_eq!(env.execute(buy, 5).await.unwrap(), 5);
    /// // The timeout, and a second before the next attempt.
    /// assert_eq!(env.now(), begun + Duration::from_secs(31));
    /// # }
    /// ```
    pub fn times_out(&mut self, timeout: TimeoutKind) -> &mut Self {
        self.outcome(Outcome::TimesOut(timeout))
    }

    /// A call leaves it to something else to report how it ends. Time passes meanwhile.
    pub fn completes_later(&mut self) -> &mut Self {
        self.outcome(Outcome::CompletesLater)
    }

    /// A call runs the closure, which takes what a caller writes and returns what the activity
    /// would.
    pub fn answers(
        &mut self,
        body: impl Fn(InputOf<K::Args>) -> K::Return + Send + Sync + 'static,
    ) -> &mut Self {
        self.answers_async(move |_context, input| std::future::ready(body(input)))
    }

    /// A call runs the closure with the activity's context; it may wait where it likes. Time
    /// stands still while it runs.
    pub fn answers_async<B>(
        &mut self,
        body: impl Fn(ActivityContext, InputOf<K::Args>) -> B + Send + Sync + 'static,
    ) -> &mut Self
    where
        B: Future<Output = K::Return> + Send + 'static,
    {
        self.outcome(Outcome::Runs(Arc::new(move |context, input| {
            let args = K::Args::decode(input)?;
            let body = body(context, args.into_input());
            Ok(Box::pin(async move {
                Ok(body.await.into_result()?.to_payload()?)
            }))
        })))
    }

    /// A call runs the real activity, which [`activity`](super::TestEnv::activity) or
    /// [`activities`](super::TestEnv::activities) registered.
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
    /// // A spy: the real activity, once at the most, and the test hears of its calls.
    /// let env = TestEnv::new().activity(charge);
    /// env.on(charge).at_most(1).calls_real();
    /// assert_eq!(env.execute(buy, 5).await.unwrap(), 5);
    /// assert_eq!(env.calls(charge)[0].input, 5);
    /// # }
    /// ```
    pub fn calls_real(&mut self) -> &mut Self {
        self.outcome(Outcome::Real)
    }

    fn matching(
        &mut self,
        description: &str,
        matches: impl Fn(&ActivityContext, &[Payload]) -> bool + Send + Sync + 'static,
    ) -> &mut Self {
        let matcher = Matcher::new(description, matches);
        self.change(|plan| plan.narrow(matcher))
    }

    fn outcome(&mut self, outcome: Outcome) -> &mut Self {
        self.change(|plan| plan.answer(|answer| answer.outcome = outcome))
    }

    fn change(&mut self, change: impl FnOnce(&mut ActivityPlan)) -> &mut Self {
        self.attempts.change_plan(self.plan, change);
        self
    }
}

impl<K: Activity> fmt::Debug for ActivityMock<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityMock")
            .field("activity", &K::NAME)
            .finish_non_exhaustive()
    }
}
