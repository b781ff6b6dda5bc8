//! How much a run may have pending at a time.

use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;

use crate::server::execution::Execution;
use crate::server::workflow_task::check::{Checked, Flaw};

/// What is pending while the commands of a task are checked one after the other.
#[derive(Debug)]
pub(in crate::server) struct Pending {
    activities: usize,
    children: usize,
    signals: usize,
    cancels: usize,
}

impl Pending {
    pub(in crate::server) fn of(execution: &Execution) -> Self {
        Self {
            activities: execution.activities.len(),
            children: execution.children.len(),
            // These are delivered right after the task that asks for them.
            signals: 0,
            cancels: 0,
        }
    }

    /// Counts what a command adds, if there is room for it.
    pub(in crate::server) fn add(&mut self, command: &Attributes) -> Checked {
        let (number, what, cause) = match command {
            Attributes::ScheduleActivityTaskCommandAttributes(_) => (
                &mut self.activities,
                "activities",
                Cause::PendingActivitiesLimitExceeded,
            ),
            Attributes::StartChildWorkflowExecutionCommandAttributes(_) => (
                &mut self.children,
                "child workflow executions",
                Cause::PendingChildWorkflowsLimitExceeded,
            ),
            Attributes::SignalExternalWorkflowExecutionCommandAttributes(_) => (
                &mut self.signals,
                "signals to external workflows",
                Cause::PendingSignalsLimitExceeded,
            ),
            Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(_) => (
                &mut self.cancels,
                "requests to cancel external workflows",
                Cause::PendingRequestCancelLimitExceeded,
            ),
            _ => return Ok(()),
        };
        if *number >= LIMIT {
            let text = format!(
                "the number of pending {what}, {number}, has reached the per-workflow limit of {LIMIT}"
            );
            return Err(Flaw::new(cause, text));
        }
        *number += 1;
        Ok(())
    }
}

const LIMIT: usize = 2000;
