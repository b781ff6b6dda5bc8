//! [`Heartbeats`]: sends what an activity says of its progress, and takes what is answered.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::server::{Progress, Server};
use crate::activity::ActivityContext;
use crate::convert::Payload;

/// By so much the server's own timeouts come first.
pub(super) const TIMEOUT_BUFFER: Duration = Duration::from_secs(5);

/// The heartbeats of one attempt.
#[derive(Debug)]
pub(super) struct Heartbeats<'a> {
    server: &'a Server,
    context: &'a ActivityContext,
    /// What was taken for sending and is not acknowledged.
    unacknowledged: Mutex<Option<Payload>>,
    /// When the server last knew that the attempt goes on.
    alive: Mutex<Instant>,
}

impl<'a> Heartbeats<'a> {
    pub(super) fn new(server: &'a Server, context: &'a ActivityContext) -> Self {
        Self {
            server,
            context,
            unacknowledged: Mutex::new(None),
            alive: Mutex::new(Instant::now()),
        }
    }

    /// Sends heartbeats as they come, but not more often than the throttle allows.
    ///
    /// # Cancel safety
    /// What it leaves unsent is sent by [`flush`](Self::flush).
    pub(super) async fn drive(&self) -> Infallible {
        let timeout = self.context.info().heartbeat_timeout;
        let interval = self.server.settings.throttle.interval(timeout);
        loop {
            let progress = self.context.next_heartbeat().await;
            let began = Instant::now();
            self.send(progress).await;
            sleep_until(began + interval).await;
        }
    }

    /// Sends what is left.
    pub(super) async fn flush(&self) {
        let left = lock(&self.unacknowledged).take();
        if let Some(progress) = self.context.take_heartbeat().or(left) {
            self.send(progress).await;
        }
    }

    /// Waits until the server must have given the attempt up, for want of heartbeats.
    pub(super) async fn missed(&self) {
        let Some(timeout) = self.context.info().heartbeat_timeout else {
            return pending().await;
        };
        loop {
            let deadline = *lock(&self.alive) + timeout + TIMEOUT_BUFFER;
            if deadline <= Instant::now() {
                return;
            }
            sleep_until(deadline).await;
        }
    }

    async fn send(&self, progress: Payload) {
        *lock(&self.unacknowledged) = Some(progress.clone());
        let answer = self
            .server
            .heartbeat(self.context.task_token(), progress)
            .await;
        match answer {
            Ok(progress) => {
                *lock(&self.unacknowledged) = None;
                *lock(&self.alive) = Instant::now();
                if let Progress::Stop(reason) = progress {
                    self.context.cancel(reason);
                }
            }
            Err(status) => tracing::warn!(
                activity_type = self.context.info().activity_type,
                activity_id = self.context.info().activity_id.as_str(),
                message = status.message(),
                "a heartbeat was not taken"
            ),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing can panic while one of them is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
