//! [`Activities`]: runs activity tasks.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::attempt::Attempt;
use super::server::{ActivityTask, Server};
use super::slots::{Permit, Slots};
use crate::activity::ActivityRegistry;

/// What the activities of a worker share.
#[derive(Debug)]
pub(super) struct Activities {
    pub(super) server: Arc<Server>,
    pub(super) registry: ActivityRegistry,
    pub(super) slots: Slots,
    pub(super) tracker: TaskTracker,
    /// Cancelled when the activities are to stop because the worker does.
    pub(super) grace_is_over: CancellationToken,
}

impl Activities {
    /// Takes a slot for an activity that may come without a poll.
    pub(super) fn try_reserve(&self) -> Option<Permit> {
        self.slots.try_acquire()
    }

    /// Runs an activity in its own task. The slot is free when its outcome was reported.
    pub(super) fn start(self: &Arc<Self>, task: ActivityTask, permit: Permit) {
        let activities = Arc::clone(self);
        self.tracker.spawn(async move {
            Attempt::new(&activities, task).run().await;
            drop(permit);
        });
    }
}
