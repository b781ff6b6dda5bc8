//! [`WorkflowContext`].

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, SystemTime};

use super::activity::ActivityCall;
use super::cancel::{Canceled, Shield};
use super::condition::WaitUntil;
use super::continue_as_new::ContinueAsNewCall;
use super::info::{HistoryInfo, WorkflowInfo};
use super::state::State;
use super::timer::SleepCall;
use crate::convert::InputOf;
use crate::definition::{Activity, ActivityFn, Workflow, WorkflowFn};
use crate::engine::{CoreHandle, Random};
use crate::error::WorkflowResult;

/// A workflow's way to everything outside its own code.
///
/// `W` is the workflow's state; a workflow that is a function has none. A context is cheap to
/// clone, and helper functions borrow it. It holds the state, so do not store a context in the
/// state that it is of: neither would ever be freed.
///
/// # Determinism
/// Whatever a workflow learns, it learns through its context, because only what goes through
/// the context is the same when the workflow is replayed.
pub struct WorkflowContext<W = ()> {
    core: CoreHandle,
    state: Arc<Mutex<W>>,
}

impl WorkflowContext {
    /// The context of a run whose workflow has no state, for workflows that are no definitions.
    #[doc(hidden)]
    #[must_use]
    pub fn of_run(core: &CoreHandle) -> Self {
        Self::new(core.clone(), ())
    }
}

impl<W> WorkflowContext<W> {
    pub(super) fn new(core: CoreHandle, state: W) -> Self {
        Self {
            core,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Schedules an activity, once the call is awaited or started.
    ///
    /// # Errors
    /// The call's outcome is the activity's [`Failure`](crate::Failure): what it failed with
    /// after all retries, a timeout, or a cancellation.
    ///
    /// # Examples
    /// ```
    /// use outlast::prelude::*;
    ///
    /// #[activity(start_to_close_timeout = "30s")]
    /// async fn charge(order: String, cents: u64) -> Result<String, ActivityError> {
    ///     Ok(format!("{order}: {cents}"))
    /// }
    ///
    /// #[workflow]
    /// async fn pay(ctx: WorkflowContext, order: String) -> WorkflowResult<String> {
    ///     let receipt = ctx.activity(charge, (order, 42_00)).summary("the card").await?;
    ///     Ok(receipt)
    /// }
    /// ```
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a function is only the activity's name here"
    )]
    #[track_caller]
    pub fn activity<F, M>(
        &self,
        function: F,
        input: InputOf<<F::Activity as Activity>::Args>,
    ) -> ActivityCall<F::Activity, <F::Activity as Activity>::Timeout>
    where
        F: ActivityFn<M>,
    {
        let _ = function;
        ActivityCall::new(self.core.clone(), input, Location::caller())
    }

    /// Waits, durably: the time runs on the server, and the workflow takes no memory meanwhile
    /// if it has to.
    ///
    /// # Errors
    /// [`CanceledFailure`](crate::CanceledFailure) when the workflow is canceled.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// #[workflow]
    /// async fn remind(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     ctx.sleep(Duration::from_hours(24)).await?;
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn sleep(&self, duration: Duration) -> SleepCall {
        SleepCall::new(self.core.clone(), duration, Location::caller())
    }

    /// Waits until `condition` holds for the state.
    ///
    /// The condition is looked at when the wait begins and whenever the state may have
    /// changed, so it should be cheap. `.timeout(d)` bounds the wait and says how it ended.
    ///
    /// # Errors
    /// [`CanceledFailure`](crate::CanceledFailure) when the workflow is canceled.
    ///
    /// # Determinism
    /// The condition may read the state and [`all_handlers_finished`](Self::all_handlers_finished),
    /// and nothing else: no clock, no randomness, no I/O.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// #[derive(Default)]
    /// pub struct Order { approvals: u32 }
    ///
    /// #[workflow]
    /// impl Order {
    ///     #[run]
    ///     pub async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<bool> {
    ///         let in_time =
    ///             ctx.wait_until(|o| o.approvals >= 2).timeout(Duration::from_hours(24)).await?;
    ///         Ok(in_time)
    ///     }
    ///
    ///     #[signal]
    ///     pub fn approve(&mut self) { self.approvals += 1; }
    /// }
    /// ```
    #[track_caller]
    pub fn wait_until<C>(&self, condition: C) -> WaitUntil<'_, W, C>
    where
        C: FnMut(&W) -> bool,
    {
        WaitUntil::new(self, condition, Location::caller())
    }

    /// Borrows the state, for as long as one statement takes.
    ///
    /// # Panics
    /// When the state is borrowed already, as in `ctx.state().b = ctx.state().a + 1`; use
    /// [`with_state`](Self::with_state) for anything longer than one access. The panic fails
    /// the workflow task, and the first test finds it.
    ///
    /// # Across an `.await`
    /// The borrow cannot be held there, which the compiler checks. It lives to the end of the
    /// statement that it is made in, so bind what you read before you await. A borrow with a
    /// name goes into a block, or into [`with_state`](Self::with_state); `drop(state)` before
    /// the `.await` is not enough for the compiler.
    ///
    /// ```
    /// # use outlast::prelude::*;
    /// #[derive(Default)]
    /// pub struct Copy { rows: u64 }
    ///
    /// #[workflow]
    /// impl Copy {
    ///     #[run]
    ///     pub async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u64> {
    ///         let seconds = ctx.state().rows;
    ///         ctx.sleep(Duration::from_secs(seconds)).await?;
    ///         {
    ///             let mut state = ctx.state();
    ///             state.rows += 1;
    ///         }
    ///         ctx.sleep(Duration::from_secs(1)).await?;
    ///         Ok(ctx.state().rows)
    ///     }
    /// }
    /// ```
    #[track_caller]
    pub fn state(&self) -> State<'_, W> {
        let guard = match self.state.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => panic!(
                "the workflow's state is borrowed already: a `ctx.state()` lives to the end of \
                 its statement; use `ctx.with_state(|state| ..)` for several accesses"
            ),
        };
        State::new(guard, &self.core)
    }

    /// Borrows the state for a closure.
    ///
    /// # Panics
    /// When the state is borrowed already.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # #[derive(Default)] pub struct Totals { a: u32, b: u32 }
    /// # fn f(ctx: &WorkflowContext<Totals>) {
    /// ctx.with_state(|totals| totals.b = totals.a + 1);
    /// # }
    /// ```
    #[track_caller]
    pub fn with_state<T>(&self, use_state: impl FnOnce(&mut W) -> T) -> T {
        use_state(&mut self.state())
    }

    /// Runs `cleanup` out of reach of the workflow's cancellation.
    ///
    /// What is started inside goes on when the workflow is canceled, and can be started after
    /// it was. What [`join_all`](crate::join_all) is given starts where it is called, so call
    /// it inside, too: `ctx.shield(async { outlast::join_all(calls).await })`.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn refund(id: u32) -> Result<(), ActivityError> { Ok(()) }
    /// #[workflow]
    /// async fn pay(ctx: WorkflowContext, id: u32) -> WorkflowResult<()> {
    ///     if let Err(canceled) = ctx.sleep(Duration::from_hours(1)).await {
    ///         ctx.shield(async { ctx.activity(refund, id).await }).await?;
    ///         return Err(canceled.into());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn shield<F: Future>(&self, cleanup: F) -> Shield<F> {
        Shield::new(self.core.clone(), cleanup)
    }

    /// Whether no signal or update handler is waiting for anything.
    ///
    /// A run that ends leaves its handlers where they are: what they were about to do is not
    /// done, and an update's caller gets no result. A handler that asks counts itself.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn store(item: u32) -> Result<(), ActivityError> { Ok(()) }
    /// #[derive(Default)]
    /// pub struct Intake { closed: bool }
    ///
    /// #[workflow]
    /// impl Intake {
    ///     #[run]
    ///     pub async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
    ///         ctx.wait_until(|i| i.closed && ctx.all_handlers_finished()).await?;
    ///         Ok(())
    ///     }
    ///
    ///     #[signal]
    ///     pub async fn add(ctx: WorkflowContext<Self>, item: u32) -> WorkflowResult<()> {
    ///         Ok(ctx.activity(store, item).await?)
    ///     }
    ///
    ///     #[signal]
    ///     pub fn close(&mut self) { self.closed = true; }
    /// }
    /// ```
    #[must_use]
    pub fn all_handlers_finished(&self) -> bool {
        self.core.lock().running_handlers() == 0
    }

    /// Waits until the workflow is asked to cancel, and gives the reason.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// #[workflow]
    /// async fn wait_to_be_told(ctx: WorkflowContext) -> WorkflowResult<String> {
    ///     Ok(ctx.canceled().await)
    /// }
    /// ```
    #[track_caller]
    pub fn canceled(&self) -> Canceled {
        Canceled::new(self.core.clone(), Location::caller())
    }

    /// Why the workflow is asked to cancel, if it is.
    #[must_use]
    pub fn cancel_reason(&self) -> Option<String> {
        self.core.cancel_reason().map(|reason| reason.to_string())
    }

    /// The time of the workflow task that is under way, the same on every replay.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// #[workflow]
    /// async fn measures(ctx: WorkflowContext) -> WorkflowResult<Duration> {
    ///     let began = ctx.now();
    ///     ctx.sleep(Duration::from_mins(1)).await?;
    ///     Ok(ctx.now().duration_since(began)?)
    /// }
    /// ```
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.core.lock().facts.now
    }

    /// A random number, the same on every replay.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// #[workflow]
    /// async fn with_jitter(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     let jitter = Duration::from_millis(ctx.random_u64() % 1000);
    ///     Ok(ctx.sleep(Duration::from_mins(1) + jitter).await?)
    /// }
    /// ```
    #[must_use]
    pub fn random_u64(&self) -> u64 {
        self.core.draw(Random::next_u64)
    }

    /// A random UUID (version 4), the same on every replay.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn charge(key: String) -> Result<(), ActivityError> { Ok(()) }
    /// #[workflow]
    /// async fn pays(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     let key = ctx.uuid().to_string();
    ///     Ok(ctx.activity(charge, key).await?)
    /// }
    /// ```
    #[must_use]
    pub fn uuid(&self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.core.draw(Random::next_bytes)).into_uuid()
    }

    /// What is known of the execution; [`WorkflowInfo`] has an example.
    #[must_use]
    pub fn info(&self) -> WorkflowInfo {
        WorkflowInfo::new(&self.core)
    }

    /// What is known of the history, to decide when to continue as new.
    #[must_use]
    pub fn history(&self) -> HistoryInfo {
        HistoryInfo::new(&self.core)
    }

    /// Whether the workflow does again what it did before.
    ///
    /// Only for what has no effect on the workflow, such as logs and metrics.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # fn count_start() {}
    /// #[workflow]
    /// async fn counted(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     if !ctx.is_replaying() {
    ///         count_start();
    ///     }
    ///     Ok(ctx.sleep(Duration::from_mins(1)).await?)
    /// }
    /// ```
    #[must_use]
    pub fn is_replaying(&self) -> bool {
        self.core.lock().facts.is_replaying
    }

    /// Ends this run and goes on in a new one of the same workflow, with an empty history.
    ///
    /// # Errors
    /// Always: the error is what ends the run. Return it from `run`.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// #[derive(Default)]
    /// pub struct Poller;
    ///
    /// #[workflow]
    /// impl Poller {
    ///     #[run]
    ///     pub async fn run(ctx: WorkflowContext<Self>, rounds: u32) -> WorkflowResult<()> {
    ///         ctx.sleep(Duration::from_mins(1)).await?;
    ///         if ctx.history().continue_as_new_suggested() {
    ///             return ctx.continue_as_new(rounds + 1);
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    pub fn continue_as_new<T>(&self, input: InputOf<W::Args>) -> WorkflowResult<T>
    where
        W: Workflow,
    {
        Err(ContinueAsNewCall::<W>::new(&self.core, input).into())
    }

    /// Ends this run and goes on in a new one of the given workflow.
    ///
    /// The call turns into the error that ends the run: `return Err(call.into())`, as in the
    /// example of [`HistoryInfo`].
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a function is only the workflow's name here"
    )]
    pub fn continue_as_new_as<F, M>(
        &self,
        function: F,
        input: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> ContinueAsNewCall<F::Workflow>
    where
        F: WorkflowFn<M>,
    {
        let _ = function;
        ContinueAsNewCall::new(&self.core, input)
    }

    pub(super) fn core(&self) -> &CoreHandle {
        &self.core
    }
}

impl<W> Clone for WorkflowContext<W> {
    fn clone(&self) -> Self {
        Self {
            core: self.core.clone(),
            state: Arc::clone(&self.state),
        }
    }
}

impl<W> fmt::Debug for WorkflowContext<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkflowContext")
            .field("info", &self.info())
            .finish_non_exhaustive()
    }
}
