//! Calls of activities: options, then `.await` or `.start()`.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::convert::{Args, EncodeError, FromPayload, InputOf, Payload};
use crate::definition::{Activity, OutputOf, TimeoutSet};
use crate::engine::{CoreHandle, OperationId, Place, Resolution};
use crate::failure::Failure;
use crate::ids::ActivityId;
use crate::options::{ActivityCancellation, ActivityOptions};
use crate::retry_policy::RetryPolicy;

/// One activity about to be scheduled: set options, then `.await` it or `.start()` it.
///
/// `T` says whether the call has a timeout; only then can it be awaited.
///
/// # Examples
/// ```
/// # use outlast::prelude::*;
/// use outlast::RetryPolicy;
///
/// #[activity]
/// async fn print(text: String) -> Result<u32, ActivityError> {
///     Ok(u32::try_from(text.len())?)
/// }
///
/// #[workflow]
/// async fn letters(ctx: WorkflowContext, text: String) -> WorkflowResult<u32> {
///     let pages = ctx
///         .activity(print, text)
///         .start_to_close_timeout(Duration::from_mins(1))
///         .retry(RetryPolicy::new().max_attempts(5))
///         .task_queue("printers")
///         .summary("the letter")
///         .await?;
///     Ok(pages)
/// }
/// ```
#[must_use = "an activity is scheduled only when awaited or started"]
pub struct ActivityCall<K: Activity, T> {
    core: CoreHandle,
    input: Result<Vec<Payload>, EncodeError>,
    options: ActivityOptions,
    place: Place,
    key: PhantomData<fn() -> (K, T)>,
}

impl<K: Activity> ActivityCall<K, K::Timeout> {
    pub(super) fn new(core: CoreHandle, input: InputOf<K::Args>, place: Place) -> Self {
        let input = K::Args::from_input(input).encode();
        Self {
            core,
            input,
            options: K::options(),
            place,
            key: PhantomData,
        }
    }
}

impl<K: Activity, T> ActivityCall<K, T> {
    /// The longest time for one attempt.
    pub fn start_to_close_timeout(self, timeout: Duration) -> ActivityCall<K, TimeoutSet> {
        self.map_options(|options| options.start_to_close_timeout(timeout))
    }

    /// The longest time for all attempts together.
    pub fn schedule_to_close_timeout(self, timeout: Duration) -> ActivityCall<K, TimeoutSet> {
        self.map_options(|options| options.schedule_to_close_timeout(timeout))
    }

    /// The longest time until a worker takes it.
    pub fn schedule_to_start_timeout(self, timeout: Duration) -> Self {
        self.map_options(|options| options.schedule_to_start_timeout(timeout))
    }

    /// The longest time between two heartbeats.
    pub fn heartbeat_timeout(self, timeout: Duration) -> Self {
        self.map_options(|options| options.heartbeat_timeout(timeout))
    }

    /// The task queue it runs on.
    pub fn task_queue(self, name: impl Into<String>) -> Self {
        self.map_options(|options| options.task_queue(name))
    }

    /// When and how often it is tried again.
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.map_options(|options| options.retry(policy))
    }

    /// What this workflow sees when it is canceled.
    pub fn cancellation(self, cancellation: ActivityCancellation) -> Self {
        self.map_options(|options| options.cancellation(cancellation))
    }

    /// The id within the run, in place of a number in order of scheduling.
    pub fn activity_id(self, id: impl Into<ActivityId>) -> Self {
        self.map_options(|options| options.activity_id(id))
    }

    /// Always hands the activity to the task queue, also where this worker could run it at once.
    pub fn disable_eager_execution(self) -> Self {
        self.map_options(ActivityOptions::disable_eager_execution)
    }

    /// A line for people who look at the execution.
    pub fn summary(self, text: impl Into<String>) -> Self {
        self.map_options(|options| options.summary(text))
    }

    /// Options that several calls share; what they set replaces what was set so far.
    ///
    /// They are taken to hold a timeout. If after all none is set, the workflow task fails with
    /// a message that says so, and goes on once the code is mended.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # #[activity]
    /// # async fn print(_: String) -> Result<(), ActivityError> { Ok(()) }
    /// #[workflow]
    /// async fn letters(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     let slow = ActivityOptions::new().start_to_close_timeout(Duration::from_hours(1));
    ///     for text in ["one", "two"] {
    ///         ctx.activity(print, text.to_owned()).options(slow.clone()).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn options(self, shared: ActivityOptions) -> ActivityCall<K, TimeoutSet> {
        self.map_options(|options| options.overlaid(shared))
    }

    fn map_options<U>(
        self,
        map: impl FnOnce(ActivityOptions) -> ActivityOptions,
    ) -> ActivityCall<K, U> {
        let Self {
            core,
            input,
            options,
            place,
            ..
        } = self;
        ActivityCall {
            core,
            input,
            options: map(options),
            place,
            key: PhantomData,
        }
    }
}

impl<K: Activity> ActivityCall<K, TimeoutSet> {
    /// Schedules it now; the handle is a future of the result.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn resize(width: u32) -> Result<u32, ActivityError> { Ok(width) }
    /// #[workflow]
    /// async fn thumbnails(ctx: WorkflowContext, widths: Vec<u32>) -> WorkflowResult<u32> {
    ///     let resizing = widths.into_iter().map(|width| ctx.activity(resize, width).start());
    ///     let resizing: Vec<_> = resizing.collect();
    ///     let mut total = 0;
    ///     for handle in resizing {
    ///         total += handle.await?;
    ///     }
    ///     Ok(total)
    /// }
    /// ```
    pub fn start(self) -> ActivityHandle<K> {
        let Self {
            core,
            input,
            options,
            place,
            ..
        } = self;
        let operation = match input {
            Ok(_) if !options.has_timeout() => {
                core.fail_task(without_timeout(K::NAME, place));
                None
            }
            Ok(input) => Some(core.schedule_activity(K::NAME, input, options, place)),
            Err(error) => {
                core.fail_task(unusable("the arguments", K::NAME, &error));
                None
            }
        };
        ActivityHandle {
            core,
            operation,
            key: PhantomData,
        }
    }
}

impl<K: Activity> IntoFuture for ActivityCall<K, TimeoutSet> {
    type Output = Result<OutputOf<K>, Failure>;
    type IntoFuture = ActivityHandle<K>;

    fn into_future(self) -> ActivityHandle<K> {
        self.start()
    }
}

/// A scheduled activity: a future of its result.
///
/// Dropping it before it is done cancels the activity; [`detach`](Self::detach) does not.
#[must_use = "dropping the handle cancels the activity"]
pub struct ActivityHandle<K: Activity> {
    core: CoreHandle,
    operation: Option<OperationId>,
    key: PhantomData<fn() -> K>,
}

impl<K: Activity> ActivityHandle<K> {
    /// Cancels the activity. The handle then gives the outcome that its
    /// [`ActivityCancellation`] says.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn print(_: String) -> Result<(), ActivityError> { Ok(()) }
    /// #[workflow]
    /// async fn prints(ctx: WorkflowContext) -> WorkflowResult<bool> {
    ///     let printing = ctx.activity(print, "a long letter".to_owned()).start();
    ///     // An audit goes on whatever becomes of this workflow.
    ///     ctx.activity(print, "for the audit".to_owned()).start().detach();
    ///     ctx.sleep(Duration::from_secs(1)).await?;
    ///     printing.cancel();
    ///     Ok(printing.await.is_ok())
    /// }
    /// ```
    pub fn cancel(&self) {
        if let Some(operation) = self.operation {
            self.core.cancel(operation);
        }
    }

    /// Lets the activity go on without anybody waiting for it.
    pub fn detach(mut self) {
        if let Some(operation) = self.operation.take() {
            self.core.detach(operation);
        }
    }
}

impl<K: Activity> Future for ActivityHandle<K> {
    type Output = Result<OutputOf<K>, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(operation) = self.operation else {
            return Poll::Pending;
        };
        let Poll::Ready(resolution) = self.core.poll(operation, cx) else {
            return Poll::Pending;
        };
        self.operation = None;
        let Resolution::Activity(result) = resolution else {
            unreachable!("an activity comes to an activity's end")
        };
        let payload = match result {
            Ok(payload) => payload.unwrap_or_else(|| Payload::new("binary/null", "")),
            Err(failure) => return Poll::Ready(Err(failure)),
        };
        match OutputOf::<K>::from_payload(&payload) {
            Ok(value) => Poll::Ready(Ok(value)),
            Err(error) => {
                // Nothing is lost: the result stays in history for code that can read it.
                self.core.fail_task(unusable("the result", K::NAME, &error));
                Poll::Pending
            }
        }
    }
}

fn unusable(what: &str, activity: &str, error: &dyn std::error::Error) -> Failure {
    Failure::application(
        "Conversion",
        format!("{what} of activity `{activity}`: {error}"),
    )
}

/// The server would refuse all commands of the task, without saying whose timeout it is.
fn without_timeout(activity: &str, place: Place) -> Failure {
    Failure::application(
        "MissingTimeout",
        format!(
            "activity `{activity}` has no timeout (at {place}): set `start_to_close_timeout` or \
             `schedule_to_close_timeout`, longer than zero, in its attribute, in the options that \
             are passed or on the call"
        ),
    )
}

impl<K: Activity> Drop for ActivityHandle<K> {
    fn drop(&mut self) {
        if let Some(operation) = self.operation {
            self.core.release(operation);
        }
    }
}

impl<K: Activity, T> fmt::Debug for ActivityCall<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityCall")
            .field("activity", &K::NAME)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl<K: Activity> fmt::Debug for ActivityHandle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityHandle")
            .field("activity", &K::NAME)
            .finish_non_exhaustive()
    }
}
