//! Starting and signalling in one request.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use tonic::Code;

use crate::conform;
use crate::support::builders::*;

#[tokio::test]
async fn the_request_of_a_signal_with_start_led_to_the_signal() {
    conform("sws-request", async |peer| {
        let request = peer.signal_with_start_request("hello");
        let request_id = request.request_id.clone();
        peer.signal_with_start(request).await.unwrap();
        let described = peer.describe("").await.workflow_extended_info.unwrap();
        assert_eq!(described.request_id_infos[&request_id].event_id, 2);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_signal_stands_behind_the_first_event() {
    conform("sws-new", async |peer| {
        let request = peer.signal_with_start_request("hello");
        assert!(peer.signal_with_start(request).await.unwrap().started);
        let want = [
            E::WorkflowExecutionStarted,
            E::WorkflowExecutionSignaled,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await, want);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_running_workflow_gets_the_signal_alone() {
    conform("sws-running", async |peer| {
        let run_id = peer.start().await;
        let request = peer.signal_with_start_request("hello");
        let answer = peer.signal_with_start(request.clone()).await.unwrap();
        assert_eq!((answer.run_id, answer.started), (run_id, false));
        peer.signal_with_start(request).await.unwrap();
        let want = [
            E::WorkflowExecutionStarted,
            E::WorkflowTaskScheduled,
            E::WorkflowExecutionSignaled,
        ];
        assert_eq!(peer.types().await, want, "a request counts once");
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_closed_workflow_starts_anew() {
    conform("sws-closed", async |peer| {
        let run_id = peer.start().await;
        peer.terminate("").await.unwrap();
        let request = peer.signal_with_start_request("hello");
        let answer = peer.signal_with_start(request).await.unwrap();
        assert_ne!(answer.run_id, run_id);
        let mut again = peer.signal_with_start_request("again");
        again.workflow_id_conflict_policy = 3;
        let third = peer.signal_with_start(again).await.unwrap();
        assert_ne!(third.run_id, answer.run_id);
        peer.terminate("").await.unwrap();
        let mut refused = peer.signal_with_start_request("no");
        refused.workflow_id_reuse_policy = 3;
        let error = peer.signal_with_start(refused).await.unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
    })
    .await;
}

#[tokio::test]
async fn signals_do_not_end_a_start_delay() {
    conform("sws-delay", async |peer| {
        let mut request = peer.signal_with_start_request("early");
        request.workflow_start_delay = seconds(1.0);
        peer.signal_with_start(request).await.unwrap();
        peer.signal("too early").await.unwrap();
        let want = [
            E::WorkflowExecutionStarted,
            E::WorkflowExecutionSignaled,
            E::WorkflowExecutionSignaled,
        ];
        assert_eq!(peer.types().await, want);
        let task = peer.poll().await;
        assert_eq!(task.started_event_id, 5);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    conform("sws-errors", async |peer| {
        let valid = || peer.signal_with_start_request("hello");
        let mut nameless = valid();
        nameless.signal_name.clear();
        let mut failing = valid();
        failing.workflow_id_conflict_policy = 1;
        let mut untyped = valid();
        untyped.workflow_type = None;
        let mut homeless = valid();
        homeless.task_queue = None;
        let mut anonymous = valid();
        anonymous.workflow_id.clear();
        let mut both = valid();
        both.workflow_id_reuse_policy = 4;
        both.workflow_id_conflict_policy = 2;
        for request in [nameless, failing, untyped, homeless, anonymous, both] {
            let error = peer.signal_with_start(request).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        }
    })
    .await;
}
