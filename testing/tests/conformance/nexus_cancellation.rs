//! Nexus operations that their workflows do not want any more.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::NexusOperationCancellationState as State;
use outlast_proto::temporal::api::nexus::v1::request::Variant;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

fn canceled_token(task: &NexusTask) -> &str {
    match task.request.as_ref().and_then(|r| r.variant.as_ref()) {
        Some(Variant::CancelOperation(cancel)) => &cancel.operation_token,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_handler_hears_that_its_operation_is_not_wanted_any_more() {
    conform("nexus-cancel", async |peer| {
        let endpoint = peer.started_operation("token").await;
        peer.signal("enough").await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![cancel_operation(5)]).await.unwrap();
        let asked = peer.poll_nexus().await;
        assert_eq!(canceled_token(&asked), "token");
        let info = peer.describe("").await.pending_nexus_operations[0].cancellation_info.clone();
        assert_eq!(info.unwrap().state(), State::Scheduled);
        peer.answer_nexus(&asked, cancel_heard()).await.unwrap();

        let task = peer.poll().await;
        let types = types(events_of(&task));
        assert_eq!(types[types.len() - 3], E::NexusOperationCancelRequestCompleted);
        let info = peer.describe("").await.pending_nexus_operations[0].cancellation_info.clone();
        assert_eq!(info.unwrap().state(), State::Succeeded);
        let error = peer.complete(&task, vec![cancel_operation(5)]).await.unwrap_err();
        let want = "BadRequestCancelNexusOperationAttributes: cancelation was already requested for \
                    an operation with scheduled event ID 5";
        assert_eq!(error.message(), want);
        peer.terminate("").await.unwrap();
        peer.delete_endpoint(&endpoint).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_handler_may_refuse_to_cancel() {
    conform("nexus-cancel-refused", async |peer| {
        let endpoint = peer.started_operation("token").await;
        peer.signal("enough").await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![cancel_operation(5)])
            .await
            .unwrap();
        let asked = peer.poll_nexus().await;
        peer.fail_nexus(&asked, handler_error("NOT_FOUND", "gone"), None)
            .await
            .unwrap();
        let task = peer.poll().await;
        let types = types(events_of(&task));
        assert_eq!(types[types.len() - 3], E::NexusOperationCancelRequestFailed);
        let info = peer.describe("").await.pending_nexus_operations[0]
            .cancellation_info
            .clone();
        assert_eq!(info.unwrap().state(), State::Failed);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        assert_eq!(
            peer.types().await.last(),
            Some(&E::WorkflowExecutionCompleted)
        );
        peer.delete_endpoint(&endpoint).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_operation_that_has_not_started_is_canceled_when_it_has() {
    conform("nexus-cancel-early", async |peer| {
        let endpoint = peer.create_endpoint(peer.endpoint_spec()).await.unwrap();
        peer.start().await;
        let task = peer.poll().await;
        let commands = vec![schedule_operation(peer.operation()), cancel_operation(5)];
        peer.complete(&task, commands).await.unwrap();
        let info = peer.describe("").await.pending_nexus_operations[0]
            .cancellation_info
            .clone();
        assert_eq!(info.unwrap().state(), State::Unspecified);
        let asked = peer.poll_nexus().await;
        peer.answer_nexus(&asked, goes_on("token")).await.unwrap();
        let asked = peer.poll_nexus().await;
        assert_eq!(canceled_token(&asked), "token");
        peer.answer_nexus(&asked, cancel_heard()).await.unwrap();
        peer.until(E::NexusOperationCancelRequestCompleted).await;
        let task = peer.poll().await;
        peer.complete_without(&endpoint, &task).await;
    })
    .await;
}
