//! Where a batch operation resets its workflows to.

use outlast_proto::temporal::api::batch::v1::BatchOperationReset;
use outlast_proto::temporal::api::common::v1::reset_options::Target;
use outlast_proto::temporal::api::enums::v1::{EventType, ResetType};
use outlast_proto::temporal::api::history::v1::HistoryEvent;

use crate::server::errors::{Error, Result};

/// A point that each history has, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResetPoint {
    FirstTask,
    LastTask,
    /// The workflow task that ends with this event.
    Task(i64),
}

impl ResetPoint {
    /// The point that a request names, in the way of now or in that of old.
    pub(super) fn of(reset: &BatchOperationReset) -> Result<Self> {
        let target = reset.options.as_ref().and_then(|o| o.target.as_ref());
        match target {
            Some(Target::FirstWorkflowTask(())) => Ok(Self::FirstTask),
            Some(Target::LastWorkflowTask(())) => Ok(Self::LastTask),
            Some(Target::WorkflowTaskId(id)) => Ok(Self::Task(*id)),
            Some(Target::BuildId(_)) => Err(Error::unsupported("resets to build ids")),
            None => match reset.reset_type() {
                ResetType::FirstWorkflowTask => Ok(Self::FirstTask),
                ResetType::LastWorkflowTask => Ok(Self::LastTask),
                ResetType::Unspecified => {
                    Err(Error::invalid("unknown batch reset type Unspecified"))
                }
            },
        }
    }

    /// The event to reset to: a completed task or, for want of one, the start of a scheduled one.
    pub(super) fn finish_id(self, events: &[HistoryEvent]) -> Result<i64> {
        let of_type = |event_type| {
            let found = events.iter().filter(move |e| e.event_type() == event_type);
            found.map(|event| event.event_id)
        };
        let mut completed = of_type(EventType::WorkflowTaskCompleted);
        let mut scheduled = of_type(EventType::WorkflowTaskScheduled).map(|id| id + 1);
        let found = match self {
            Self::FirstTask => completed.next().or_else(|| scheduled.next()),
            Self::LastTask => completed.last().or_else(|| scheduled.next()),
            Self::Task(id) => Some(id),
        };
        found.ok_or_else(|| {
            Error::invalid("unable to find any scheduled or completed task to reset to")
        })
    }
}
