//! [`Handler`]: takes requests from an endpoint's queue, and answers them as the mocks say.

use std::sync::Arc;

use outlast::{Client, Failure, Payload};
use outlast_proto::temporal::api::common::v1::{Callback, Payloads, WorkflowType, callback};
use outlast_proto::temporal::api::nexus::v1 as nexus;
use outlast_proto::temporal::api::nexus::v1::request::Variant as Request;
use outlast_proto::temporal::api::nexus::v1::response::Variant as Response;
use outlast_proto::temporal::api::nexus::v1::start_operation_response::{
    Async, Sync as Immediate, Variant,
};
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;

use super::behind::WORKFLOW_TYPE;
use super::mocks::{Answered, NexusMocks};
use super::{NexusError, NexusHandlerError};
use crate::Server;

/// Answers the requests of one endpoint.
pub(super) struct Handler {
    pub(super) mocks: Arc<NexusMocks>,
    pub(super) server: Server,
    pub(super) client: Client,
    /// Where requests come from.
    pub(super) queue: String,
    /// Where the workflows behind operations run.
    pub(super) started: String,
}

/// What comes of a request, or why it is refused.
type Answer = Result<Response, NexusError>;

impl Handler {
    /// Answers one request after the other.
    pub(super) async fn run(self) {
        let namespace = self.client.namespace();
        // There is no next one when the test has deleted its namespace.
        while let Ok(task) = self.server.nexus_task(namespace, &self.queue).await {
            let Some(request) = task.request else {
                continue;
            };
            let answer = self.handle(request).await;
            let response = answer.map(|variant| nexus::Response {
                variant: Some(variant),
            });
            self.server
                .answer_nexus(task.task_token, response.map_err(Failure::from));
        }
    }

    async fn handle(&self, request: nexus::Request) -> Answer {
        match request.variant {
            Some(Request::StartOperation(asked)) => {
                let name = format!("{}/{}/{}", request.endpoint, asked.service, asked.operation);
                let input = Payload::from(asked.payload.clone().unwrap_or_default());
                // The server sends some of them in two spellings.
                let headers = request.header.into_iter();
                let headers = headers.map(|(key, value)| (key.to_ascii_lowercase(), value));
                let headers = headers.collect();
                let answered = self.mocks.call(&name, &input, headers, self.server.now());
                self.start(answered, asked)
            }
            Some(Request::CancelOperation(asked)) => self.cancel(asked.operation_token).await,
            None => Err(NexusError::handler(
                NexusHandlerError::BadRequest,
                "nothing is asked for",
            )),
        }
    }

    /// Says what becomes of an operation, and starts the workflow behind one that goes on.
    fn start(&self, answered: Answered, asked: nexus::StartOperationRequest) -> Answer {
        let variant = match answered {
            Answered::Ended(Ok(value)) => Variant::SyncSuccess(Immediate {
                payload: Some(value.into()),
                links: Vec::new(),
            }),
            Answered::Ended(Err(error)) if error.is_of_handler() => return Err(error),
            Answered::Ended(Err(error)) => Variant::Failure(Failure::from(error).into()),
            Answered::GoesOn(token) => {
                let start = self.workflow(&token, asked);
                self.server.start_workflow(start).map_err(|error| {
                    NexusError::handler(NexusHandlerError::Internal, error.message)
                })?;
                Variant::AsyncSuccess(Async {
                    operation_token: token,
                    ..Default::default()
                })
            }
        };
        Ok(Response::StartOperation(nexus::StartOperationResponse {
            variant: Some(variant),
        }))
    }

    /// The workflow whose end is the operation's.
    fn workflow(
        &self,
        token: &str,
        asked: nexus::StartOperationRequest,
    ) -> StartWorkflowExecutionRequest {
        let nexus = callback::Nexus {
            url: asked.callback,
            header: asked.callback_header,
        };
        StartWorkflowExecutionRequest {
            namespace: self.client.namespace().to_owned(),
            workflow_id: token.to_owned(),
            workflow_type: Some(WorkflowType {
                name: WORKFLOW_TYPE.to_owned(),
            }),
            task_queue: Some(TaskQueue {
                name: self.started.clone(),
                ..TaskQueue::default()
            }),
            input: asked.payload.map(|input| Payloads {
                payloads: vec![input],
            }),
            request_id: asked.request_id,
            completion_callbacks: vec![Callback {
                variant: Some(callback::Variant::Nexus(nexus)),
                ..Default::default()
            }],
            ..Default::default()
        }
    }

    async fn cancel(&self, token: String) -> Answer {
        if !self.mocks.note_cancel_request(&token) {
            let message = format!("there is no operation `{token}`");
            return Err(NexusError::handler(NexusHandlerError::NotFound, message));
        }
        // A workflow that has ended meanwhile has nothing to cancel.
        let _ = self.client.workflow_by_id(token).cancel().await;
        Ok(Response::CancelOperation(nexus::CancelOperationResponse {}))
    }
}
