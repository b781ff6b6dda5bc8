//! [`WorkflowStatus`]: where an execution is in its life.

use std::fmt;

use outlast_proto::temporal::api::enums::v1::WorkflowExecutionStatus;

/// Where an execution is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WorkflowStatus {
    /// It ended because it was canceled.
    Canceled,
    /// It returned a value.
    Completed,
    /// This run is over and another goes on.
    ContinuedAsNew,
    /// It failed.
    Failed,
    /// It is held until somebody lets it go on.
    Paused,
    /// It has not ended.
    Running,
    /// Somebody terminated it.
    Terminated,
    /// It ran out of time.
    TimedOut,
    /// The server did not say, or named a status that is not known here.
    #[default]
    Unspecified,
}

impl WorkflowStatus {
    pub(super) fn from_wire(value: i32) -> Self {
        match WorkflowExecutionStatus::try_from(value).unwrap_or_default() {
            WorkflowExecutionStatus::Canceled => Self::Canceled,
            WorkflowExecutionStatus::Completed => Self::Completed,
            WorkflowExecutionStatus::ContinuedAsNew => Self::ContinuedAsNew,
            WorkflowExecutionStatus::Failed => Self::Failed,
            WorkflowExecutionStatus::Paused => Self::Paused,
            WorkflowExecutionStatus::Running => Self::Running,
            WorkflowExecutionStatus::Terminated => Self::Terminated,
            WorkflowExecutionStatus::TimedOut => Self::TimedOut,
            WorkflowExecutionStatus::Unspecified => Self::Unspecified,
        }
    }

    /// Whether it may still go on.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Paused | Self::Running)
    }
}

impl fmt::Display for WorkflowStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Canceled => "canceled",
            Self::Completed => "completed",
            Self::ContinuedAsNew => "continued as new",
            Self::Failed => "failed",
            Self::Paused => "paused",
            Self::Running => "running",
            Self::Terminated => "terminated",
            Self::TimedOut => "timed out",
            Self::Unspecified => "of unknown status",
        })
    }
}
