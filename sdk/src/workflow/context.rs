//! [`WorkflowContext`].

use std::fmt;
use std::sync::{Arc, Mutex};

use super::state::State;
use crate::engine::CoreHandle;

/// A workflow's way to everything outside its own code.
pub struct WorkflowContext<W = ()> {
    pub(super) core: CoreHandle,
    pub(super) state: Arc<Mutex<W>>,
}

impl<W> WorkflowContext<W> {
    pub(super) fn new(core: CoreHandle, state: W) -> Self {
        Self {
            core,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Borrows the state.
    #[track_caller]
    pub fn state(&self) -> State<'_, W> {
        State(self.state.try_lock().expect("already borrowed"))
    }

    /// Borrows the state for a closure.
    #[track_caller]
    pub fn with_state<T>(&self, use_state: impl FnOnce(&mut W) -> T) -> T {
        use_state(&mut self.state())
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
        f.debug_struct("WorkflowContext").finish_non_exhaustive()
    }
}
