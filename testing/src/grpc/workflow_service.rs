//! The workflow service: each method is one call to the engine.
//!
//! Methods that are missing here are answered with UNIMPLEMENTED.

use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::execute_multi_operation_response::{
    Response as OperationResponse, response as operation,
};
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_server::WorkflowService;
use tonic::{Request, Response, Status, async_trait};

use super::Server;
use super::calls::{Hold, wait};
use super::status::status;
use crate::server::{Answer, Engine, Error};

type Reply<T> = Result<Response<T>, Status>;

#[async_trait]
impl WorkflowService for Server {
    async fn get_system_info(
        &self,
        _: Request<api::GetSystemInfoRequest>,
    ) -> Reply<api::GetSystemInfoResponse> {
        Ok(Response::new(
            self.shared.call(|engine| engine.get_system_info()),
        ))
    }

    async fn get_cluster_info(
        &self,
        _: Request<api::GetClusterInfoRequest>,
    ) -> Reply<api::GetClusterInfoResponse> {
        Ok(Response::new(
            self.shared.call(|engine| engine.get_cluster_info()),
        ))
    }

    async fn list_namespaces(
        &self,
        _: Request<api::ListNamespacesRequest>,
    ) -> Reply<api::ListNamespacesResponse> {
        Ok(Response::new(
            self.shared.call(|engine| engine.list_namespaces()),
        ))
    }

    async fn describe_namespace(
        &self,
        request: Request<api::DescribeNamespaceRequest>,
    ) -> Reply<api::DescribeNamespaceResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.describe_namespace(&request)),
        )
    }

    async fn describe_workflow_execution(
        &self,
        request: Request<api::DescribeWorkflowExecutionRequest>,
    ) -> Reply<api::DescribeWorkflowExecutionResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.describe_workflow_execution(&request)),
        )
    }

    async fn reset_sticky_task_queue(
        &self,
        request: Request<api::ResetStickyTaskQueueRequest>,
    ) -> Reply<api::ResetStickyTaskQueueResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.reset_sticky_task_queue(&request)),
        )
    }

    async fn shutdown_worker(
        &self,
        request: Request<api::ShutdownWorkerRequest>,
    ) -> Reply<api::ShutdownWorkerResponse> {
        let request = request.into_inner();
        reply(self.shared.call(|engine| engine.shutdown_worker(&request)))
    }

    async fn get_workflow_execution_history_reverse(
        &self,
        request: Request<api::GetWorkflowExecutionHistoryReverseRequest>,
    ) -> Reply<api::GetWorkflowExecutionHistoryReverseResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.get_workflow_execution_history_reverse(&request)),
        )
    }

    async fn start_workflow_execution(
        &self,
        request: Request<api::StartWorkflowExecutionRequest>,
    ) -> Reply<api::StartWorkflowExecutionResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.start_workflow_execution(request)),
        )
    }

    async fn signal_with_start_workflow_execution(
        &self,
        request: Request<api::SignalWithStartWorkflowExecutionRequest>,
    ) -> Reply<api::SignalWithStartWorkflowExecutionResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.signal_with_start_workflow_execution(request)),
        )
    }

    async fn signal_workflow_execution(
        &self,
        request: Request<api::SignalWorkflowExecutionRequest>,
    ) -> Reply<api::SignalWorkflowExecutionResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.signal_workflow_execution(request)),
        )
    }

    async fn request_cancel_workflow_execution(
        &self,
        request: Request<api::RequestCancelWorkflowExecutionRequest>,
    ) -> Reply<api::RequestCancelWorkflowExecutionResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.request_cancel_workflow_execution(request)),
        )
    }

    async fn terminate_workflow_execution(
        &self,
        request: Request<api::TerminateWorkflowExecutionRequest>,
    ) -> Reply<api::TerminateWorkflowExecutionResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.terminate_workflow_execution(request)),
        )
    }

    async fn respond_workflow_task_completed(
        &self,
        request: Request<api::RespondWorkflowTaskCompletedRequest>,
    ) -> Reply<api::RespondWorkflowTaskCompletedResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.respond_workflow_task_completed(request)),
        )
    }

    async fn respond_workflow_task_failed(
        &self,
        request: Request<api::RespondWorkflowTaskFailedRequest>,
    ) -> Reply<api::RespondWorkflowTaskFailedResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.respond_workflow_task_failed(request)),
        )
    }

    async fn respond_query_task_completed(
        &self,
        request: Request<api::RespondQueryTaskCompletedRequest>,
    ) -> Reply<api::RespondQueryTaskCompletedResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.respond_query_task_completed(request)),
        )
    }

    async fn record_activity_task_heartbeat(
        &self,
        request: Request<api::RecordActivityTaskHeartbeatRequest>,
    ) -> Reply<api::RecordActivityTaskHeartbeatResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.record_activity_task_heartbeat(request)),
        )
    }

    async fn record_activity_task_heartbeat_by_id(
        &self,
        request: Request<api::RecordActivityTaskHeartbeatByIdRequest>,
    ) -> Reply<api::RecordActivityTaskHeartbeatByIdResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.record_activity_task_heartbeat_by_id(request)),
        )
    }

    async fn respond_activity_task_completed(
        &self,
        request: Request<api::RespondActivityTaskCompletedRequest>,
    ) -> Reply<api::RespondActivityTaskCompletedResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.respond_activity_task_completed(request)),
        )
    }

    async fn respond_activity_task_completed_by_id(
        &self,
        request: Request<api::RespondActivityTaskCompletedByIdRequest>,
    ) -> Reply<api::RespondActivityTaskCompletedByIdResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.respond_activity_task_completed_by_id(request)),
        )
    }

    async fn respond_activity_task_failed(
        &self,
        request: Request<api::RespondActivityTaskFailedRequest>,
    ) -> Reply<api::RespondActivityTaskFailedResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.respond_activity_task_failed(request)),
        )
    }

    async fn respond_activity_task_failed_by_id(
        &self,
        request: Request<api::RespondActivityTaskFailedByIdRequest>,
    ) -> Reply<api::RespondActivityTaskFailedByIdResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.respond_activity_task_failed_by_id(request)),
        )
    }

    async fn respond_activity_task_canceled(
        &self,
        request: Request<api::RespondActivityTaskCanceledRequest>,
    ) -> Reply<api::RespondActivityTaskCanceledResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.respond_activity_task_canceled(request)),
        )
    }

    async fn respond_activity_task_canceled_by_id(
        &self,
        request: Request<api::RespondActivityTaskCanceledByIdRequest>,
    ) -> Reply<api::RespondActivityTaskCanceledByIdResponse> {
        let request = request.into_inner();
        reply(
            self.shared
                .call(|engine| engine.respond_activity_task_canceled_by_id(request)),
        )
    }

    async fn record_worker_heartbeat(
        &self,
        _: Request<api::RecordWorkerHeartbeatRequest>,
    ) -> Reply<api::RecordWorkerHeartbeatResponse> {
        Ok(Response::new(api::RecordWorkerHeartbeatResponse::default()))
    }

    async fn poll_workflow_task_queue(
        &self,
        request: Request<api::PollWorkflowTaskQueueRequest>,
    ) -> Reply<api::PollWorkflowTaskQueueResponse> {
        match wait(
            &self.shared,
            request,
            Hold::Poll,
            Engine::poll_workflow_task_queue,
        )
        .await?
        {
            Answer::WorkflowTask(answer) => Ok(Response::new(*answer)),
            other => Err(mixed_up(&other)),
        }
    }

    async fn poll_activity_task_queue(
        &self,
        request: Request<api::PollActivityTaskQueueRequest>,
    ) -> Reply<api::PollActivityTaskQueueResponse> {
        match wait(
            &self.shared,
            request,
            Hold::Poll,
            Engine::poll_activity_task_queue,
        )
        .await?
        {
            Answer::ActivityTask(answer) => Ok(Response::new(*answer)),
            other => Err(mixed_up(&other)),
        }
    }

    async fn get_workflow_execution_history(
        &self,
        request: Request<api::GetWorkflowExecutionHistoryRequest>,
    ) -> Reply<api::GetWorkflowExecutionHistoryResponse> {
        match wait(&self.shared, request, Hold::Read, |engine, request| {
            engine.get_workflow_execution_history(&request)
        })
        .await?
        {
            Answer::History(answer) => reply(*answer),
            other => Err(mixed_up(&other)),
        }
    }

    async fn query_workflow(
        &self,
        request: Request<api::QueryWorkflowRequest>,
    ) -> Reply<api::QueryWorkflowResponse> {
        match wait(&self.shared, request, Hold::Read, Engine::query_workflow).await? {
            Answer::Query(answer) => reply(*answer),
            other => Err(mixed_up(&other)),
        }
    }

    async fn update_workflow_execution(
        &self,
        request: Request<api::UpdateWorkflowExecutionRequest>,
    ) -> Reply<api::UpdateWorkflowExecutionResponse> {
        match wait(&self.shared, request, Hold::Read, |engine, request| {
            engine.update_workflow_execution(&request)
        })
        .await?
        {
            Answer::Update(answer) => reply(*answer),
            other => Err(mixed_up(&other)),
        }
    }

    async fn execute_multi_operation(
        &self,
        request: Request<api::ExecuteMultiOperationRequest>,
    ) -> Reply<api::ExecuteMultiOperationResponse> {
        let mut start = None;
        let begin = |engine: &mut Engine, request| {
            let (response, call) = engine.execute_multi_operation(request)?;
            start = Some(response);
            Ok(call)
        };
        let update = match wait(&self.shared, request, Hold::Read, begin).await? {
            Answer::Update(answer) => answer.map_err(Error::of_second_operation).map_err(status)?,
            other => return Err(mixed_up(&other)),
        };
        let responses = start
            .map(operation::Response::StartWorkflow)
            .into_iter()
            .chain([operation::Response::UpdateWorkflow(update)])
            .map(|response| OperationResponse {
                response: Some(response),
            })
            .collect();
        Ok(Response::new(api::ExecuteMultiOperationResponse {
            responses,
        }))
    }

    async fn poll_workflow_execution_update(
        &self,
        request: Request<api::PollWorkflowExecutionUpdateRequest>,
    ) -> Reply<api::PollWorkflowExecutionUpdateResponse> {
        match wait(
            &self.shared,
            request,
            Hold::Read,
            Engine::poll_workflow_execution_update,
        )
        .await?
        {
            Answer::Update(answer) => {
                reply(
                    answer.map(|answer| api::PollWorkflowExecutionUpdateResponse {
                        outcome: answer.outcome,
                        stage: answer.stage,
                        update_ref: answer.update_ref,
                    }),
                )
            }
            other => Err(mixed_up(&other)),
        }
    }
}

fn reply<T>(result: crate::server::Result<T>) -> Reply<T> {
    result.map(Response::new).map_err(status)
}

/// An answer of the wrong kind is a bug of this server.
fn mixed_up(answer: &Answer) -> Status {
    Status::internal(format!("the server mixed up its answers: {answer:?}"))
}
