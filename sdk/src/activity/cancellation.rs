//! [`CancelReason`], and the place where the reason of one activity is kept.

use std::fmt;

use tokio::sync::watch;

/// Why an activity is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CancelReason {
    /// The server knows the attempt no longer; whatever it returns is not reported.
    NotFound,
    /// Somebody paused the activity; it is tried again when it is resumed.
    Paused,
    /// The workflow, or whoever started the activity, asked for it.
    Requested,
    /// Somebody reset the activity; it is tried again from the start.
    Reset,
    /// The attempt ran out of time; whatever it returns is not reported.
    TimedOut,
    /// The worker shuts down and its grace period is over; another worker tries again.
    WorkerShutdown,
}

impl CancelReason {
    /// Whether the server still wants to know how the attempt ends.
    pub(crate) fn is_reported(self) -> bool {
        !matches!(self, Self::NotFound | Self::TimedOut)
    }
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "the server knows the attempt no longer",
            Self::Paused => "the activity was paused",
            Self::Requested => "the cancellation was requested",
            Self::Reset => "the activity was reset",
            Self::TimedOut => "the attempt ran out of time",
            Self::WorkerShutdown => "the worker shuts down",
        })
    }
}

/// The reason to stop, once there is one. The first stays.
#[derive(Debug)]
pub(super) struct Cancellation(watch::Sender<Option<CancelReason>>);

impl Cancellation {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(super) fn request(&self, reason: CancelReason) -> bool {
        self.0.send_if_modified(|current| {
            let is_first = current.is_none();
            current.get_or_insert(reason);
            is_first
        })
    }

    pub(super) fn reason(&self) -> Option<CancelReason> {
        *self.0.borrow()
    }

    pub(super) async fn requested(&self) -> CancelReason {
        let mut receiver = self.0.subscribe();
        loop {
            if let Some(reason) = *receiver.borrow_and_update() {
                return reason;
            }
            // The sender is `self`, so it is there for as long as this waits.
            let _ = receiver.changed().await;
        }
    }
}
