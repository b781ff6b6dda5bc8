//! The timeouts of activities.
//!
//! What has to happen before a timeout has three seconds or more, because a busy server is slow.

use outlast_proto::temporal::api::common::v1::RetryPolicy;
use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::TimeoutType;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

#[tokio::test]
async fn activity_timeouts_say_which_limit_was_hit() {
    conform("timeouts", async |peer| {
        let mut start_to_close = peer.activity("a");
        start_to_close.start_to_close_timeout = seconds(1.0);
        start_to_close.retry_policy = at_most(1, 1.0);
        let mut heartbeat = start_to_close.clone();
        heartbeat.start_to_close_timeout = seconds(10.0);
        heartbeat.heartbeat_timeout = seconds(1.0);
        let mut schedule_to_start = start_to_close.clone();
        schedule_to_start.schedule_to_start_timeout = seconds(1.0);
        let mut no_time_to_retry = start_to_close.clone();
        no_time_to_retry.schedule_to_close_timeout = seconds(10.0);
        no_time_to_retry.retry_policy = at_most(0, 30.0);
        let no_time = "Not enough time to schedule next retry before activity ScheduleToClose \
                       timeout, giving up retrying";
        let cases = [
            (
                start_to_close,
                true,
                TimeoutType::StartToClose,
                "activity StartToClose timeout",
            ),
            (
                heartbeat,
                true,
                TimeoutType::Heartbeat,
                "activity Heartbeat timeout",
            ),
            (
                schedule_to_start,
                false,
                TimeoutType::ScheduleToStart,
                "activity ScheduleToStart timeout",
            ),
            (
                no_time_to_retry,
                true,
                TimeoutType::ScheduleToClose,
                no_time,
            ),
        ];
        peer.start().await;
        let mut task = peer.poll().await;
        for (attributes, is_started, timeout, message) in cases {
            peer.complete(&task, vec![schedule_activity(attributes)])
                .await
                .unwrap();
            if is_started {
                peer.poll_activity().await;
            }
            task = peer.poll().await;
            let events = events_of(&task);
            let Some(Attributes::ActivityTaskTimedOutEventAttributes(timed_out)) =
                &events[events.len() - 3].attributes
            else {
                panic!("{message}: {events:?}")
            };
            let failure = timed_out.failure.as_ref().unwrap();
            assert_eq!(failure.message, message);
            assert_eq!(failure.source, "Server");
            let Some(FailureInfo::TimeoutFailureInfo(info)) = &failure.failure_info else {
                panic!("{failure:?}")
            };
            assert_eq!(info.timeout_type(), timeout);
            assert_eq!(timed_out.started_event_id > 0, is_started, "{message}");
        }
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

/// Schedules an activity, takes it `attempts` times, failing all but the last, and waits for the
/// task that its timeout brings.
async fn schedule_to_close(peer: &Peer, seconds_to_close: f64, policy: RetryPolicy, attempts: i32) {
    let mut attributes = peer.activity("a");
    attributes.schedule_to_close_timeout = seconds(seconds_to_close);
    attributes.retry_policy = Some(policy);
    peer.start_activity(attributes).await;
    for attempt in 1..=attempts {
        let activity = peer.poll_activity().await;
        assert_eq!(activity.attempt, attempt);
        if attempt < attempts {
            peer.fail_activity(&activity, "broken").await.unwrap();
        }
    }
    let task = peer.poll().await;
    let events = events_of(&task);
    assert!(types(events).contains(&E::ActivityTaskTimedOut));
    peer.complete(&task, vec![complete_workflow("done")])
        .await
        .unwrap();
}

#[tokio::test]
async fn schedule_to_close_ends_a_first_attempt() {
    conform("close-first", async |peer| {
        schedule_to_close(peer, 3.0, at_most(0, 0.1).unwrap(), 1).await;
    })
    .await;
}

#[tokio::test]
async fn schedule_to_close_ends_an_only_attempt() {
    conform("close-only", async |peer| {
        schedule_to_close(peer, 3.0, at_most(1, 0.1).unwrap(), 1).await;
    })
    .await;
}

#[tokio::test]
async fn schedule_to_close_ends_a_second_attempt() {
    conform("close-second", async |peer| {
        schedule_to_close(peer, 6.0, at_most(0, 0.5).unwrap(), 2).await;
    })
    .await;
}

#[tokio::test]
async fn schedule_to_close_ends_an_activity_that_nobody_takes() {
    conform("close-untaken", async |peer| {
        schedule_to_close(peer, 1.0, at_most(0, 0.5).unwrap(), 0).await;
    })
    .await;
}

#[tokio::test]
async fn a_heartbeat_timeout_keeps_the_last_heartbeat() {
    conform("beat-timeout", async |peer| {
        let mut attributes = peer.activity("a");
        attributes.heartbeat_timeout = seconds(3.0);
        attributes.retry_policy = at_most(2, 0.1);
        peer.start_activity(attributes).await;
        let first = peer.poll_activity().await;
        peer.heartbeat(&first, "half").await.unwrap();
        let second = peer.poll_activity().await;
        assert_eq!(second.heartbeat_details, payloads("half"));
        let task = peer.poll().await;
        assert!(types(events_of(&task)).contains(&E::ActivityTaskTimedOut));
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}
