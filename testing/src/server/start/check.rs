//! What is wrong with a request to start a workflow.

use outlast_proto::temporal::api::common::v1::{Priority, SearchAttributes};
use outlast_proto::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;

use crate::server::Engine;
use crate::server::cron;
use crate::server::deployments::overrides;
use crate::server::errors::{Error, Result};
use crate::server::execution::retry;
use crate::server::limits::{check_length, check_name};
use crate::server::links::check_links;
use crate::server::nexus::check_callbacks;
use crate::server::priority;
use crate::server::queues::matching::{QueueKey, QueueType};
use crate::server::search_attributes;
use crate::server::task_queues::check_queue;
use crate::server::wire::{duration_flaw, set_duration};

impl Engine {
    pub(in crate::server) fn check_start(
        &mut self,
        request: &StartWorkflowExecutionRequest,
    ) -> Result<()> {
        self.open_namespace(&request.namespace)?;
        check_names(request)?;
        check_times(request)?;
        if let Some(flaw) = request.retry_policy.as_ref().and_then(retry::flaw) {
            return Err(Error::invalid(flaw));
        }
        if !request.cron_schedule.is_empty() {
            if set_duration(request.workflow_start_delay.as_ref()).is_some() {
                return Err(Error::invalid(
                    "CronSchedule and WorkflowStartDelay may not be used together.",
                ));
            }
            if let Some(flaw) = cron::flaw(&request.cron_schedule, self.world.now) {
                return Err(Error::invalid(flaw));
            }
        }
        check_priority(request.priority.as_ref())?;
        if request.time_skipping_config.is_some() {
            return Err(Error::unimplemented(
                "The Time-Skipping feature is not enabled for namespace.",
            ));
        }
        check_callbacks(&request.completion_callbacks)?;
        check_links(&request.links)?;
        let queue = request.task_queue.as_ref();
        let queue = queue.map_or("", |queue| queue.name.as_str());
        let queue = QueueKey::new(&request.namespace, QueueType::Workflow, queue);
        let versioning = request.versioning_override.as_ref();
        overrides::check(versioning, &queue, &self.world.deployments)?;
        self.check_search_attributes(&request.namespace, request.search_attributes.as_ref())?;
        let limits = &self.world.options.limits;
        limits.check_blob(request.input.as_ref())?;
        limits.check_memo(request.memo.as_ref())
    }

    pub(in crate::server) fn check_search_attributes(
        &self,
        namespace: &str,
        attributes: Option<&SearchAttributes>,
    ) -> Result<()> {
        let known = self.world.namespaces.search_attributes(namespace);
        known.check(namespace, attributes).map_err(Error::invalid)?;
        search_attributes::size_flaw(attributes).map_or(Ok(()), |flaw| Err(Error::invalid(flaw)))
    }
}

fn check_names(request: &StartWorkflowExecutionRequest) -> Result<()> {
    let workflow_type = request.workflow_type.as_ref().map(|t| t.name.as_str());
    let workflow_type = workflow_type.unwrap_or_default();
    if request.workflow_id.is_empty() {
        return Err(Error::invalid("WorkflowId is not set on request."));
    }
    check_name("WorkflowId", &request.workflow_id)?;
    if workflow_type.is_empty() {
        return Err(Error::invalid("WorkflowType is not set on request."));
    }
    check_length("WorkflowType", workflow_type)?;
    check_queue(request.task_queue.as_ref())?;
    check_length("RequestId", &request.request_id)
}

fn check_times(request: &StartWorkflowExecutionRequest) -> Result<()> {
    check_timeouts([
        (
            "WorkflowExecutionTimeout",
            &request.workflow_execution_timeout,
        ),
        ("WorkflowRunTimeout", &request.workflow_run_timeout),
        ("WorkflowTaskTimeout", &request.workflow_task_timeout),
        ("WorkflowStartDelay", &request.workflow_start_delay),
    ])
}

/// Refuses a priority that no task can have.
pub(in crate::server) fn check_priority(priority: Option<&Priority>) -> Result<()> {
    match priority.and_then(priority::flaw) {
        Some(flaw) => Err(Error::invalid(flaw)),
        None => Ok(()),
    }
}

/// Refuses negative times, of which each comes with its name.
pub(in crate::server) fn check_timeouts<const N: usize>(
    times: [(&str, &Option<prost_types::Duration>); N],
) -> Result<()> {
    for (name, time) in times {
        if let Some(flaw) = duration_flaw(time.as_ref()) {
            return Err(Error::invalid(format!(
                "An invalid {name}Seconds is set on request. cause: {flaw}"
            )));
        }
    }
    Ok(())
}
