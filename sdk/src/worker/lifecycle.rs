//! [`Lifecycle`]: how far a worker is on its way to its end.

use tokio_util::sync::CancellationToken;

/// How far a worker is on its way to its end. The tokens are cancelled in this order.
#[derive(Clone, Debug, Default)]
pub(super) struct Lifecycle {
    /// No poll begins any more.
    pub(super) stop: CancellationToken,
    /// Polls under way are given up.
    pub(super) abort_polls: CancellationToken,
    /// Activities are to stop.
    pub(super) grace_is_over: CancellationToken,
}

impl Lifecycle {
    /// Ends everything at once.
    pub(super) fn end(&self) {
        self.stop.cancel();
        self.abort_polls.cancel();
        self.grace_is_over.cancel();
    }
}
