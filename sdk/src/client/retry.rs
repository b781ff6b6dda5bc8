//! Which failed requests are sent again, and when.
//!
//! The waits come from [`backoff`]; what is worth another attempt, how long one may take and
//! when to give up is decided here. Nothing else in the crate knows `backoff`.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use backoff::SystemClock;
use backoff::backoff::Backoff;
use backoff::exponential::{ExponentialBackoff, ExponentialBackoffBuilder};
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Response, Status};

/// How long the server may take to answer, and whether to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// The server answers when something has happened; silence is no failure.
    LongPoll,
    /// One attempt and no other.
    Once,
    /// The server answers at once; what may pass is tried again for a while.
    Unary,
}

impl Patience {
    /// The longest time for one attempt.
    pub(crate) const fn deadline(self) -> Duration {
        match self {
            Self::LongPoll => Duration::from_secs(70),
            Self::Once | Self::Unary => Duration::from_secs(30),
        }
    }
}

/// Makes attempts until one succeeds or another would be in vain.
///
/// # Cancel safety
/// Dropping it drops the request under way, which the server may have carried out.
pub(crate) async fn call<T, F>(
    patience: Patience,
    mut attempt: impl FnMut() -> F,
) -> Result<T, Status>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let mut retries = Retries::new(patience);
    loop {
        let begun = Instant::now();
        let status = match timeout(patience.deadline(), attempt()).await {
            Ok(Ok(response)) => return Ok(response.into_inner()),
            // A server that keeps the deadline too may be the first to break off.
            Ok(Err(status))
                if status.code() == Code::Cancelled
                    && begun.elapsed() + DEADLINE_TOLERANCE >= patience.deadline() =>
            {
                Status::deadline_exceeded(UNANSWERED)
            }
            Ok(Err(status)) => status,
            Err(_) => Status::deadline_exceeded(UNANSWERED),
        };
        let Some(delay) = retries.next_delay(&status) else {
            return Err(status);
        };
        tracing::debug!(code = ?status.code(), message = status.message(), ?delay, "retrying");
        sleep(delay).await;
    }
}

/// By how much the server's clock of a deadline may be ahead of ours.
const DEADLINE_TOLERANCE: Duration = Duration::from_secs(1);

const UNANSWERED: &str = "the server did not answer in time";

/// The attempts of one call.
struct Retries {
    patience: Patience,
    failures: u32,
    /// When the time for retries began: with the call, or for a long poll with its first failure.
    since: Instant,
    waits: Waits,
}

impl Retries {
    const MAX_ATTEMPTS: u32 = 10;
    const MAX_ELAPSED: Duration = Duration::from_secs(10);

    fn new(patience: Patience) -> Self {
        Self {
            patience,
            failures: 0,
            since: Instant::now(),
            waits: Waits::of_calls(),
        }
    }

    /// How long to wait for the next attempt, if there is to be one.
    fn next_delay(&mut self, status: &Status) -> Option<Duration> {
        if self.patience == Patience::LongPoll && status.code() == Code::DeadlineExceeded {
            *self = Self::new(self.patience);
            return Some(self.waits.next(status));
        }
        if self.patience == Patience::Once || !is_transient(status) {
            return None;
        }
        if self.patience == Patience::LongPoll && self.failures == 0 {
            self.since = Instant::now();
        }
        self.failures += 1;
        let delay = self.waits.next(status);
        let in_time = self.since.elapsed() + delay <= Self::MAX_ELAPSED;
        (in_time && self.failures < Self::MAX_ATTEMPTS).then_some(delay)
    }
}

/// The waits between polls that fail, for loops that go on for as long as the worker runs.
#[derive(Debug)]
pub(crate) struct PollBackoff {
    failures: u32,
    waits: Waits,
}

impl PollBackoff {
    pub(crate) fn new() -> Self {
        Self {
            failures: 0,
            waits: Waits::of_polls(),
        }
    }

    /// Counts a failed poll and says how long to wait for the next one.
    pub(crate) fn next_delay(&mut self, status: &Status) -> Duration {
        self.failures += 1;
        self.waits.next(status)
    }

    /// How many polls failed since the last one that did not.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Notes a poll that did not fail.
    pub(crate) fn reset(&mut self) {
        if self.failures > 0 {
            *self = Self::new();
        }
    }
}

/// Growing waits, with slower ones while the server throttles.
#[derive(Debug)]
struct Waits {
    ordinary: ExponentialBackoff<SystemClock>,
    throttled: ExponentialBackoff<SystemClock>,
}

impl Waits {
    fn of_calls() -> Self {
        Self {
            ordinary: growing(Duration::from_millis(100), 1.7, Duration::from_secs(5)),
            throttled: growing(Duration::from_secs(1), 2.0, Duration::from_secs(10)),
        }
    }

    fn of_polls() -> Self {
        Self {
            ordinary: growing(Duration::from_millis(200), 2.0, Duration::from_secs(10)),
            ..Self::of_calls()
        }
    }

    fn next(&mut self, status: &Status) -> Duration {
        let wait = self.ordinary.next_backoff().unwrap_or_default();
        if status.code() == Code::ResourceExhausted {
            return wait.max(self.throttled.next_backoff().unwrap_or_default());
        }
        wait
    }
}

fn growing(first: Duration, factor: f64, longest: Duration) -> ExponentialBackoff<SystemClock> {
    ExponentialBackoffBuilder::new()
        .with_initial_interval(first)
        .with_multiplier(factor)
        .with_max_interval(longest)
        .with_randomization_factor(0.2)
        .with_max_elapsed_time(None)
        .build()
}

/// Whether the same request may succeed a little later.
pub(crate) fn is_transient(status: &Status) -> bool {
    match status.code() {
        Code::Aborted
        | Code::DataLoss
        | Code::Internal
        | Code::OutOfRange
        | Code::Unavailable
        | Code::Unknown => true,
        Code::ResourceExhausted => !is_oversize(status),
        // A server that cancels says so in a response; a broken connection leaves an error.
        Code::Cancelled => status.source().is_some(),
        Code::AlreadyExists
        | Code::DeadlineExceeded
        | Code::FailedPrecondition
        | Code::InvalidArgument
        | Code::NotFound
        | Code::Ok
        | Code::PermissionDenied
        | Code::Unauthenticated
        | Code::Unimplemented => false,
    }
}

/// Whether the request is larger than the server reads.
pub(crate) fn is_oversize(status: &Status) -> bool {
    const TELLTALES: [&str; 3] = [
        "grpc: received message larger than max",
        "grpc: message after decompression larger than max",
        "grpc: received message after decompression larger than max",
    ];
    status.code() == Code::ResourceExhausted
        && TELLTALES
            .iter()
            .any(|start| status.message().starts_with(start))
}
