//! [`CoreHandle`]: how futures reach the core of their run.
//!
//! The lock is held for a moment, and never while user code runs: neither coroutines nor wakers,
//! which may be of the user's own making.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::core::{ConditionId, Core};
use super::machine::Resolution;
use super::operation::{OperationId, Place, Scope};
use super::random::Random;
use super::task::{TaskFailure, TaskFailureCause};
use crate::convert::Payload;
use crate::failure::Failure;
use crate::ids::WorkflowExecution;
use crate::options::ActivityOptions;

/// A run's core, as its futures hold it.
#[derive(Clone)]
pub struct CoreHandle(Arc<Mutex<Core>>);

/// A locked core. Whoever was woken meanwhile hears of it when the lock is free again.
pub(crate) struct LockedCore<'a> {
    /// Taken only when dropped.
    guard: Option<MutexGuard<'a, Core>>,
}

/// A scope that was entered, until it is dropped: also by a panic, which the workflow may catch.
pub(crate) struct EnteredScope<'a> {
    core: &'a CoreHandle,
    outer: Scope,
}

impl CoreHandle {
    pub(crate) fn new(execution: WorkflowExecution, namespace: Arc<str>) -> Self {
        Self(Arc::new(Mutex::new(Core::new(execution, namespace))))
    }

    /// Locks the core for a moment. A panic while it was locked has failed the run already.
    pub(crate) fn lock(&self) -> LockedCore<'_> {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        LockedCore { guard: Some(guard) }
    }

    /// Starts a timer.
    pub(crate) fn start_timer(
        &self,
        after: Duration,
        summary: Option<String>,
        place: Place,
    ) -> OperationId {
        self.lock().start_timer(after, summary, place)
    }

    /// Schedules an activity.
    pub(crate) fn schedule_activity(
        &self,
        kind: &'static str,
        input: Vec<Payload>,
        options: ActivityOptions,
        place: Place,
    ) -> OperationId {
        self.lock().schedule_activity(kind, input, options, place)
    }

    /// Looks for the outcome of an operation.
    pub(crate) fn poll(&self, id: OperationId, cx: &mut Context<'_>) -> Poll<Resolution> {
        self.lock().poll(id, cx)
    }

    /// Draws from the run's randomness.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut Random) -> T) -> T {
        let mut core = self.lock();
        core.forbid_read_only("draw a random number");
        draw(&mut core.random)
    }

    /// Cancels an operation because the workflow says so.
    pub(crate) fn cancel(&self, id: OperationId) {
        self.lock().cancel(id, false);
    }

    /// Cancels an operation because its future is gone, unless it is over.
    pub(crate) fn release(&self, id: OperationId) {
        let mut core = self.lock();
        let Some(operation) = core.operations.get_mut(id) else {
            return;
        };
        operation.is_awaited = false;
        if operation.outcome.take().is_none() {
            core.cancel(id, true);
        }
        core.operations.forget_if_over(id);
    }

    /// Lets an operation go on although its future is gone.
    pub(crate) fn detach(&self, id: OperationId) {
        let mut core = self.lock();
        let Some(operation) = core.operations.get_mut(id) else {
            return;
        };
        operation.is_awaited = false;
        core.operations.forget_if_over(id);
    }

    /// Wakes whoever waits for the state to change.
    pub(crate) fn state_changed(&self) {
        self.lock().wake_conditions();
    }

    /// Fails the workflow task: what happened is for the code or the deployment to mend.
    pub(crate) fn fail_task(&self, failure: Failure) {
        let cause = TaskFailureCause::Unhandled;
        self.lock()
            .fault
            .get_or_insert(TaskFailure { cause, failure });
    }

    /// Asks for a wake at the next change of the state or of the cancellation.
    pub(crate) fn watch(&self, id: &mut Option<ConditionId>, place: Place, cx: &Context<'_>) {
        self.lock().watch(id, place, cx.waker());
    }

    /// Takes a watch back.
    pub(crate) fn unwatch(&self, id: ConditionId) {
        self.lock().unwatch(id);
    }

    /// Enters another scope; what is started until the result is dropped belongs there.
    pub(crate) fn enter_scope(&self, scope: Scope) -> EnteredScope<'_> {
        let outer = self.lock().enter_scope(scope);
        EnteredScope { core: self, outer }
    }

    /// Why the scope that runs now is canceled, if it is.
    pub(crate) fn cancel_reason_here(&self) -> Option<Arc<str>> {
        self.lock().cancel_reason_here()
    }

    /// Why the workflow is to be canceled, if it is.
    pub(crate) fn cancel_reason(&self) -> Option<Arc<str>> {
        self.lock().cancel_reason()
    }
}

impl LockedCore<'_> {
    const HELD: &'static str = "the lock is held until the drop";
}

impl Deref for LockedCore<'_> {
    type Target = Core;

    fn deref(&self) -> &Core {
        self.guard.as_ref().expect(Self::HELD)
    }
}

impl DerefMut for LockedCore<'_> {
    fn deref_mut(&mut self) -> &mut Core {
        self.guard.as_mut().expect(Self::HELD)
    }
}

impl Drop for LockedCore<'_> {
    fn drop(&mut self) {
        let woken = self.take_woken();
        drop(self.guard.take());
        woken.into_iter().for_each(Waker::wake);
    }
}

impl Drop for EnteredScope<'_> {
    fn drop(&mut self) {
        self.core.lock().enter_scope(self.outer);
    }
}

impl fmt::Debug for CoreHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreHandle").finish_non_exhaustive()
    }
}
