//! [`Answer`]: what one call of a mocked activity comes to.

use std::sync::Arc;
use std::time::Duration;

use outlast::activity::{ActivityResult, ActivityRun};
use outlast::convert::DecodeError;
use outlast::{ActivityContext, ActivityError, ActivityInfo, Failure, Payload, TimeoutKind};

use crate::env::backend::Backend;
use crate::env::text;
use crate::server::later;

/// What one call comes to, and how long that takes.
#[derive(Clone, Default)]
pub(in crate::env) struct Answer {
    /// In virtual time, from the beginning of the attempt.
    pub(super) delay: Duration,
    /// Each at a time after the beginning of the attempt.
    pub(super) heartbeats: Vec<(Duration, Payload)>,
    pub(super) outcome: Outcome,
}

/// How a call ends.
#[derive(Clone, Default)]
pub(in crate::env) enum Outcome {
    /// Something else reports it.
    CompletesLater,
    /// With a failure.
    Fails(Failure),
    /// As the real activity does.
    #[default]
    Real,
    /// With a value.
    Returns(Payload),
    /// As a closure says.
    Runs(Arc<Body>),
    /// Not at all.
    TimesOut(TimeoutKind),
}

/// A closure in place of an activity, without its types.
pub(in crate::env) type Body =
    dyn Fn(ActivityContext, &[Payload]) -> Result<ActivityRun, DecodeError> + Send + Sync;

impl Answer {
    /// Lives through one attempt.
    pub(super) async fn play(
        self,
        backend: Backend,
        attempt: ActivityContext,
        input: Vec<Payload>,
        registered: Option<ActivityRun>,
    ) -> ActivityResult {
        let began = backend.now();
        for (after, progress) in &self.heartbeats {
            if !backend.take_time(&attempt, later(began, *after)).await {
                return Err(given_up());
            }
            if backend.heartbeat(&attempt, progress).await {
                return Err(ActivityError::canceled());
            }
        }
        if !self.delay.is_zero() && !backend.take_time(&attempt, later(began, self.delay)).await {
            return Err(given_up());
        }
        match self.outcome {
            Outcome::CompletesLater => Err(ActivityError::completes_later()),
            Outcome::Fails(failure) => Err(failure.into()),
            Outcome::Real => match registered {
                Some(run) => run.await,
                None => panic!(
                    "the mock of `{}` is to call the real activity, which is not registered: add \
                     it with `TestEnv::activity` or `TestEnv::activities`",
                    attempt.info().activity_type
                ),
            },
            Outcome::Returns(value) => Ok(value),
            Outcome::Runs(body) => {
                let name = attempt.info().activity_type.clone();
                match body(attempt, &input) {
                    Ok(run) => run.await,
                    Err(error) => panic!("{}", text::undecodable(&name, &input, &error)),
                }
            }
            Outcome::TimesOut(timeout) => {
                check_timeout(attempt.info(), timeout);
                backend.outlive(&attempt).await;
                Err(given_up())
            }
        }
    }
}

/// What an attempt returns that nobody listens to any more.
fn given_up() -> ActivityError {
    ActivityError::application("GivenUp", "the server has given the attempt up")
}

/// Panics, which fails the test, if the attempt would never end.
fn check_timeout(info: &ActivityInfo, timeout: TimeoutKind) {
    let name = &info.activity_type;
    let limit = match timeout {
        TimeoutKind::Heartbeat => info.heartbeat_timeout,
        TimeoutKind::ScheduleToClose => info.schedule_to_close_timeout,
        TimeoutKind::StartToClose => info.start_to_close_timeout,
        _ => panic!(
            "a mock of `{name}` cannot run into the {timeout:?} timeout: that is over when the \
             attempt starts; give the call a task queue without a worker instead"
        ),
    };
    assert!(
        limit.is_some_and(|limit| !limit.is_zero()),
        "a mock of `{name}` is to run into its {timeout:?} timeout, but the call has none"
    );
}
