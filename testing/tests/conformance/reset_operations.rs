//! What becomes of Nexus operations when their workflow is reset.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::{
    PendingNexusOperationState as State, ResetReapplyExcludeType as Excluded,
    ResetReapplyType as Included,
};
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::nexus::v1 as nexus;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

impl Peer {
    /// A caller with an operation from event 5 on, whose workflow task begins with event 8 and is
    /// completed by event 9.
    async fn call_before_a_task(&self) -> (nexus::Endpoint, NexusTask) {
        let (endpoint, request) = self.call_operation().await;
        self.signal("go on").await.unwrap();
        let task = self.poll().await;
        self.complete(&task, vec![]).await.unwrap();
        (endpoint, request)
    }

    /// Ends the workflow, and removes its endpoint.
    async fn end_without(&self, endpoint: &nexus::Endpoint) {
        self.terminate("").await.unwrap();
        self.delete_endpoint(endpoint).await.unwrap();
    }

    async fn last_event(&self) -> HistoryEvent {
        self.history().await.pop().unwrap()
    }
}

#[tokio::test]
async fn an_operation_that_has_not_started_is_asked_for_again() {
    conform("reset-operation-asked", async |peer| {
        let (endpoint, first) = peer.call_before_a_task().await;
        peer.reset(9).await.unwrap();
        // The old run does not hear it any more.
        peer.answer_nexus(&first, sync_result("late"))
            .await
            .unwrap();
        let again = peer.poll_nexus().await;
        assert_eq!(start_of(&again).request_id, start_of(&first).request_id);
        let pending = peer.describe("").await.pending_nexus_operations;
        assert_eq!(
            (pending[0].state(), pending[0].attempt),
            (State::Scheduled, 0)
        );
        peer.answer_nexus(&again, sync_result("paid"))
            .await
            .unwrap();
        assert_eq!(
            peer.last_event().await.event_type(),
            E::NexusOperationCompleted
        );
        peer.end_without(&endpoint).await;
    })
    .await;
}

#[tokio::test]
async fn the_workflow_behind_an_operation_answers_to_the_run_after_the_reset() {
    conform("reset-operation-started", async |peer| {
        let (endpoint, request) = peer.call_operation().await;
        let handler = peer.kin("handler");
        handler.start_for(&request).await;
        peer.answer_nexus(&request, goes_on("token")).await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        peer.reset(9).await.unwrap();
        let pending = peer.describe("").await.pending_nexus_operations;
        assert_eq!(
            (pending[0].state(), pending[0].attempt),
            (State::Started, 1)
        );

        let task = handler.poll().await;
        handler
            .complete(&task, vec![complete_workflow("paid")])
            .await
            .unwrap();
        peer.until(E::NexusOperationCompleted).await;
        assert!(peer.describe("").await.pending_nexus_operations.is_empty());
        handler.callback_sent().await;
        peer.end_without(&endpoint).await;
    })
    .await;
}

#[tokio::test]
async fn what_handlers_said_is_said_again_unless_excluded() {
    conform("reset-operation-reapply", async |peer| {
        let (endpoint, request) = peer.call_before_a_task().await;
        let info = peer.describe("").await.workflow_execution_info.unwrap();
        let run_id = info.execution.unwrap().run_id;
        peer.answer_nexus(&request, goes_on("token")).await.unwrap();
        peer.until(E::NexusOperationStarted).await;
        for included in [Included::Unspecified, Included::Signal, Included::None] {
            let mut request = peer.reset_request(&run_id, 9);
            request.set_reset_reapply_type(included);
            peer.reset_with(request).await.unwrap();
            let types = peer.types().await;
            assert_eq!(types[9], E::NexusOperationStarted, "{included:?}");
        }
        let mut request = peer.reset_request(&run_id, 9);
        request.reset_reapply_exclude_types = vec![Excluded::Nexus as i32];
        peer.reset_with(request).await.unwrap();
        assert_eq!(peer.types().await[9], E::WorkflowTaskScheduled);
        let pending = peer.describe("").await.pending_nexus_operations;
        assert_eq!(pending[0].state(), State::Scheduled);
        peer.end_without(&endpoint).await;
    })
    .await;
}

#[tokio::test]
async fn an_operation_that_ended_meanwhile_has_ended_after_the_reset() {
    conform("reset-operation-ended", async |peer| {
        let (endpoint, request) = peer.call_before_a_task().await;
        let failed = operation_failed(application_failure("no money"));
        peer.answer_nexus(&request, failed).await.unwrap();
        peer.until(E::NexusOperationFailed).await;
        peer.reset(9).await.unwrap();
        assert_eq!(peer.types().await[9], E::NexusOperationFailed);
        assert!(peer.describe("").await.pending_nexus_operations.is_empty());
        peer.end_without(&endpoint).await;
    })
    .await;
}

#[tokio::test]
async fn the_wish_to_cancel_an_operation_is_lost_by_a_reset() {
    conform("reset-operation-canceled", async |peer| {
        let endpoint = peer.started_operation("token").await;
        peer.signal("change of mind").await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![cancel_operation(5)])
            .await
            .unwrap();
        let wish = peer.poll_nexus().await;
        peer.answer_nexus(&wish, cancel_heard()).await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let finish_id = task.started_event_id + 1;
        peer.reset(finish_id).await.unwrap();
        let pending = peer.describe("").await.pending_nexus_operations;
        assert_eq!(pending[0].cancellation_info, None);
        peer.end_without(&endpoint).await;
    })
    .await;
}
