//! What clients of workflows ask for.

use outlast_proto::temporal::api::common::v1::WorkflowType;
use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage;
use outlast_proto::temporal::api::query::v1::WorkflowQuery;
use outlast_proto::temporal::api::update::v1 as update;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::execute_multi_operation_request::{
    self, operation::Operation,
};
use tonic::Status;

use super::{Peer, Transport, uuid, with_timeout};
use crate::support::builders::payloads;

impl<T: Transport> Peer<T> {
    pub(crate) fn start_request(&self) -> api::StartWorkflowExecutionRequest {
        api::StartWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_id: self.workflow_id.clone(),
            workflow_type: Some(WorkflowType {
                name: "Order".to_owned(),
            }),
            task_queue: self.normal_queue(),
            identity: "client".to_owned(),
            request_id: uuid(),
            ..Default::default()
        }
    }

    pub(crate) async fn start(&self) -> String {
        self.start_with(self.start_request()).await.unwrap().run_id
    }

    pub(crate) async fn start_with(
        &self,
        request: api::StartWorkflowExecutionRequest,
    ) -> Result<api::StartWorkflowExecutionResponse, Status> {
        let response = self
            .client
            .clone()
            .start_workflow_execution(request)
            .await?;
        Ok(response.into_inner())
    }

    /// A start that sends the signal `name`, too.
    pub(crate) fn signal_with_start_request(
        &self,
        name: &str,
    ) -> api::SignalWithStartWorkflowExecutionRequest {
        let start = self.start_request();
        api::SignalWithStartWorkflowExecutionRequest {
            namespace: start.namespace,
            workflow_id: start.workflow_id,
            workflow_type: start.workflow_type,
            task_queue: start.task_queue,
            identity: start.identity,
            request_id: start.request_id,
            signal_name: name.to_owned(),
            signal_input: payloads(name),
            ..Default::default()
        }
    }

    pub(crate) async fn signal_with_start(
        &self,
        request: api::SignalWithStartWorkflowExecutionRequest,
    ) -> Result<api::SignalWithStartWorkflowExecutionResponse, Status> {
        let response = self
            .client()
            .signal_with_start_workflow_execution(request)
            .await?;
        Ok(response.into_inner())
    }

    pub(crate) fn signal_request(&self, name: &str) -> api::SignalWorkflowExecutionRequest {
        api::SignalWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: self.execution(),
            signal_name: name.to_owned(),
            input: payloads(name),
            identity: "client".to_owned(),
            ..Default::default()
        }
    }

    pub(crate) async fn signal(&self, name: &str) -> Result<(), Status> {
        self.signal_as(self.signal_request(name)).await
    }

    pub(crate) async fn signal_as(
        &self,
        request: api::SignalWorkflowExecutionRequest,
    ) -> Result<(), Status> {
        self.client().signal_workflow_execution(request).await?;
        Ok(())
    }

    pub(crate) async fn cancel(&self) -> Result<(), Status> {
        let request = api::RequestCancelWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: self.execution(),
            identity: "client".to_owned(),
            ..Default::default()
        };
        self.client
            .clone()
            .request_cancel_workflow_execution(request)
            .await?;
        Ok(())
    }

    pub(crate) async fn terminate(&self, reason: &str) -> Result<(), Status> {
        let request = api::TerminateWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: self.execution(),
            reason: reason.to_owned(),
            identity: "client".to_owned(),
            ..Default::default()
        };
        self.client
            .clone()
            .terminate_workflow_execution(request)
            .await?;
        Ok(())
    }

    pub(crate) async fn query(&self, name: &str) -> Result<api::QueryWorkflowResponse, Status> {
        let request = api::QueryWorkflowRequest {
            namespace: "default".to_owned(),
            execution: self.execution(),
            query: Some(WorkflowQuery {
                query_type: name.to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let response = self
            .client
            .clone()
            .query_workflow(with_timeout(request, 8.0))
            .await?;
        Ok(response.into_inner())
    }

    pub(crate) fn update_request(
        &self,
        update_id: &str,
        stage: UpdateWorkflowExecutionLifecycleStage,
    ) -> api::UpdateWorkflowExecutionRequest {
        api::UpdateWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: self.execution(),
            wait_policy: Some(update::WaitPolicy {
                lifecycle_stage: stage as i32,
            }),
            request: Some(update::Request {
                meta: Some(update::Meta {
                    update_id: update_id.to_owned(),
                    identity: "client".to_owned(),
                }),
                input: Some(update::Input {
                    name: "change".to_owned(),
                    args: payloads(update_id),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    pub(crate) fn poll_update_request(
        &self,
        update_id: &str,
        stage: UpdateWorkflowExecutionLifecycleStage,
    ) -> api::PollWorkflowExecutionUpdateRequest {
        api::PollWorkflowExecutionUpdateRequest {
            namespace: "default".to_owned(),
            update_ref: Some(update::UpdateRef {
                workflow_execution: self.execution(),
                update_id: update_id.to_owned(),
            }),
            identity: "client".to_owned(),
            wait_policy: Some(update::WaitPolicy {
                lifecycle_stage: stage as i32,
            }),
        }
    }

    /// Asks how far an update has come, or waits for it.
    pub(crate) async fn poll_update(
        &self,
        update_id: &str,
        stage: UpdateWorkflowExecutionLifecycleStage,
    ) -> Result<api::PollWorkflowExecutionUpdateResponse, Status> {
        let request = with_timeout(self.poll_update_request(update_id, stage), 10.0);
        Ok(self
            .client()
            .poll_workflow_execution_update(request)
            .await?
            .into_inner())
    }

    pub(crate) async fn update(
        &self,
        update_id: &str,
        stage: UpdateWorkflowExecutionLifecycleStage,
    ) -> Result<api::UpdateWorkflowExecutionResponse, Status> {
        let request = self.update_request(update_id, stage);
        let request = with_timeout(request, 10.0);
        Ok(self
            .client
            .clone()
            .update_workflow_execution(request)
            .await?
            .into_inner())
    }

    pub(crate) async fn update_with_start(
        &self,
        start: api::StartWorkflowExecutionRequest,
        update: api::UpdateWorkflowExecutionRequest,
    ) -> Result<api::ExecuteMultiOperationResponse, Status> {
        let operations = [
            Operation::StartWorkflow(start),
            Operation::UpdateWorkflow(update),
        ]
        .into_iter()
        .map(|operation| execute_multi_operation_request::Operation {
            operation: Some(operation),
        });
        let request = api::ExecuteMultiOperationRequest {
            namespace: "default".to_owned(),
            operations: operations.collect(),
            ..Default::default()
        };
        let request = with_timeout(request, 10.0);
        Ok(self
            .client
            .clone()
            .execute_multi_operation(request)
            .await?
            .into_inner())
    }
}
