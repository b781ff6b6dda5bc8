//! Pausing workflows, which a server does not do unless it is told to.

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::requests::check_run_id;
use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::limits::ID_LIMIT;

impl Engine {
    /// Refuses to pause a workflow, as a server does by default.
    ///
    /// # Errors
    /// Always.
    pub fn pause_workflow_execution(
        &self,
        request: &api::PauseWorkflowExecutionRequest,
    ) -> Result<api::PauseWorkflowExecutionResponse> {
        self.check_namespace(&request.namespace)?;
        let namespace = &request.namespace;
        Err(Error::unimplemented(format!(
            "workflow pause is not enabled for namespace: {namespace}"
        )))
    }

    /// Refuses to go on with a workflow, because none is ever paused.
    ///
    /// # Errors
    /// Always.
    pub fn unpause_workflow_execution(
        &self,
        request: &api::UnpauseWorkflowExecutionRequest,
    ) -> Result<api::UnpauseWorkflowExecutionResponse> {
        self.check_namespace(&request.namespace)?;
        for (what, text) in [
            ("reason", &request.reason),
            ("identity", &request.identity),
            ("request id", &request.request_id),
        ] {
            if text.len() > ID_LIMIT {
                return Err(Error::invalid(format!("{what} is too long.")));
            }
        }
        if request.workflow_id.is_empty() {
            return Err(Error::invalid(
                "Can't load workflow execution.  WorkflowId not set.",
            ));
        }
        check_run_id(&request.run_id)?;
        let execution = WorkflowExecution {
            workflow_id: request.workflow_id.clone(),
            run_id: request.run_id.clone(),
        };
        self.find_open(&request.namespace, Some(&execution))?;
        Err(Error::failed_precondition("workflow is not paused."))
    }
}
