//! [`Heartbeats`]: sends what an activity says of its progress, and takes what is answered.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use outlast_proto::temporal::api::workflowservice::v1::RecordActivityTaskHeartbeatResponse;
use tokio::time::{Instant, sleep_until};
use tonic::Code;

use super::settings::Settings;
use crate::activity::{ActivityContext, CancelReason};
use crate::client::Client;
use crate::client::retry::{Patience, is_oversize};
use crate::convert::Payload;

/// By so much the server's own timeouts come first.
pub(super) const TIMEOUT_BUFFER: Duration = Duration::from_secs(5);

/// The heartbeats of one attempt.
#[derive(Debug)]
pub(super) struct Heartbeats<'a> {
    client: &'a Client,
    settings: &'a Settings,
    context: &'a ActivityContext,
    /// What was taken for sending and is not acknowledged.
    unacknowledged: Mutex<Option<Payload>>,
    /// When the server last knew that the attempt goes on.
    alive: Mutex<Instant>,
}

impl<'a> Heartbeats<'a> {
    pub(super) fn new(
        client: &'a Client,
        settings: &'a Settings,
        context: &'a ActivityContext,
    ) -> Self {
        Self {
            client,
            settings,
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
        let interval = self.settings.throttle.interval(timeout);
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
        let request = self.settings.heartbeat(self.context.task_token(), progress);
        let answer = self
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.record_activity_task_heartbeat(request).await
                },
            )
            .await;
        match answer {
            Ok(response) => {
                *lock(&self.unacknowledged) = None;
                *lock(&self.alive) = Instant::now();
                self.obey(response);
            }
            Err(status) if status.code() == Code::NotFound => {
                self.context.cancel(CancelReason::NotFound);
            }
            Err(status) => {
                if is_oversize(&status) {
                    // It will not become smaller.
                    *lock(&self.unacknowledged) = None;
                }
                tracing::warn!(
                    activity_type = self.context.info().activity_type,
                    activity_id = self.context.info().activity_id.as_str(),
                    message = status.message(),
                    "a heartbeat was not taken"
                );
            }
        }
    }

    /// Tells the activity what the server wants of it.
    fn obey(&self, response: RecordActivityTaskHeartbeatResponse) {
        let reason = match response {
            _ if response.cancel_requested => CancelReason::Requested,
            _ if response.activity_reset => CancelReason::Reset,
            _ if response.activity_paused => CancelReason::Paused,
            _ => return,
        };
        self.context.cancel(reason);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing can panic while one of them is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
