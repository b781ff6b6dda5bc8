//! The clock on the wall: for what takes real time whatever the virtual time is.

use std::time::{Duration, Instant};

/// What the clock shows now.
#[expect(
    clippy::disallowed_methods,
    reason = "only the wall clock tells whether somebody is slow, silent or hangs"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits for so long, also where tokio's clock is paused.
pub(crate) async fn wait(duration: Duration) {
    let began = now();
    while let Some(left) = duration
        .checked_sub(began.elapsed())
        .filter(|left| !left.is_zero())
    {
        tokio::time::sleep(left).await;
    }
}
