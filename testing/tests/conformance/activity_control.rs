//! Activities that operators pause, let go on, or start over.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::PendingActivityState as State;
use outlast_proto::temporal::api::workflow::v1::PendingActivityInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::pause_activity_request::Activity as Paused;
use outlast_proto::temporal::api::workflowservice::v1::reset_activity_request::Activity as Reset;
use outlast_proto::temporal::api::workflowservice::v1::unpause_activity_request::Activity as Unpaused;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::{Peer, conform};

/// Starts a workflow with an activity `a` that is retried after `interval` seconds.
async fn pending(peer: &Peer) -> PendingActivityInfo {
    peer.describe("").await.pending_activities.remove(0)
}

async fn pause(peer: &Peer, activity: Option<Paused>) -> Result<(), Status> {
    let request = api::PauseActivityRequest {
        namespace: "default".to_owned(),
        execution: peer.execution(),
        identity: "operator".to_owned(),
        reason: "maintenance".to_owned(),
        activity,
        ..Default::default()
    };
    peer.client.clone().pause_activity(request).await?;
    Ok(())
}

async fn pause_a(peer: &Peer) {
    pause(peer, Some(Paused::Id("a".to_owned()))).await.unwrap();
}

fn unpause_request(peer: &Peer, activity: Option<Unpaused>) -> api::UnpauseActivityRequest {
    api::UnpauseActivityRequest {
        namespace: "default".to_owned(),
        execution: peer.execution(),
        identity: "operator".to_owned(),
        activity,
        ..Default::default()
    }
}

async fn unpause(peer: &Peer, activity: Option<Unpaused>) -> Result<(), Status> {
    let request = unpause_request(peer, activity);
    peer.client.clone().unpause_activity(request).await?;
    Ok(())
}

async fn unpause_a(peer: &Peer) {
    unpause(peer, Some(Unpaused::Id("a".to_owned())))
        .await
        .unwrap();
}

fn reset_request(peer: &Peer, activity: Option<Reset>) -> api::ResetActivityRequest {
    api::ResetActivityRequest {
        namespace: "default".to_owned(),
        execution: peer.execution(),
        identity: "operator".to_owned(),
        activity,
        ..Default::default()
    }
}

async fn reset(peer: &Peer, activity: Option<Reset>) -> Result<(), Status> {
    let request = reset_request(peer, activity);
    peer.client.clone().reset_activity(request).await?;
    Ok(())
}

async fn reset_a(peer: &Peer) {
    reset(peer, Some(Reset::Id("a".to_owned()))).await.unwrap();
}

#[tokio::test]
async fn a_paused_activity_waits_until_it_may_go_on() {
    conform("pause", async |peer| {
        peer.start_retried_activity(1.0).await;
        pause_a(peer).await;
        let info = pending(peer).await;
        assert_eq!((info.state(), info.paused), (State::Paused, true));
        assert!(info.pause_info.is_some());
        assert!(peer.has_no_activity().await);
        pause_a(peer).await;
        unpause_a(peer).await;
        assert_eq!(pending(peer).await.state(), State::Scheduled);
        let task = peer.poll_activity().await;
        assert_eq!(task.attempt, 1);
        peer.complete_activity(&task).await.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_running_activity_is_told_of_its_pause_and_not_retried_meanwhile() {
    conform("pause-running", async |peer| {
        peer.start_retried_activity(1.0).await;
        let task = peer.poll_activity().await;
        pause_a(peer).await;
        assert_eq!(pending(peer).await.state(), State::PauseRequested);
        peer.heartbeat(&task, "half").await.unwrap();
        peer.fail_activity(&task, "broken").await.unwrap();
        let info = pending(peer).await;
        assert_eq!((info.state(), info.attempt), (State::Paused, 2));
        assert_eq!(info.next_attempt_schedule_time, None);
        unpause_a(peer).await;
        assert_eq!(pending(peer).await.last_failure, None);
        let task = peer.poll_activity().await;
        assert_eq!((task.attempt, task.heartbeat_details.is_some()), (2, true));
        pause_a(peer).await;
        peer.complete_activity(&task).await.unwrap();
        let types = peer.types().await;
        assert!(types.contains(&E::ActivityTaskCompleted));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn even_a_last_attempt_is_not_the_last_during_a_pause() {
    conform("pause-last", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let mut activity = peer.activity("a");
        activity.retry_policy = at_most(1, 1.0);
        peer.complete(&task, vec![schedule_activity(activity)])
            .await
            .unwrap();
        let task = peer.poll_activity().await;
        pause_a(peer).await;
        peer.fail_activity(&task, "broken").await.unwrap();
        assert_eq!(pending(peer).await.state(), State::Paused);
        let types = peer.types().await;
        assert_eq!(types.last(), Some(&E::ActivityTaskScheduled));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_pause_ends_the_backoff_of_an_activity() {
    conform("pause-backoff", async |peer| {
        peer.start_retried_activity(60.0).await;
        let task = peer.poll_activity().await;
        peer.heartbeat(&task, "half").await.unwrap();
        peer.fail_activity(&task, "broken").await.unwrap();
        pause_a(peer).await;
        let info = pending(peer).await;
        assert_eq!(info.next_attempt_schedule_time, None);
        let mut request = unpause_request(peer, Some(Unpaused::UnpauseAll(true)));
        request.reset_attempts = true;
        request.reset_heartbeat = true;
        peer.client.clone().unpause_activity(request).await.unwrap();
        let task = peer.poll_activity().await;
        assert_eq!((task.attempt, task.heartbeat_details.clone()), (1, None));
        peer.complete_activity(&task).await.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_activity_that_waits_is_reset_to_its_first_attempt() {
    conform("activity-reset", async |peer| {
        peer.start_retried_activity(2.0).await;
        let task = peer.poll_activity().await;
        peer.heartbeat(&task, "half").await.unwrap();
        peer.fail_activity(&task, "broken").await.unwrap();
        reset_a(peer).await;
        let info = pending(peer).await;
        assert_eq!((info.attempt, info.last_failure), (1, None));
        let task = peer.poll_activity().await;
        assert_eq!((task.attempt, task.heartbeat_details.is_some()), (1, true));
        reset_a(peer).await;
        peer.heartbeat(&task, "most").await.unwrap();
        peer.fail_activity(&task, "broken").await.unwrap();
        assert_eq!(peer.poll_activity().await.attempt, 2);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_later_attempt_that_is_reset_is_not_heard_any_more() {
    conform("activity-reset-late", async |peer| {
        peer.start_retried_activity(0.5).await;
        let task = peer.poll_activity().await;
        peer.fail_activity(&task, "broken").await.unwrap();
        let task = peer.poll_activity().await;
        assert_eq!(task.attempt, 2);
        reset_a(peer).await;
        assert_eq!(pending(peer).await.attempt, 1);
        let error = peer.complete_activity(&task).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_reset_keeps_a_pause_only_if_told_so() {
    conform("activity-reset-paused", async |peer| {
        peer.start_retried_activity(1.0).await;
        pause_a(peer).await;
        let mut request = reset_request(peer, Some(Reset::Type("charge".to_owned())));
        request.keep_paused = true;
        peer.client.clone().reset_activity(request).await.unwrap();
        assert_eq!(pending(peer).await.state(), State::Paused);
        reset(peer, Some(Reset::MatchAll(true))).await.unwrap();
        assert_eq!(pending(peer).await.state(), State::Scheduled);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn operators_have_to_name_activities_that_exist() {
    conform("activity-unknown", async |peer| {
        peer.start_retried_activity(1.0).await;
        let nope = || "nope".to_owned();
        for error in [
            pause(peer, Some(Paused::Id(nope()))).await,
            pause(peer, Some(Paused::Type(nope()))).await,
            unpause(peer, Some(Unpaused::Id(nope()))).await,
            reset(peer, Some(Reset::Id(nope()))).await,
        ] {
            assert_eq!(error.unwrap_err().code(), Code::NotFound);
        }
        for error in [
            pause(peer, None).await,
            unpause(peer, None).await,
            reset(peer, None).await,
        ] {
            let want = "Either Activity.Id or Activity.Type should be set on request.";
            assert_eq!(error.unwrap_err().message(), want);
        }
        pause(peer, Some(Paused::Type("charge".to_owned())))
            .await
            .unwrap();
        assert_eq!(pending(peer).await.state(), State::Paused);
        peer.terminate("").await.unwrap();
        let error = pause(peer, Some(Paused::Id("a".to_owned()))).await;
        assert_eq!(
            error.unwrap_err().message(),
            "workflow execution already completed"
        );
    })
    .await;
}

#[tokio::test]
async fn an_activity_that_goes_on_with_a_jitter_comes_within_it() {
    conform("activity/jitter", async |peer| {
        peer.start_retried_activity(1.0).await;
        pause_a(peer).await;
        let mut request = unpause_request(peer, Some(Unpaused::Id("a".to_owned())));
        request.jitter = seconds(1.0);
        peer.client.clone().unpause_activity(request).await.unwrap();
        let task = peer.poll_activity().await;
        assert_eq!((task.activity_id.as_str(), task.attempt), ("a", 1));
        peer.terminate("").await.unwrap();
    })
    .await;
}
