//! Timers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::engine::{CoreHandle, OperationId, Place, Resolution};
use crate::failure::CanceledFailure;

/// A timer about to be started: `.await` it or `.start()` it.
#[must_use = "a timer is started only when awaited or started"]
pub struct SleepCall {
    core: CoreHandle,
    duration: Duration,
    summary: Option<String>,
    place: Place,
}

impl SleepCall {
    pub(super) fn new(core: CoreHandle, duration: Duration, place: Place) -> Self {
        Self {
            core,
            duration,
            summary: None,
            place,
        }
    }

    /// A line for people who look at the execution.
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }

    /// Starts the timer now; the handle is a future of its end.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn poll() -> Result<bool, ActivityError> { Ok(true) }
    /// #[workflow]
    /// async fn poll_for_an_hour(ctx: WorkflowContext) -> WorkflowResult<bool> {
    ///     let mut hour = ctx.sleep(Duration::from_hours(1)).start();
    ///     loop {
    ///         outlast::select! {
    ///             fired = &mut hour => {
    ///                 fired?;
    ///                 return Ok(false);
    ///             }
    ///             polled = ctx.activity(poll, ()) => if polled? { return Ok(true) },
    ///         }
    ///     }
    /// }
    /// ```
    pub fn start(self) -> TimerHandle {
        let operation = self
            .core
            .start_timer(self.duration, self.summary, self.place);
        TimerHandle {
            core: self.core,
            operation: Some(operation),
        }
    }
}

impl IntoFuture for SleepCall {
    type Output = Result<(), CanceledFailure>;
    type IntoFuture = TimerHandle;

    fn into_future(self) -> TimerHandle {
        self.start()
    }
}

/// A started timer: a future that is done when it fires.
///
/// Dropping it before it is done cancels the timer; [`detach`](Self::detach) does not.
#[must_use = "dropping the handle cancels the timer"]
pub struct TimerHandle {
    core: CoreHandle,
    operation: Option<OperationId>,
}

impl TimerHandle {
    /// Cancels the timer; the handle then gives a [`CanceledFailure`].
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// #[workflow]
    /// async fn naps(ctx: WorkflowContext) -> WorkflowResult<bool> {
    ///     let nap = ctx.sleep(Duration::from_hours(8)).summary("the night").start();
    ///     ctx.sleep(Duration::from_mins(1)).await?;
    ///     nap.cancel();
    ///     Ok(nap.await.is_ok())
    /// }
    /// ```
    pub fn cancel(&self) {
        if let Some(operation) = self.operation {
            self.core.cancel(operation);
        }
    }

    /// Lets the timer run without anybody waiting for it.
    pub fn detach(mut self) {
        if let Some(operation) = self.operation.take() {
            self.core.detach(operation);
        }
    }
}

impl Future for TimerHandle {
    type Output = Result<(), CanceledFailure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(operation) = self.operation else {
            return Poll::Pending;
        };
        let Poll::Ready(resolution) = self.core.poll(operation, cx) else {
            return Poll::Pending;
        };
        self.operation = None;
        Poll::Ready(match resolution {
            Resolution::TimerFired => Ok(()),
            Resolution::TimerCanceled => Err(CanceledFailure::default()),
            Resolution::Activity(_) => unreachable!("a timer comes to a timer's end"),
        })
    }
}

impl Drop for TimerHandle {
    fn drop(&mut self) {
        if let Some(operation) = self.operation {
            self.core.release(operation);
        }
    }
}

impl fmt::Debug for SleepCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SleepCall")
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerHandle").finish_non_exhaustive()
    }
}
