//! The workflow service: each method is one call to the engine.
//!
//! Methods that are missing here are answered with UNIMPLEMENTED.

use outlast_proto::temporal::api::enums::v1::HistoryEventFilterType;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::execute_multi_operation_response::{
    Response as OperationResponse, response as operation,
};
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_server::WorkflowService;
use tonic::{Request, Response, Status};

use super::Server;
use super::calls::{Hold, wait, wait_for_task};
use super::engine_calls::engine_calls;
use super::old_clients;
use super::status::status;
use crate::server::{Answer, Engine, Error};

type Reply<T> = Result<Response<T>, Status>;

engine_calls! {
    impl WorkflowService for Server;

    // The engine keeps parts of these requests.
    owned {
        create_schedule(CreateScheduleRequest) -> CreateScheduleResponse;
        patch_schedule(PatchScheduleRequest) -> PatchScheduleResponse;
        pause_activity(PauseActivityRequest) -> PauseActivityResponse;
        record_activity_task_heartbeat(RecordActivityTaskHeartbeatRequest) -> RecordActivityTaskHeartbeatResponse;
        record_activity_task_heartbeat_by_id(RecordActivityTaskHeartbeatByIdRequest) -> RecordActivityTaskHeartbeatByIdResponse;
        record_worker_heartbeat(RecordWorkerHeartbeatRequest) -> RecordWorkerHeartbeatResponse;
        register_namespace(RegisterNamespaceRequest) -> RegisterNamespaceResponse;
        request_cancel_workflow_execution(RequestCancelWorkflowExecutionRequest) -> RequestCancelWorkflowExecutionResponse;
        reset_workflow_execution(ResetWorkflowExecutionRequest) -> ResetWorkflowExecutionResponse;
        respond_activity_task_canceled(RespondActivityTaskCanceledRequest) -> RespondActivityTaskCanceledResponse;
        respond_activity_task_canceled_by_id(RespondActivityTaskCanceledByIdRequest) -> RespondActivityTaskCanceledByIdResponse;
        respond_activity_task_completed(RespondActivityTaskCompletedRequest) -> RespondActivityTaskCompletedResponse;
        respond_activity_task_completed_by_id(RespondActivityTaskCompletedByIdRequest) -> RespondActivityTaskCompletedByIdResponse;
        respond_activity_task_failed(RespondActivityTaskFailedRequest) -> RespondActivityTaskFailedResponse;
        respond_activity_task_failed_by_id(RespondActivityTaskFailedByIdRequest) -> RespondActivityTaskFailedByIdResponse;
        respond_nexus_task_completed(RespondNexusTaskCompletedRequest) -> RespondNexusTaskCompletedResponse;
        respond_nexus_task_failed(RespondNexusTaskFailedRequest) -> RespondNexusTaskFailedResponse;
        respond_query_task_completed(RespondQueryTaskCompletedRequest) -> RespondQueryTaskCompletedResponse;
        respond_workflow_task_completed(RespondWorkflowTaskCompletedRequest) -> RespondWorkflowTaskCompletedResponse;
        respond_workflow_task_failed(RespondWorkflowTaskFailedRequest) -> RespondWorkflowTaskFailedResponse;
        set_worker_deployment_manager(SetWorkerDeploymentManagerRequest) -> SetWorkerDeploymentManagerResponse;
        signal_with_start_workflow_execution(SignalWithStartWorkflowExecutionRequest) -> SignalWithStartWorkflowExecutionResponse;
        signal_workflow_execution(SignalWorkflowExecutionRequest) -> SignalWorkflowExecutionResponse;
        start_batch_operation(StartBatchOperationRequest) -> StartBatchOperationResponse;
        start_workflow_execution(StartWorkflowExecutionRequest) -> StartWorkflowExecutionResponse;
        terminate_workflow_execution(TerminateWorkflowExecutionRequest) -> TerminateWorkflowExecutionResponse;
        update_activity_execution_options(UpdateActivityExecutionOptionsRequest) -> UpdateActivityExecutionOptionsResponse;
        update_activity_options(UpdateActivityOptionsRequest) -> UpdateActivityOptionsResponse;
        update_workflow_execution_options(UpdateWorkflowExecutionOptionsRequest) -> UpdateWorkflowExecutionOptionsResponse;
        update_worker_deployment_version_metadata(UpdateWorkerDeploymentVersionMetadataRequest) -> UpdateWorkerDeploymentVersionMetadataResponse;
        update_schedule(UpdateScheduleRequest) -> UpdateScheduleResponse;
    }

    // The engine only reads these.
    borrowed {
        count_workers(CountWorkersRequest) -> CountWorkersResponse;
        count_workflow_executions(CountWorkflowExecutionsRequest) -> CountWorkflowExecutionsResponse;
        count_schedules(CountSchedulesRequest) -> CountSchedulesResponse;
        create_worker_deployment(CreateWorkerDeploymentRequest) -> CreateWorkerDeploymentResponse;
        create_worker_deployment_version(CreateWorkerDeploymentVersionRequest) -> CreateWorkerDeploymentVersionResponse;
        delete_schedule(DeleteScheduleRequest) -> DeleteScheduleResponse;
        delete_worker_deployment(DeleteWorkerDeploymentRequest) -> DeleteWorkerDeploymentResponse;
        delete_worker_deployment_version(DeleteWorkerDeploymentVersionRequest) -> DeleteWorkerDeploymentVersionResponse;
        delete_workflow_execution(DeleteWorkflowExecutionRequest) -> DeleteWorkflowExecutionResponse;
        deprecate_namespace(DeprecateNamespaceRequest) -> DeprecateNamespaceResponse;
        describe_batch_operation(DescribeBatchOperationRequest) -> DescribeBatchOperationResponse;
        describe_namespace(DescribeNamespaceRequest) -> DescribeNamespaceResponse;
        describe_schedule(DescribeScheduleRequest) -> DescribeScheduleResponse;
        describe_task_queue(DescribeTaskQueueRequest) -> DescribeTaskQueueResponse;
        describe_worker(DescribeWorkerRequest) -> DescribeWorkerResponse;
        describe_worker_deployment(DescribeWorkerDeploymentRequest) -> DescribeWorkerDeploymentResponse;
        describe_worker_deployment_version(DescribeWorkerDeploymentVersionRequest) -> DescribeWorkerDeploymentVersionResponse;
        describe_workflow_execution(DescribeWorkflowExecutionRequest) -> DescribeWorkflowExecutionResponse;
        get_workflow_execution_history_reverse(GetWorkflowExecutionHistoryReverseRequest) -> GetWorkflowExecutionHistoryReverseResponse;
        list_archived_workflow_executions(ListArchivedWorkflowExecutionsRequest) -> ListArchivedWorkflowExecutionsResponse;
        list_closed_workflow_executions(ListClosedWorkflowExecutionsRequest) -> ListClosedWorkflowExecutionsResponse;
        list_namespaces(ListNamespacesRequest) -> ListNamespacesResponse;
        list_batch_operations(ListBatchOperationsRequest) -> ListBatchOperationsResponse;
        list_open_workflow_executions(ListOpenWorkflowExecutionsRequest) -> ListOpenWorkflowExecutionsResponse;
        list_task_queue_partitions(ListTaskQueuePartitionsRequest) -> ListTaskQueuePartitionsResponse;
        list_worker_deployments(ListWorkerDeploymentsRequest) -> ListWorkerDeploymentsResponse;
        list_workers(ListWorkersRequest) -> ListWorkersResponse;
        list_workflow_executions(ListWorkflowExecutionsRequest) -> ListWorkflowExecutionsResponse;
        pause_activity_execution(PauseActivityExecutionRequest) -> PauseActivityExecutionResponse;
        pause_workflow_execution(PauseWorkflowExecutionRequest) -> PauseWorkflowExecutionResponse;
        list_schedule_matching_times(ListScheduleMatchingTimesRequest) -> ListScheduleMatchingTimesResponse;
        list_schedules(ListSchedulesRequest) -> ListSchedulesResponse;
        reset_activity(ResetActivityRequest) -> ResetActivityResponse;
        reset_activity_execution(ResetActivityExecutionRequest) -> ResetActivityExecutionResponse;
        reset_sticky_task_queue(ResetStickyTaskQueueRequest) -> ResetStickyTaskQueueResponse;
        scan_workflow_executions(ScanWorkflowExecutionsRequest) -> ScanWorkflowExecutionsResponse;
        set_worker_deployment_current_version(SetWorkerDeploymentCurrentVersionRequest) -> SetWorkerDeploymentCurrentVersionResponse;
        set_worker_deployment_ramping_version(SetWorkerDeploymentRampingVersionRequest) -> SetWorkerDeploymentRampingVersionResponse;
        shutdown_worker(ShutdownWorkerRequest) -> ShutdownWorkerResponse;
        stop_batch_operation(StopBatchOperationRequest) -> StopBatchOperationResponse;
        unpause_activity(UnpauseActivityRequest) -> UnpauseActivityResponse;
        unpause_activity_execution(UnpauseActivityExecutionRequest) -> UnpauseActivityExecutionResponse;
        unpause_workflow_execution(UnpauseWorkflowExecutionRequest) -> UnpauseWorkflowExecutionResponse;
        update_namespace(UpdateNamespaceRequest) -> UpdateNamespaceResponse;
    }

    // These have no errors, or wait.
    by_hand {
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

        async fn get_search_attributes(
            &self,
            _: Request<api::GetSearchAttributesRequest>,
        ) -> Reply<api::GetSearchAttributesResponse> {
            let attributes = self.shared.call(|engine| engine.get_search_attributes());
            Ok(Response::new(attributes))
        }

        async fn poll_workflow_task_queue(
            &self,
            request: Request<api::PollWorkflowTaskQueueRequest>,
        ) -> Reply<api::PollWorkflowTaskQueueResponse> {
            match wait_for_task(
                &self.shared,
                request,
                |poll| &poll.namespace,
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
            match wait_for_task(
                &self.shared,
                request,
                |poll| &poll.namespace,
                Engine::poll_activity_task_queue,
            )
            .await?
            {
                Answer::ActivityTask(answer) => Ok(Response::new(*answer)),
                other => Err(mixed_up(&other)),
            }
        }

        async fn poll_nexus_task_queue(
            &self,
            request: Request<api::PollNexusTaskQueueRequest>,
        ) -> Reply<api::PollNexusTaskQueueResponse> {
            match wait_for_task(
                &self.shared,
                request,
                |poll| &poll.namespace,
                Engine::poll_nexus_task_queue,
            )
            .await?
            {
                Answer::NexusTask(answer) => Ok(Response::new(*answer)),
                other => Err(mixed_up(&other)),
            }
        }

        async fn get_workflow_execution_history(
            &self,
            request: Request<api::GetWorkflowExecutionHistoryRequest>,
        ) -> Reply<api::GetWorkflowExecutionHistoryResponse> {
            let filter = request.get_ref().history_event_filter_type();
            let simplified = filter == HistoryEventFilterType::CloseEvent
                && !old_clients::follows_next_run(request.metadata());
            let mut answer = match wait(&self.shared, request, Hold::Read, |engine, request| {
                engine.get_workflow_execution_history(&request)
            })
            .await?
            {
                Answer::History(answer) => *answer,
                other => return Err(mixed_up(&other)),
            };
            if let Ok(response) = &mut answer
                && simplified
            {
                let history = response.history.iter_mut();
                history
                    .flat_map(|history| &mut history.events)
                    .for_each(old_clients::simplify);
            }
            reply(answer)
        }

        async fn query_workflow(
            &self,
            request: Request<api::QueryWorkflowRequest>,
        ) -> Reply<api::QueryWorkflowResponse> {
            match wait(&self.shared, request, Hold::Query, Engine::query_workflow).await? {
                Answer::Query(answer) => reply(*answer),
                other => Err(mixed_up(&other)),
            }
        }

        async fn update_workflow_execution(
            &self,
            request: Request<api::UpdateWorkflowExecutionRequest>,
        ) -> Reply<api::UpdateWorkflowExecutionResponse> {
            match wait(&self.shared, request, Hold::Update, |engine, request| {
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
            let update = match wait(&self.shared, request, Hold::Update, begin).await? {
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
                Hold::Update,
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
}

fn reply<T>(result: crate::server::Result<T>) -> Reply<T> {
    result.map(Response::new).map_err(status)
}

/// An answer of the wrong kind is a bug of this server.
fn mixed_up(answer: &Answer) -> Status {
    Status::internal(format!("the server mixed up its answers: {answer:?}"))
}
