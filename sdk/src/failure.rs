//! [`Failure`]: why something failed, as it travels between programs.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::convert::{DecodeError, FromPayload, Payload};
use crate::ids::{ActivityId, WorkflowExecution};

/// Why an activity, a workflow, an update or a query failed, with the whole chain of causes.
///
/// A failure that came over the wire is kept whole, so that passing it on loses nothing.
/// Its `Display` is its own message; the causes are its [`source`](Error::source) chain.
///
/// # Examples
/// ```
/// use outlast::{ApplicationFailure, Failure};
///
/// let failure = Failure::application("CardDeclined", "no funds");
/// assert_eq!(failure.application_kind(), Some("CardDeclined"));
/// assert_eq!(failure.to_string(), "no funds");
/// ```
#[derive(Clone, PartialEq)]
pub struct Failure(Box<Inner>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Inner {
    pub(crate) message: String,
    pub(crate) origin: String,
    pub(crate) stack_trace: String,
    pub(crate) encoded_attributes: Option<Payload>,
    pub(crate) cause: Option<Failure>,
    pub(crate) kind: FailureKind,
}

/// What sort of failure it is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FailureKind {
    /// An activity failed; the cause says why.
    Activity(ActivityFailure),
    /// Application code reported it.
    Application(ApplicationFailure),
    /// It was canceled.
    Canceled(CanceledFailure),
    /// A child workflow failed; the cause says why.
    ChildWorkflow(ChildWorkflowFailure),
    /// A Nexus handler refused a request.
    NexusHandler(NexusHandlerFailure),
    /// A Nexus operation failed; the cause says why.
    NexusOperation(NexusOperationFailure),
    /// The workflow was reset while an activity ran.
    ResetWorkflow(ResetWorkflowFailure),
    /// The server reported it.
    Server(ServerFailure),
    /// The workflow was terminated.
    Terminated(TerminatedFailure),
    /// A timeout ran out.
    Timeout(TimeoutFailure),
    /// The sender did not say; retried as an application failure of no kind.
    Unspecified,
}

/// Reported by application code.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ApplicationFailure {
    /// The name that retry policies and callers match on.
    pub kind: String,
    /// Whether no retry policy may try again.
    pub non_retryable: bool,
    /// Values for the caller.
    pub details: Vec<Payload>,
    /// The wait before the next attempt, in place of the policy's.
    pub next_retry_delay: Option<Duration>,
    /// Whether the failure is an expected one, to be logged quietly.
    pub benign: bool,
}

/// A cancellation, of a workflow or of one thing in it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CanceledFailure {
    /// Values that the canceled side left.
    pub details: Vec<Payload>,
    /// Who canceled, if known.
    pub identity: String,
}

/// A timeout that ran out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TimeoutFailure {
    /// Which timeout.
    pub timeout: TimeoutKind,
    /// What the last heartbeat said.
    pub last_heartbeat: Vec<Payload>,
}

/// Which timeout ran out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutKind {
    /// No heartbeat came in time.
    Heartbeat,
    /// All attempts together took too long.
    ScheduleToClose,
    /// No worker took it in time.
    ScheduleToStart,
    /// One attempt took too long.
    StartToClose,
    /// The server did not say.
    #[default]
    Unspecified,
}

/// Where an activity failed.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ActivityFailure {
    /// The activity's type name.
    pub activity_type: String,
    /// The activity's id within its run.
    pub activity_id: Option<ActivityId>,
    /// The worker that ran the last attempt.
    pub identity: String,
    /// Why there is no further attempt.
    pub retry_state: RetryState,
    /// The event that scheduled it.
    pub scheduled_event_id: i64,
    /// The event that started its last attempt, 0 if none did.
    pub started_event_id: i64,
}

/// Where a child workflow failed.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ChildWorkflowFailure {
    /// The child's namespace.
    pub namespace: String,
    /// Which execution, if it was started.
    pub execution: Option<WorkflowExecution>,
    /// The child's type name.
    pub workflow_type: String,
    /// The event that initiated it.
    pub initiated_event_id: i64,
    /// The event that says it started, 0 if it did not.
    pub started_event_id: i64,
    /// Why there is no further attempt.
    pub retry_state: RetryState,
}

/// Why a Nexus handler refused a request.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct NexusHandlerFailure {
    /// The Nexus error type, such as `BAD_REQUEST`.
    pub kind: String,
    /// Whether the caller may retry, as a number of the Nexus protocol.
    pub retry_behavior: i32,
}

/// Where a Nexus operation failed.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct NexusOperationFailure {
    /// The event that scheduled it.
    pub scheduled_event_id: i64,
    /// The endpoint it was sent to.
    pub endpoint: String,
    /// The service of that endpoint.
    pub service: String,
    /// The operation of that service.
    pub operation: String,
    /// The token of a started asynchronous operation.
    pub operation_token: String,
}

/// The workflow was reset while the activity ran.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ResetWorkflowFailure {
    /// What the activity's last heartbeat said.
    pub last_heartbeat: Vec<Payload>,
}

/// Reported by the server itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerFailure {
    /// Whether no retry policy may try again.
    pub non_retryable: bool,
}

/// The workflow was terminated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TerminatedFailure {
    /// Who terminated it.
    pub identity: String,
}

/// Why the server makes no further attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryState {
    /// It was to be canceled.
    CancelRequested,
    /// A further attempt is under way.
    InProgress,
    /// The server failed on its own account.
    InternalServerError,
    /// The policy's number of attempts is used up.
    MaximumAttemptsReached,
    /// The failure is not to be retried.
    NonRetryableFailure,
    /// There is no retry policy.
    RetryPolicyNotSet,
    /// There is no time left for a further attempt.
    Timeout,
    /// The server did not say.
    #[default]
    Unspecified,
}

impl Failure {
    /// A failure that application code reports, under a kind that retry policies match on.
    #[must_use]
    pub fn application(kind: impl Into<String>, message: impl Into<String>) -> Self {
        let kind = ApplicationFailure {
            kind: kind.into(),
            ..ApplicationFailure::default()
        };
        Self::new(message, FailureKind::Application(kind))
    }

    /// A failure of the given sort, without a cause.
    #[must_use]
    pub fn new(message: impl Into<String>, kind: FailureKind) -> Self {
        Self(Box::new(Inner {
            message: message.into(),
            origin: ORIGIN.to_owned(),
            stack_trace: String::new(),
            encoded_attributes: None,
            cause: None,
            kind,
        }))
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_cause(mut self, cause: Self) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// What happened, in the words of whoever reported it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What sort of failure it is.
    #[must_use]
    pub fn kind(&self) -> &FailureKind {
        &self.0.kind
    }

    /// What caused it.
    #[must_use]
    pub fn cause(&self) -> Option<&Self> {
        self.0.cause.as_ref()
    }

    /// The SDK or server that reported it.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Where it happened, if whoever reported it said so.
    #[must_use]
    pub fn stack_trace(&self) -> &str {
        &self.0.stack_trace
    }

    /// The failure and its causes, outermost first.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |failure| Self::cause(failure))
    }

    /// The first application failure in the chain.
    #[must_use]
    pub fn as_application(&self) -> Option<&ApplicationFailure> {
        self.chain().find_map(|failure| match failure.kind() {
            FailureKind::Application(application) => Some(application),
            _ => None,
        })
    }

    /// The kind of the first application failure in the chain.
    #[must_use]
    pub fn application_kind(&self) -> Option<&str> {
        self.as_application()
            .map(|application| application.kind.as_str())
    }

    /// The first timeout in the chain.
    #[must_use]
    pub fn as_timeout(&self) -> Option<&TimeoutFailure> {
        self.chain().find_map(|failure| match failure.kind() {
            FailureKind::Timeout(timeout) => Some(timeout),
            _ => None,
        })
    }

    /// Whether a cancellation is what it is, or what caused it.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.chain()
            .any(|failure| matches!(failure.kind(), FailureKind::Canceled(_)))
    }

    /// What the canceled side left, if it was canceled.
    pub(crate) fn canceled_details(&self) -> Vec<Payload> {
        let details = self.chain().find_map(|failure| match failure.kind() {
            FailureKind::Canceled(canceled) => Some(canceled.details.clone()),
            _ => None,
        });
        details.unwrap_or_default()
    }

    /// The failure in lines: each message with the one that caused it below.
    #[must_use]
    pub fn report(&self) -> String {
        let lines: Vec<String> = self.chain().map(Self::to_string).collect();
        lines.join("\n  caused by: ")
    }

    pub(crate) fn from_parts(inner: Inner) -> Self {
        Self(Box::new(inner))
    }

    pub(crate) fn into_parts(self) -> Inner {
        *self.0
    }

    pub(crate) fn parts_mut(&mut self) -> &mut Inner {
        &mut self.0
    }
}

/// The `source` that failures made by Outlast carry on the wire.
const ORIGIN: &str = "Outlast";

impl ApplicationFailure {
    /// Decodes one of the values for the caller.
    ///
    /// # Errors
    /// When there is no such value or it is of another type.
    pub fn detail<T: FromPayload>(&self, position: usize) -> Result<T, DecodeError> {
        match self.details.get(position) {
            Some(payload) => T::from_payload(payload),
            None => Err(DecodeError::missing::<T>(
                position,
                position + 1,
                self.details.len(),
            )),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            FailureKind::Activity(activity) if !activity.activity_type.is_empty() => {
                write!(
                    f,
                    "activity `{}`: {}",
                    activity.activity_type,
                    self.message()
                )
            }
            _ if self.message().is_empty() => f.write_str("failure without a message"),
            _ => f.write_str(self.message()),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shape = f.debug_struct("Failure");
        shape
            .field("message", &self.message())
            .field("kind", self.kind());
        if let Some(cause) = self.cause() {
            shape.field("cause", cause);
        }
        shape.finish_non_exhaustive()
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl fmt::Display for CanceledFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("canceled")
    }
}

impl Error for CanceledFailure {}

impl From<CanceledFailure> for Failure {
    fn from(canceled: CanceledFailure) -> Self {
        Self::new(canceled.to_string(), FailureKind::Canceled(canceled))
    }
}
