//! How an activity is scheduled, and what becomes of a workflow that goes wrong.

use std::time::Duration;

use crate::ids::ActivityId;
use crate::retry_policy::RetryPolicy;

/// How an activity is scheduled: timeouts, retries, where it runs.
///
/// The attribute of the activity gives the defaults and a call's own setters come on top; a
/// set of options that several calls share is passed with `.options(shared.clone())`. What is
/// set in one replaces what was set before, field by field.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use outlast::ActivityOptions;
///
/// let bulk = ActivityOptions::new()
///     .start_to_close_timeout(Duration::from_mins(10))
///     .task_queue("bulk");
/// assert_eq!(bulk, bulk.clone());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActivityOptions {
    pub(crate) activity_id: Option<ActivityId>,
    pub(crate) task_queue: Option<String>,
    pub(crate) schedule_to_close_timeout: Option<Duration>,
    pub(crate) schedule_to_start_timeout: Option<Duration>,
    pub(crate) start_to_close_timeout: Option<Duration>,
    pub(crate) heartbeat_timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) cancellation: Option<ActivityCancellation>,
    pub(crate) eager: Option<bool>,
    pub(crate) summary: Option<String>,
}

/// What the caller sees when an activity is canceled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActivityCancellation {
    /// The activity is not told; the caller sees the cancellation at once.
    Abandon,
    /// The activity is asked to stop; the caller sees the cancellation at once.
    #[default]
    TryCancel,
    /// The activity is asked to stop; the caller waits for how it really ends.
    WaitCompleted,
}

impl ActivityOptions {
    /// Options in which nothing is set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The id within the run, in place of a number in order of scheduling.
    #[must_use]
    pub fn activity_id(mut self, id: impl Into<ActivityId>) -> Self {
        self.activity_id = Some(id.into());
        self
    }

    /// The task queue it runs on. Default: the workflow's own.
    #[must_use]
    pub fn task_queue(mut self, name: impl Into<String>) -> Self {
        self.task_queue = Some(name.into());
        self
    }

    /// The longest time for all attempts together. Default: no limit but the run's.
    #[must_use]
    pub fn schedule_to_close_timeout(mut self, timeout: Duration) -> Self {
        self.schedule_to_close_timeout = Some(timeout);
        self
    }

    /// The longest time until a worker takes it; not retried. Default: no limit.
    #[must_use]
    pub fn schedule_to_start_timeout(mut self, timeout: Duration) -> Self {
        self.schedule_to_start_timeout = Some(timeout);
        self
    }

    /// The longest time for one attempt.
    #[must_use]
    pub fn start_to_close_timeout(mut self, timeout: Duration) -> Self {
        self.start_to_close_timeout = Some(timeout);
        self
    }

    /// The longest time between two heartbeats. Default: heartbeats are not awaited.
    #[must_use]
    pub fn heartbeat_timeout(mut self, timeout: Duration) -> Self {
        self.heartbeat_timeout = Some(timeout);
        self
    }

    /// When and how often it is tried again. Default: the server's, without an end.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// What the caller sees when it is canceled. Default: [`ActivityCancellation::TryCancel`].
    #[must_use]
    pub fn cancellation(mut self, cancellation: ActivityCancellation) -> Self {
        self.cancellation = Some(cancellation);
        self
    }

    /// Always hands the activity to the task queue, also where this worker could run it at once.
    #[must_use]
    pub fn disable_eager_execution(mut self) -> Self {
        self.eager = Some(false);
        self
    }

    /// A line for people who look at the execution.
    #[must_use]
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }

    /// Whether an attempt, or all of them together, end at some time; the server insists.
    pub(crate) fn has_timeout(&self) -> bool {
        let timeouts = [self.start_to_close_timeout, self.schedule_to_close_timeout];
        timeouts
            .into_iter()
            .flatten()
            .any(|timeout| !timeout.is_zero())
    }

    /// These options with what `other` sets on top.
    #[must_use]
    pub(crate) fn overlaid(self, other: Self) -> Self {
        Self {
            activity_id: other.activity_id.or(self.activity_id),
            task_queue: other.task_queue.or(self.task_queue),
            schedule_to_close_timeout: other
                .schedule_to_close_timeout
                .or(self.schedule_to_close_timeout),
            schedule_to_start_timeout: other
                .schedule_to_start_timeout
                .or(self.schedule_to_start_timeout),
            start_to_close_timeout: other.start_to_close_timeout.or(self.start_to_close_timeout),
            heartbeat_timeout: other.heartbeat_timeout.or(self.heartbeat_timeout),
            retry: other.retry.or(self.retry),
            cancellation: other.cancellation.or(self.cancellation),
            eager: other.eager.or(self.eager),
            summary: other.summary.or(self.summary),
        }
    }
}

/// What becomes of a workflow that goes wrong in a way that a new version of its code could mend.
///
/// By default only the workflow task fails, and the server hands it out again until it succeeds:
/// nothing is lost, and the workflow goes on once the code is mended. Where nobody waits for
/// that, the execution can fail instead.
///
/// # Examples
/// ```
/// use outlast::WorkflowOptions;
///
/// let strict = WorkflowOptions::new().fail_on_panic().fail_on_nondeterminism();
/// assert_ne!(strict, WorkflowOptions::new());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkflowOptions {
    pub(crate) fails_on_panic: bool,
    pub(crate) fails_on_nondeterminism: bool,
    pub(crate) fails_on_undecodable_arguments: bool,
    pub(crate) refuses_undecodable_signals: bool,
}

impl WorkflowOptions {
    /// Only the task fails, whatever goes wrong; undecodable signals are passed over.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic in the workflow's code fails the execution.
    #[must_use]
    pub fn fail_on_panic(mut self) -> Self {
        self.fails_on_panic = true;
        self
    }

    /// Code that does not do what the history says that it did fails the execution.
    #[must_use]
    pub fn fail_on_nondeterminism(mut self) -> Self {
        self.fails_on_nondeterminism = true;
        self
    }

    /// Arguments of the run that cannot be decoded fail the execution.
    #[must_use]
    pub fn fail_on_undecodable_arguments(mut self) -> Self {
        self.fails_on_undecodable_arguments = true;
        self
    }

    /// A signal whose arguments cannot be decoded fails the task, until the code can decode it.
    /// By default it is passed over with an error in the log, and stays in the history.
    #[must_use]
    pub fn refuse_undecodable_signals(mut self) -> Self {
        self.refuses_undecodable_signals = true;
        self
    }
}
