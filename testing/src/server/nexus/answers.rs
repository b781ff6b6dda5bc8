//! What handlers answer.

use outlast_proto::temporal::api::common::v1::{Link, Payload};
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::nexus::v1 as nexus;
use outlast_proto::temporal::api::nexus::v1::response::Variant as Response;
use outlast_proto::temporal::api::nexus::v1::start_operation_response::Variant as Started;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::{ErrandKind, failures, links};
use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::execution::{Execution, RunKey};
use crate::server::queues::long_polls::CallId;
use crate::server::queues::matching::QueueType;
use crate::server::tokens::TaskToken;
use crate::server::workflow_task::requests::PollRequest;
use crate::server::world::World;

/// The end of one attempt.
#[derive(Debug)]
enum Outcome {
    /// The operation goes on, or its cancellation does.
    Accepted {
        token: String,
        links: Vec<Link>,
    },
    Canceled(Failure),
    Completed {
        result: Option<Payload>,
        links: Vec<Link>,
    },
    Failed(Failure),
    /// The handler failed, and not the operation.
    HandlerFailed(Failure),
    Nothing,
}

impl Engine {
    /// Waits for a request to a Nexus handler. The answer is an [`Answer::NexusTask`].
    ///
    /// [`Answer::NexusTask`]: crate::server::Answer::NexusTask
    ///
    /// # Errors
    /// The request is malformed.
    pub fn poll_nexus_task_queue(
        &mut self,
        request: api::PollNexusTaskQueueRequest,
    ) -> Result<CallId> {
        self.poll(PollRequest {
            queue_type: QueueType::Nexus,
            namespace: request.namespace,
            task_queue: request.task_queue,
            identity: request.identity,
            worker_instance_key: request.worker_instance_key,
            build: None,
            rate_per_second: None,
            deployment_options: request.deployment_options,
        })
    }

    /// Takes in a handler's answer.
    ///
    /// # Errors
    /// The task is not known, or not any more, or the answer makes no sense.
    pub fn respond_nexus_task_completed(
        &mut self,
        request: api::RespondNexusTaskCompletedRequest,
    ) -> Result<api::RespondNexusTaskCompletedResponse> {
        let (key, token) = self.nexus_task(&request.task_token)?;
        let outcome = outcome(request.response.unwrap_or_default())?;
        self.in_run(key, |run, world| {
            run.nexus_task_answered(&token, outcome, world);
        });
        Ok(api::RespondNexusTaskCompletedResponse {})
    }

    /// Takes in that a handler could not do what it was asked to.
    ///
    /// # Errors
    /// As for a completion.
    pub fn respond_nexus_task_failed(
        &mut self,
        request: api::RespondNexusTaskFailedRequest,
    ) -> Result<api::RespondNexusTaskFailedResponse> {
        let failure = match (request.error, request.failure) {
            (Some(error), _) => failures::from_handler_error(error),
            (None, Some(failure)) if is_of_handler(&failure) => failure,
            (None, Some(_)) => {
                return Err(Error::invalid(
                    "request Failure must contain error or failure with NexusHandlerFailureInfo",
                ));
            }
            (None, None) => {
                return Err(Error::invalid("request must contain error or failure"));
            }
        };
        let (key, token) = self.nexus_task(&request.task_token)?;
        self.in_run(key, |run, world| {
            run.nexus_task_answered(&token, Outcome::HandlerFailed(failure), world);
        });
        Ok(api::RespondNexusTaskFailedResponse {})
    }

    fn nexus_task(&self, token: &bytes::Bytes) -> Result<(RunKey, TaskToken)> {
        let token = TaskToken::parse(token)?;
        let key = RunKey(token.run);
        let run = self.runs.get(&key);
        match run.is_some_and(|run| run.nexus_tasks.contains_key(&token.stamp)) {
            true => Ok((key, token)),
            false => Err(Error::not_found("Nexus task not found or already expired")),
        }
    }
}

impl Execution {
    fn nexus_task_answered(&mut self, token: &TaskToken, outcome: Outcome, world: &mut World) {
        let event_id = token.scheduled_event_id;
        self.nexus_tasks.remove(&token.stamp);
        let operation = self.operations.get(&event_id);
        let kind = operation.and_then(|operation| operation.errand_of(token.stamp));
        // The operation, or its workflow, may have ended in the meantime.
        let Some(kind) = kind.filter(|_| self.is_open()) else {
            return;
        };
        match (kind, outcome) {
            (_, Outcome::HandlerFailed(failure)) => {
                self.errand_failed(event_id, kind, failure, world);
            }
            // Whatever else a handler says, it has heard.
            (ErrandKind::Cancel, _) => self.note_cancel_sent(event_id, world),
            (ErrandKind::Start, Outcome::Nothing) => {
                self.errand_failed(event_id, kind, failures::empty_outcome(), world);
            }
            (ErrandKind::Start, Outcome::Accepted { token, links }) => {
                self.operation_started(event_id, token, links, world);
            }
            (ErrandKind::Start, Outcome::Completed { result, links }) => {
                self.complete_operation(event_id, result, links, world);
            }
            (ErrandKind::Start, Outcome::Canceled(failure)) => {
                self.cancel_operation(event_id, failure, Vec::new(), world);
            }
            (ErrandKind::Start, Outcome::Failed(failure)) => {
                self.fail_operation(event_id, failure, Vec::new(), world);
            }
        }
    }
}

fn outcome(response: nexus::Response) -> Result<Outcome> {
    let started = match response.variant {
        Some(Response::StartOperation(response)) => response.variant,
        Some(Response::CancelOperation(_)) | None => None,
    };
    Ok(match started {
        Some(Started::SyncSuccess(success)) => Outcome::Completed {
            result: success.payload,
            links: links::from_nexus(&success.links),
        },
        Some(Started::AsyncSuccess(success)) => {
            let token = match success.operation_token.is_empty() {
                true => success.operation_id,
                false => success.operation_token,
            };
            if token.is_empty() {
                // The real server's spelling.
                return Err(Error::invalid("missing opration token in response"));
            }
            Outcome::Accepted {
                token,
                links: links::from_nexus(&success.links),
            }
        }
        Some(Started::OperationError(error)) => match failures::from_operation_error(error) {
            Some(failure) => ended(failure),
            None => Outcome::HandlerFailed(failures::unknown_state()),
        },
        Some(Started::Failure(failure)) => ended(failure),
        None => Outcome::Nothing,
    })
}

fn ended(failure: Failure) -> Outcome {
    match failures::is_cancellation(&failure) {
        true => Outcome::Canceled(failure),
        false => Outcome::Failed(failure),
    }
}

fn is_of_handler(failure: &Failure) -> bool {
    matches!(
        failure.failure_info,
        Some(FailureInfo::NexusHandlerFailureInfo(_))
    )
}
