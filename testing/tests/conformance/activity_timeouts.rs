//! The timeouts of activities.

use outlast_proto::temporal::api::enums::v1::TimeoutType;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

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
        no_time_to_retry.schedule_to_close_timeout = seconds(2.0);
        no_time_to_retry.retry_policy = at_most(0, 5.0);
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
