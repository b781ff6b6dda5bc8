//! Failing a test at once instead of letting it hang.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause;

use super::backend::Backend;
use super::shared::Shared;
use crate::Server;
use crate::grpc::{quiet, wall};
use crate::server::Stalled;

/// Somebody who waits, lets time pass meanwhile, and has to hear of it if that is in vain.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    shared: Arc<Shared>,
    place: &'static Location<'static>,
}

/// A call of the client that fails the test where it would hang: when a workflow task fails, when
/// an activity or a mock panics, or when nothing is going to happen any more.
///
/// # Examples
/// ```
/// # use outlast::prelude::*;
/// # use outlast_testing::TestEnv;
/// # #[derive(Default)]
/// # struct Counter { sum: u32 }
/// #
/// # #[workflow]
/// # impl Counter {
/// #     #[run]
/// #     async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u32> {
/// #         ctx.wait_until(|counter| counter.sum >= 10).await?;
/// #         Ok(ctx.state().sum)
/// #     }
/// #
/// #     #[signal]
/// #     fn add(&mut self, count: u32) { self.sum += count; }
/// #
/// #     #[query]
/// #     fn sum(&self) -> u32 { self.sum }
/// #
/// #     #[update]
/// #     fn set(&mut self, sum: u32) -> WorkflowResult<u32> { Ok(std::mem::replace(&mut self.sum, sum)) }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let env = TestEnv::new();
/// let counter = env.start(Counter::run, ()).await;
/// let set = counter.update(Counter::set, 10).with(|call| call.id("only-once"));
/// assert_eq!(set.await.unwrap(), 0);
/// # }
/// ```
#[must_use = "nothing happens until the call is awaited"]
pub struct Guarded<C> {
    watch: Watch,
    call: C,
}

impl<C> Guarded<C> {
    pub(super) fn new(watch: Watch, call: C) -> Self {
        Self { watch, call }
    }

    /// Sets an option of the client's call.
    pub fn with<D>(self, set: impl FnOnce(C) -> D) -> Guarded<D> {
        Guarded {
            watch: self.watch,
            call: set(self.call),
        }
    }
}

impl<C> IntoFuture for Guarded<C>
where
    C: IntoFuture + Send + 'static,
    C::IntoFuture: Send,
    C::Output: Send,
{
    type Output = C::Output;
    type IntoFuture = Pin<Box<dyn Future<Output = C::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.watch.run(self.call.into_future()).await })
    }
}

impl Watch {
    pub(super) fn new(shared: Arc<Shared>, place: &'static Location<'static>) -> Self {
        Self { shared, place }
    }

    /// Waits for `wanted`, letting time pass, unless that is in vain.
    pub(super) async fn run<F: Future>(self, wanted: F) -> F::Output {
        let place = self.place;
        let driver = match &self.shared.backend {
            Backend::InMemory(server) => Some(server.driver()),
            Backend::Real => None,
        };
        let problem = match (&self.shared.backend, &driver) {
            (Backend::InMemory(server), Some(driver)) => tokio::select! {
                biased;
                output = wanted => return output,
                problems = self.shared.attempts.problems.any() => problems.join("\n"),
                failure = self.task_failure(server) => {
                    format!("a workflow task failed:\n{failure}")
                }
                report = self.ended() => report,
                stalled = server.stall() => self.describe(stalled).await,
                report = self.standstill(server) => report,
                never = driver.pass_time() => match never {},
            },
            _ => tokio::select! {
                biased;
                output = wanted => return output,
                problems = self.shared.attempts.problems.any() => problems.join("\n"),
                limit = self.limit() => format!("nothing came of it for {limit:?}"),
            },
        };
        panic!("the test waited at {place}, and {problem}")
    }

    /// Waits for a workflow task that fails, unless that is no concern of the test.
    async fn task_failure(&self, server: &Server) -> String {
        if !self.shared.settings().fails_fast {
            return std::future::pending().await;
        }
        let failure = loop {
            let failure = server.workflow_task_failure().await;
            match failure.cause {
                // Something came while the workflow ended. It is given the task again, and takes
                // it in.
                WorkflowTaskFailedCause::UnhandledCommand
                // Somebody ended the workflow while it had a task.
                | WorkflowTaskFailedCause::ForceCloseCommand => {}
                _ => break failure,
            }
        };
        let namespace = self.shared.client.namespace();
        let history = server.history_of(namespace, &failure.workflow_id, &failure.run_id);
        let mut report = failure.to_string();
        for line in history.iter().flat_map(|history| history.summary()) {
            report.push_str("\n  ");
            report.push_str(&line);
        }
        report
    }

    /// Waits until nothing can come of the wait any more, because the environment has ended.
    async fn ended(&self) -> String {
        self.shared.ended().await;
        // What has ended already, the server still tells.
        quiet().await;
        "its environment has ended, so that nothing runs its workflows any more: keep the `TestEnv` \
         until the test has what it waits for"
            .to_owned()
    }

    /// Waits until virtual time has stood still for too long, because something is busy.
    async fn standstill(&self, server: &Server) -> String {
        loop {
            let (before, calls) = (server.now(), server.calls());
            let limit = self.limit().await;
            if server.now() != before {
                continue;
            }
            if server.may_pass_time() && server.calls() == calls {
                return format!(
                    "time could pass for {limit:?}, but some task of the test computes or gives way \
                     without end, and what it does comes before time passes: let it wait for \
                     something; if it needs that long, see `TestEnv::real_time_limit`"
                );
            }
            if !server.may_pass_time() {
                return format!(
                    "virtual time stood still for {limit:?}, because something is under way that \
                     does not end; if it needs that long, see `TestEnv::real_time_limit`:\n{}",
                    server.diagnostics()
                );
            }
        }
    }

    /// Waits as long as a test may wait in real time.
    pub(super) async fn limit(&self) -> Duration {
        let limit = self.shared.settings().real_time_limit;
        wall::wait(limit).await;
        limit
    }

    async fn describe(&self, stalled: Stalled) -> String {
        let mut report = format!("what it waits for will not come: {stalled}");
        for workflow_id in &stalled.workflow_ids {
            report.push('\n');
            report.push_str(&self.stack_trace(workflow_id).await);
        }
        report
    }

    /// Where a stalled workflow waits.
    async fn stack_trace(&self, workflow_id: &str) -> String {
        let handle = self.shared.client.workflow_by_id(workflow_id);
        let trace = handle.query_by_name::<String>("__stack_trace", ());
        tokio::select! {
            biased;
            trace = trace => match trace {
                Ok(trace) => format!("the code of `{workflow_id}` waits:\n  {trace}"),
                Err(error) => format!("where `{workflow_id}` waits is not known: {error}"),
            },
            () = wall::wait(ANSWER_TIME) => {
                format!("where `{workflow_id}` waits is not known: no worker says so")
            }
        }
    }
}

impl<C> fmt::Debug for Guarded<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("place", &self.watch.place)
            .finish_non_exhaustive()
    }
}

/// How long a worker may take to say where a workflow waits.
const ANSWER_TIME: Duration = Duration::from_secs(1);
