//! One workflow's client and worker, against whatever server is behind the address.

use std::time::Duration;

use outlast_proto::temporal::api::command::v1::{Command, ScheduleActivityTaskCommandAttributes};
use outlast_proto::temporal::api::common::v1::{WorkflowExecution, WorkflowType};
use outlast_proto::temporal::api::enums::v1::{
    EventType, HistoryEventFilterType, TaskQueueKind, UpdateWorkflowExecutionLifecycleStage,
    WorkflowTaskFailedCause,
};
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::query::v1::WorkflowQuery;
use outlast_proto::temporal::api::taskqueue::v1::{StickyExecutionAttributes, TaskQueue};
use outlast_proto::temporal::api::update::v1 as update;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::execute_multi_operation_request::{
    self, operation::Operation,
};
use outlast_proto::temporal::api::workflowservice::v1::respond_workflow_task_completed_request::Capabilities;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use outlast_testing::InProcessServer;
use prost::Message;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Body as HttpBody, Bytes, StdError};
use tonic::transport::Channel;
use tonic::{Request, Status};

use super::builders::{activity_in, application_failure, payloads, seconds};

pub(crate) type WorkflowTask = api::PollWorkflowTaskQueueResponse;
pub(crate) type ActivityTask = api::PollActivityTaskQueueResponse;

pub(crate) type InProcessPeer = Peer<InProcessServer>;

/// A client and worker with a workflow id and task queue of its own.
#[derive(Clone)]
pub(crate) struct Peer<T = Channel> {
    pub(crate) client: WorkflowServiceClient<T>,
    pub(crate) workflow_id: String,
    pub(crate) queue: String,
}

impl Peer {
    pub(crate) async fn connect(address: String, name: &str) -> Self {
        let client = WorkflowServiceClient::connect(format!("http://{address}"))
            .await
            .unwrap();
        Self::new(client, name)
    }
}

impl InProcessPeer {
    pub(crate) fn in_process(server: InProcessServer) -> Self {
        Self::new(WorkflowServiceClient::new(server), "in-process")
    }
}

impl<T> Peer<T>
where
    T: GrpcService<Body> + Clone,
    T::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <T::ResponseBody as HttpBody>::Error: Into<StdError> + Send,
{
    fn new(client: WorkflowServiceClient<T>, name: &str) -> Self {
        let workflow_id = format!("conformance-{name}-{}", uuid());
        Self {
            client,
            queue: format!("{workflow_id}-queue"),
            workflow_id,
        }
    }

    pub(crate) fn execution(&self) -> Option<WorkflowExecution> {
        Some(WorkflowExecution {
            workflow_id: self.workflow_id.clone(),
            run_id: String::new(),
        })
    }

    pub(crate) fn normal_queue(&self) -> Option<TaskQueue> {
        Some(TaskQueue {
            name: self.queue.clone(),
            kind: 1,
            normal_name: String::new(),
        })
    }

    pub(crate) fn sticky_queue(&self) -> Option<TaskQueue> {
        Some(TaskQueue {
            name: format!("{}-sticky", self.queue),
            kind: TaskQueueKind::Sticky as i32,
            normal_name: self.queue.clone(),
        })
    }

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

    /// The next workflow task of the normal queue; empty if there is none within four seconds.
    pub(crate) async fn poll(&self) -> WorkflowTask {
        self.poll_queue(self.normal_queue(), 5.0).await
    }

    /// The next task of one of several workflows that share the queue; other tasks are completed
    /// without commands.
    pub(crate) async fn poll_for(&self, workflow_id: &str) -> WorkflowTask {
        for _ in 0..10 {
            let task = self.poll().await;
            match &task.workflow_execution {
                Some(execution) if execution.workflow_id == workflow_id => return task,
                Some(_) => drop(self.complete(&task, vec![]).await.unwrap()),
                None => {}
            }
        }
        panic!("no task for {workflow_id}")
    }

    /// The same queue, seen by the client of another workflow.
    pub(crate) fn of(&self, workflow_id: &str) -> Self {
        Self {
            workflow_id: workflow_id.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) async fn poll_sticky(&self) -> WorkflowTask {
        self.poll_queue(self.sticky_queue(), 5.0).await
    }

    pub(crate) async fn poll_queue(
        &self,
        task_queue: Option<TaskQueue>,
        timeout: f64,
    ) -> WorkflowTask {
        let request = api::PollWorkflowTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue,
            identity: "worker".to_owned(),
            ..Default::default()
        };
        let request = with_timeout(request, timeout);
        self.client
            .clone()
            .poll_workflow_task_queue(request)
            .await
            .unwrap()
            .into_inner()
    }

    pub(crate) async fn complete(
        &self,
        task: &WorkflowTask,
        commands: Vec<Command>,
    ) -> Result<api::RespondWorkflowTaskCompletedResponse, Status> {
        self.complete_with(completion(task, commands)).await
    }

    pub(crate) async fn complete_with(
        &self,
        request: api::RespondWorkflowTaskCompletedRequest,
    ) -> Result<api::RespondWorkflowTaskCompletedResponse, Status> {
        let response = self
            .client
            .clone()
            .respond_workflow_task_completed(request)
            .await?;
        Ok(response.into_inner())
    }

    /// Completes a task, and asks for the next one on the sticky queue.
    pub(crate) async fn complete_sticky(&self, task: &WorkflowTask, commands: Vec<Command>) {
        let mut completion = completion(task, commands);
        completion.sticky_attributes = Some(StickyExecutionAttributes {
            worker_task_queue: self.sticky_queue(),
            schedule_to_start_timeout: seconds(10.0),
        });
        self.complete_with(completion).await.unwrap();
    }

    pub(crate) async fn complete_with_messages(
        &self,
        task: &WorkflowTask,
        commands: Vec<Command>,
        messages: Vec<WireMessage>,
    ) -> api::RespondWorkflowTaskCompletedResponse {
        let mut completion = completion(task, commands);
        completion.messages = messages;
        self.complete_with(completion).await.unwrap()
    }

    pub(crate) async fn fail(&self, task: &WorkflowTask) -> Result<(), Status> {
        let request = api::RespondWorkflowTaskFailedRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            identity: "worker".to_owned(),
            cause: WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure as i32,
            failure: Some(application_failure("bug")),
            ..Default::default()
        };
        self.client
            .clone()
            .respond_workflow_task_failed(request)
            .await?;
        Ok(())
    }

    pub(crate) async fn signal(&self, name: &str) -> Result<(), Status> {
        let request = api::SignalWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: self.execution(),
            signal_name: name.to_owned(),
            input: payloads(name),
            identity: "client".to_owned(),
            ..Default::default()
        };
        self.client
            .clone()
            .signal_workflow_execution(request)
            .await?;
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

    /// The next activity task; empty if there is none within four seconds.
    pub(crate) async fn poll_activity(&self) -> ActivityTask {
        let request = api::PollActivityTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: self.normal_queue(),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        let request = with_timeout(request, 5.0);
        self.client
            .clone()
            .poll_activity_task_queue(request)
            .await
            .unwrap()
            .into_inner()
    }

    pub(crate) fn activity(&self, activity_id: &str) -> ScheduleActivityTaskCommandAttributes {
        activity_in(&self.queue, activity_id)
    }

    pub(crate) async fn answer_query(&self, task: &WorkflowTask, answer: Result<&str, &str>) {
        let request = api::RespondQueryTaskCompletedRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            completed_type: if answer.is_ok() { 1 } else { 2 },
            query_result: answer.ok().and_then(payloads),
            error_message: answer.err().unwrap_or_default().to_owned(),
            ..Default::default()
        };
        self.client
            .clone()
            .respond_query_task_completed(request)
            .await
            .unwrap();
    }

    pub(crate) async fn complete_activity(&self, task: &ActivityTask) -> Result<(), Status> {
        let request = api::RespondActivityTaskCompletedRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            result: payloads("charged"),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        self.client
            .clone()
            .respond_activity_task_completed(request)
            .await?;
        Ok(())
    }

    pub(crate) async fn fail_activity(
        &self,
        task: &ActivityTask,
        message: &str,
    ) -> Result<(), Status> {
        let request = api::RespondActivityTaskFailedRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            failure: Some(application_failure(message)),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        self.client
            .clone()
            .respond_activity_task_failed(request)
            .await?;
        Ok(())
    }

    pub(crate) async fn cancel_activity(&self, task: &ActivityTask) -> Result<(), Status> {
        let request = api::RespondActivityTaskCanceledRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            details: payloads("stopped"),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        self.client
            .clone()
            .respond_activity_task_canceled(request)
            .await?;
        Ok(())
    }

    pub(crate) async fn heartbeat(
        &self,
        task: &ActivityTask,
        details: &str,
    ) -> Result<bool, Status> {
        let request = api::RecordActivityTaskHeartbeatRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            details: payloads(details),
            ..Default::default()
        };
        let response = self
            .client
            .clone()
            .record_activity_task_heartbeat(request)
            .await?;
        Ok(response.into_inner().cancel_requested)
    }

    pub(crate) async fn history(&self) -> Vec<HistoryEvent> {
        self.history_of("").await
    }

    pub(crate) async fn history_of(&self, run_id: &str) -> Vec<HistoryEvent> {
        let execution = WorkflowExecution {
            workflow_id: self.workflow_id.clone(),
            run_id: run_id.to_owned(),
        };
        let request = api::GetWorkflowExecutionHistoryRequest {
            namespace: "default".to_owned(),
            execution: Some(execution),
            ..Default::default()
        };
        let response = self
            .client
            .clone()
            .get_workflow_execution_history(request)
            .await
            .unwrap();
        response.into_inner().history.unwrap().events
    }

    /// Waits for the event that closes the current run.
    pub(crate) async fn close_event(&self) -> HistoryEvent {
        let mut token = Bytes::new();
        loop {
            let request = api::GetWorkflowExecutionHistoryRequest {
                namespace: "default".to_owned(),
                execution: self.execution(),
                wait_new_event: true,
                history_event_filter_type: HistoryEventFilterType::CloseEvent as i32,
                next_page_token: token,
                ..Default::default()
            };
            let request = with_timeout(request, 30.0);
            let response = self
                .client
                .clone()
                .get_workflow_execution_history(request)
                .await;
            let response = response.unwrap().into_inner();
            if let Some(event) = response.history.unwrap().events.pop() {
                return event;
            }
            token = response.next_page_token;
        }
    }

    pub(crate) async fn types(&self) -> Vec<EventType> {
        types(&self.history().await)
    }
}

pub(crate) fn completion(
    task: &WorkflowTask,
    commands: Vec<Command>,
) -> api::RespondWorkflowTaskCompletedRequest {
    api::RespondWorkflowTaskCompletedRequest {
        namespace: "default".to_owned(),
        task_token: task.task_token.clone(),
        identity: "worker".to_owned(),
        commands,
        capabilities: Some(Capabilities {
            discard_speculative_workflow_task_with_events: true,
        }),
        ..Default::default()
    }
}

pub(crate) fn types(events: &[HistoryEvent]) -> Vec<EventType> {
    events.iter().map(HistoryEvent::event_type).collect()
}

pub(crate) fn events_of(task: &WorkflowTask) -> &[HistoryEvent] {
    task.history.as_ref().map_or(&[], |history| &history.events)
}

/// The name of the first detail of an error.
pub(crate) fn detail(status: &Status) -> String {
    let details = outlast_proto::google::rpc::Status::decode(status.details()).unwrap();
    let name = details
        .details
        .first()
        .and_then(|any| any.type_url.rsplit('.').next());
    name.unwrap_or_default().to_owned()
}

pub(crate) fn with_timeout<T>(message: T, seconds: f64) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs_f64(seconds));
    request
}

/// A random UUID, from the randomness that the standard library seeds its hash maps with.
pub(crate) fn uuid() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let high = RandomState::new().build_hasher().finish();
    let low = RandomState::new().build_hasher().finish();
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff,
    )
}
