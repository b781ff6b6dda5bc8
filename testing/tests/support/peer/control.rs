//! What operators of workflows ask for.

use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Status;

use super::{Peer, Transport, uuid};

impl<T: Transport> Peer<T> {
    /// A description of a run, the current one if `run_id` is empty.
    pub(crate) async fn describe(&self, run_id: &str) -> api::DescribeWorkflowExecutionResponse {
        let request = api::DescribeWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            execution: self.run(run_id),
        };
        let mut client = self.client.clone();
        let response = client.describe_workflow_execution(request).await;
        response.unwrap().into_inner()
    }

    /// A reset of a run, the current one if `run_id` is empty.
    pub(crate) fn reset_request(
        &self,
        run_id: &str,
        finish_id: i64,
    ) -> api::ResetWorkflowExecutionRequest {
        api::ResetWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: self.run(run_id),
            reason: "once more".to_owned(),
            workflow_task_finish_event_id: finish_id,
            request_id: uuid(),
            ..Default::default()
        }
    }

    /// Resets a workflow; returns the id of the new run.
    pub(crate) async fn reset_with(
        &self,
        request: api::ResetWorkflowExecutionRequest,
    ) -> Result<String, Status> {
        let response = self.client.clone().reset_workflow_execution(request).await;
        Ok(response?.into_inner().run_id)
    }

    pub(crate) async fn reset(&self, finish_id: i64) -> Result<String, Status> {
        self.reset_with(self.reset_request("", finish_id)).await
    }
}
