//! Commands about other workflows.

use outlast_proto::temporal::api::command::v1::StartChildWorkflowExecutionCommandAttributes;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;

use super::{Checked, Checker, Flaw};
use crate::server::cron;
use crate::server::execution::retry;

impl Checker<'_> {
    pub(super) fn check_child(&self, a: &StartChildWorkflowExecutionCommandAttributes) -> Checked {
        let cause = Cause::BadStartChildExecutionAttributes;
        check_target(cause, &a.workflow_id)?;
        if a.workflow_type.as_ref().is_none_or(|t| t.name.is_empty()) {
            return Err(Flaw::new(cause, "WorkflowType is not set on command."));
        }
        if !a.cron_schedule.is_empty()
            && let Some(flaw) = cron::flaw(&a.cron_schedule, self.world.now)
        {
            let text = format!(
                "invalid CronSchedule on StartChildWorkflowExecutionCommand: {flaw}. \
                 WorkflowId={} WorkflowType={} Namespace={}",
                a.workflow_id,
                a.workflow_type.as_ref().map_or("", |t| t.name.as_str()),
                or_if_empty(&a.namespace, &self.execution.namespace),
            );
            return Err(Flaw::new(cause, text));
        }
        if let Some(flaw) = a.retry_policy.as_ref().and_then(retry::flaw) {
            return Err(Flaw::new(cause, flaw));
        }
        self.check_search_attributes(a.search_attributes.as_ref())
    }
}

pub(super) fn check_target(cause: Cause, workflow_id: &str) -> Checked {
    if workflow_id.is_empty() {
        return Err(Flaw::new(cause, "WorkflowId is not set on command."));
    }
    Ok(())
}

pub(super) fn or_if_empty<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}
