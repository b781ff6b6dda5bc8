//! The workflow that a schedule starts, as it is checked and kept.

use outlast_proto::temporal::api::common::v1::SearchAttributes;
use outlast_proto::temporal::api::enums::v1::TaskQueueKind;
use outlast_proto::temporal::api::schedule::v1::ScheduleAction;
use outlast_proto::temporal::api::schedule::v1::schedule_action::Action;
use outlast_proto::temporal::api::workflow::v1::NewWorkflowExecutionInfo;

use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::limits::check_length;
use crate::server::start::check::check_timeouts;
use crate::server::task_queues::check_queue;

impl Engine {
    pub(super) fn check_action(
        &self,
        namespace: &str,
        workflow: &NewWorkflowExecutionInfo,
    ) -> Result<()> {
        if !workflow.cron_schedule.is_empty() {
            return Err(Error::invalid(
                "Scheduled workflow must not contain CronSchedule",
            ));
        }
        if workflow.workflow_id_reuse_policy != 0 {
            return Err(Error::invalid(
                "Scheduled workflow must not contain WorkflowIDReusePolicy",
            ));
        }
        let workflow_type = workflow.workflow_type.as_ref();
        let workflow_type = workflow_type.map_or("", |t| t.name.as_str());
        if workflow_type.is_empty() {
            return Err(Error::invalid("WorkflowType is not set on request."));
        }
        check_length("WorkflowType", workflow_type)?;
        check_queue(workflow.task_queue.as_ref())?;
        check_timeouts([
            (
                "WorkflowExecutionTimeout",
                &workflow.workflow_execution_timeout,
            ),
            ("WorkflowRunTimeout", &workflow.workflow_run_timeout),
            ("WorkflowTaskTimeout", &workflow.workflow_task_timeout),
        ])?;
        self.check_search_attributes(namespace, workflow.search_attributes.as_ref())?;
        match self.world.options.limits.fits_blob(Some(workflow)) {
            true => Ok(()),
            false => Err(Error::blob_too_large()),
        }
    }

    /// Notes the types of what a schedule and its workflows are found by.
    pub(super) fn adopt_attributes(
        &mut self,
        namespace: &str,
        found_by: [Option<&mut SearchAttributes>; 2],
    ) {
        let known = &mut self.world.namespaces;
        let known = known.search_attributes_mut(namespace);
        for attributes in found_by.into_iter().flatten() {
            known.adopt(attributes);
        }
    }
}

/// An action as it is read back.
pub(super) fn settled(mut action: ScheduleAction) -> ScheduleAction {
    if let Some(Action::StartWorkflow(workflow)) = &mut action.action
        && let Some(queue) = &mut workflow.task_queue
    {
        queue.kind = TaskQueueKind::Normal as i32;
    }
    action
}

pub(super) fn started(action: Option<&ScheduleAction>) -> Option<&NewWorkflowExecutionInfo> {
    let Action::StartWorkflow(workflow) = action?.action.as_ref()?;
    Some(workflow)
}

/// What the workflows of an action are found by.
pub(super) fn attributes_of(action: &mut Option<ScheduleAction>) -> Option<&mut SearchAttributes> {
    let Action::StartWorkflow(workflow) = action.as_mut()?.action.as_mut()?;
    workflow.search_attributes.as_mut()
}
