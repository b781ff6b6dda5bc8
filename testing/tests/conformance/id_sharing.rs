//! Starts of workflows whose ids are taken.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::workflow::v1::OnConflictOptions;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_failed_workflow_may_be_started_again_if_the_policy_says_so() {
    conform("reuse-failed", async |peer| {
        let first = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![fail_workflow("broken")])
            .await
            .unwrap();
        let mut request = peer.start_request();
        request.workflow_id_reuse_policy = 2;
        let second = peer.start_with(request).await.unwrap();
        assert_ne!(second.run_id, first);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_reuse_policy_may_terminate_what_runs() {
    conform("reuse-terminate", async |peer| {
        let first = peer.start().await;
        let mut request = peer.start_request();
        request.workflow_id_reuse_policy = 4;
        let second = peer.start_with(request).await.unwrap();
        assert_ne!(second.run_id, first);
        let old = types(&peer.history_of(&first).await);
        assert_eq!(old.last(), Some(&E::WorkflowExecutionTerminated));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_run_that_it_started() {
    conform("dedupe", async |peer| {
        let request = peer.start_request();
        let first = peer.start_with(request.clone()).await.unwrap();
        peer.poll().await;
        let again = peer.start_with(request.clone()).await.unwrap();
        assert_eq!(again.run_id, first.run_id);
        peer.terminate("").await.unwrap();
        let late = peer.start_with(request).await.unwrap();
        assert_eq!(late.run_id, first.run_id, "even after its end");
    })
    .await;
}

#[tokio::test]
async fn a_request_without_an_id_gets_one() {
    conform("no-request-id", async |peer| {
        let mut request = peer.start_request();
        request.request_id.clear();
        peer.start_with(request.clone()).await.unwrap();
        let error = peer.start_with(request).await.unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_joined_run_notes_who_joined_it() {
    conform("attach", async |peer| {
        peer.start().await;
        let mut request = peer.start_request();
        request.workflow_id_conflict_policy = 2;
        request.on_conflict_options = Some(OnConflictOptions {
            attach_request_id: true,
            ..Default::default()
        });
        let joined = peer.start_with(request.clone()).await.unwrap();
        assert!(!joined.started);
        peer.start_with(request).await.unwrap();
        let want = [
            E::WorkflowExecutionStarted,
            E::WorkflowTaskScheduled,
            E::WorkflowExecutionOptionsUpdated,
        ];
        assert_eq!(peer.types().await, want);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn policies_that_contradict_each_other_are_refused() {
    conform("contradictions", async |peer| {
        for (reuse, conflict) in [(4, 1), (4, 2), (4, 3), (3, 3)] {
            let mut request = peer.start_request();
            request.workflow_id_reuse_policy = reuse;
            request.workflow_id_conflict_policy = conflict;
            let error = peer.start_with(request).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        }
    })
    .await;
}
