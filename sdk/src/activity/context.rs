//! [`ActivityContext`].

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::cancellation::{CancelReason, Cancellation};
use super::info::ActivityInfo;
use super::token::TaskToken;
use crate::convert::{DecodeError, FromPayload, Payload, ToPayload};

/// What an activity knows of its attempt, and how it talks back.
///
/// Cloning it is cheap, and the clones are of the same attempt.
///
/// # Examples
/// ```
/// use outlast::{ActivityContext, ActivityError};
///
/// async fn copy_rows(ctx: ActivityContext, total: u64) -> Result<u64, ActivityError> {
///     let first = ctx.last_heartbeat::<u64>()?.unwrap_or(0);
///     for row in first..total {
///         if ctx.is_canceled() {
///             return Err(ActivityError::canceled());
///         }
///         ctx.heartbeat(&row);
///     }
///     Ok(total - first)
/// }
/// ```
#[derive(Clone)]
pub struct ActivityContext(Arc<Inner>);

struct Inner {
    info: ActivityInfo,
    token: TaskToken,
    cancellation: Cancellation,
    heartbeat: Mutex<Heartbeat>,
    recorded: Notify,
    /// Who is told of every heartbeat, sent or not.
    observer: Option<Box<HeartbeatObserver>>,
}

type HeartbeatObserver = dyn Fn(&ActivityContext, &Payload) + Send + Sync;

/// The last heartbeat of this attempt.
#[derive(Default)]
struct Heartbeat {
    latest: Option<Payload>,
    /// Whether nobody took it for sending yet.
    is_fresh: bool,
}

impl ActivityContext {
    /// The context of an attempt that no worker looks after, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn detached(info: ActivityInfo) -> Self {
        Self::new(info, TaskToken::default())
    }

    /// The same, and somebody is told of every heartbeat.
    #[doc(hidden)]
    #[must_use]
    pub fn observed(
        info: ActivityInfo,
        token: TaskToken,
        observer: impl Fn(&Self, &Payload) + Send + Sync + 'static,
    ) -> Self {
        Self::with(info, token, Some(Box::new(observer)))
    }

    pub(crate) fn new(info: ActivityInfo, token: TaskToken) -> Self {
        Self::with(info, token, None)
    }

    fn with(
        info: ActivityInfo,
        token: TaskToken,
        observer: Option<Box<HeartbeatObserver>>,
    ) -> Self {
        Self(Arc::new(Inner {
            info,
            token,
            cancellation: Cancellation::new(),
            heartbeat: Mutex::default(),
            recorded: Notify::new(),
            observer,
        }))
    }

    /// What the server says about the attempt.
    #[must_use]
    pub fn info(&self) -> &ActivityInfo {
        &self.0.info
    }

    /// Tells the server that the attempt goes on, and how far it has come.
    ///
    /// Call it as often as there is progress: the worker sends the last value at once or, if
    /// it sent one just before, after a while. The answer is how the activity learns that it
    /// is to stop, so without heartbeats it is never canceled by its caller. A value that
    /// cannot be encoded is logged and left out.
    pub fn heartbeat(&self, progress: &impl ToPayload) {
        match progress.to_payload() {
            Ok(payload) => {
                if let Some(observer) = &self.0.observer {
                    observer(self, &payload);
                }
                let mut heartbeat = self.lock();
                heartbeat.latest = Some(payload);
                heartbeat.is_fresh = true;
                drop(heartbeat);
                self.0.recorded.notify_one();
            }
            Err(error) => tracing::warn!(
                activity_type = self.info().activity_type,
                activity_id = self.info().activity_id.as_str(),
                error = &error as &dyn std::error::Error,
                "a heartbeat is left out: its value cannot be encoded"
            ),
        }
    }

    /// What the last heartbeat of the attempt before said, to go on from there.
    ///
    /// # Errors
    /// When it said something of another type.
    pub fn last_heartbeat<T: FromPayload>(&self) -> Result<Option<T>, DecodeError> {
        let details = self.info().heartbeat_details.first();
        details.map(T::from_payload).transpose()
    }

    /// Waits until the activity is to stop, and says why.
    ///
    /// # Cancel safety
    /// It can be dropped and called again at any time.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # async fn next_line() -> String { String::new() }
    /// #[activity(start_to_close_timeout = "1h", heartbeat_timeout = "30s")]
    /// async fn tail(ctx: ActivityContext) -> Result<u64, ActivityError> {
    ///     let mut lines = ctx.last_heartbeat::<u64>()?.unwrap_or(0);
    ///     loop {
    ///         outlast::select! {
    ///             reason = ctx.canceled() => {
    ///                 println!("stopped after {lines} lines: {reason}");
    ///                 return Err(ActivityError::canceled());
    ///             }
    ///             _line = next_line() => lines += 1,
    ///         }
    ///         ctx.heartbeat(&lines);
    ///     }
    /// }
    /// ```
    pub async fn canceled(&self) -> CancelReason {
        self.0.cancellation.requested().await
    }

    /// Whether the activity is to stop.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.cancel_reason().is_some()
    }

    /// Why the activity is to stop, if it is.
    #[must_use]
    pub fn cancel_reason(&self) -> Option<CancelReason> {
        self.0.cancellation.reason()
    }

    /// A text that is the same in all attempts and differs between activities, for services
    /// that take a key to do a thing once only.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # async fn pay(key: &str, cents: u64) -> Result<(), std::io::Error> { Ok(()) }
    /// #[activity(start_to_close_timeout = "10s")]
    /// async fn charge(ctx: ActivityContext, cents: u64) -> Result<(), ActivityError> {
    ///     // An attempt whose answer was lost is not charged again.
    ///     Ok(pay(&ctx.idempotency_key(), cents).await?)
    /// }
    /// ```
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}/{}", self.info().run_id(), self.info().activity_id)
    }

    /// The token by which another program reports how the attempt ends, after this one returned
    /// [`ActivityError::completes_later`](crate::ActivityError::completes_later).
    #[must_use]
    pub fn task_token(&self) -> TaskToken {
        self.0.token.clone()
    }

    /// Tells the activity to stop, unless it was told so before.
    #[doc(hidden)]
    pub fn cancel(&self, reason: CancelReason) -> bool {
        self.0.cancellation.request(reason)
    }

    /// The last heartbeat of this attempt, sent or not.
    #[doc(hidden)]
    #[must_use]
    pub fn recorded_heartbeat(&self) -> Option<Payload> {
        self.lock().latest.clone()
    }

    /// Takes the last heartbeat for sending, if nobody did.
    pub(crate) fn take_heartbeat(&self) -> Option<Payload> {
        let mut heartbeat = self.lock();
        if !std::mem::take(&mut heartbeat.is_fresh) {
            return None;
        }
        heartbeat.latest.clone()
    }

    /// Waits for a heartbeat that nobody took for sending.
    pub(crate) async fn next_heartbeat(&self) -> Payload {
        loop {
            if let Some(payload) = self.take_heartbeat() {
                return payload;
            }
            self.0.recorded.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Heartbeat> {
        // Nothing can panic while it is held.
        self.0
            .heartbeat
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ActivityContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityContext")
            .field("info", &self.0.info)
            .field("cancel_reason", &self.cancel_reason())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::WorkflowExecution;

    #[test]
    fn the_idempotency_key_does_not_change_between_attempts() {
        let key = |attempt| {
            ActivityContext::detached(ActivityInfo {
                activity_id: "7".into(),
                workflow: Some(WorkflowExecution {
                    workflow_id: "order-1".into(),
                    run_id: "run-1".into(),
                }),
                attempt,
                ..ActivityInfo::default()
            })
            .idempotency_key()
        };
        assert_eq!((key(1), key(5)), ("run-1/7".to_owned(), key(1)));
    }

    #[test]
    fn the_last_heartbeat_is_that_of_the_attempt_before() {
        let ctx = ActivityContext::detached(ActivityInfo {
            heartbeat_details: vec![Payload::new("json/plain", "41")],
            ..ActivityInfo::default()
        });
        ctx.heartbeat(&42u32);
        assert_eq!(ctx.last_heartbeat::<u32>().unwrap(), Some(41));
        assert_eq!(ctx.recorded_heartbeat().unwrap().data(), &"42");
        assert!(ctx.last_heartbeat::<String>().is_err());
    }

    #[tokio::test]
    async fn the_first_reason_to_stop_stays() {
        let ctx = ActivityContext::detached(ActivityInfo::default());
        assert_eq!(ctx.cancel_reason(), None);
        let waiting = tokio::join!(ctx.canceled(), async {
            ctx.cancel(CancelReason::Paused);
            ctx.cancel(CancelReason::Requested);
        });
        assert_eq!(waiting.0, CancelReason::Paused);
        assert_eq!(ctx.canceled().await, CancelReason::Paused);
    }

    #[tokio::test]
    async fn of_several_heartbeats_the_last_is_sent() {
        let ctx = ActivityContext::detached(ActivityInfo::default());
        for row in 0..3u32 {
            ctx.heartbeat(&row);
        }
        assert_eq!(ctx.next_heartbeat().await.data(), &"2");
        assert_eq!(ctx.take_heartbeat(), None);
    }
}
