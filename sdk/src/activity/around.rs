//! [`AroundAttempts`]: what a test environment does before and after each attempt.

use std::pin::Pin;

use super::ActivityContext;
use crate::convert::Payload;
use crate::error::ActivityError;

/// How an attempt of an activity ended, without its types.
pub type ActivityResult = Result<Payload, ActivityError>;

/// The running body of an activity, without its types.
pub type ActivityRun = Pin<Box<dyn Future<Output = ActivityResult> + Send>>;

/// Stands around every attempt that a worker makes, for test environments.
pub trait AroundAttempts: Send + Sync + 'static {
    /// What runs: the registered activity, which begins when it is polled first, or something
    /// in its place. With nothing the attempt fails.
    fn begin(
        &self,
        attempt: &ActivityContext,
        input: Vec<Payload>,
        registered: Option<ActivityRun>,
    ) -> Option<ActivityRun>;

    /// Takes note of how the attempt ended, and gives what the server is told. A panic is a
    /// failure by now.
    fn end(&self, attempt: &ActivityContext, result: ActivityResult) -> ActivityRun;
}
