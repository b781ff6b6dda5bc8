//! [`NexusError`]: why a mocked Nexus operation does not succeed.

use std::fmt;

use outlast::{CanceledFailure, Failure, FailureKind, NexusHandlerFailure};
use outlast_proto::temporal::api::enums::v1::NexusHandlerErrorRetryBehavior as RetryBehavior;

/// Why a mocked Nexus operation does not succeed: it has failed, it was canceled, or its handler
/// refuses the call or cannot take it now.
///
/// # Examples
/// ```
/// use outlast_testing::{NexusError, NexusHandlerError};
///
/// let declined = NexusError::failed("Declined", "no funds");
/// assert_eq!(declined.as_failure().application_kind(), Some("Declined"));
///
/// // The server asks again, although it would not for this kind of error.
/// let asleep = NexusError::handler(NexusHandlerError::NotFound, "not yet").retryable();
/// assert_eq!(asleep.to_string(), "not yet");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NexusError(Failure);

/// What is wrong with a call, or with the handler, in the words of the Nexus protocol.
///
/// Unless the error [says otherwise](NexusError::retryable), the server asks a handler again whose
/// error may pass; the variants say which ones it takes as final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NexusHandlerError {
    /// The call makes no sense; final.
    BadRequest,
    /// The call contradicts another one; final.
    Conflict,
    /// Something broke.
    Internal,
    /// There is no such service or operation; final.
    NotFound,
    /// The handler cannot do that; final.
    NotImplemented,
    /// The handler took too long.
    RequestTimeout,
    /// Too many calls, or too large ones.
    ResourceExhausted,
    /// Nobody knows who calls; final.
    Unauthenticated,
    /// The caller may not do that; final.
    Unauthorized,
    /// The handler is not there at the moment.
    Unavailable,
    /// Somebody behind the handler took too long.
    UpstreamTimeout,
}

impl NexusError {
    /// The operation has failed, under a kind that callers match on.
    #[must_use]
    pub fn failed(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Failure::application(kind, message))
    }

    /// The operation was canceled.
    #[must_use]
    pub fn canceled() -> Self {
        Self(CanceledFailure::default().into())
    }

    /// The handler refuses the call, or cannot take it now.
    #[must_use]
    pub fn handler(error: NexusHandlerError, message: impl Into<String>) -> Self {
        let mut failure = NexusHandlerFailure::default();
        failure.kind = error.as_str().to_owned();
        Self(Failure::new(message, FailureKind::NexusHandler(failure)))
    }

    /// Has the server ask again. Means nothing to an error that is not the handler's.
    #[must_use]
    pub fn retryable(self) -> Self {
        self.with_retries(RetryBehavior::Retryable)
    }

    /// Keeps the server from asking again. Means nothing to an error that is not the handler's.
    #[must_use]
    pub fn non_retryable(self) -> Self {
        self.with_retries(RetryBehavior::NonRetryable)
    }

    fn with_retries(self, behavior: RetryBehavior) -> Self {
        let FailureKind::NexusHandler(error) = self.0.kind() else {
            return self;
        };
        let mut error = error.clone();
        error.retry_behavior = behavior as i32;
        let message = self.0.message();
        Self(Failure::new(message, FailureKind::NexusHandler(error)))
    }

    /// The failure, as callers find it among the causes of theirs.
    #[must_use]
    pub fn as_failure(&self) -> &Failure {
        &self.0
    }

    /// Whether it answers a call, and says nothing of an operation that goes on.
    pub(super) fn is_of_handler(&self) -> bool {
        matches!(self.0.kind(), FailureKind::NexusHandler(_))
    }
}

impl NexusHandlerError {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::Conflict => "CONFLICT",
            Self::Internal => "INTERNAL",
            Self::NotFound => "NOT_FOUND",
            Self::NotImplemented => "NOT_IMPLEMENTED",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Unavailable => "UNAVAILABLE",
            Self::UpstreamTimeout => "UPSTREAM_TIMEOUT",
        }
    }
}

impl From<Failure> for NexusError {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<NexusError> for Failure {
    fn from(error: NexusError) -> Self {
        error.0
    }
}

impl fmt::Display for NexusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for NexusError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0)
    }
}
