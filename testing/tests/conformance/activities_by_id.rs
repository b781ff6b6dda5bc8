//! Activities that are answered by their ids, not by task tokens, and answers that come to nothing.

use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{Failure, ServerFailureInfo};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// A workflow with one activity that a worker has taken.
async fn started(peer: &Peer) -> ActivityTask {
    peer.start_activity(peer.activity("a")).await;
    peer.poll_activity().await
}

fn completed(peer: &Peer, activity_id: &str) -> api::RespondActivityTaskCompletedByIdRequest {
    api::RespondActivityTaskCompletedByIdRequest {
        namespace: "default".to_owned(),
        workflow_id: peer.workflow_id.clone(),
        activity_id: activity_id.to_owned(),
        result: payloads("charged"),
        identity: "elsewhere".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn an_activity_is_completed_by_its_id() {
    conform("by-id-completed", async |peer| {
        started(peer).await;
        let answer = peer
            .client()
            .respond_activity_task_completed_by_id(completed(peer, "a"))
            .await;
        answer.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

/// Has an activity of one attempt failed by its id.
async fn fail_by_id(peer: &Peer, failure: Failure) {
    let mut attributes = peer.activity("a");
    attributes.retry_policy = at_most(1, 1.0);
    peer.start_activity(attributes).await;
    peer.poll_activity().await;
    let request = api::RespondActivityTaskFailedByIdRequest {
        namespace: "default".to_owned(),
        workflow_id: peer.workflow_id.clone(),
        activity_id: "a".to_owned(),
        failure: Some(failure),
        identity: "elsewhere".to_owned(),
        ..Default::default()
    };
    let client = &mut peer.client();
    client
        .respond_activity_task_failed_by_id(request)
        .await
        .unwrap();
    peer.answer(complete_workflow("done")).await;
}

#[tokio::test]
async fn an_activity_is_failed_by_its_id() {
    conform("by-id-failed", async |peer| {
        fail_by_id(peer, application_failure("broken")).await;
    })
    .await;
}

#[tokio::test]
async fn a_failure_by_id_need_not_be_one_of_an_application() {
    conform("by-id-failed-otherwise", async |peer| {
        let failure = Failure {
            failure_info: Some(FailureInfo::ServerFailureInfo(ServerFailureInfo::default())),
            ..application_failure("broken")
        };
        fail_by_id(peer, failure).await;
    })
    .await;
}

#[tokio::test]
async fn an_activity_beats_and_is_canceled_by_its_id() {
    conform("by-id-canceled", async |peer| {
        started(peer).await;
        let beat = api::RecordActivityTaskHeartbeatByIdRequest {
            namespace: "default".to_owned(),
            workflow_id: peer.workflow_id.clone(),
            activity_id: "a".to_owned(),
            details: payloads("half"),
            ..Default::default()
        };
        let cancel = api::RespondActivityTaskCanceledByIdRequest {
            namespace: "default".to_owned(),
            workflow_id: peer.workflow_id.clone(),
            activity_id: "a".to_owned(),
            details: payloads("stopped"),
            identity: "elsewhere".to_owned(),
            ..Default::default()
        };
        let answer = peer
            .client()
            .record_activity_task_heartbeat_by_id(beat.clone())
            .await;
        assert!(!answer.unwrap().into_inner().cancel_requested);
        let answer = peer
            .client()
            .respond_activity_task_canceled_by_id(cancel.clone())
            .await;
        assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument);
        peer.signal("stop").await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![cancel_activity(5)])
            .await
            .unwrap();
        let answer = peer
            .client()
            .record_activity_task_heartbeat_by_id(beat)
            .await;
        assert!(answer.unwrap().into_inner().cancel_requested);
        let answer = peer
            .client()
            .respond_activity_task_canceled_by_id(cancel)
            .await;
        answer.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn unknown_ids_are_refused() {
    conform("by-id-unknown", async |peer| {
        let nobody = peer
            .client()
            .respond_activity_task_completed_by_id(completed(peer, "a"))
            .await;
        assert_eq!(nobody.unwrap_err().code(), Code::NotFound);
        started(peer).await;
        let mut homeless = completed(peer, "a");
        homeless.workflow_id.clear();
        for (request, code) in [
            (completed(peer, "b"), Code::NotFound),
            (completed(peer, ""), Code::InvalidArgument),
            (homeless, Code::NotFound),
        ] {
            let answer = peer
                .client()
                .respond_activity_task_completed_by_id(request)
                .await;
            let error = answer.unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
        peer.terminate("").await.unwrap();
        let late = peer
            .client()
            .respond_activity_task_completed_by_id(completed(peer, "a"))
            .await;
        assert_eq!(late.unwrap_err().code(), Code::NotFound);
    })
    .await;
}

/// What every kind of answer is refused with.
async fn refusals(peer: &Peer, task: &ActivityTask) -> [Status; 4] {
    [
        peer.complete_activity(task).await.unwrap_err(),
        peer.fail_activity(task, "broken").await.unwrap_err(),
        peer.cancel_activity(task).await.unwrap_err(),
        peer.heartbeat(task, "half").await.unwrap_err(),
    ]
}

#[tokio::test]
async fn answers_without_a_valid_token_are_refused() {
    conform("activity-tokens", async |peer| {
        for token in [&b""[..], &b"junk"[..]] {
            let task = ActivityTask {
                task_token: token.to_vec().into(),
                ..Default::default()
            };
            for error in refusals(peer, &task).await {
                assert_eq!(error.code(), Code::InvalidArgument, "{error}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn answers_after_the_end_of_the_workflow_are_refused() {
    conform("activity-late", async |peer| {
        let task = started(peer).await;
        peer.terminate("").await.unwrap();
        for error in refusals(peer, &task).await {
            assert_eq!(error.code(), Code::NotFound, "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn timeouts_that_were_not_set_are_filled_in() {
    conform("activity-defaults", async |peer| {
        let mut request = peer.start_request();
        request.workflow_run_timeout = seconds(100.0);
        peer.start_with(request).await.unwrap();
        let task = peer.poll().await;
        let start_to_close = peer.activity("a");
        let mut schedule_to_close = peer.activity("b");
        schedule_to_close.start_to_close_timeout = None;
        schedule_to_close.schedule_to_close_timeout = seconds(20.0);
        let mut everything = peer.activity("c");
        everything.schedule_to_start_timeout = seconds(300.0);
        everything.schedule_to_close_timeout = seconds(40.0);
        everything.start_to_close_timeout = seconds(50.0);
        everything.heartbeat_timeout = seconds(60.0);
        let mut commands = [start_to_close, schedule_to_close, everything];
        let kin = ["a", "b", "c"].map(|id| peer.kin(id));
        for (attributes, kin) in commands.iter_mut().zip(&kin) {
            attributes.task_queue = kin.normal_queue();
        }
        peer.complete(&task, commands.map(schedule_activity).to_vec())
            .await
            .unwrap();
        assert_eq!(peer.types().await.len(), 7);
        for kin in kin {
            kin.poll_activity().await;
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}
