//! Calls that wait for their answer: deadlines, cancellation, and nothing lost in between.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use super::shared::Shared;
use super::status::status;
use crate::server::{Answer, CallId, Engine, Result};

/// What a call waits for, which says how long it is held.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hold {
    /// A worker's poll for a task.
    Poll,
    /// A client's query.
    Query,
    /// A client's wait for an event.
    Read,
    /// A client's wait for an update.
    Update,
}

/// For how long a call waits if nothing happens.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Patience {
    /// Then it is told so, if it can be told anything.
    told_after: Duration,
    /// Then it has failed.
    failed_after: Duration,
}

impl Hold {
    fn patience(self, timeout: Option<Duration>) -> Patience {
        let timeout = timeout.unwrap_or(Duration::MAX);
        let failed_after = match self {
            Self::Query => timeout.min(QUERY_LIMIT),
            Self::Poll | Self::Read | Self::Update => timeout,
        };
        let in_time = failed_after.saturating_sub(MARGIN);
        let told_after = match self {
            Self::Poll => in_time.min(POLL_LIMIT),
            Self::Query => in_time,
            Self::Read => in_time.min(READ_LIMIT),
            Self::Update => READ_LIMIT,
        };
        Patience {
            told_after,
            failed_after,
        }
    }
}

/// Makes a poll and waits for its task.
///
/// # Errors
/// The worker does not say for how long it waits, or too briefly; or the poll is refused.
pub(super) async fn wait_for_task<T>(
    shared: &Arc<Shared>,
    request: Request<T>,
    namespace: fn(&T) -> &str,
    start: fn(&mut Engine, T) -> Result<CallId>,
) -> std::result::Result<Answer, Status> {
    let patience = timeout_of(request.metadata());
    let start = |engine: &mut Engine, message: T| {
        engine.check_poll(namespace(&message), patience)?;
        start(engine, message)
    };
    wait(shared, request, Hold::Poll, start).await
}

/// Makes a call and waits for its answer.
///
/// If nothing happens, the call is told so when the patience of its hold is over, and fails at the
/// caller's deadline if there is nothing to tell; it is taken back if the caller goes away. A task that was matched but not picked up goes to another poll.
pub(super) async fn wait<T>(
    shared: &Arc<Shared>,
    request: Request<T>,
    hold: Hold,
    start: impl FnOnce(&mut Engine, T) -> Result<CallId>,
) -> std::result::Result<Answer, Status> {
    let patience = hold.patience(timeout_of(request.metadata()));
    let begun = Instant::now();
    let message = request.into_inner();
    let mut waiting = Waiting::begin(shared, |engine| start(engine, message)).map_err(status)?;
    let ends: [(Duration, End); 2] = [
        (patience.told_after, Engine::expire_call),
        (patience.failed_after, Engine::time_out_call),
    ];
    let last = patience.failed_after;
    for (after, end) in ends.into_iter().filter(|(after, _)| *after <= last) {
        let left = after.saturating_sub(begun.elapsed());
        if let Ok(answer) = timeout(left, waiting.answer()).await {
            return Ok(answer);
        }
        shared.call(|engine| end(engine, waiting.call));
    }
    Ok(waiting.answer().await)
}

/// What becomes of a call that has waited for so long.
type End = fn(&mut Engine, CallId);

/// A call that has not been answered yet. Dropping it takes the call back.
#[derive(Debug)]
pub(super) struct Waiting {
    shared: Arc<Shared>,
    call: CallId,
    receiver: oneshot::Receiver<Answer>,
    answered: bool,
}

impl Waiting {
    pub(super) fn begin(
        shared: &Arc<Shared>,
        start: impl FnOnce(&mut Engine) -> Result<CallId>,
    ) -> Result<Self> {
        let (call, receiver) = shared.begin(start)?;
        Ok(Self {
            shared: Arc::clone(shared),
            call,
            receiver,
            answered: false,
        })
    }

    pub(super) fn call(&self) -> CallId {
        self.call
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) async fn answer(&mut self) -> Answer {
        let answer = (&mut self.receiver).await;
        self.answered = true;
        answer.expect("every call is answered before its sender is dropped")
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.answered {
            self.shared.take_back(self.call, &mut self.receiver);
        }
    }
}

/// How long before a deadline a server answers that has nothing to say.
const MARGIN: Duration = Duration::from_secs(1);

/// How long polls are held at the most.
const POLL_LIMIT: Duration = Duration::from_secs(60);

/// How long queries are held at the most.
const QUERY_LIMIT: Duration = Duration::from_secs(30);

/// How long waits for events and updates are held at the most.
const READ_LIMIT: Duration = Duration::from_secs(20);

/// For how long a caller waits, if it says so.
fn timeout_of(metadata: &MetadataMap) -> Option<Duration> {
    parse_timeout(metadata.get("grpc-timeout")?.to_str().ok()?)
}

/// A timeout of gRPC: at most eight digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_hours(number),
        "M" => Duration::from_mins(number),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_a_number_and_a_unit() {
        let cases = [
            ("70S", Some(Duration::from_secs(70))),
            ("1500m", Some(Duration::from_millis(1500))),
            ("2H", Some(Duration::from_secs(7200))),
            ("", None),
            ("S", None),
            ("123456789S", None),
            ("10é", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse_timeout(text), want, "{text:?}");
        }
    }

    /// After how many milliseconds a call is told, and has failed.
    fn patience(hold: Hold, timeout: &str) -> (u128, u128) {
        let patience = hold.patience(parse_timeout(timeout));
        let failed_after = patience.failed_after.as_millis();
        (patience.told_after.as_millis(), failed_after)
    }

    #[test]
    fn a_poll_is_answered_before_its_caller_gives_up() {
        let cases = [
            ("3S", 2000),
            ("2500m", 1500),
            ("70S", 60_000),
            ("30S", 29_000),
        ];
        for (timeout, want) in cases {
            assert_eq!(patience(Hold::Poll, timeout).0, want, "{timeout}");
        }
    }

    #[test]
    fn a_read_without_time_is_answered_at_once() {
        let cases = [("300m", 0), ("1500m", 500), ("30S", 20_000), ("", 20_000)];
        for (timeout, want) in cases {
            assert_eq!(patience(Hold::Read, timeout).0, want, "{timeout}");
        }
    }

    #[test]
    fn a_query_waits_for_half_a_minute_at_the_most() {
        let cases = [("", 30_000), ("40S", 30_000), ("3S", 3000), ("500m", 500)];
        for (timeout, failed) in cases {
            let told = u128::saturating_sub(failed, 1000);
            assert_eq!(patience(Hold::Query, timeout), (told, failed), "{timeout}");
        }
    }

    #[test]
    fn an_update_is_waited_for_until_the_deadline() {
        assert_eq!(patience(Hold::Update, "3S"), (20_000, 3000));
        assert_eq!(patience(Hold::Update, "30S"), (20_000, 30_000));
    }
}
