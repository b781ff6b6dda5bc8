//! Workflow tasks and histories, as they come.

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1 as common;
use outlast_proto::temporal::api::history::v1::History;
use outlast_proto::temporal::api::query::v1::WorkflowQuery;
use outlast_proto::temporal::api::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, PollWorkflowTaskQueueRequest, PollWorkflowTaskQueueResponse,
};
use thiserror::Error;
use tonic::Status;

use super::Server;
use crate::client::retry::Patience;
use crate::convert::from_wire;
use crate::engine::{Event, HistoryPage, MessageError, PageToken, Query, WorkflowTask};
use crate::ids::WorkflowExecution;
use crate::worker::task::TaskHeader;

/// Which of a worker's two queues of workflow tasks is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::worker) enum QueueKind {
    Normal,
    Sticky,
}

/// A workflow task without its slot.
pub(in crate::worker) type FoundTask = (TaskHeader, WorkflowTask);

/// A task that lacks what every task has. The server hands it out again.
#[derive(Debug, Error)]
enum MalformedTask {
    #[error("it lacks its {0}")]
    Lacks(&'static str),
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl Server {
    /// Asks for a workflow task, for as long as the server likes to wait for one.
    pub(in crate::worker) async fn poll_workflow_task(
        &self,
        kind: QueueKind,
    ) -> Result<Option<FoundTask>, Status> {
        let task_queue = match (kind, &self.settings.sticky) {
            (QueueKind::Sticky, Some(sticky)) => self.sticky_queue(sticky),
            _ => self.normal_queue(),
        };
        let request = PollWorkflowTaskQueueRequest {
            namespace: self.settings.namespace.clone(),
            task_queue: Some(task_queue),
            identity: self.settings.identity.clone(),
            worker_instance_key: self.settings.instance_key.clone(),
            ..PollWorkflowTaskQueueRequest::default()
        };
        let request = self.client.request(request, Patience::LongPoll.deadline());
        let response = self
            .client
            .service()
            .poll_workflow_task_queue(request)
            .await?;
        Ok(found_task(response.into_inner()))
    }

    /// Gets a part of a history, or its first part.
    pub(in crate::worker) async fn history_page(
        &self,
        execution: &WorkflowExecution,
        from: Option<PageToken>,
    ) -> Result<HistoryPage, Status> {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: self.settings.namespace.clone(),
            execution: Some(common::WorkflowExecution {
                workflow_id: execution.workflow_id.to_string(),
                run_id: execution.run_id.to_string(),
            }),
            next_page_token: from.map(|token| token.0).unwrap_or_default(),
            ..GetWorkflowExecutionHistoryRequest::default()
        };
        let response = self
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.get_workflow_execution_history(request).await
                },
            )
            .await?;
        Ok(page(
            response.history.unwrap_or_default(),
            response.next_page_token,
        ))
    }
}

/// The task in a response, unless there is none or it cannot be read.
pub(super) fn found_task(response: PollWorkflowTaskQueueResponse) -> Option<FoundTask> {
    // A poll that found nothing is answered with nothing.
    if response.task_token.is_empty() {
        return None;
    }
    read_task(response)
        .inspect_err(|error| {
            let error: &dyn std::error::Error = error;
            tracing::error!(error, "a workflow task is left alone: it cannot be read");
        })
        .ok()
}

fn read_task(response: PollWorkflowTaskQueueResponse) -> Result<FoundTask, MalformedTask> {
    let execution = response
        .workflow_execution
        .ok_or(MalformedTask::Lacks("execution"))?;
    let workflow_type = response.workflow_type.ok_or(MalformedTask::Lacks("type"))?;
    let history = response.history.ok_or(MalformedTask::Lacks("history"))?;
    let updates = response.messages.into_iter().map(TryInto::try_into);
    let queries = response.queries.into_iter();
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
        queries: queries.map(|(id, asked)| (id, query(asked))).collect(),
        query: response.query.map(query),
    };
    Ok((header, work))
}

fn page(history: History, next: Bytes) -> HistoryPage {
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
