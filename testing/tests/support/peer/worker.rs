//! What workers of workflows ask for.

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::taskqueue::v1::{StickyExecutionAttributes, TaskQueue};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::respond_workflow_task_completed_request::Capabilities;
use tonic::Status;

use super::{Peer, Transport, with_timeout};
use crate::support::builders::{application_failure, payloads, seconds};

pub(crate) type WorkflowTask = api::PollWorkflowTaskQueueResponse;

impl<T: Transport> Peer<T> {
    /// The next workflow task of the normal queue. A busy server takes its time for what is due.
    pub(crate) async fn poll(&self) -> WorkflowTask {
        self.poll_queue(self.normal_queue(), 15.0).await
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

    /// Answers the next task with one command.
    pub(crate) async fn answer(&self, command: Command) {
        let task = self.poll().await;
        self.complete(&task, vec![command]).await.unwrap();
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
        completion.sticky_attributes = Some(self.sticky_attributes());
        self.complete_with(completion).await.unwrap();
    }

    pub(crate) fn sticky_attributes(&self) -> StickyExecutionAttributes {
        StickyExecutionAttributes {
            worker_task_queue: self.sticky_queue(),
            schedule_to_start_timeout: seconds(10.0),
        }
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
