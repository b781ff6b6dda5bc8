//! [`ActivityEnv`]: one activity by itself, with the context that it asks for.

mod attempts;
mod info;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use outlast::activity::TaskToken;
use outlast::convert::FromPayload;
use outlast::{ActivityContext, ActivityInfo, CancelReason, Payload};

pub use self::attempts::{AttemptOutcome, Attempts};

/// What an activity sees of the world, for tests that call its function directly.
///
/// An activity stays the function that it is, so a test calls it. What it asks for besides its
/// arguments is an [`ActivityContext`], and [`context`](Self::context) makes one: with everything
/// that a server would say about the attempt, with heartbeats that the test can read, and with
/// cancellations that come when the test says so. Time is virtual: the activity's timeouts run out
/// when the test [advances](Self::advance) the clock.
///
/// # Examples
/// ```
/// use outlast::prelude::*;
/// use outlast_testing::ActivityEnv;
///
/// #[activity]
/// async fn copy_rows(ctx: ActivityContext, total: u64) -> Result<u64, ActivityError> {
///     let first = ctx.last_heartbeat::<u64>()?.unwrap_or(0);
///     for row in first..total {
///         if ctx.is_canceled() {
///             return Err(ActivityError::canceled());
///         }
///         ctx.heartbeat(&row);
///     }
///     Ok(total - first)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// // The second attempt goes on where the first one stopped.
/// let env = ActivityEnv::new().attempt(2).heartbeat_details(&97u64);
/// assert_eq!(copy_rows(env.context(), 100).await.unwrap(), 3);
/// assert_eq!(env.heartbeats::<u64>(), [97, 98, 99]);
///
/// // Somebody cancels it after its third heartbeat.
/// let env = ActivityEnv::new().cancel_at_heartbeat(3, outlast::CancelReason::Requested);
/// let error = copy_rows(env.context(), 100).await.unwrap_err();
/// assert!(error.as_failure().unwrap().is_canceled());
/// assert_eq!(env.heartbeats::<u64>(), [0, 1, 2]);
/// # }
/// ```
pub struct ActivityEnv {
    info: ActivityInfo,
    token: TaskToken,
    script: Vec<(usize, CancelReason)>,
    state: Arc<Mutex<State>>,
}

/// What changes while an activity runs.
struct State {
    now: SystemTime,
    heartbeats: Vec<Payload>,
    /// The attempt that was begun last.
    current: Option<Current>,
    /// A reason to stop that came before the attempt it is for.
    awaited: Option<CancelReason>,
    on_heartbeat: Option<Arc<Listener>>,
}

struct Current {
    context: ActivityContext,
    began: SystemTime,
    last_heartbeat: SystemTime,
    /// How many there were.
    heartbeats: usize,
}

type Listener = dyn Fn(&Payload) + Send + Sync;

impl ActivityEnv {
    /// The first attempt of an activity of a workflow, at 2030-01-01.
    #[must_use]
    pub fn new() -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_000);
        let state = State {
            now,
            heartbeats: Vec::new(),
            current: None,
            awaited: None,
            on_heartbeat: None,
        };
        Self {
            info: info::first_attempt(now),
            token: TaskToken::new("attempt"),
            script: Vec::new(),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Tells the attempt to stop when it has sent so many heartbeats.
    #[must_use]
    pub fn cancel_at_heartbeat(mut self, count: usize, reason: CancelReason) -> Self {
        self.script.push((count, reason));
        self
    }

    /// Calls the closure with the value of every heartbeat.
    ///
    /// # Panics
    /// The activity panics if a value is not a `T`.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast::CancelReason;
    /// # use outlast_testing::ActivityEnv;
    /// let (sender, heard) = std::sync::mpsc::channel();
    /// let env = ActivityEnv::new().on_heartbeat(move |row: u64| sender.send(row).unwrap());
    /// env.context().heartbeat(&7u64);
    /// assert_eq!(heard.try_recv(), Ok(7));
    /// ```
    #[must_use]
    pub fn on_heartbeat<T: FromPayload>(
        self,
        listener: impl Fn(T) + Send + Sync + 'static,
    ) -> Self {
        let listener = move |progress: &Payload| listener(decoded(progress));
        self.state().on_heartbeat = Some(Arc::new(listener));
        self
    }

    /// Begins an attempt: the context to call the activity's function with.
    #[must_use]
    pub fn context(&self) -> ActivityContext {
        let mut info = self.info.clone();
        let mut state = self.state();
        info.started_time = state.now;
        let observer = {
            let state = Arc::clone(&self.state);
            let script = self.script.clone();
            move |context: &ActivityContext, progress: &Payload| {
                take_heartbeat(&state, &script, context, progress);
            }
        };
        let context = ActivityContext::observed(info, self.token.clone(), observer);
        if let Some(reason) = state.awaited.take() {
            context.cancel(reason);
        }
        state.current = Some(Current {
            context: context.clone(),
            began: state.now,
            last_heartbeat: state.now,
            heartbeats: 0,
        });
        context
    }

    /// Tells the attempt to stop: the one that was begun last, or if there is none yet, the next.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast::CancelReason;
    /// # use outlast_testing::ActivityEnv;
    /// let env = ActivityEnv::new();
    /// let ctx = env.context();
    /// env.cancel(CancelReason::Paused);
    /// assert_eq!(ctx.cancel_reason(), Some(CancelReason::Paused));
    /// ```
    pub fn cancel(&self, reason: CancelReason) {
        let mut state = self.state();
        match &state.current {
            Some(current) => drop(current.context.cancel(reason)),
            None => state.awaited = Some(reason),
        }
    }

    /// Tells the attempt to stop because its worker shuts down.
    pub fn shut_worker_down(&self) {
        self.cancel(CancelReason::WorkerShutdown);
    }

    /// Lets virtual time pass. An attempt whose start-to-close or heartbeat timeout has run out is
    /// told to stop, as its worker would tell it.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast::CancelReason;
    /// # use outlast_testing::ActivityEnv;
    /// let env = ActivityEnv::new().heartbeat_timeout(Duration::from_mins(1));
    /// let ctx = env.context();
    /// env.advance(Duration::from_secs(59));
    /// ctx.heartbeat(&());
    /// env.advance(Duration::from_secs(59));
    /// assert!(!ctx.is_canceled());
    /// env.advance(Duration::from_secs(1));
    /// assert_eq!(ctx.cancel_reason(), Some(CancelReason::TimedOut));
    /// ```
    pub fn advance(&self, duration: Duration) {
        let mut state = self.state();
        state.now += duration;
        let now = state.now;
        let Some(current) = &state.current else {
            return;
        };
        let is_over = |since: SystemTime, timeout: Option<Duration>| {
            timeout.is_some_and(|timeout| now >= since + timeout)
        };
        let info = current.context.info();
        if is_over(current.began, info.start_to_close_timeout)
            || is_over(current.last_heartbeat, info.heartbeat_timeout)
            || is_over(info.scheduled_time, info.schedule_to_close_timeout)
        {
            current.context.cancel(CancelReason::TimedOut);
        }
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.state().now
    }

    /// The values of all heartbeats so far, of all attempts.
    ///
    /// # Panics
    /// When a value is not a `T`.
    #[must_use]
    pub fn heartbeats<T: FromPayload>(&self) -> Vec<T> {
        self.state().heartbeats.iter().map(decoded).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn take_heartbeat(
    state: &Mutex<State>,
    script: &[(usize, CancelReason)],
    context: &ActivityContext,
    progress: &Payload,
) {
    let mut state = lock(state);
    state.heartbeats.push(progress.clone());
    let now = state.now;
    if let Some(current) = &mut state.current {
        current.heartbeats += 1;
        current.last_heartbeat = now;
        let due = script
            .iter()
            .find(|(count, _)| *count == current.heartbeats);
        if let Some((_, reason)) = due {
            context.cancel(*reason);
        }
    }
    let listener = state.on_heartbeat.clone();
    drop(state);
    if let Some(listener) = listener {
        listener(progress);
    }
}

fn decoded<T: FromPayload>(progress: &Payload) -> T {
    T::from_payload(progress).unwrap_or_else(|error| panic!("a heartbeat: {error}"))
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing can panic while it is held.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for ActivityEnv {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ActivityEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityEnv")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}
