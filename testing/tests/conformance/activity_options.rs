//! Options of activities that change while they are pending.

use outlast_proto::temporal::api::activity::v1::ActivityOptions;
use outlast_proto::temporal::api::common::v1::{Priority, RetryPolicy};
use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::update_activity_options_request::Activity;
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::{Peer, conform};

/// Starts a workflow with an activity `a` that is retried after `interval` seconds.
fn change(
    peer: &Peer,
    paths: &[&str],
    options: ActivityOptions,
) -> api::UpdateActivityOptionsRequest {
    api::UpdateActivityOptionsRequest {
        namespace: "default".to_owned(),
        execution: peer.execution(),
        identity: "operator".to_owned(),
        activity_options: Some(options),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        activity: Some(Activity::Id("a".to_owned())),
        ..Default::default()
    }
}

async fn send(
    peer: &Peer,
    request: api::UpdateActivityOptionsRequest,
) -> Result<ActivityOptions, Status> {
    let mut client = peer.client.clone();
    let response = client.update_activity_options(request).await?;
    Ok(response.into_inner().activity_options.unwrap_or_default())
}

#[tokio::test]
async fn options_change_one_by_one_and_can_be_restored() {
    conform("activity-options", async |peer| {
        peer.start_retried_activity(2.0).await;
        let queue = |name: &str| {
            Some(TaskQueue {
                name: format!("{}-{name}", peer.queue),
                ..Default::default()
            })
        };
        let new = ActivityOptions {
            task_queue: queue("other"),
            schedule_to_close_timeout: seconds(50.0),
            schedule_to_start_timeout: seconds(40.0),
            start_to_close_timeout: seconds(7.0),
            heartbeat_timeout: seconds(6.0),
            retry_policy: Some(RetryPolicy {
                initial_interval: seconds(3.0),
                backoff_coefficient: 1.5,
                maximum_interval: seconds(9.0),
                maximum_attempts: 4,
                ..Default::default()
            }),
            priority: Some(Priority {
                priority_key: 2,
                ..Default::default()
            }),
            ..Default::default()
        };
        for path in [
            "start_to_close_timeout",
            "heartbeatTimeout",
            "retry_policy.maximum_attempts",
            "retry_policy.initial_interval",
            "task_queue",
            "task_queue.name",
            "schedule_to_close_timeout",
            "schedule_to_start_timeout",
            "priority",
            "retry_policy",
            "no_such_option",
        ] {
            let changed = send(peer, change(peer, &[path], new.clone()))
                .await
                .unwrap();
            if path == "task_queue" {
                assert_eq!(changed.task_queue.unwrap().name, peer.queue);
            }
        }
        let info = peer.describe("").await.pending_activities.remove(0);
        let options = info.activity_options.unwrap();
        assert_eq!(options.retry_policy, new.retry_policy);
        let mut restore = change(peer, &[], ActivityOptions::default());
        restore.restore_original = true;
        let restored = send(peer, restore).await.unwrap();
        assert_eq!(restored.start_to_close_timeout, seconds(10.0));
        assert_eq!(peer.types().await.last(), Some(&E::ActivityTaskScheduled));
        let task = peer.poll_activity().await;
        peer.complete_activity(&task).await.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused() {
    conform("activity-options-refused", async |peer| {
        peer.start_retried_activity(1.0).await;
        let none = ActivityOptions::default();
        let negative = ActivityOptions {
            start_to_close_timeout: Some(prost_types::Duration {
                seconds: -1,
                nanos: 0,
            }),
            ..Default::default()
        };
        let shrinking = ActivityOptions {
            retry_policy: Some(RetryPolicy {
                backoff_coefficient: 0.5,
                ..Default::default()
            }),
            ..Default::default()
        };
        let timeouts = ["start_to_close_timeout", "schedule_to_close_timeout"];
        for request in [
            change(peer, &timeouts[..1], negative),
            change(peer, &timeouts, none.clone()),
            change(peer, &["retry_policy.backoff_coefficient"], shrinking),
            api::UpdateActivityOptionsRequest {
                activity_options: None,
                ..change(peer, &[], none.clone())
            },
            api::UpdateActivityOptionsRequest {
                update_mask: None,
                ..change(peer, &[], none.clone())
            },
            api::UpdateActivityOptionsRequest {
                activity: None,
                ..change(peer, &["priority"], none.clone())
            },
            api::UpdateActivityOptionsRequest {
                restore_original: true,
                ..change(peer, &["priority"], none.clone())
            },
        ] {
            let error = send(peer, request).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        }
        let mut unknown = change(peer, &["priority"], none);
        unknown.activity = Some(Activity::Id("b".to_owned()));
        let error = send(peer, unknown).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn new_options_hold_for_what_is_under_way() {
    conform("activity-options-now", async |peer| {
        peer.start_retried_activity(60.0).await;
        let other = format!("{}-other", peer.queue);
        let moved = ActivityOptions {
            task_queue: Some(TaskQueue {
                name: other.clone(),
                ..Default::default()
            }),
            ..Default::default()
        };
        send(peer, change(peer, &["task_queue.name"], moved))
            .await
            .unwrap();
        assert!(peer.has_no_activity().await);
        let there = Peer {
            queue: other,
            ..peer.clone()
        };
        let task = there.poll_activity().await;
        peer.fail_activity(&task, "broken").await.unwrap();
        let sooner = ActivityOptions {
            retry_policy: Some(RetryPolicy {
                initial_interval: seconds(0.5),
                ..Default::default()
            }),
            ..Default::default()
        };
        let path = "retry_policy.initial_interval";
        send(peer, change(peer, &[path], sooner)).await.unwrap();
        let task = there.poll_activity().await;
        assert_eq!(task.attempt, 2);
        let shorter = ActivityOptions {
            start_to_close_timeout: seconds(3.0),
            ..Default::default()
        };
        send(peer, change(peer, &["start_to_close_timeout"], shorter))
            .await
            .unwrap();
        let task = there.poll_activity().await;
        assert_eq!(task.attempt, 3);
        peer.complete_activity(&task).await.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}
