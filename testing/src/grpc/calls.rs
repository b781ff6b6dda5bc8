//! Calls that wait for their answer: deadlines, cancellation, and nothing lost in between.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use super::shared::Shared;
use super::status::status;
use crate::server::{Answer, CallId, Engine, Result};

/// How long a call is held if nothing happens and its caller would wait longer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hold {
    /// A worker's poll for a task.
    Poll,
    /// A client's wait for an event or an update.
    Read,
}

impl Hold {
    fn limit(self) -> Duration {
        match self {
            Self::Poll => Duration::from_secs(60),
            Self::Read => Duration::from_secs(20),
        }
    }
}

/// Makes a call and waits for its answer.
///
/// The call is answered shortly before the caller's deadline even if nothing happened, and is taken
/// back if the caller goes away. A task that was matched but not picked up goes to another poll.
pub(super) async fn wait<T>(
    shared: &Arc<Shared>,
    request: Request<T>,
    hold: Hold,
    start: impl FnOnce(&mut Engine, T) -> Result<CallId>,
) -> std::result::Result<Answer, Status> {
    let patience = patience(request.metadata(), hold);
    let message = request.into_inner();
    let mut waiting = Waiting::begin(shared, |engine| start(engine, message)).map_err(status)?;
    match tokio::time::timeout(patience, waiting.answer()).await {
        Ok(answer) => Ok(answer),
        Err(_) => {
            shared.call(|engine| engine.expire_call(waiting.call));
            Ok(waiting.answer().await)
        }
    }
}

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

/// How long to hold a call: until a little before the caller gives up.
fn patience(metadata: &MetadataMap, hold: Hold) -> Duration {
    let Some(timeout) = metadata
        .get("grpc-timeout")
        .and_then(|value| value.to_str().ok())
        .and_then(parse_timeout)
    else {
        return hold.limit();
    };
    let margin = (timeout / 3).min(MARGIN);
    hold.limit().min(timeout - margin)
}

/// How long before a deadline a real server answers. It refuses deadlines that are too near for it.
const MARGIN: Duration = Duration::from_secs(1);

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

    #[test]
    fn a_poll_is_answered_before_its_caller_gives_up() {
        let cases = [("3S", 2000), ("70S", 60_000), ("30S", 29_000), ("90m", 60)];
        for (timeout, want_millis) in cases {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", timeout.parse().unwrap());
            let want = Duration::from_millis(want_millis);
            assert_eq!(patience(&metadata, Hold::Poll), want, "{timeout}");
        }
    }
}
