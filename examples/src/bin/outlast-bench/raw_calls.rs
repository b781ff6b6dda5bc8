//! [`RawCalls`]: a worker of one queue that works by hand, to measure the server alone.

use std::time::Duration;

use outlast::Client;
use outlast::raw::proto::temporal::api::command::v1::command::Attributes;
use outlast::raw::proto::temporal::api::command::v1::{
    Command, CompleteWorkflowExecutionCommandAttributes, ScheduleActivityTaskCommandAttributes,
};
use outlast::raw::proto::temporal::api::common::v1::{ActivityType, WorkflowType};
use outlast::raw::proto::temporal::api::enums::v1::CommandType;
use outlast::raw::proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast::raw::proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use outlast::raw::proto::temporal::api::workflowservice::v1::{
    PollActivityTaskQueueRequest, PollWorkflowTaskQueueRequest,
    RespondActivityTaskCompletedRequest, RespondWorkflowTaskCompletedRequest,
    StartWorkflowExecutionRequest,
};
use outlast::raw::{Transport, service};

use tonic::Request;

use super::Res;

pub(crate) struct RawCalls {
    service: WorkflowServiceClient<Transport>,
    namespace: String,
    queue: String,
}

impl RawCalls {
    /// A worker of a queue that nobody else uses.
    pub(crate) fn new(client: &Client, queue: &str) -> Self {
        Self {
            service: service(client),
            namespace: client.namespace().to_owned(),
            queue: queue.to_owned(),
        }
    }

    /// Runs a workflow with one activity to its end: seven calls.
    pub(crate) async fn run_workflow(&self, id: &str) -> Res<()> {
        let start = StartWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_id: id.to_owned(),
            request_id: id.to_owned(),
            workflow_type: Some(WorkflowType {
                name: "Raw".to_owned(),
            }),
            task_queue: self.queue(),
            ..StartWorkflowExecutionRequest::default()
        };
        self.service.clone().start_workflow_execution(start).await?;
        self.complete_task(self.schedule()).await?;
        self.complete_activity().await?;
        self.complete_task(complete()).await
    }

    async fn complete_task(&self, command: Command) -> Res<()> {
        let poll = PollWorkflowTaskQueueRequest {
            namespace: self.namespace.clone(),
            task_queue: self.queue(),
            ..PollWorkflowTaskQueueRequest::default()
        };
        let mut service = self.service.clone();
        let task = loop {
            let poll = service.poll_workflow_task_queue(long(poll.clone()));
            let task = poll.await?.into_inner();
            if !task.task_token.is_empty() {
                break task;
            }
        };
        let answer = RespondWorkflowTaskCompletedRequest {
            namespace: self.namespace.clone(),
            task_token: task.task_token,
            commands: vec![command],
            ..RespondWorkflowTaskCompletedRequest::default()
        };
        service.respond_workflow_task_completed(answer).await?;
        Ok(())
    }

    async fn complete_activity(&self) -> Res<()> {
        let poll = PollActivityTaskQueueRequest {
            namespace: self.namespace.clone(),
            task_queue: self.queue(),
            ..PollActivityTaskQueueRequest::default()
        };
        let mut service = self.service.clone();
        let task = loop {
            let poll = service.poll_activity_task_queue(long(poll.clone()));
            let task = poll.await?.into_inner();
            if !task.task_token.is_empty() {
                break task;
            }
        };
        let answer = RespondActivityTaskCompletedRequest {
            namespace: self.namespace.clone(),
            task_token: task.task_token,
            ..RespondActivityTaskCompletedRequest::default()
        };
        service.respond_activity_task_completed(answer).await?;
        Ok(())
    }

    fn queue(&self) -> Option<TaskQueue> {
        Some(TaskQueue {
            name: self.queue.clone(),
            ..TaskQueue::default()
        })
    }

    fn schedule(&self) -> Command {
        let attributes = ScheduleActivityTaskCommandAttributes {
            activity_id: "1".to_owned(),
            activity_type: Some(ActivityType {
                name: "echo".to_owned(),
            }),
            task_queue: self.queue(),
            start_to_close_timeout: Duration::from_secs(10).try_into().ok(),
            ..ScheduleActivityTaskCommandAttributes::default()
        };
        Command {
            command_type: CommandType::ScheduleActivityTask as i32,
            attributes: Some(Attributes::ScheduleActivityTaskCommandAttributes(Box::new(
                attributes,
            ))),
            ..Command::default()
        }
    }
}

/// A poll as real servers want it, with a deadline; they end it empty before that.
fn long<T>(poll: T) -> Request<T> {
    let mut request = Request::new(poll);
    request.set_timeout(Duration::from_secs(70));
    request
}

fn complete() -> Command {
    let attributes = CompleteWorkflowExecutionCommandAttributes::default();
    Command {
        command_type: CommandType::CompleteWorkflowExecution as i32,
        attributes: Some(Attributes::CompleteWorkflowExecutionCommandAttributes(
            Box::new(attributes),
        )),
        ..Command::default()
    }
}
