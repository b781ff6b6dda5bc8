//! Starting workflows: ids, policies, request ids, delays.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_start_schedules_a_workflow_task_and_takes_the_id() {
    conform("start", async |peer| {
        let request = peer.start_request();
        let run_id = peer.start_with(request.clone()).await.unwrap().run_id;
        assert_eq!(
            peer.types().await,
            [E::WorkflowExecutionStarted, E::WorkflowTaskScheduled]
        );

        let again = peer.start_with(request).await.unwrap();
        assert_eq!(
            (again.run_id.as_str(), again.started),
            (run_id.as_str(), true)
        );

        let error = peer.start_with(peer.start_request()).await.unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
        let want = format!(
            "Workflow execution is already running. WorkflowId: {}, RunId: {run_id}.",
            peer.workflow_id
        );
        assert_eq!(error.message(), want);
        assert_eq!(detail(&error), "WorkflowExecutionAlreadyStartedFailure");
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_id_of_a_closed_workflow_is_shared_as_the_policy_says() {
    conform("reuse", async |peer| {
        let run_id = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        let mut request = peer.start_request();
        request.workflow_id_reuse_policy = 3;
        let error = peer.start_with(request.clone()).await.unwrap_err();
        let prefix = format!(
            "Workflow execution already finished. WorkflowId: {}, RunId: {run_id}. ",
            peer.workflow_id
        );
        let want = format!("{prefix}Workflow Id reuse policy: reject duplicate workflow Id.");
        assert_eq!(
            (error.code(), error.message()),
            (Code::AlreadyExists, want.as_str())
        );

        request.workflow_id_reuse_policy = 2;
        let error = peer.start_with(request.clone()).await.unwrap_err();
        assert!(
            error.message().contains("already finished successfully"),
            "{error}"
        );

        request.workflow_id_reuse_policy = 1;
        assert_ne!(peer.start_with(request).await.unwrap().run_id, run_id);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_conflict_policy_uses_or_terminates_the_running_workflow() {
    conform("conflict", async |peer| {
        let run_id = peer.start().await;
        let mut request = peer.start_request();
        request.workflow_id_conflict_policy = 2;
        let used = peer.start_with(request.clone()).await.unwrap();
        assert_eq!(
            (used.run_id.as_str(), used.started),
            (run_id.as_str(), false)
        );

        request.workflow_id_conflict_policy = 3;
        request.request_id = uuid();
        let new = peer.start_with(request).await.unwrap();
        assert_ne!(new.run_id, run_id);
        let old = peer.history_of(&run_id).await;
        let Some(Attributes::WorkflowExecutionTerminatedEventAttributes(a)) =
            old.last().unwrap().attributes.clone()
        else {
            panic!("{old:?}")
        };
        assert_eq!(a.reason, "TerminateIfRunning WorkflowIdReusePolicy");
        assert_eq!(a.identity, "history-service");
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_start_delay_holds_back_the_first_task_but_not_a_cancellation() {
    conform("delay", async |peer| {
        let mut request = peer.start_request();
        request.workflow_start_delay = seconds(60.0);
        peer.start_with(request).await.unwrap();
        peer.signal("early").await.unwrap();
        let want = [E::WorkflowExecutionStarted, E::WorkflowExecutionSignaled];
        assert_eq!(peer.types().await, want);
        peer.cancel().await.unwrap();
        let want = [
            E::WorkflowExecutionCancelRequested,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await[2..], want);
        peer.terminate("").await.unwrap();
    })
    .await;
}
