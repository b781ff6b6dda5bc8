//! Workflow tasks and their answers in the wire's form.

use outlast_proto::temporal::api::common::v1 as common;
use outlast_proto::temporal::api::enums::v1::{
    QueryResultType, TaskQueueKind, WorkflowTaskFailedCause,
};
use outlast_proto::temporal::api::history::v1::History;
use outlast_proto::temporal::api::query::v1::{WorkflowQuery, WorkflowQueryResult};
use outlast_proto::temporal::api::sdk::v1::WorkflowTaskCompletedMetadata;
use outlast_proto::temporal::api::taskqueue::v1::{StickyExecutionAttributes, TaskQueue};
use outlast_proto::temporal::api::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryResponse,
    PollWorkflowTaskQueueRequest, PollWorkflowTaskQueueResponse, RespondQueryTaskCompletedRequest,
    RespondWorkflowTaskCompletedRequest, RespondWorkflowTaskFailedRequest,
    respond_workflow_task_completed_request as completed,
};
use thiserror::Error;

use super::settings::{Settings, Sticky};
use super::task::TaskHeader;
use crate::convert::{from_wire, to_wire, wire_duration};
use crate::engine::{
    Event, HistoryPage, MessageError, PageToken, Query, QueryAnswer, SDK_NAME, TaskCompletion,
    TaskFailure, TaskFailureCause, WorkflowTask,
};
use crate::failure::Failure;
use crate::ids::WorkflowExecution;

/// A task that lacks what every task has. The server hands it out again.
#[derive(Debug, Error)]
pub(super) enum MalformedTask {
    #[error("the task lacks its {0}")]
    Lacks(&'static str),
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// Which of a worker's two queues of workflow tasks is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueueKind {
    Normal,
    Sticky,
}

/// The task of a poll's answer; `None` for a poll that found nothing.
pub(super) fn workflow_task(
    response: PollWorkflowTaskQueueResponse,
) -> Result<Option<(TaskHeader, WorkflowTask)>, MalformedTask> {
    if response.task_token.is_empty() {
        return Ok(None);
    }
    let execution = response
        .workflow_execution
        .ok_or(MalformedTask::Lacks("execution"))?;
    let workflow_type = response.workflow_type.ok_or(MalformedTask::Lacks("type"))?;
    let history = response.history.ok_or(MalformedTask::Lacks("history"))?;
    let updates = response.messages.into_iter().map(TryInto::try_into);
    let header = TaskHeader {
        execution: WorkflowExecution {
            workflow_id: execution.workflow_id.into(),
            run_id: execution.run_id.into(),
        },
        workflow_type: workflow_type.name,
        token: response.task_token,
        attempt: u32::try_from(response.attempt).unwrap_or(0),
        poller_group: response.poller_group_id,
    };
    let work = WorkflowTask {
        previous_started: response.previous_started_event_id,
        started: response.started_event_id,
        history: page(history, response.next_page_token),
        updates: updates.collect::<Result<_, _>>()?,
        queries: response
            .queries
            .into_iter()
            .map(|(id, asked)| (id, query(asked)))
            .collect(),
        query: response.query.map(query),
    };
    Ok(Some((header, work)))
}

/// A part of a history, as an answer to a request for it.
pub(super) fn history_page(response: GetWorkflowExecutionHistoryResponse) -> HistoryPage {
    page(
        response.history.unwrap_or_default(),
        response.next_page_token,
    )
}

fn page(history: History, next: bytes::Bytes) -> HistoryPage {
    HistoryPage {
        events: history.events.into_iter().map(Event::from).collect(),
        next: (!next.is_empty()).then_some(PageToken(next)),
    }
}

fn query(query: WorkflowQuery) -> Query {
    Query {
        name: query.query_type,
        input: from_wire(query.query_args),
    }
}

impl Settings {
    pub(super) fn poll_workflow_tasks(&self, kind: QueueKind) -> PollWorkflowTaskQueueRequest {
        let task_queue = match (kind, &self.sticky) {
            (QueueKind::Sticky, Some(sticky)) => self.sticky_queue(sticky),
            _ => self.normal_queue(),
        };
        PollWorkflowTaskQueueRequest {
            namespace: self.namespace.clone(),
            task_queue: Some(task_queue),
            identity: self.identity.clone(),
            worker_instance_key: self.instance_key.clone(),
            ..PollWorkflowTaskQueueRequest::default()
        }
    }

    pub(super) fn normal_queue(&self) -> TaskQueue {
        TaskQueue {
            name: self.task_queue.clone(),
            kind: TaskQueueKind::Normal as i32,
            normal_name: String::new(),
        }
    }

    fn sticky_queue(&self, sticky: &Sticky) -> TaskQueue {
        TaskQueue {
            name: sticky.queue.clone(),
            kind: TaskQueueKind::Sticky as i32,
            normal_name: self.task_queue.clone(),
        }
    }

    /// The answer to a task. A worker that keeps the run asks for its next tasks.
    #[expect(
        deprecated,
        reason = "the build id has no other place without deployments"
    )]
    pub(super) fn task_completed(
        &self,
        header: &TaskHeader,
        completion: TaskCompletion,
        keeps_run: bool,
    ) -> RespondWorkflowTaskCompletedRequest {
        let sticky = self.sticky.as_ref().filter(|_| keeps_run);
        let answers = completion.answers.into_iter();
        RespondWorkflowTaskCompletedRequest {
            namespace: self.namespace.clone(),
            identity: self.identity.clone(),
            task_token: header.token.clone(),
            commands: completion.commands.into_iter().map(Into::into).collect(),
            messages: completion.replies.into_iter().map(Into::into).collect(),
            query_results: answers
                .map(|(id, answer)| (id, query_result(answer)))
                .collect(),
            sticky_attributes: sticky.map(|sticky| StickyExecutionAttributes {
                worker_task_queue: Some(self.sticky_queue(sticky)),
                schedule_to_start_timeout: Some(wire_duration(sticky.schedule_to_start_timeout)),
            }),
            return_new_workflow_task: sticky.is_some(),
            sdk_metadata: completion.names_sdk.then(sdk_metadata),
            capabilities: Some(completed::Capabilities {
                discard_speculative_workflow_task_with_events: true,
            }),
            worker_version_stamp: self.version_stamp(),
            worker_instance_key: self.instance_key.clone(),
            ..RespondWorkflowTaskCompletedRequest::default()
        }
    }

    #[expect(
        deprecated,
        reason = "the build id has no other place without deployments"
    )]
    pub(super) fn task_failed(
        &self,
        header: &TaskHeader,
        cause: WorkflowTaskFailedCause,
        failure: Failure,
    ) -> RespondWorkflowTaskFailedRequest {
        RespondWorkflowTaskFailedRequest {
            namespace: self.namespace.clone(),
            identity: self.identity.clone(),
            task_token: header.token.clone(),
            cause: cause as i32,
            failure: Some(failure.into()),
            worker_version: self.version_stamp(),
            ..RespondWorkflowTaskFailedRequest::default()
        }
    }

    pub(super) fn query_completed(
        &self,
        header: &TaskHeader,
        answer: QueryAnswer,
    ) -> RespondQueryTaskCompletedRequest {
        let result = query_result(answer);
        RespondQueryTaskCompletedRequest {
            namespace: self.namespace.clone(),
            task_token: header.token.clone(),
            completed_type: result.result_type,
            query_result: result.answer,
            error_message: result.error_message,
            failure: result.failure,
            poller_group_id: header.poller_group.clone(),
            ..RespondQueryTaskCompletedRequest::default()
        }
    }

    pub(super) fn history(
        &self,
        execution: &WorkflowExecution,
        from: Option<PageToken>,
    ) -> GetWorkflowExecutionHistoryRequest {
        GetWorkflowExecutionHistoryRequest {
            namespace: self.namespace.clone(),
            execution: Some(wire_execution(execution)),
            next_page_token: from.map(|token| token.0).unwrap_or_default(),
            ..GetWorkflowExecutionHistoryRequest::default()
        }
    }

    pub(super) fn version_stamp(&self) -> Option<common::WorkerVersionStamp> {
        let build_id = self.build_id.clone()?;
        Some(common::WorkerVersionStamp {
            build_id,
            use_versioning: false,
        })
    }
}

/// The cause by which the server and people know a task's failure.
pub(super) fn failure_cause(failure: &TaskFailure) -> WorkflowTaskFailedCause {
    match failure.cause {
        TaskFailureCause::Nondeterminism => WorkflowTaskFailedCause::NonDeterministicError,
        TaskFailureCause::Unhandled => WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure,
    }
}

fn sdk_metadata() -> WorkflowTaskCompletedMetadata {
    WorkflowTaskCompletedMetadata {
        sdk_name: SDK_NAME.to_owned(),
        sdk_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..WorkflowTaskCompletedMetadata::default()
    }
}

fn query_result(answer: QueryAnswer) -> WorkflowQueryResult {
    match answer {
        Ok(payload) => WorkflowQueryResult {
            result_type: QueryResultType::Answered as i32,
            answer: to_wire(vec![payload]),
            ..WorkflowQueryResult::default()
        },
        Err(failure) => WorkflowQueryResult {
            result_type: QueryResultType::Failed as i32,
            error_message: failure.to_string(),
            failure: Some(failure.into()),
            ..WorkflowQueryResult::default()
        },
    }
}

fn wire_execution(execution: &WorkflowExecution) -> common::WorkflowExecution {
    common::WorkflowExecution {
        workflow_id: execution.workflow_id.to_string(),
        run_id: execution.run_id.to_string(),
    }
}
