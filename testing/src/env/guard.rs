//! Failing a test at once instead of letting it hang.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::task::Poll;

use outlast::Client;

use crate::Server;

/// Somebody who waits, and has to hear of it if that is in vain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch<'a> {
    pub(super) server: &'a Server,
    pub(super) client: &'a Client,
    pub(super) fails_fast: bool,
    pub(super) place: &'static Location<'static>,
}

/// A call of the client that fails the test where it would hang: when a workflow task fails.
#[must_use = "nothing happens until the call is awaited"]
pub struct Guarded<'a, C> {
    watch: Watch<'a>,
    call: C,
}

impl<'a, C> Guarded<'a, C> {
    pub(super) fn new(watch: Watch<'a>, call: C) -> Self {
        Self { watch, call }
    }

    /// Sets an option of the client's call.
    pub fn with<D>(self, set: impl FnOnce(C) -> D) -> Guarded<'a, D> {
        Guarded {
            watch: self.watch,
            call: set(self.call),
        }
    }
}

impl<'a, C> IntoFuture for Guarded<'a, C>
where
    C: IntoFuture + Send + 'a,
    C::IntoFuture: Send + 'a,
    C::Output: Send,
{
    type Output = C::Output;
    type IntoFuture = Pin<Box<dyn Future<Output = C::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.watch.run(self.call.into_future()).await })
    }
}

impl Watch<'_> {
    /// Waits for `wanted`, unless a workflow task fails or nothing is going to happen.
    pub(super) async fn run<F: Future>(self, wanted: F) -> F::Output {
        let mut wanted = pin!(wanted);
        let mut failure = pin!(self.server.workflow_task_failure());
        let mut stall = pin!(self.server.stall());
        enum Ended<T> {
            Wanted(T),
            TaskFailed(String),
            Stalled(crate::server::Stalled),
        }
        let ended = std::future::poll_fn(|cx| {
            if let Poll::Ready(output) = wanted.as_mut().poll(cx) {
                return Poll::Ready(Ended::Wanted(output));
            }
            if self.fails_fast
                && let Poll::Ready(failure) = failure.as_mut().poll(cx)
            {
                return Poll::Ready(Ended::TaskFailed(failure.to_string()));
            }
            stall.as_mut().poll(cx).map(Ended::Stalled)
        });
        match ended.await {
            Ended::Wanted(output) => output,
            Ended::TaskFailed(report) => {
                panic!(
                    "a workflow task failed while the test waited at {}:\n{report}",
                    self.place
                )
            }
            Ended::Stalled(stalled) => {
                let mut report = stalled.to_string();
                for workflow_id in &stalled.workflow_ids {
                    report.push('\n');
                    report.push_str(&self.stack_trace(workflow_id).await);
                }
                panic!(
                    "the test waits at {} for what will not come: {report}",
                    self.place
                )
            }
        }
    }

    /// Where a stalled workflow waits.
    async fn stack_trace(self, workflow_id: &str) -> String {
        let handle = self.client.workflow_by_id(workflow_id);
        match handle.query_by_name::<String>("__stack_trace", ()).await {
            Ok(trace) => format!("the code of `{workflow_id}` waits:\n  {trace}"),
            Err(error) => format!("where `{workflow_id}` waits is not known: {error}"),
        }
    }
}

impl<C> fmt::Debug for Guarded<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("place", &self.watch.place)
            .finish_non_exhaustive()
    }
}
