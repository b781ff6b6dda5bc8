//! What the bodies of workflows and activities return when they fail.
//!
//! Neither type implements [`Error`], so that `?` can make one from any error. A [`Failure`]
//! or a [`CanceledFailure`] passing through is kept whole; any other error becomes an
//! application failure whose kind is the bare name of the error's type and whose causes are
//! the error's own sources.

use std::any::{Any, type_name};
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::convert::{Payload, ToPayload};
use crate::failure::{ApplicationFailure, CanceledFailure, Failure, FailureKind};

/// What a workflow returns.
pub type WorkflowResult<T> = Result<T, WorkflowError>;

/// Why a workflow, or a handler of one, ends without a value.
///
/// Returned from `run`, it fails the execution for good (or ends it as canceled, or continues
/// it as new). A panic, on the other hand, fails only the workflow task, which is tried again
/// until the code is mended.
///
/// # Examples
/// ```
/// use outlast::WorkflowError;
///
/// let error = WorkflowError::application("OutOfStock", "no pens are left").detail(&3);
/// let failure = error.as_failure().unwrap();
/// assert_eq!(failure.application_kind(), Some("OutOfStock"));
/// assert_eq!(failure.as_application().unwrap().detail::<u32>(0).unwrap(), 3);
/// ```
pub struct WorkflowError(WorkflowErrorKind);

pub(crate) enum WorkflowErrorKind {
    ContinueAsNew(Box<ContinueAsNew>),
    Failed(Failure),
}

/// The next run that a workflow asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ContinueAsNew {
    pub(crate) workflow_type: String,
    pub(crate) input: Vec<Payload>,
    pub(crate) task_queue: Option<String>,
    pub(crate) run_timeout: Option<Duration>,
    pub(crate) task_timeout: Option<Duration>,
}

/// Why an attempt of an activity ends without a value.
///
/// Unless it is [non-retryable](Self::non_retryable), the server tries again, as the retry policy
/// of the activity says.
///
/// # Examples
/// ```
/// use outlast::ActivityError;
///
/// fn parse(row: &str) -> Result<u32, ActivityError> {
///     if row.is_empty() {
///         return Err(ActivityError::application("EmptyRow", "nothing to parse").non_retryable());
///     }
///     Ok(row.parse()?)
/// }
///
/// let error = parse("seven").unwrap_err();
/// assert_eq!(error.as_failure().unwrap().application_kind(), Some("ParseIntError"));
/// ```
pub struct ActivityError(ActivityErrorKind);

pub(crate) enum ActivityErrorKind {
    CompletesLater,
    Failed(Failure),
}

impl WorkflowError {
    /// Fails under a kind that callers match on.
    #[must_use]
    pub fn application(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Failure::application(kind, message).into()
    }

    /// Forbids every retry policy to try again.
    #[must_use]
    pub fn non_retryable(mut self) -> Self {
        if let Some(application) = self.application_mut() {
            application.non_retryable = true;
        }
        self
    }

    /// Adds a value for the caller. One that cannot be encoded is replaced by the reason.
    #[must_use]
    pub fn detail(mut self, value: &impl ToPayload) -> Self {
        if let Some(application) = self.application_mut() {
            application.details.push(detail(value));
        }
        self
    }

    /// The failure, unless the workflow continues as new.
    #[must_use]
    pub fn as_failure(&self) -> Option<&Failure> {
        match &self.0 {
            WorkflowErrorKind::Failed(failure) => Some(failure),
            WorkflowErrorKind::ContinueAsNew(_) => None,
        }
    }

    pub(crate) fn continue_as_new(next: ContinueAsNew) -> Self {
        Self(WorkflowErrorKind::ContinueAsNew(Box::new(next)))
    }

    pub(crate) fn into_kind(self) -> WorkflowErrorKind {
        self.0
    }

    /// The failure that a caller of a handler sees.
    pub(crate) fn into_failure(self) -> Failure {
        match self.0 {
            WorkflowErrorKind::Failed(failure) => failure,
            WorkflowErrorKind::ContinueAsNew(_) => Failure::application(
                "ContinueAsNewOutsideRun",
                "only the workflow's `run` can continue as new, not one of its handlers",
            ),
        }
    }

    fn application_mut(&mut self) -> Option<&mut ApplicationFailure> {
        match &mut self.0 {
            WorkflowErrorKind::Failed(failure) => application_mut(failure),
            WorkflowErrorKind::ContinueAsNew(_) => None,
        }
    }
}

impl ActivityError {
    /// Fails under a kind that retry policies and callers match on.
    #[must_use]
    pub fn application(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Failure::application(kind, message).into()
    }

    /// Ends the attempt as canceled. Only valid once the cancellation was asked for; otherwise
    /// the attempt fails.
    #[must_use]
    pub fn canceled() -> Self {
        CanceledFailure::default().into()
    }

    /// Says that somebody else will report the outcome later, by the task's token.
    #[must_use]
    pub fn completes_later() -> Self {
        Self(ActivityErrorKind::CompletesLater)
    }

    /// Forbids every retry policy to try again.
    #[must_use]
    pub fn non_retryable(mut self) -> Self {
        if let Some(application) = self.application_mut() {
            application.non_retryable = true;
        }
        self
    }

    /// Sets the wait before the next attempt, in place of the policy's.
    #[must_use]
    pub fn next_retry_delay(mut self, delay: Duration) -> Self {
        if let Some(application) = self.application_mut() {
            application.next_retry_delay = Some(delay);
        }
        self
    }

    /// Marks the failure as an expected one, to be logged quietly.
    #[must_use]
    pub fn benign(mut self) -> Self {
        if let Some(application) = self.application_mut() {
            application.benign = true;
        }
        self
    }

    /// Adds a value for the caller. One that cannot be encoded is replaced by the reason.
    #[must_use]
    pub fn detail(mut self, value: &impl ToPayload) -> Self {
        if let Some(application) = self.application_mut() {
            application.details.push(detail(value));
        }
        self
    }

    /// The failure, unless the outcome comes later.
    #[must_use]
    pub fn as_failure(&self) -> Option<&Failure> {
        match &self.0 {
            ActivityErrorKind::Failed(failure) => Some(failure),
            ActivityErrorKind::CompletesLater => None,
        }
    }

    pub(crate) fn into_kind(self) -> ActivityErrorKind {
        self.0
    }

    fn application_mut(&mut self) -> Option<&mut ApplicationFailure> {
        match &mut self.0 {
            ActivityErrorKind::Failed(failure) => application_mut(failure),
            ActivityErrorKind::CompletesLater => None,
        }
    }
}

fn application_mut(failure: &mut Failure) -> Option<&mut ApplicationFailure> {
    match &mut failure.parts_mut().kind {
        FailureKind::Application(application) => Some(application),
        _ => None,
    }
}

fn detail(value: &impl ToPayload) -> Payload {
    value.to_payload().unwrap_or_else(|error| {
        Payload::new(
            "json/plain",
            serde_json::Value::String(error.to_string()).to_string(),
        )
    })
}

impl<E: StdError + Send + Sync + 'static> From<E> for WorkflowError {
    fn from(error: E) -> Self {
        Self(WorkflowErrorKind::Failed(failure_of(error)))
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for ActivityError {
    fn from(error: E) -> Self {
        Self(ActivityErrorKind::Failed(failure_of(error)))
    }
}

/// The error itself if it is one of ours, else an application failure named after its type.
fn failure_of<E: StdError + Send + Sync + 'static>(error: E) -> Failure {
    let mut slot = Some(error);
    let any: &mut dyn Any = &mut slot;
    if let Some(failure) = any.downcast_mut::<Option<Failure>>() {
        return failure.take().expect("the slot was filled above");
    }
    if let Some(canceled) = any.downcast_mut::<Option<CanceledFailure>>() {
        return canceled.take().expect("the slot was filled above").into();
    }
    let error = slot.expect("the slot was filled above");
    let failure = Failure::application(bare_type_name::<E>(), error.to_string());
    match error.source().and_then(cause_of) {
        Some(cause) => failure.with_cause(cause),
        None => failure,
    }
}

/// The failures of an error's sources. One of ours inside the chain keeps all it knows.
fn cause_of(error: &(dyn StdError + 'static)) -> Option<Failure> {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return Some(failure.clone());
    }
    if let Some(canceled) = error.downcast_ref::<CanceledFailure>() {
        return Some(canceled.clone().into());
    }
    let failure = Failure::application("", error.to_string());
    Some(match error.source().and_then(cause_of) {
        Some(cause) => failure.with_cause(cause),
        None => failure,
    })
}

/// `Declined` of `shop::payment::Declined<u8>`.
fn bare_type_name<T>() -> &'static str {
    let full = type_name::<T>();
    let path = full.split_once('<').map_or(full, |(path, _)| path);
    path.rsplit("::").next().unwrap_or(path)
}

impl fmt::Debug for WorkflowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            WorkflowErrorKind::Failed(failure) => failure.fmt(f),
            WorkflowErrorKind::ContinueAsNew(next) => {
                write!(f, "continue as new `{}`", next.workflow_type)
            }
        }
    }
}

impl fmt::Display for WorkflowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            WorkflowErrorKind::Failed(failure) => failure.fmt(f),
            WorkflowErrorKind::ContinueAsNew(_) => f.write_str("the workflow continues as new"),
        }
    }
}

impl fmt::Debug for ActivityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ActivityErrorKind::Failed(failure) => failure.fmt(f),
            ActivityErrorKind::CompletesLater => f.write_str("the activity completes later"),
        }
    }
}

impl fmt::Display for ActivityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ActivityErrorKind::Failed(failure) => failure.fmt(f),
            ActivityErrorKind::CompletesLater => f.write_str("the activity completes later"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("card declined")]
    struct Declined(#[source] std::io::Error);

    #[test]
    fn any_error_becomes_a_failure_named_after_its_type() {
        let error: ActivityError = Declined(std::io::Error::other("no line")).into();
        let failure = error.as_failure().unwrap();
        assert_eq!(failure.application_kind(), Some("Declined"));
        assert_eq!(failure.report(), "card declined\n  caused by: no line");
    }

    #[test]
    fn a_failure_passes_through_whole() {
        let cause = Failure::application("Cause", "why");
        let failure = Failure::from(CanceledFailure::default()).with_cause(cause);
        let error: WorkflowError = failure.clone().into();
        assert_eq!(error.as_failure(), Some(&failure));
    }

    #[test]
    fn setters_reach_the_application_failure() {
        let error = ActivityError::application("A", "m")
            .non_retryable()
            .next_retry_delay(Duration::from_secs(5))
            .detail(&7u32);
        let application = error
            .as_failure()
            .and_then(Failure::as_application)
            .unwrap();
        assert!(application.non_retryable);
        assert_eq!(application.next_retry_delay, Some(Duration::from_secs(5)));
        assert_eq!(application.detail::<u32>(0).unwrap(), 7);
    }
}
