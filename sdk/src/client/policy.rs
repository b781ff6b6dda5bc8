//! What happens when a workflow id is taken.

use outlast_proto::temporal::api::enums::v1::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy};

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
