//! What happens when a workflow id is taken.

use outlast_proto::temporal::api::common::v1 as wire;
use outlast_proto::temporal::api::enums::v1::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy};

use crate::convert::wire_duration;
use crate::retry_policy::RetryPolicy;

/// Whether a workflow id may be used again after an execution of it has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdReusePolicy {
    /// It may.
    #[default]
    AllowDuplicate,
    /// It may unless the last execution returned a value.
    AllowDuplicateFailedOnly,
    /// It may not, for as long as the server keeps the ended execution.
    RejectDuplicate,
}

/// What to do while an execution with the same workflow id is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdConflictPolicy {
    /// Refuse to start.
    #[default]
    Fail,
    /// Terminate that one, then start.
    TerminateExisting,
    /// Start nothing and return a handle to that one.
    UseExisting,
}

impl IdReusePolicy {
    pub(super) fn to_wire(self) -> i32 {
        let policy = match self {
            Self::AllowDuplicate => WorkflowIdReusePolicy::AllowDuplicate,
            Self::AllowDuplicateFailedOnly => WorkflowIdReusePolicy::AllowDuplicateFailedOnly,
            Self::RejectDuplicate => WorkflowIdReusePolicy::RejectDuplicate,
        };
        policy as i32
    }
}

impl IdConflictPolicy {
    pub(super) fn to_wire(self) -> i32 {
        let policy = match self {
            Self::Fail => WorkflowIdConflictPolicy::Fail,
            Self::TerminateExisting => WorkflowIdConflictPolicy::TerminateExisting,
            Self::UseExisting => WorkflowIdConflictPolicy::UseExisting,
        };
        policy as i32
    }
}

/// The policy on the wire, where what is not set is zero and means the server's default.
pub(super) fn retry_to_wire(policy: RetryPolicy) -> wire::RetryPolicy {
    wire::RetryPolicy {
        initial_interval: policy.initial_interval.map(wire_duration),
        backoff_coefficient: policy.backoff_coefficient.unwrap_or_default(),
        maximum_interval: policy.max_interval.map(wire_duration),
        maximum_attempts: i32::try_from(policy.max_attempts).unwrap_or(i32::MAX),
        non_retryable_error_types: policy.non_retryable_errors,
    }
}
