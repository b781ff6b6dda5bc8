//! Nexus: a caller's commands, and a handler's answers, with an endpoint of the peer's own.

#![allow(deprecated, reason = "deployed SDKs still send deprecated fields")]

use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::command::v1::{
    Command, RequestCancelNexusOperationCommandAttributes, ScheduleNexusOperationCommandAttributes,
};
use outlast_proto::temporal::api::common::v1::{Callback, Payload, callback};
use outlast_proto::temporal::api::enums::v1::CommandType;
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::nexus::v1 as nexus;
use outlast_proto::temporal::api::nexus::v1::request::Variant as Request;
use outlast_proto::temporal::api::nexus::v1::response::Variant as Response;
use outlast_proto::temporal::api::nexus::v1::start_operation_response::{Async, Sync, Variant};
use outlast_proto::temporal::api::operatorservice::v1 as operator;
use outlast_proto::temporal::api::operatorservice::v1::operator_service_client::OperatorServiceClient;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Status;

use super::{Peer, Transport, WorkflowTask, with_timeout};
use crate::support::builders::{command, complete_workflow, payloads};

pub(crate) type NexusTask = api::PollNexusTaskQueueResponse;

impl<T: Transport> Peer<T> {
    pub(crate) fn operator(&self) -> OperatorServiceClient<T> {
        OperatorServiceClient::new(self.transport.clone())
    }

    /// A name that fits for an endpoint.
    pub(crate) fn endpoint(&self) -> String {
        format!("endpoint-{}", self.uuid)
    }

    /// An endpoint whose handlers poll the peer's queue.
    pub(crate) fn endpoint_spec(&self) -> nexus::EndpointSpec {
        let worker = nexus::endpoint_target::Worker {
            namespace: "default".to_owned(),
            task_queue: self.queue.clone(),
        };
        nexus::EndpointSpec {
            name: self.endpoint(),
            description: None,
            target: Some(nexus::EndpointTarget {
                variant: Some(nexus::endpoint_target::Variant::Worker(worker)),
            }),
        }
    }

    pub(crate) async fn create_endpoint(
        &self,
        spec: nexus::EndpointSpec,
    ) -> Result<nexus::Endpoint, Status> {
        let request = operator::CreateNexusEndpointRequest { spec: Some(spec) };
        let response = self.operator().create_nexus_endpoint(request).await?;
        Ok(response.into_inner().endpoint.unwrap())
    }

    pub(crate) async fn delete_endpoint(&self, endpoint: &nexus::Endpoint) -> Result<(), Status> {
        let request = operator::DeleteNexusEndpointRequest {
            id: endpoint.id.clone(),
            version: endpoint.version,
        };
        self.operator().delete_nexus_endpoint(request).await?;
        Ok(())
    }

    /// Completes the workflow, and removes its endpoint.
    pub(crate) async fn complete_without(&self, endpoint: &nexus::Endpoint, task: &WorkflowTask) {
        let done = vec![complete_workflow("done")];
        self.complete(task, done).await.unwrap();
        self.delete_endpoint(endpoint).await.unwrap();
    }

    /// The operation `pay` of the service `bank`.
    pub(crate) fn operation(&self) -> ScheduleNexusOperationCommandAttributes {
        ScheduleNexusOperationCommandAttributes {
            endpoint: self.endpoint(),
            service: "bank".to_owned(),
            operation: "pay".to_owned(),
            input: payload("input"),
            ..Default::default()
        }
    }

    /// The next Nexus task of the peer's queue.
    pub(crate) async fn poll_nexus(&self) -> NexusTask {
        let request = api::PollNexusTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: self.normal_queue(),
            identity: "handler".to_owned(),
            ..Default::default()
        };
        let request = with_timeout(request, 10.0);
        let task = self.client.clone().poll_nexus_task_queue(request).await;
        task.unwrap().into_inner()
    }

    pub(crate) async fn answer_nexus(
        &self,
        task: &NexusTask,
        response: nexus::Response,
    ) -> Result<(), Status> {
        let request = api::RespondNexusTaskCompletedRequest {
            namespace: "default".to_owned(),
            identity: "handler".to_owned(),
            task_token: task.task_token.clone(),
            response: Some(response),
            ..Default::default()
        };
        let mut client = self.client.clone();
        client.respond_nexus_task_completed(request).await?;
        Ok(())
    }

    pub(crate) async fn fail_nexus(
        &self,
        task: &NexusTask,
        error: Option<nexus::HandlerError>,
        failure: Option<Failure>,
    ) -> Result<(), Status> {
        let request = api::RespondNexusTaskFailedRequest {
            namespace: "default".to_owned(),
            identity: "handler".to_owned(),
            task_token: task.task_token.clone(),
            error,
            failure,
            ..Default::default()
        };
        self.client
            .clone()
            .respond_nexus_task_failed(request)
            .await?;
        Ok(())
    }

    /// Starts the workflow that stands behind an operation, as a handler does.
    pub(crate) async fn start_for(&self, task: &NexusTask) -> String {
        let asked = start_of(task);
        let mut request = self.start_request();
        request.request_id.clone_from(&asked.request_id);
        request.completion_callbacks = vec![callback_of(asked)];
        self.start_with(request).await.unwrap().run_id
    }
}

pub(crate) fn start_of(task: &NexusTask) -> &nexus::StartOperationRequest {
    match task.request.as_ref().and_then(|r| r.variant.as_ref()) {
        Some(Request::StartOperation(start)) => start,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn callback_of(start: &nexus::StartOperationRequest) -> Callback {
    let nexus = callback::Nexus {
        url: start.callback.clone(),
        header: start.callback_header.clone(),
    };
    Callback {
        variant: Some(callback::Variant::Nexus(nexus)),
        ..Default::default()
    }
}

pub(crate) fn payload(text: &str) -> Option<Payload> {
    payloads(text)?.payloads.pop()
}

pub(crate) fn schedule_operation(attributes: ScheduleNexusOperationCommandAttributes) -> Command {
    command(
        CommandType::ScheduleNexusOperation,
        Attributes::ScheduleNexusOperationCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn cancel_operation(scheduled_event_id: i64) -> Command {
    let attributes = RequestCancelNexusOperationCommandAttributes { scheduled_event_id };
    command(
        CommandType::RequestCancelNexusOperation,
        Attributes::RequestCancelNexusOperationCommandAttributes(Box::new(attributes)),
    )
}

fn started(variant: Variant) -> nexus::Response {
    nexus::Response {
        variant: Some(Response::StartOperation(nexus::StartOperationResponse {
            variant: Some(variant),
        })),
    }
}

pub(crate) fn sync_result(text: &str) -> nexus::Response {
    started(Variant::SyncSuccess(Sync {
        payload: payload(text),
        links: Vec::new(),
    }))
}

pub(crate) fn goes_on(token: &str) -> nexus::Response {
    goes_on_at(token, Vec::new())
}

pub(crate) fn goes_on_at(token: &str, links: Vec<nexus::Link>) -> nexus::Response {
    started(Variant::AsyncSuccess(Async {
        operation_token: token.to_owned(),
        links,
        ..Default::default()
    }))
}

pub(crate) fn operation_failed(failure: Failure) -> nexus::Response {
    started(Variant::Failure(failure))
}

pub(crate) fn operation_error(state: &str, failure: nexus::Failure) -> nexus::Response {
    started(Variant::OperationError(nexus::UnsuccessfulOperationError {
        operation_state: state.to_owned(),
        failure: Some(failure),
    }))
}

pub(crate) fn cancel_heard() -> nexus::Response {
    nexus::Response {
        variant: Some(Response::CancelOperation(nexus::CancelOperationResponse {})),
    }
}

pub(crate) fn handler_error(error_type: &str, message: &str) -> Option<nexus::HandlerError> {
    Some(nexus::HandlerError {
        error_type: error_type.to_owned(),
        failure: Some(nexus::Failure {
            message: message.to_owned(),
            ..Default::default()
        }),
        retry_behavior: 0,
    })
}
