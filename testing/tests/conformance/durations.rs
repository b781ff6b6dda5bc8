//! Durations that are longer than the server allows, or no durations at all.

use outlast_proto::temporal::api::common::v1::RetryPolicy;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use prost_types::Duration;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;

type Start = api::StartWorkflowExecutionRequest;

const FOR_EVER: Option<Duration> = Some(Duration {
    seconds: i64::MAX,
    nanos: i32::MAX,
});

#[tokio::test]
async fn a_duration_is_cut_to_a_hundred_years() {
    conform("long-durations", async |peer| {
        let mut request = peer.start_request();
        request.workflow_execution_timeout = FOR_EVER;
        request.workflow_run_timeout = FOR_EVER;
        request.workflow_task_timeout = FOR_EVER;
        peer.start_with(request).await.unwrap();
        let task = peer.poll().await;
        let timer = start_timer_after("t", FOR_EVER);
        let mut activity = activity_in(&peer.queue, "a");
        activity.schedule_to_close_timeout = FOR_EVER;
        activity.start_to_close_timeout = FOR_EVER;
        activity.heartbeat_timeout = FOR_EVER;
        let commands = vec![timer, schedule_activity(activity)];
        peer.complete(&task, commands).await.unwrap();
        assert_eq!(peer.types().await.len(), 6);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn so_is_the_delay_of_a_start() {
    conform("long-delay", async |peer| {
        let mut request = peer.start_request();
        request.workflow_start_delay = FOR_EVER;
        peer.start_with(request).await.unwrap();
        assert_eq!(peer.types().await.len(), 1);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_duration_has_one_sign() {
    conform("mixed-signs", async |peer| {
        let fields: [fn(&mut Start) -> &mut Option<Duration>; 4] = [
            |request| &mut request.workflow_execution_timeout,
            |request| &mut request.workflow_run_timeout,
            |request| &mut request.workflow_task_timeout,
            |request| &mut request.workflow_start_delay,
        ];
        for field in fields {
            for (seconds, nanos) in [(1, -1), (-1, 1), (0, -1)] {
                let mut request = peer.start_request();
                *field(&mut request) = Some(Duration { seconds, nanos });
                let refused = peer.start_with(request).await.unwrap_err();
                assert_eq!(refused.code(), Code::InvalidArgument);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn so_has_an_interval_between_attempts() {
    conform("mixed-signs-of-retries", async |peer| {
        let odd = Some(Duration {
            seconds: 1,
            nanos: -1,
        });
        for (initial_interval, maximum_interval) in [(odd, None), (None, odd)] {
            let mut request = peer.start_request();
            request.retry_policy = Some(RetryPolicy {
                initial_interval,
                maximum_interval,
                ..Default::default()
            });
            let refused = peer.start_with(request).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument);
        }
    })
    .await;
}
