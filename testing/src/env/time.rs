//! Virtual time in the hands of a test.

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::TestEnv;
use super::shared::Shared;
use crate::TimeHold;
use crate::server::PendingTimer;

impl TestEnv {
    /// The virtual time; the wall clock's where the environment is attached to a real server.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.shared.backend.now()
    }

    /// Lets virtual time pass. Whatever becomes due meanwhile has been dealt with at the end.
    ///
    /// # Panics
    /// When the test [would hang](Self#when-a-test-fails-at-once), when virtual time ends before (it
    /// goes no further than the year 9998), and where the environment is attached to a real server.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    /// #     Ok(ctx.sleep(Duration::from_hours(1)).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let siesta = env.start(nap, ()).await;
    /// env.sleep(Duration::from_mins(59)).await;
    /// assert_eq!(env.pending_timers().len(), 1, "it sleeps on");
    /// env.sleep(Duration::from_mins(1)).await;
    /// assert!(env.pending_timers().is_empty());
    /// siesta.result().await.unwrap();
    /// # }
    /// ```
    #[track_caller]
    pub fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + use<> {
        self.shared.sleep(duration)
    }

    /// Lets virtual time pass, as [`sleep`](Self::sleep) does; it reads better where a test is
    /// about the clock.
    #[track_caller]
    pub fn advance(&self, duration: Duration) -> impl Future<Output = ()> + Send + use<> {
        self.shared.sleep(duration)
    }

    /// Lets virtual time pass until a moment. Whatever becomes due meanwhile has been dealt with at
    /// the end.
    ///
    /// # Panics
    /// As for [`sleep`](Self::sleep), and when the moment has passed already: time does not go
    /// back.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::starting_at("2028-02-28");
    /// let leap_day = std::time::UNIX_EPOCH + Duration::from_secs(1_835_395_200);
    /// env.set_time(leap_day).await;
    /// assert_eq!(env.now(), leap_day);
    /// # }
    /// ```
    #[track_caller]
    pub fn set_time(&self, time: SystemTime) -> impl Future<Output = ()> + Send + use<> {
        let until = time.duration_since(self.now());
        let until = until.unwrap_or_else(|error| {
            panic!("time cannot be set back by {:?}", error.duration());
        });
        self.shared.sleep(until)
    }

    /// Skips to the next moment at which something is due, and tells what that was. All that came
    /// of it has been dealt with at the end. `None` if nothing is due, ever.
    ///
    /// If several things are due at that moment it tells the first.
    ///
    /// # Panics
    /// As for [`sleep`](Self::sleep).
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn remind(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     ctx.sleep(Duration::from_hours(1)).await?;
    ///     Ok(ctx.sleep(Duration::from_hours(2)).await?)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let reminder = env.start(remind, ()).await;
    /// let begun = env.now();
    ///
    /// assert_eq!(env.skip_to_next().await.unwrap().what, "timer \"1\"");
    /// assert_eq!(env.now(), begun + Duration::from_hours(1));
    /// assert_eq!(env.skip_to_next().await.unwrap().what, "timer \"2\"");
    /// assert_eq!(env.skip_to_next().await, None);
    /// reminder.result().await.unwrap();
    /// # }
    /// ```
    #[track_caller]
    pub fn skip_to_next(&self) -> impl Future<Output = Option<PendingTimer>> + Send + use<> {
        let server = self
            .shared
            .backend
            .in_memory("TestEnv::skip_to_next")
            .clone();
        self.shared.watch().run(async move {
            server.idle().await;
            let next = server.pending_timers().into_iter().next()?;
            let wait = next.at.duration_since(server.now()).unwrap_or_default();
            server.sleep(wait).await;
            Some(next)
        })
    }

    /// Lets time pass until nothing is under way and nothing is due any more but the timeouts of
    /// whole workflows, the actions of schedules and the next runs of crons.
    ///
    /// # Panics
    /// As for [`sleep`](Self::sleep), and when that never comes, because a workflow sets one timer
    /// after the other: after the [`real_time_limit`](Self::real_time_limit).
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    /// #     Ok(ctx.sleep(Duration::from_hours(1)).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let begun = env.now();
    /// for id in ["one", "two"] {
    ///     env.start(nap, ()).id(id).await;
    /// }
    /// env.run_until_idle().await;
    /// assert_eq!(env.now(), begun + Duration::from_hours(1));
    /// # }
    /// ```
    #[track_caller]
    pub fn run_until_idle(&self) -> impl Future<Output = ()> + Send + use<> {
        let server = self
            .shared
            .backend
            .in_memory("TestEnv::run_until_idle")
            .clone();
        let watch = self.shared.watch();
        let limit = watch.clone();
        watch.run(async move {
            let run = async {
                loop {
                    server.idle().await;
                    let Some(next) = server.next_event() else {
                        return;
                    };
                    server
                        .sleep(next.duration_since(server.now()).unwrap_or_default())
                        .await;
                }
            };
            tokio::select! {
                biased;
                () = run => {}
                limit = limit.limit() => panic!(
                    "there was something to do for {limit:?}, and there is no end to it:\n{}",
                    server.diagnostics()
                ),
            }
        })
    }

    /// Lets time pass, from one thing that is due to the next, until the condition holds. It is
    /// looked at whenever nothing is under way.
    ///
    /// # Panics
    /// As for [`sleep`](Self::sleep), and when nothing is due any more and the condition does not
    /// hold.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn poke() -> Result<(), ActivityError> { Ok(()) }
    /// #[workflow]
    /// async fn nag(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     loop {
    ///         ctx.sleep(Duration::from_hours(24)).await?;
    ///         ctx.activity(poke, ()).await?;
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().activity(poke);
    /// let begun = env.now();
    /// env.start(nag, ()).await;
    /// env.run_until(async || env.calls(poke).len() == 3).await;
    /// assert_eq!(env.now(), begun + Duration::from_hours(72));
    /// # }
    /// ```
    #[track_caller]
    pub fn run_until(&self, condition: impl AsyncFn() -> bool) -> impl Future<Output = ()> {
        let server = self.shared.backend.in_memory("TestEnv::run_until").clone();
        let watch = self.shared.watch();
        let problems = self.shared.attempts.problems.clone();
        let place = Location::caller();
        watch.run(async move {
            loop {
                server.idle().await;
                if condition().await {
                    return;
                }
                let schedule = server.next_schedule_action();
                let Some(next) = server.next_event().into_iter().chain(schedule).min() else {
                    // What went wrong is usually why; the watch says it.
                    if !problems.is_empty() {
                        return std::future::pending().await;
                    }
                    panic!(
                        "nothing is due any more, and the condition at {place} does not hold:\n{}",
                        server.diagnostics()
                    );
                };
                server
                    .sleep(next.duration_since(server.now()).unwrap_or_default())
                    .await;
            }
        })
    }

    /// Everything that is due at some time, soonest first: timers, timeouts, retries, callbacks.
    /// What is due later than virtual time goes, beyond the year 9998, never comes, and is not there.
    ///
    /// # Panics
    /// Where the environment is attached to a real server.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    /// #     Ok(ctx.sleep(Duration::from_hours(1)).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let siesta = env.start(nap, ()).await;
    /// env.run_until(async || !env.pending_timers().is_empty()).await;
    /// let timer = &env.pending_timers()[0];
    /// assert_eq!(timer.what, "timer \"1\"");
    /// assert_eq!(timer.workflow_id, siesta.workflow_id().as_str());
    /// assert_eq!(timer.at, env.now() + Duration::from_hours(1));
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn pending_timers(&self) -> Vec<PendingTimer> {
        self.shared
            .backend
            .in_memory("TestEnv::pending_timers")
            .pending_timers()
    }

    /// What every open workflow is doing and what holds the clock, for people.
    ///
    /// # Panics
    /// Where the environment is attached to a real server.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    /// #     Ok(ctx.sleep(Duration::from_hours(1)).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let siesta = env.start(nap, ()).id("siesta").await;
    /// let _fixture = env.hold("the fixture is loaded");
    /// let diagnostics = env.diagnostics();
    /// assert!(diagnostics.contains("workflow \"siesta\" (nap"));
    /// assert!(diagnostics.contains("the fixture is loaded"));
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn diagnostics(&self) -> String {
        self.shared
            .backend
            .in_memory("TestEnv::diagnostics")
            .diagnostics()
    }

    /// Keeps virtual time from passing until the guard is dropped. The reason is seen in
    /// [`diagnostics`](Self::diagnostics).
    ///
    /// What tasks of the test's tokio runtime do comes before time passes by itself. A hold is for
    /// what comes from outside: other threads, I/O, timers of tokio, and the test function itself
    /// where it runs with `multi_thread` and only spawned tasks wait.
    ///
    /// # Panics
    /// Where the environment is attached to a real server.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    /// #     Ok(ctx.sleep(Duration::from_hours(1)).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let begun = env.now();
    /// let siesta = env.start(nap, ()).await;
    /// let hold = env.hold("somebody else is to come first");
    /// tokio::join!(
    ///     async {
    ///         // ... whatever takes real time ...
    ///         assert_eq!(env.now(), begun);
    ///         drop(hold);
    ///     },
    ///     async { siesta.result().await.unwrap() },
    /// );
    /// assert_eq!(env.now(), begun + Duration::from_hours(1));
    /// # }
    /// ```
    #[track_caller]
    pub fn hold(&self, reason: impl Into<String>) -> TimeHold {
        self.shared
            .backend
            .in_memory("TestEnv::hold")
            .hold_time(reason)
    }

    /// Does something that takes real time, such as I/O, while virtual time stands still.
    ///
    /// # Panics
    /// Where the environment is attached to a real server.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use outlast_testing::TestEnv;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let before = env.now();
    /// let (fixture, ()) = tokio::join!(
    ///     env.real_time(async { std::fs::read_to_string("Cargo.toml") }),
    ///     env.sleep(Duration::from_hours(1)),
    /// );
    /// assert!(fixture.is_ok());
    /// assert_eq!(env.now(), before + Duration::from_hours(1));
    /// # }
    /// ```
    #[track_caller]
    pub fn real_time<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let reason = format!("the real time at {}", Location::caller());
        let hold = self.hold(reason);
        async move {
            let output = work.await;
            drop(hold);
            output
        }
    }

    /// For how long virtual time may stand still in real time while the test waits for something.
    /// Default: 30 s.
    ///
    /// It is how a test ends whose activity hangs: virtual time does not pass while an activity
    /// runs, so none of its timeouts can run out.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use outlast_testing::TestEnv;
    /// // An activity of this test computes for minutes.
    /// let env = TestEnv::new().real_time_limit(Duration::from_mins(5));
    /// # drop(env);
    /// ```
    #[must_use]
    pub fn real_time_limit(self, limit: Duration) -> Self {
        self.shared
            .change_settings(|settings| settings.real_time_limit = limit);
        self
    }
}

impl Shared {
    #[track_caller]
    pub(super) fn sleep(
        self: &Arc<Self>,
        duration: Duration,
    ) -> impl Future<Output = ()> + Send + use<> {
        let server = self.backend.in_memory("TestEnv::sleep").clone();
        let watch = self.watch();
        let what = format!("the sleep at {}", Location::caller());
        watch.run(async move {
            server.look_ahead(&what, duration);
            server.sleep(duration).await;
        })
    }
}
