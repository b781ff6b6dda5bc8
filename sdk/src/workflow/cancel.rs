//! Cancellation: hearing of it, and work that it does not reach.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::engine::{ConditionId, CoreHandle, Place, Scope};

/// A future that the workflow's cancellation does not reach.
#[must_use = "futures do nothing unless awaited"]
pub struct Shield<F> {
    core: CoreHandle,
    future: Pin<Box<F>>,
}

impl<F: Future> Shield<F> {
    pub(super) fn new(core: CoreHandle, future: F) -> Self {
        Self {
            core,
            future: Box::pin(future),
        }
    }
}

impl<F: Future> Future for Shield<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { core, future } = &mut *self;
        let _entered = core.enter_scope(Scope::Shielded);
        future.as_mut().poll(cx)
    }
}

impl<F> fmt::Debug for Shield<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield").finish_non_exhaustive()
    }
}

/// A future of the request to cancel the workflow; its output is the reason.
#[must_use = "futures do nothing unless awaited"]
pub struct Canceled {
    core: CoreHandle,
    place: Place,
    registered: Option<ConditionId>,
}

impl Canceled {
    pub(super) fn new(core: CoreHandle, place: Place) -> Self {
        Self {
            core,
            place,
            registered: None,
        }
    }
}

impl Future for Canceled {
    type Output = String;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<String> {
        let Self {
            core,
            place,
            registered,
        } = &mut *self;
        if let Some(reason) = core.cancel_reason() {
            return Poll::Ready(reason.to_string());
        }
        core.watch(registered, place, cx);
        Poll::Pending
    }
}

impl Drop for Canceled {
    fn drop(&mut self) {
        if let Some(registered) = self.registered {
            self.core.unwatch(registered);
        }
    }
}

impl fmt::Debug for Canceled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceled").finish_non_exhaustive()
    }
}
