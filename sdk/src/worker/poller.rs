//! [`Poller`]: asks for tasks again and again.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Status};

use super::lifecycle::Lifecycle;
use super::slots::{Permit, Slots};
use crate::client::retry::{Patience, PollBackoff, is_transient};

/// For so long a poll may fail in a way that no retry mends: it may be a proxy that starts.
const FATAL_GRACE: Duration = Duration::from_secs(60);

/// The wait after such a failure.
const FATAL_WAIT: Duration = Duration::from_secs(10);

/// A long poll that ends without an answer sooner than this was not a long poll.
const SHORT: Duration = Duration::from_secs(1);

/// Asks for tasks of one kind, one poll at a time, each with a slot for what it may bring.
#[derive(Clone, Debug)]
pub(super) struct Poller {
    /// What it asks for, for messages to people.
    pub(super) queue: String,
    pub(super) slots: Slots,
    pub(super) lifecycle: Lifecycle,
}

impl Poller {
    /// Polls until the worker stops. What a poll finds is handed over with its slot.
    ///
    /// # Errors
    /// When the server refuses polls for good.
    pub(super) async fn run<T, F>(
        self,
        poll: impl Fn() -> F,
        accept: impl Fn(T, Permit),
    ) -> Result<(), Status>
    where
        F: Future<Output = Result<Option<T>, Status>>,
    {
        let mut failures = Failures::new();
        while !self.lifecycle.stop.is_cancelled() {
            let permit = tokio::select! {
                biased;
                () = self.lifecycle.stop.cancelled() => break,
                permit = self.slots.acquire() => permit,
            };
            let began = Instant::now();
            let answer = tokio::select! {
                biased;
                answer = timeout(Patience::LongPoll.deadline(), poll()) => answer,
                () = self.lifecycle.abort_polls.cancelled() => break,
            };
            match answer.unwrap_or(Ok(None)) {
                Ok(found) => {
                    failures.reset();
                    if let Some(task) = found {
                        accept(task, permit);
                    }
                }
                Err(status) => {
                    drop(permit);
                    let delay = failures.handle(status, began.elapsed(), &self.queue)?;
                    tokio::select! {
                        () = self.lifecycle.stop.cancelled() => break,
                        () = sleep(delay) => {}
                    }
                }
            }
        }
        Ok(())
    }
}

/// The polls that failed since the last that did not.
struct Failures {
    backoff: PollBackoff,
    fatal_since: Option<Instant>,
}

impl Failures {
    fn new() -> Self {
        Self {
            backoff: PollBackoff::new(),
            fatal_since: None,
        }
    }

    fn reset(&mut self) {
        self.backoff.reset();
        self.fatal_since = None;
    }

    /// How long to wait for the next poll.
    fn handle(&mut self, status: Status, took: Duration, queue: &str) -> Result<Duration, Status> {
        let is_silence = matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded);
        if is_silence && took >= SHORT {
            return Ok(Duration::ZERO);
        }
        let mut delay = self.backoff.next_delay(&status);
        if is_silence || is_transient(&status) {
            self.fatal_since = None;
        } else {
            delay = FATAL_WAIT;
            let since = *self.fatal_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= FATAL_GRACE {
                return Err(status);
            }
        }
        let (code, message) = (status.code(), status.message());
        match self.backoff.failures() {
            0..5 if self.fatal_since.is_none() => {
                tracing::debug!(queue, ?code, message, ?delay, "a poll failed");
            }
            0..15 => tracing::warn!(queue, ?code, message, ?delay, "polls fail"),
            _ => tracing::error!(queue, ?code, message, ?delay, "polls keep failing"),
        }
        Ok(delay)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use super::*;

    fn poller(slots: usize) -> Poller {
        Poller {
            queue: "orders".to_owned(),
            slots: Slots::new(slots),
            lifecycle: Lifecycle::default(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_answer_is_followed_by_the_next_poll() {
        let poller = poller(1);
        let stop = poller.lifecycle.stop.clone();
        let polls = Cell::new(0);
        let done = poller.run(
            || {
                polls.set(polls.get() + 1);
                if polls.get() == 3 {
                    stop.cancel();
                }
                async { Ok(None::<()>) }
            },
            |(), _| unreachable!("nothing was found"),
        );
        assert!(done.await.is_ok());
        assert_eq!(polls.get(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_begins_only_when_there_is_a_slot_for_what_it_brings() {
        let poller = poller(2);
        let stop = poller.lifecycle.stop.clone();
        let (polls, held) = (Cell::new(0), Cell::new(Vec::new()));
        let run = poller.run(
            || {
                polls.set(polls.get() + 1);
                async { Ok(Some(())) }
            },
            |(), permit| {
                let mut permits = held.take();
                permits.push(permit);
                held.set(permits);
            },
        );
        let done = tokio::join!(run, async {
            sleep(Duration::from_secs(1)).await;
            assert_eq!(polls.get(), 2);
            held.take();
            sleep(Duration::from_secs(1)).await;
            assert_eq!(polls.get(), 4);
            stop.cancel();
        });
        assert!(done.0.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn failures_that_no_retry_mends_end_the_polls_after_a_minute() {
        let began = Instant::now();
        let refused = || async { Err::<Option<()>, _>(Status::permission_denied("no")) };
        let status = poller(1).run(refused, |(), _| {}).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(began.elapsed(), FATAL_GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_that_may_pass_never_end_the_polls() {
        let poller = poller(1);
        let down = || async { Err::<Option<()>, _>(Status::unavailable("down")) };
        let run = poller.run(down, |(), _| {});
        assert!(timeout(Duration::from_hours(5), run).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn gotcha_37_a_poll_under_way_is_given_up() {
        let poller = poller(1);
        let lifecycle = poller.lifecycle.clone();
        let run = poller.run(pending::<Result<Option<()>, _>>, |(), _| {});
        let began = Instant::now();
        let done = tokio::join!(run, async {
            sleep(Duration::from_secs(1)).await;
            lifecycle.end();
        });
        assert!(done.0.is_ok());
        assert_eq!(began.elapsed(), Duration::from_secs(1));
    }
}
