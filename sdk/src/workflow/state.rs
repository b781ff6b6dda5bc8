//! [`State`]: the workflow's state, borrowed for a moment.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;

/// The workflow's state, borrowed. Not `Send`, so it cannot be held across an `.await`.
pub struct State<'a, W>(pub(super) MutexGuard<'a, W>);

impl<W> Deref for State<'_, W> {
    type Target = W;

    fn deref(&self) -> &W {
        &self.0
    }
}

impl<W> DerefMut for State<'_, W> {
    fn deref_mut(&mut self) -> &mut W {
        &mut self.0
    }
}

impl<W: fmt::Debug> fmt::Debug for State<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
