//! [`Activities`]: runs activity tasks.

use std::sync::Arc;

use outlast_proto::temporal::api::workflowservice::v1::PollActivityTaskQueueResponse;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::attempt::Attempt;
use super::settings::Settings;
use super::slots::{Permit, Slots};
use crate::activity::ActivityRegistry;
use crate::client::Client;

/// What the activities of a worker share.
#[derive(Debug)]
pub(super) struct Activities {
    pub(super) client: Client,
    pub(super) settings: Arc<Settings>,
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
    pub(super) fn start(self: &Arc<Self>, task: PollActivityTaskQueueResponse, permit: Permit) {
        let activities = Arc::clone(self);
        self.tracker.spawn(async move {
            let task = activities.settings.activity_task(task);
            Attempt::new(&activities, task).run().await;
            drop(permit);
        });
    }
}
