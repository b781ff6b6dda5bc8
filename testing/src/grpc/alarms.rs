//! What rings at a moment or at an event, and what keeps time from passing.

use std::sync::Arc;
use std::time::SystemTime;

use super::Server;
use super::calls::Waiting;
use super::shared::Shared;
use crate::server::{CallId, Engine, HoldId, Result};

impl Server {
    /// Waits for a moment without wanting time to pass; see [`Engine::set_alarm`].
    pub(crate) fn set_alarm(&self, at: SystemTime, what: String) -> Alarm {
        let begun = Waiting::begin(&self.shared, |engine| Ok(engine.set_alarm(at, what)));
        Alarm(begun.unwrap_or_else(|_| unreachable!("an alarm is never refused")))
    }

    /// Waits for an event; see [`Engine::set_event_alarm`].
    pub(crate) fn set_event_alarm(
        &self,
        namespace: &str,
        workflow_id: &str,
        event: &str,
        count: usize,
        what: String,
    ) -> Result<Alarm> {
        let begun = Waiting::begin(&self.shared, |engine| {
            engine.set_event_alarm(namespace, workflow_id, event, count, what)
        });
        begun.map(Alarm)
    }

    /// Keeps time from jumping while the value lives; it can be moved ahead by force.
    pub(crate) fn forbid_skips(&self) -> SkipLock {
        self.shared.call(Engine::lock_time_skipping);
        SkipLock(Arc::clone(&self.shared))
    }
}

/// A moment that somebody waits for; dropping it takes it back, or ends it if it rings.
#[derive(Debug)]
pub(crate) struct Alarm(Waiting);

impl Alarm {
    /// Waits until it rings. Time stands still from then on, for as long as this value lives.
    pub(crate) async fn rings(&mut self) {
        self.0.answer().await;
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let call: CallId = self.0.call();
        self.0.shared().call(|engine| engine.end_alarm(call));
    }
}

/// Keeps time from being skipped while it lives; see [`Server::hold_time`].
#[derive(Debug)]
#[must_use = "time is free again as soon as this is dropped"]
pub struct TimeHold {
    shared: Arc<Shared>,
    hold: HoldId,
}

impl TimeHold {
    pub(super) fn new(shared: &Arc<Shared>, reason: String) -> Self {
        Self {
            hold: shared.call(|engine| engine.hold(reason)),
            shared: Arc::clone(shared),
        }
    }
}

impl Drop for TimeHold {
    fn drop(&mut self) {
        self.shared.call(|engine| engine.release(self.hold));
    }
}

/// Keeps time from jumping while it lives.
#[derive(Debug)]
pub(crate) struct SkipLock(Arc<Shared>);

impl Drop for SkipLock {
    fn drop(&mut self) {
        // Nobody else takes locks of this server back.
        let _ = self.0.call(Engine::unlock_time_skipping);
    }
}
