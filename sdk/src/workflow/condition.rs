//! Waiting for the state.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::context::WorkflowContext;
use super::timer::{SleepCall, TimerHandle};
use crate::engine::{ConditionId, Place};
use crate::failure::CanceledFailure;

/// A wait for a condition about to begin: bound it with `.timeout(d)`, then `.await` it.
#[must_use = "nothing is waited for until this is awaited"]
pub struct WaitUntil<'a, W, C> {
    context: &'a WorkflowContext<W>,
    condition: C,
    place: Place,
}

/// A wait for a condition that does not last longer than a timeout.
#[must_use = "nothing is waited for until this is awaited"]
pub struct WaitUntilTimeout<'a, W, C> {
    wait: WaitUntil<'a, W, C>,
    timeout: Duration,
}

impl<'a, W, C: FnMut(&W) -> bool> WaitUntil<'a, W, C> {
    pub(super) fn new(context: &'a WorkflowContext<W>, condition: C, place: Place) -> Self {
        Self {
            context,
            condition,
            place,
        }
    }

    /// Waits no longer than `timeout`, by a timer on the server. The outcome then says whether
    /// the condition holds. No timer is started if it holds already.
    pub fn timeout(self, timeout: Duration) -> WaitUntilTimeout<'a, W, C> {
        WaitUntilTimeout {
            wait: self,
            timeout,
        }
    }

    fn watch(self) -> Watch<'a, W, C> {
        let Self {
            context,
            condition,
            place,
        } = self;
        Watch {
            context,
            condition,
            place,
            registered: None,
        }
    }
}

impl<'a, W, C: FnMut(&W) -> bool + Unpin> IntoFuture for WaitUntil<'a, W, C> {
    type Output = Result<(), CanceledFailure>;
    type IntoFuture = Condition<'a, W, C>;

    fn into_future(self) -> Condition<'a, W, C> {
        Condition(self.watch())
    }
}

impl<'a, W, C: FnMut(&W) -> bool + Unpin> IntoFuture for WaitUntilTimeout<'a, W, C> {
    type Output = Result<bool, CanceledFailure>;
    type IntoFuture = TimedCondition<'a, W, C>;

    fn into_future(self) -> TimedCondition<'a, W, C> {
        let mut watch = self.wait.watch();
        let core = watch.context.core().clone();
        let timer =
            (!watch.holds()).then(|| SleepCall::new(core, self.timeout, watch.place).start());
        TimedCondition { watch, timer }
    }
}

/// A future that is done when its condition holds.
#[must_use = "futures do nothing unless awaited"]
pub struct Condition<'a, W, C>(Watch<'a, W, C>);

/// A future that is done when its condition holds or its time is up.
#[must_use = "futures do nothing unless awaited"]
pub struct TimedCondition<'a, W, C> {
    watch: Watch<'a, W, C>,
    timer: Option<TimerHandle>,
}

impl<W, C: FnMut(&W) -> bool + Unpin> Future for Condition<'_, W, C> {
    type Output = Result<(), CanceledFailure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx)
    }
}

impl<W, C: FnMut(&W) -> bool + Unpin> Future for TimedCondition<'_, W, C> {
    type Output = Result<bool, CanceledFailure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(timer) = &mut this.timer else {
            return Poll::Ready(Ok(true));
        };
        // The condition first: where both are true at once, it was in time.
        if let Poll::Ready(outcome) = this.watch.poll(cx) {
            return Poll::Ready(outcome.map(|()| true));
        }
        Pin::new(timer).poll(cx).map_ok(|()| false)
    }
}

/// Looks at the condition and asks to be woken when the state changes.
struct Watch<'a, W, C> {
    context: &'a WorkflowContext<W>,
    condition: C,
    place: Place,
    registered: Option<ConditionId>,
}

impl<W, C: FnMut(&W) -> bool> Watch<'_, W, C> {
    fn holds(&mut self) -> bool {
        (self.condition)(&self.context.state())
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CanceledFailure>> {
        if self.holds() {
            return Poll::Ready(Ok(()));
        }
        let core = self.context.core();
        if core.cancel_reason_here().is_some() {
            return Poll::Ready(Err(CanceledFailure::default()));
        }
        core.watch(&mut self.registered, self.place, cx);
        Poll::Pending
    }
}

impl<W, C> Drop for Watch<'_, W, C> {
    fn drop(&mut self) {
        if let Some(registered) = self.registered {
            self.context.core().unwatch(registered);
        }
    }
}

macro_rules! opaque_debug {
    ($($name:ident),*) => {$(
        impl<W, C> fmt::Debug for $name<'_, W, C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
opaque_debug!(WaitUntil, WaitUntilTimeout, Condition, TimedCondition);
