//! What ends the retries of an activity, and what an attempt hands on to the next.

use outlast_proto::temporal::api::common::v1::RetryPolicy;
use outlast_proto::temporal::api::enums::v1::RetryState;
use outlast_proto::temporal::api::failure::v1::ApplicationFailureInfo;
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// Starts a workflow with one activity, and takes its first attempt.
async fn first_attempt(peer: &Peer, policy: Option<RetryPolicy>) -> ActivityTask {
    let mut attributes = peer.activity("a");
    attributes.retry_policy = policy;
    peer.start_activity(attributes).await;
    peer.poll_activity().await
}

fn failed_request(task: &ActivityTask, failure: Failure) -> api::RespondActivityTaskFailedRequest {
    api::RespondActivityTaskFailedRequest {
        namespace: "default".to_owned(),
        task_token: task.task_token.clone(),
        failure: Some(failure),
        identity: "worker".to_owned(),
        ..Default::default()
    }
}

fn application(info: ApplicationFailureInfo) -> Failure {
    Failure {
        message: "broken".to_owned(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
        ..Default::default()
    }
}

async fn fail_as(peer: &Peer, task: &ActivityTask, info: ApplicationFailureInfo) {
    let request = failed_request(task, application(info));
    let answer = peer.client().respond_activity_task_failed(request).await;
    answer.unwrap();
}

/// Why the activity was not tried again.
async fn retry_state(peer: &Peer) -> RetryState {
    let task = peer.poll().await;
    let failed = |event: &HistoryEvent| match &event.attributes {
        Some(Attributes::ActivityTaskFailedEventAttributes(a)) => Some(a.retry_state()),
        _ => None,
    };
    let state = events_of(&task).iter().find_map(failed).unwrap();
    peer.complete(&task, vec![complete_workflow("done")])
        .await
        .unwrap();
    state
}

#[tokio::test]
async fn a_failure_may_forbid_retries() {
    conform("retry-never", async |peer| {
        let task = first_attempt(peer, None).await;
        let info = ApplicationFailureInfo {
            r#type: "Test".to_owned(),
            non_retryable: true,
            ..Default::default()
        };
        fail_as(peer, &task, info).await;
        assert_eq!(retry_state(peer).await, RetryState::NonRetryableFailure);
    })
    .await;
}

#[tokio::test]
async fn a_policy_may_forbid_retries_of_some_failures() {
    conform("retry-types", async |peer| {
        let policy = RetryPolicy {
            non_retryable_error_types: vec!["Fatal".to_owned()],
            ..at_most(0, 0.1).unwrap()
        };
        let task = first_attempt(peer, Some(policy)).await;
        let kind = |name: &str| ApplicationFailureInfo {
            r#type: name.to_owned(),
            ..Default::default()
        };
        fail_as(peer, &task, kind("Minor")).await;
        let task = peer.poll_activity().await;
        assert_eq!(task.attempt, 2);
        fail_as(peer, &task, kind("Fatal")).await;
        assert_eq!(retry_state(peer).await, RetryState::NonRetryableFailure);
    })
    .await;
}

#[tokio::test]
async fn a_failure_may_choose_the_time_of_the_next_attempt() {
    conform("retry-delay", async |peer| {
        let task = first_attempt(peer, at_most(2, 60.0)).await;
        let info = ApplicationFailureInfo {
            r#type: "Test".to_owned(),
            next_retry_delay: seconds(0.2),
            ..Default::default()
        };
        fail_as(peer, &task, info.clone()).await;
        let task = peer.poll_activity().await;
        assert_eq!(task.attempt, 2);
        fail_as(peer, &task, info).await;
        assert_eq!(retry_state(peer).await, RetryState::MaximumAttemptsReached);
    })
    .await;
}

#[tokio::test]
async fn retries_end_when_there_is_no_time_for_another_one() {
    conform("retry-expired", async |peer| {
        let mut attributes = peer.activity("a");
        attributes.schedule_to_close_timeout = seconds(20.0);
        attributes.retry_policy = at_most(0, 30.0);
        peer.start_activity(attributes).await;
        let activity = peer.poll_activity().await;
        peer.fail_activity(&activity, "broken").await.unwrap();
        assert_eq!(retry_state(peer).await, RetryState::Timeout);
    })
    .await;
}

#[tokio::test]
async fn heartbeats_survive_an_attempt() {
    conform("retry-details", async |peer| {
        let first = first_attempt(peer, at_most(3, 0.1)).await;
        peer.heartbeat(&first, "half").await.unwrap();
        peer.fail_activity(&first, "once").await.unwrap();
        let second = peer.poll_activity().await;
        assert_eq!(second.heartbeat_details, payloads("half"));
        let mut request = failed_request(&second, application_failure("twice"));
        request.last_heartbeat_details = payloads("most");
        let answer = peer.client().respond_activity_task_failed(request).await;
        answer.unwrap();
        let third = peer.poll_activity().await;
        assert_eq!(third.heartbeat_details, payloads("most"));
        peer.complete_activity(&third).await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_canceled_activity_is_not_retried() {
    conform("retry-canceled", async |peer| {
        let activity = first_attempt(peer, at_most(0, 0.1)).await;
        peer.signal("stop").await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![cancel_activity(5)])
            .await
            .unwrap();
        peer.fail_activity(&activity, "broken").await.unwrap();
        assert_eq!(retry_state(peer).await, RetryState::CancelRequested);
    })
    .await;
}

#[tokio::test]
async fn a_timed_out_attempt_is_retried_with_its_reason() {
    conform("retry-timeout", async |peer| {
        let mut attributes = peer.activity("a");
        // Long enough for the second attempt, also on a busy server.
        attributes.start_to_close_timeout = seconds(3.0);
        attributes.retry_policy = at_most(2, 0.1);
        peer.start_activity(attributes).await;
        peer.poll_activity().await;
        let second = peer.poll_activity().await;
        assert_eq!(second.attempt, 2);
        peer.complete_activity(&second).await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}
