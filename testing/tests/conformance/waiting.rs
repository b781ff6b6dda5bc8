//! Waiting, without a trace in the transcript, for what a server does by itself.

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::{EventType, PendingNexusOperationState};
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::Peer;
use crate::support::builders::seconds;
use crate::support::peer::{types, with_timeout};

impl Peer {
    /// The same peer, whose calls are not compared.
    pub(crate) fn unrecorded(&self) -> Self {
        let quiet = Self::new(self.transport.paused(), "");
        Self {
            transport: quiet.transport,
            client: quiet.client,
            ..self.clone()
        }
    }

    /// Goes back and forth a few times, so that the server has got what was sent before.
    pub(crate) async fn what_was_sent_arrives(&self) {
        let peer = self.unrecorded();
        for _ in 0..10 {
            peer.history().await;
        }
    }

    /// Waits until a second of the server's time has passed: the next run of what ran before begins at
    /// once then, however long the scenario has taken.
    pub(crate) async fn a_second_passes(&self) {
        let clock = self.kin("clock").unrecorded();
        let request = api::StartWorkflowExecutionRequest {
            workflow_start_delay: seconds(1.0),
            ..clock.start_request()
        };
        clock.start_with(request).await.unwrap();
        clock.until(EventType::WorkflowTaskScheduled).await;
        clock.terminate("").await.unwrap();
    }

    /// Waits until the current run's history has an event of this type; returns the history.
    pub(crate) async fn until(&self, event_type: EventType) -> Vec<HistoryEvent> {
        self.until_times(event_type, 1).await
    }

    /// Waits until the current run's history has so many events of this type.
    pub(crate) async fn until_times(
        &self,
        event_type: EventType,
        times: usize,
    ) -> Vec<HistoryEvent> {
        let mut client = self.unrecorded().client;
        let mut events = Vec::new();
        let mut request = api::GetWorkflowExecutionHistoryRequest {
            namespace: "default".to_owned(),
            execution: self.execution(),
            wait_new_event: true,
            ..Default::default()
        };
        loop {
            let read = with_timeout(request.clone(), 30.0);
            let page = client.get_workflow_execution_history(read).await.unwrap();
            let page = page.into_inner();
            events.extend(page.history.unwrap_or_default().events);
            let found = types(&events).into_iter().filter(|t| *t == event_type);
            if found.count() >= times {
                return events;
            }
            let ended = page.next_page_token.is_empty();
            assert!(!ended, "no {event_type:?} in {:?}", types(&events));
            request.next_page_token = page.next_page_token;
        }
    }

    /// The description of the schedule when something holds for it.
    pub(crate) async fn schedule_when(
        &self,
        holds: impl Fn(&api::DescribeScheduleResponse) -> bool,
    ) -> api::DescribeScheduleResponse {
        let quiet = self.unrecorded();
        for _ in 0..100 {
            if holds(&quiet.describe_schedule().await.unwrap()) {
                return self.describe_schedule().await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{:#?}", quiet.describe_schedule().await)
    }

    /// Waits until the workflow's Nexus operation is in a state.
    pub(crate) async fn operation_in(&self, state: PendingNexusOperationState) {
        self.described(|d| d.pending_nexus_operations[0].state() == state)
            .await;
    }

    /// Waits until the workflow's callbacks have been sent.
    pub(crate) async fn callback_sent(&self) {
        self.described(|d| d.callbacks.iter().all(|callback| callback.attempt > 0))
            .await;
    }

    async fn described(&self, holds: impl Fn(&api::DescribeWorkflowExecutionResponse) -> bool) {
        let quiet = self.unrecorded();
        for _ in 0..100 {
            if holds(&quiet.describe("").await) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:#?}", quiet.describe("").await)
    }
}
