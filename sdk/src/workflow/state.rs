//! [`State`]: the workflow's state, borrowed for a moment.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;

use crate::engine::CoreHandle;

/// The workflow's state, borrowed. Not `Send`, so it cannot be held across an `.await`.
///
/// Whoever waits for a condition looks at it again when a borrow that was written through ends.
pub struct State<'a, W> {
    /// Taken only when dropped, so that the lock is free before anybody is woken.
    guard: Option<MutexGuard<'a, W>>,
    core: &'a CoreHandle,
    was_written: bool,
}

impl<'a, W> State<'a, W> {
    pub(super) fn new(guard: MutexGuard<'a, W>, core: &'a CoreHandle) -> Self {
        Self {
            guard: Some(guard),
            core,
            was_written: false,
        }
    }
}

impl<W> Deref for State<'_, W> {
    type Target = W;

    fn deref(&self) -> &W {
        self.guard
            .as_ref()
            .expect("the guard is there until the drop")
    }
}

impl<W> DerefMut for State<'_, W> {
    fn deref_mut(&mut self) -> &mut W {
        self.was_written = true;
        self.guard
            .as_mut()
            .expect("the guard is there until the drop")
    }
}

impl<W> Drop for State<'_, W> {
    fn drop(&mut self) {
        drop(self.guard.take());
        if self.was_written {
            self.core.state_changed();
        }
    }
}

impl<W: fmt::Debug> fmt::Debug for State<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
