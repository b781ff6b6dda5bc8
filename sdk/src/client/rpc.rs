//! [`RpcError`]: what the server or the connection said when a request failed.

use std::error::Error;
use std::fmt;

use tonic::{Code, Status};

/// A request that the server refused or that did not reach it.
///
/// What was worth trying again has been tried again when you see one.
pub struct RpcError(Status);

/// The sort of an [`RpcError`], as gRPC names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RpcCode {
    /// It was aborted by a conflict.
    Aborted,
    /// What was to be made exists.
    AlreadyExists,
    /// It was canceled.
    Canceled,
    /// Data was lost.
    DataLoss,
    /// The answer did not come in time.
    DeadlineExceeded,
    /// The state of things does not allow it.
    FailedPrecondition,
    /// The server failed on its own account.
    Internal,
    /// The request makes no sense.
    InvalidArgument,
    /// What it names does not exist.
    NotFound,
    /// A value is out of range.
    OutOfRange,
    /// The caller may not do this.
    PermissionDenied,
    /// A limit is reached.
    ResourceExhausted,
    /// The caller is not known.
    Unauthenticated,
    /// The server cannot be reached.
    Unavailable,
    /// The server does not know the request.
    Unimplemented,
    /// Nobody said.
    Unknown,
}

impl RpcError {
    /// What sort of error it is.
    #[must_use]
    pub fn code(&self) -> RpcCode {
        match self.0.code() {
            Code::Aborted => RpcCode::Aborted,
            Code::AlreadyExists => RpcCode::AlreadyExists,
            Code::Cancelled => RpcCode::Canceled,
            Code::DataLoss => RpcCode::DataLoss,
            Code::DeadlineExceeded => RpcCode::DeadlineExceeded,
            Code::FailedPrecondition => RpcCode::FailedPrecondition,
            Code::Internal => RpcCode::Internal,
            Code::InvalidArgument => RpcCode::InvalidArgument,
            Code::NotFound => RpcCode::NotFound,
            Code::OutOfRange => RpcCode::OutOfRange,
            Code::PermissionDenied => RpcCode::PermissionDenied,
            Code::ResourceExhausted => RpcCode::ResourceExhausted,
            Code::Unauthenticated => RpcCode::Unauthenticated,
            Code::Unavailable => RpcCode::Unavailable,
            Code::Unimplemented => RpcCode::Unimplemented,
            Code::Ok | Code::Unknown => RpcCode::Unknown,
        }
    }

    /// What the server said.
    #[must_use]
    pub fn message(&self) -> &str {
        self.0.message()
    }
}

impl From<Status> for RpcError {
    fn from(status: Status) -> Self {
        Self(status)
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message())
    }
}

impl fmt::Debug for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcError")
            .field("code", &self.code())
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

impl Error for RpcError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl fmt::Display for RpcCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aborted => "aborted",
            Self::AlreadyExists => "already exists",
            Self::Canceled => "canceled",
            Self::DataLoss => "data loss",
            Self::DeadlineExceeded => "deadline exceeded",
            Self::FailedPrecondition => "failed precondition",
            Self::Internal => "internal error",
            Self::InvalidArgument => "invalid argument",
            Self::NotFound => "not found",
            Self::OutOfRange => "out of range",
            Self::PermissionDenied => "permission denied",
            Self::ResourceExhausted => "resource exhausted",
            Self::Unauthenticated => "unauthenticated",
            Self::Unavailable => "unavailable",
            Self::Unimplemented => "unimplemented",
            Self::Unknown => "unknown error",
        })
    }
}
