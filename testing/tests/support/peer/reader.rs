//! Reading histories.

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::enums::v1::{EventType, HistoryEventFilterType};
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::codegen::Bytes;

use super::{Peer, Transport, types, with_timeout};

impl<T: Transport> Peer<T> {
    pub(crate) async fn history(&self) -> Vec<HistoryEvent> {
        self.history_of("").await
    }

    pub(crate) async fn history_of(&self, run_id: &str) -> Vec<HistoryEvent> {
        let execution = WorkflowExecution {
            workflow_id: self.workflow_id.clone(),
            run_id: run_id.to_owned(),
        };
        let request = api::GetWorkflowExecutionHistoryRequest {
            namespace: "default".to_owned(),
            execution: Some(execution),
            ..Default::default()
        };
        let response = self
            .client
            .clone()
            .get_workflow_execution_history(request)
            .await
            .unwrap();
        response.into_inner().history.unwrap().events
    }

    /// Waits for the event that closes the current run.
    pub(crate) async fn close_event(&self) -> HistoryEvent {
        self.close_event_of("").await
    }

    /// Waits for the event that closes a run, the current one if `run_id` is empty.
    pub(crate) async fn close_event_of(&self, run_id: &str) -> HistoryEvent {
        let execution = self.run(run_id);
        let mut token = Bytes::new();
        loop {
            let request = api::GetWorkflowExecutionHistoryRequest {
                namespace: "default".to_owned(),
                execution: execution.clone(),
                wait_new_event: true,
                history_event_filter_type: HistoryEventFilterType::CloseEvent as i32,
                next_page_token: token,
                ..Default::default()
            };
            let mut request = with_timeout(request, 30.0);
            // Without it, a close that another run follows is shown as a continue-as-new.
            request
                .metadata_mut()
                .insert("supported-features", "follows-next-run-id".parse().unwrap());
            let response = self
                .client
                .clone()
                .get_workflow_execution_history(request)
                .await;
            let response = response.unwrap().into_inner();
            if let Some(event) = response.history.unwrap().events.pop() {
                return event;
            }
            token = response.next_page_token;
        }
    }

    pub(crate) async fn types(&self) -> Vec<EventType> {
        types(&self.history().await)
    }
}
