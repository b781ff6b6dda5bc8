//! Reading histories from the server.

use bytes::Bytes;
use outlast_proto::temporal::api::enums::v1::HistoryEventFilterType;
use outlast_proto::temporal::api::history::v1 as wire;
use outlast_proto::temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryRequest;
use prost::Message;
use tonic::Status;

use super::Client;
use super::control::RequestError;
use super::retry::Patience;
use super::target::Target;
use crate::history::WorkflowHistory;

/// Reads the history of a run, page by page.
pub(super) async fn history(target: &Target) -> Result<WorkflowHistory, RequestError> {
    let mut request = GetWorkflowExecutionHistoryRequest {
        namespace: target.namespace(),
        execution: target.execution(),
        history_event_filter_type: HistoryEventFilterType::AllEvent as i32,
        ..GetWorkflowExecutionHistoryRequest::default()
    };
    let mut events = Vec::new();
    loop {
        let (read, next) = page(&target.client, Patience::Unary, &request)
            .await
            .map_err(|status| RequestError::of(target, status))?;
        events.extend(read);
        if next.is_empty() {
            let history = WorkflowHistory::from(wire::History { events });
            return Ok(history.with_workflow_id(target.workflow_id.clone()));
        }
        request.next_page_token = next;
    }
}

/// Reads one page: its events, and the token of the next one.
pub(super) async fn page(
    client: &Client,
    patience: Patience,
    request: &GetWorkflowExecutionHistoryRequest,
) -> Result<(Vec<wire::HistoryEvent>, Bytes), Status> {
    let answer = client
        .call(patience, request, |mut service, request| async move {
            service.get_workflow_execution_history(request).await
        })
        .await?;
    let mut events = answer.history.unwrap_or_default().events;
    // Some servers hand on what their database holds.
    for blob in answer.raw_history {
        let history = wire::History::decode(blob.data).map_err(|error| {
            Status::data_loss(format!("the server sent an unreadable history: {error}"))
        })?;
        events.extend(history.events);
    }
    Ok((events, answer.next_page_token))
}
