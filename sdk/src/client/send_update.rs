//! The two requests of an update: sending it, and asking how it ended.

use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::update::v1 as wire;
use outlast_proto::temporal::api::update::v1::outcome::Value;
use outlast_proto::temporal::api::workflowservice::v1::{
    PollWorkflowExecutionUpdateRequest, UpdateWorkflowExecutionRequest,
};
use tonic::Status;

use super::call::Message;
use super::details;
use super::retry::Patience;
use super::target::{Target, run_id};
use super::update::UpdateError;
use crate::convert::{Payload, from_wire, to_wire};
use crate::failure::Failure;
use crate::ids::UpdateId;

/// How an update ended.
pub(super) type Outcome = Result<Vec<Payload>, Failure>;

/// An update that the workflow has taken.
pub(super) struct Sent {
    /// The execution, now with the run that took it.
    pub(super) target: Target,
    pub(super) outcome: Option<Outcome>,
}

/// Sends the update until the workflow has accepted or refused it.
///
/// The server waits for the stage that is wanted, but not for ever, and then answers with the
/// stage that was reached. The update's id keeps it from being carried out twice.
pub(super) async fn send(
    target: &Target,
    id: &UpdateId,
    message: Message,
    wanted: Stage,
) -> Result<Sent, UpdateError> {
    let request = UpdateWorkflowExecutionRequest {
        namespace: target.namespace(),
        workflow_execution: target.execution(),
        first_execution_run_id: target.first_run_id(),
        wait_policy: wait_for(wanted),
        request: Some(wire::Request {
            meta: Some(wire::Meta {
                update_id: id.to_string(),
                identity: target.identity(),
            }),
            input: Some(wire::Input {
                name: message.name,
                args: to_wire(message.input),
                ..wire::Input::default()
            }),
            ..wire::Request::default()
        }),
    };
    loop {
        let answer =
            target
                .client
                .call(
                    Patience::LongPoll,
                    &request,
                    |mut service, request| async move {
                        service.update_workflow_execution(request).await
                    },
                )
                .await
                .map_err(|status| error_of(target, status))?;
        if answer.outcome.is_some() || answer.stage >= Stage::Accepted as i32 {
            let execution = answer
                .update_ref
                .and_then(|update| update.workflow_execution);
            let run = execution.and_then(|execution| run_id(execution.run_id));
            return Ok(Sent {
                target: Target {
                    run_id: run.or_else(|| target.run_id.clone()),
                    ..target.clone()
                },
                outcome: answer.outcome.map(read),
            });
        }
    }
}

/// Asks for the outcome until there is one.
pub(super) async fn outcome(target: &Target, id: &UpdateId) -> Result<Outcome, UpdateError> {
    let request = PollWorkflowExecutionUpdateRequest {
        namespace: target.namespace(),
        update_ref: Some(wire::UpdateRef {
            workflow_execution: target.execution(),
            update_id: id.to_string(),
        }),
        identity: target.identity(),
        wait_policy: wait_for(Stage::Completed),
    };
    loop {
        let answer = target
            .client
            .call(
                Patience::LongPoll,
                &request,
                |mut service, request| async move {
                    service.poll_workflow_execution_update(request).await
                },
            )
            .await
            .map_err(|status| error_of(target, status))?;
        if let Some(outcome) = answer.outcome {
            return Ok(read(outcome));
        }
    }
}

fn wait_for(stage: Stage) -> Option<wire::WaitPolicy> {
    Some(wire::WaitPolicy {
        lifecycle_stage: stage as i32,
    })
}

fn read(outcome: wire::Outcome) -> Outcome {
    match outcome.value {
        Some(Value::Failure(failure)) => Err(failure.into()),
        Some(Value::Success(result)) => Ok(from_wire(Some(result))),
        None => Ok(Vec::new()),
    }
}

fn error_of(target: &Target, status: Status) -> UpdateError {
    if details::not_found(&status) {
        return UpdateError::NotFound {
            workflow_id: target.workflow_id.clone(),
            source: status.into(),
        };
    }
    UpdateError::Rpc(status.into())
}
