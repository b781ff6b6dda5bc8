//! The two requests that start a workflow: plain, and with a signal.

use outlast_proto::temporal::api::workflowservice::v1::{
    SignalWithStartWorkflowExecutionRequest, StartWorkflowExecutionRequest,
};
use tonic::Status;

use super::Client;
use super::call::{Message, new_id};
use super::details;
use super::retry::Patience;
use super::start_error::StartError;
use super::target::run_id;
use crate::convert::to_wire;
use crate::ids::{RunId, WorkflowId};

/// The execution that a start led to.
pub(super) struct Started {
    pub(super) workflow_id: WorkflowId,
    pub(super) run_id: Option<RunId>,
    pub(super) first_run_id: Option<RunId>,
}

/// Starts the workflow, under one request id however often it is sent.
pub(super) async fn send(
    client: &Client,
    mut request: StartWorkflowExecutionRequest,
    signal: Option<Message>,
) -> Result<Started, StartError> {
    request.request_id = new_id();
    let workflow_id = WorkflowId::new(request.workflow_id.as_str());
    let answer = match signal {
        None => start(client, &request).await,
        Some(signal) => signal_with_start(client, &with_signal(request, signal)).await,
    };
    let (run, first_run, started) = answer.map_err(|status| error_of(&workflow_id, status))?;
    let run = run_id(run);
    // Older servers do not name the first run; a run that was just started is the first.
    let first_run_id = run_id(first_run).or_else(|| run.clone().filter(|_| started));
    Ok(Started {
        workflow_id,
        run_id: run,
        first_run_id,
    })
}

type Answer = (String, String, bool);

async fn start(client: &Client, request: &StartWorkflowExecutionRequest) -> Result<Answer, Status> {
    let answer = client
        .call(
            Patience::Unary,
            request,
            |mut service, request| async move { service.start_workflow_execution(request).await },
        )
        .await?;
    Ok((answer.run_id, answer.first_execution_run_id, answer.started))
}

async fn signal_with_start(
    client: &Client,
    request: &SignalWithStartWorkflowExecutionRequest,
) -> Result<Answer, Status> {
    let answer = client
        .call(
            Patience::Unary,
            request,
            |mut service, request| async move {
                service.signal_with_start_workflow_execution(request).await
            },
        )
        .await?;
    Ok((answer.run_id, answer.first_execution_run_id, answer.started))
}

fn with_signal(
    start: StartWorkflowExecutionRequest,
    signal: Message,
) -> SignalWithStartWorkflowExecutionRequest {
    SignalWithStartWorkflowExecutionRequest {
        namespace: start.namespace,
        workflow_id: start.workflow_id,
        workflow_type: start.workflow_type,
        task_queue: start.task_queue,
        input: start.input,
        workflow_execution_timeout: start.workflow_execution_timeout,
        workflow_run_timeout: start.workflow_run_timeout,
        workflow_task_timeout: start.workflow_task_timeout,
        identity: start.identity,
        request_id: start.request_id,
        workflow_id_reuse_policy: start.workflow_id_reuse_policy,
        workflow_id_conflict_policy: start.workflow_id_conflict_policy,
        signal_name: signal.name,
        signal_input: to_wire(signal.input),
        retry_policy: start.retry_policy,
        cron_schedule: start.cron_schedule,
        memo: start.memo,
        search_attributes: start.search_attributes,
        header: start.header,
        workflow_start_delay: start.workflow_start_delay,
        user_metadata: start.user_metadata,
        links: start.links,
        versioning_override: start.versioning_override,
        priority: start.priority,
        ..SignalWithStartWorkflowExecutionRequest::default()
    }
}

fn error_of(workflow_id: &WorkflowId, status: Status) -> StartError {
    let workflow_id = workflow_id.clone();
    match details::already_started(&status) {
        Some(run_id) => StartError::AlreadyStarted {
            workflow_id,
            run_id,
        },
        None => StartError::Rpc {
            workflow_id,
            source: status.into(),
        },
    }
}
