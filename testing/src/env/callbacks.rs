//! What a test does at some time, or when something happens.

use std::any::Any;
use std::fmt;
use std::future::{IntoFuture, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use outlast::definition::Workflow;

use super::{TestEnv, TestHandle};
use crate::grpc::Alarm;

/// What a callback may come to: nothing, or a result whose error fails the test.
#[diagnostic::on_unimplemented(
    message = "a callback cannot come to `{Self}`",
    note = "it comes to nothing, or to a `Result` whose error fails the test"
)]
pub trait CallbackOutput {
    /// Why the test fails, if it does.
    fn problem(self) -> Option<String>;
}

impl CallbackOutput for () {
    fn problem(self) -> Option<String> {
        None
    }
}

impl<T, E: fmt::Debug> CallbackOutput for Result<T, E> {
    fn problem(self) -> Option<String> {
        self.err().map(|error| format!("failed: {error:?}"))
    }
}

impl TestEnv {
    /// Does something when so much virtual time has passed from now on: sends a signal, or runs a
    /// future.
    ///
    /// It happens when time is made to pass, by whatever else the test waits for; a callback by
    /// itself lets no time pass. Everything else that is due at the same moment comes first, then
    /// callbacks in the order in which they were asked for. Time stands still while one runs.
    ///
    /// A callback that fails or panics fails the test.
    ///
    /// # Panics
    /// Outside a tokio runtime, when virtual time ends before, and where the environment is attached
    /// to a real server.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[derive(Default)]
    /// struct Approval { by: Option<String> }
    ///
    /// #[workflow]
    /// impl Approval {
    ///     #[run]
    ///     async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<bool> {
    ///         let approved = ctx.wait_until(|approval| approval.by.is_some());
    ///         Ok(approved.timeout(Duration::from_hours(72)).await?)
    ///     }
    ///
    ///     #[signal]
    ///     fn approve(&mut self, by: String) { self.by = Some(by); }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let begun = env.now();
    /// let approval = env.start(Approval::run, ()).await;
    /// env.after(Duration::from_hours(48), approval.signal(Approval::approve, "ada".into()));
    ///
    /// assert!(approval.result().await.unwrap());
    /// assert_eq!(env.now(), begun + Duration::from_hours(48));
    /// # }
    /// ```
    #[track_caller]
    pub fn after<C>(&self, delay: Duration, callback: C)
    where
        C: IntoFuture<IntoFuture: Send + 'static, Output: CallbackOutput>,
    {
        let server = self.shared.backend.in_memory("TestEnv::after");
        let place = Location::caller();
        let moment = server.look_ahead(&what(place), delay);
        let alarm = server.set_alarm(moment, what(place));
        self.run_at(place, alarm, callback);
    }

    /// Does something when an event makes so many of its type in the workflow's history: before
    /// time passes, and before the workflow's worker hears of it if that is to be told at all.
    ///
    /// Events have the names that Temporal's tools show: `ActivityTaskScheduled`, `TimerStarted`,
    /// `WorkflowExecutionSignaled`. For the rest it is as [`after`](Self::after).
    ///
    /// # Panics
    /// As for [`after`](Self::after), and when there is no such type of events.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn poll(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     loop {
    ///         ctx.sleep(Duration::from_mins(1)).await?;
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let begun = env.now();
    /// let polling = env.start(poll, ()).await;
    /// env.at_event(&polling, "TimerStarted", 3, polling.cancel());
    ///
    /// assert!(polling.result().await.is_err());
    /// assert_eq!(env.now(), begun + Duration::from_mins(2));
    /// # }
    /// ```
    #[track_caller]
    pub fn at_event<K, C>(&self, workflow: &TestHandle<K>, event: &str, count: usize, callback: C)
    where
        K: Workflow,
        C: IntoFuture<IntoFuture: Send + 'static, Output: CallbackOutput>,
    {
        let server = self.shared.backend.in_memory("TestEnv::at_event");
        let place = Location::caller();
        let id = workflow.workflow_id().as_str();
        let namespace = self.shared.client.namespace();
        let alarm = server.set_event_alarm(namespace, id, event, count, what(place));
        match alarm {
            Ok(alarm) => self.run_at(place, alarm, callback),
            Err(error) => panic!("{}", error.message),
        }
    }

    fn run_at<C>(&self, place: &'static Location<'static>, mut alarm: Alarm, callback: C)
    where
        C: IntoFuture<IntoFuture: Send + 'static, Output: CallbackOutput>,
    {
        let callback = callback.into_future();
        let attempts = self.shared.attempts.clone();
        self.shared.workers().run(async move {
            alarm.rings().await;
            let problem = match caught(callback).await {
                Ok(output) => output.problem(),
                Err(panic) => Some(format!("panicked: {panic}")),
            };
            if let Some(problem) = problem {
                attempts.problems.add(format!("{} {problem}", what(place)));
            }
            drop(alarm);
        });
    }
}

fn what(place: &Location<'_>) -> String {
    format!("the callback at {place}")
}

/// Runs a future; a panic in it is the error.
async fn caught<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        // What the future left half done is not looked at again.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(message_of(&*panic))),
        }
    })
    .await
}

pub(super) fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
