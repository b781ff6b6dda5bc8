//! [`ActivityTime`]: how much time an activity takes.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use outlast::ActivityContext;
use outlast::activity::{ActivityResult, ActivityRun};
use outlast::definition::{Activity, ActivityFn};

use super::TestEnv;
use super::backend::Backend;
use crate::Server;
use crate::grpc::wall;
use crate::server::later;

/// How virtual time passes while an activity runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActivityTime {
    /// It does not: an activity takes no virtual time at all. One that hangs fails the test after
    /// the [`real_time_limit`](TestEnv::real_time_limit).
    #[default]
    Hold,
    /// Each attempt takes so long in virtual time, however long it takes in real time. Timeouts
    /// that are shorter run out.
    Takes(Duration),
    /// As fast as real time, so that timeouts run out when they really do.
    Flow,
    /// As if the activity did not run: time may jump over it at any moment.
    Detached,
}

impl TestEnv {
    /// How virtual time passes while the activity runs, mocked or real. Default:
    /// [`ActivityTime::Hold`].
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::{ActivityTime, TestEnv};
    /// #[activity(start_to_close_timeout = "1h")]
    /// async fn render(page: u32) -> Result<u32, ActivityError> { Ok(page) }
    ///
    /// #[workflow]
    /// async fn print(ctx: WorkflowContext) -> WorkflowResult<u32> {
    ///     Ok(ctx.activity(render, 1).await?)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let twenty_minutes = Duration::from_mins(20);
    /// let env = TestEnv::new()
    ///     .activity(render)
    ///     .activity_time(render, ActivityTime::Takes(twenty_minutes));
    /// let begun = env.now();
    /// env.execute(print, ()).await.unwrap();
    /// assert_eq!(env.now(), begun + twenty_minutes);
    /// # }
    /// ```
    #[must_use]
    pub fn activity_time<F, M>(self, _activity: F, time: ActivityTime) -> Self
    where
        F: ActivityFn<M>,
    {
        self.shared.attempts.set_time(F::Activity::NAME, time);
        self
    }
}

/// Lets one attempt take its time.
pub(super) async fn spend(
    time: ActivityTime,
    backend: Backend,
    attempt: ActivityContext,
    pulse: Pulse,
    run: ActivityRun,
) -> ActivityResult {
    let Backend::InMemory(server) = &backend else {
        return run.await;
    };
    match time {
        ActivityTime::Hold => run.await,
        ActivityTime::Takes(length) => {
            let began = server.now();
            let result = run.await;
            backend.take_time(&attempt, later(began, length)).await;
            result
        }
        ActivityTime::Detached => {
            backend.let_go(&attempt);
            run.await
        }
        ActivityTime::Flow => {
            backend.let_go(&attempt);
            let _flow = server.forbid_skips();
            let _member = Member::new(&pulse);
            let result = tokio::select! {
                biased;
                result = run => result,
                never = pulse.beat(server) => match never {},
            };
            // What has passed since the last beat counts too.
            pulse.pass_time(server);
            result
        }
    }
}

/// Makes virtual time pass as real time does, for all attempts that want it to.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulse(Arc<Mutex<Beats>>);

#[derive(Debug, Default)]
struct Beats {
    /// How many attempts there are.
    attempts: u32,
    last: Option<Instant>,
}

impl Pulse {
    async fn beat(&self, server: &Server) -> Infallible {
        loop {
            tokio::time::sleep(BEAT).await;
            self.pass_time(server);
        }
    }

    fn pass_time(&self, server: &Server) {
        if let Some(passed) = self.since_last() {
            server.advance(passed);
        }
    }

    /// How much real time has passed since somebody asked.
    fn since_last(&self) -> Option<Duration> {
        let now = wall::now();
        let last = self.change(|beats| beats.last.replace(now));
        last.map(|last| now - last)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Beats) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One attempt that wants time to pass.
struct Member<'a>(&'a Pulse);

impl<'a> Member<'a> {
    fn new(pulse: &'a Pulse) -> Self {
        pulse.change(|beats| {
            beats.attempts += 1;
            beats.last.get_or_insert_with(wall::now);
        });
        Self(pulse)
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        self.0.change(|beats| {
            beats.attempts -= 1;
            if beats.attempts == 0 {
                beats.last = None;
            }
        });
    }
}

const BEAT: Duration = Duration::from_millis(1);
