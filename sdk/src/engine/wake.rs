//! Wakers that know whether a wake comes from the run itself.
//!
//! A run may only be woken by what history tells it, or by its own code while that is polled.
//! A wake from anywhere else (a thread, a tokio task, a channel fed from outside) would happen
//! at another time on replay, so it is remembered and fails the task.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

thread_local! {
    /// The run that this thread works on, by the address of its [`Wakes`]; 0 for none.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

/// What the wakers of one run share.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    was_woken_from_outside: AtomicBool,
}

/// The waker of one coroutine.
#[derive(Debug)]
pub(crate) struct CoroutineWake {
    run: Arc<Wakes>,
    is_ready: AtomicBool,
}

/// While it lives, wakes on this thread count as the run's own.
#[derive(Debug)]
pub(crate) struct Entered {
    previous: usize,
}

impl Wakes {
    pub(crate) fn enter(self: &Arc<Self>) -> Entered {
        Entered {
            previous: CURRENT.replace(self.address()),
        }
    }

    pub(crate) fn was_woken_from_outside(&self) -> bool {
        self.was_woken_from_outside.load(Ordering::Acquire)
    }

    fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }
}

impl CoroutineWake {
    /// A waker of a coroutine that is to be polled a first time.
    pub(crate) fn new(run: &Arc<Wakes>) -> Arc<Self> {
        Arc::new(Self {
            run: Arc::clone(run),
            is_ready: AtomicBool::new(true),
        })
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }

    /// Whether the coroutine was woken since this was asked last.
    pub(crate) fn take_ready(&self) -> bool {
        self.is_ready.swap(false, Ordering::Relaxed)
    }
}

impl Wake for CoroutineWake {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if CURRENT.get() == self.run.address() {
            self.is_ready.store(true, Ordering::Relaxed);
        } else {
            self.run
                .was_woken_from_outside
                .store(true, Ordering::Release);
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.previous);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_inside_the_run_makes_the_coroutine_ready() {
        let run = Arc::new(Wakes::default());
        let wake = CoroutineWake::new(&run);
        assert!(wake.take_ready() && !wake.take_ready());
        let entered = run.enter();
        wake.waker().wake();
        drop(entered);
        assert!(wake.take_ready());
        assert!(!run.was_woken_from_outside());
    }

    #[test]
    fn a_wake_from_another_run_or_thread_is_remembered() {
        let (run, other) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
        let wake = CoroutineWake::new(&run);
        wake.take_ready();
        let entered = other.enter();
        wake.waker().wake();
        drop(entered);
        assert!(run.was_woken_from_outside() && !wake.take_ready());
    }
}
