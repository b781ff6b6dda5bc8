//! Activity tasks through a worker, in virtual time.

use std::time::Duration;

use outlast_proto::temporal::api::common::v1::{ActivityType, Payloads, WorkflowExecution};
use outlast_proto::temporal::api::failure::v1::Failure as WireFailure;
use outlast_proto::temporal::api::workflowservice::v1::*;
use tokio::time::{Instant, sleep};
use tonic::Status;

use super::fake::{FakeServer, SILENCE, Said};
use super::{Working, start};
use crate::convert::{Payload, to_wire};
use crate::failure::Failure;
use crate::prelude::*;
use crate::worker::WorkerBuilder;

struct Shop {
    discount: u32,
}

#[activities]
impl Shop {
    #[activity]
    async fn total(&self, a: u32, b: u32) -> Result<u32, ActivityError> {
        Ok(a + b - self.discount)
    }
}

#[activity]
async fn drop_it() -> Result<(), ActivityError> {
    panic!("glass everywhere");
}

#[activity(blocking)]
async fn name_thread() -> Result<String, ActivityError> {
    Ok(std::thread::current()
        .name()
        .unwrap_or("unnamed")
        .to_owned())
}

#[activity]
async fn later() -> Result<(), ActivityError> {
    Err(ActivityError::completes_later())
}

/// Says a row each second until it is to stop, and then how far it came.
#[activity]
async fn count(ctx: ActivityContext) -> Result<u32, ActivityError> {
    let mut row = 0;
    loop {
        ctx.heartbeat(&row);
        tokio::select! {
            reason = ctx.canceled() => {
                ctx.heartbeat(&format!("stopped at {row}: {reason}"));
                return Err(ActivityError::canceled());
            }
            () = sleep(Duration::from_secs(1)) => row += 1,
        }
    }
}

/// Says one row and then nothing.
#[activity]
async fn hang(ctx: ActivityContext) -> Result<(), ActivityError> {
    ctx.heartbeat(&1u32);
    ctx.canceled().await;
    Ok(())
}

/// Says two rows at once and fails.
#[activity]
async fn give_up(ctx: ActivityContext) -> Result<(), ActivityError> {
    ctx.heartbeat(&1u32);
    sleep(Duration::from_secs(1)).await;
    ctx.heartbeat(&2u32);
    Err(ActivityError::application("TooMuch", "enough is enough"))
}

fn activities(builder: WorkerBuilder) -> WorkerBuilder {
    let builder = builder
        .activities(Shop { discount: 1 })
        .activity(count)
        .activity(drop_it);
    builder
        .activity(give_up)
        .activity(hang)
        .activity(later)
        .activity(name_thread)
}

fn activity_task(name: &str, input: &[u32]) -> PollActivityTaskQueueResponse {
    let input = input
        .iter()
        .map(|number| Payload::new("json/plain", number.to_string()));
    PollActivityTaskQueueResponse {
        task_token: "token".into(),
        activity_id: "7".to_owned(),
        activity_type: Some(ActivityType {
            name: name.to_owned(),
        }),
        workflow_execution: Some(WorkflowExecution {
            workflow_id: "order-1".to_owned(),
            run_id: "run".to_owned(),
        }),
        input: to_wire(input.collect()),
        attempt: 1,
        ..PollActivityTaskQueueResponse::default()
    }
}

fn run(server: &FakeServer, task: PollActivityTaskQueueResponse) -> Working {
    server.activity_task(task);
    start(server, activities)
}

async fn failed(server: &mut FakeServer) -> RespondActivityTaskFailedRequest {
    match server.said().await {
        Said::ActivityFailed(request) => request,
        other => panic!("no failure but {other:?}"),
    }
}

async fn failure(server: &mut FakeServer) -> Failure {
    let failure: WireFailure = failed(server).await.failure.unwrap();
    failure.into()
}

async fn heartbeat(server: &mut FakeServer) -> String {
    match server.said().await {
        Said::Heartbeat(request) => text(request.details),
        other => panic!("no heartbeat but {other:?}"),
    }
}

fn text(payloads: Option<Payloads>) -> String {
    let payloads = payloads.unwrap_or_default().payloads;
    let texts = payloads
        .iter()
        .map(|payload| String::from_utf8_lossy(&payload.data));
    texts.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn a_result_is_reported() {
    let mut server = FakeServer::new();
    let worker = run(&server, activity_task("total", &[40, 3]));
    let Said::ActivityCompleted(request) = server.said().await else {
        panic!("no result")
    };
    assert_eq!(
        (text(request.result), request.task_token),
        ("42".to_owned(), "token".into())
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_panic_is_tried_again() {
    let mut server = FakeServer::new();
    let worker = run(&server, activity_task("drop_it", &[]));
    let failure = failure(&mut server).await;
    assert_eq!(failure.application_kind(), Some("Panic"));
    assert!(failure.message().contains("glass everywhere"), "{failure}");
    assert!(
        failure.stack_trace().contains("activities.rs"),
        "{}",
        failure.stack_trace()
    );
    assert!(!failure.as_application().unwrap().non_retryable);
    worker.stop().await;
}

#[tokio::test]
async fn an_unknown_type_is_tried_again_and_told_what_is_known() {
    let mut server = FakeServer::new();
    let worker = run(&server, activity_task("subtract", &[]));
    let failure = failure(&mut server).await;
    assert_eq!(failure.application_kind(), Some("NotFoundError"));
    assert!(
        failure.message().contains("`count`, `drop_it`"),
        "{failure}"
    );
    assert!(!failure.as_application().unwrap().non_retryable);
    worker.stop().await;
}

#[tokio::test]
async fn arguments_that_cannot_be_read_are_named() {
    let mut server = FakeServer::new();
    let worker = run(&server, activity_task("total", &[1]));
    let failure = failure(&mut server).await;
    assert_eq!(failure.application_kind(), Some("DecodeError"));
    let message = failure.message();
    assert!(
        message.contains("`total`") && message.contains("expected 2"),
        "{message}"
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_blocking_activity_has_a_thread_of_its_own() {
    let mut server = FakeServer::new();
    let worker = run(&server, activity_task("name_thread", &[]));
    let Said::ActivityCompleted(request) = server.said().await else {
        panic!("no result")
    };
    // The thread of this test has the test's name.
    assert!(!text(request.result).contains("blocking_activity"));
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_activity_that_completes_later_reports_nothing() {
    let mut server = FakeServer::new();
    let worker = run(&server, activity_task("later", &[]));
    sleep(Duration::from_secs(1)).await;
    worker.stop().await;
    assert!(matches!(server.said_already()[..], [Said::Shutdown(_)]));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_are_sent_at_once_and_then_when_the_throttle_allows() {
    let mut server = FakeServer::new();
    let task = PollActivityTaskQueueResponse {
        heartbeat_timeout: Some(prost_types::Duration {
            seconds: 11,
            nanos: 0,
        }),
        ..activity_task("count", &[])
    };
    let worker = run(&server, task);
    assert_eq!(heartbeat(&mut server).await, "0");
    let began = Instant::now();
    assert_eq!(heartbeat(&mut server).await, "8");
    assert_eq!(began.elapsed(), Duration::from_millis(8800));
    assert_eq!(heartbeat(&mut server).await, "17");
    worker.ended.abort();
}

#[tokio::test(start_paused = true)]
async fn a_canceled_activity_sends_its_last_heartbeat_before_it_says_so() {
    let mut server = FakeServer::new();
    server.answer_heartbeat(Ok(RecordActivityTaskHeartbeatResponse {
        cancel_requested: true,
        activity_paused: true,
        ..RecordActivityTaskHeartbeatResponse::default()
    }));
    let worker = run(&server, activity_task("count", &[]));
    assert_eq!(heartbeat(&mut server).await, "0");
    assert_eq!(
        heartbeat(&mut server).await,
        r#""stopped at 0: the cancellation was requested""#
    );
    let Said::ActivityCanceled(request) = server.said().await else {
        panic!("not canceled")
    };
    assert_eq!(request.task_token, "token");
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_activity_that_stops_is_tried_again() {
    let mut server = FakeServer::new();
    server.answer_heartbeat(Ok(RecordActivityTaskHeartbeatResponse {
        activity_paused: true,
        ..RecordActivityTaskHeartbeatResponse::default()
    }));
    let worker = run(&server, activity_task("count", &[]));
    heartbeat(&mut server).await;
    let request = failed(&mut server).await;
    let last = text(request.last_heartbeat_details);
    assert_eq!(last, r#""stopped at 0: the activity was paused""#);
    let failure = Failure::from(request.failure.unwrap());
    assert_eq!(failure.application_kind(), Some("ActivityPaused"));
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_brings_the_last_heartbeat_along() {
    let mut server = FakeServer::new();
    let worker = run(&server, activity_task("give_up", &[]));
    assert_eq!(heartbeat(&mut server).await, "1");
    let request = failed(&mut server).await;
    assert_eq!(text(request.last_heartbeat_details), "2");
    assert_eq!(request.failure.unwrap().message, "enough is enough");
    worker.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_the_server_does_not_know_reports_nothing() {
    let mut server = FakeServer::new();
    server.answer_heartbeat(Err(Status::not_found("no such activity")));
    let worker = run(&server, activity_task("count", &[]));
    heartbeat(&mut server).await;
    sleep(Duration::from_secs(1)).await;
    worker.stop().await;
    assert!(matches!(server.said_already()[..], [Said::Shutdown(_)]));
}

#[tokio::test(start_paused = true)]
async fn timeouts_are_noticed_here_a_little_after_the_server() {
    let ten = Some(prost_types::Duration {
        seconds: 10,
        nanos: 0,
    });
    let by_time = PollActivityTaskQueueResponse {
        start_to_close_timeout: ten,
        ..activity_task("hang", &[])
    };
    let by_heartbeat = PollActivityTaskQueueResponse {
        heartbeat_timeout: ten,
        ..activity_task("hang", &[])
    };
    for task in [by_time, by_heartbeat] {
        let mut server = FakeServer::new();
        let began = Instant::now();
        let worker = run(&server, task);
        assert_eq!(heartbeat(&mut server).await, "1");
        // It ends by itself once it was told to stop, and its result is not reported.
        worker.stop().await;
        assert_eq!(began.elapsed(), Duration::from_secs(15));
        assert!(matches!(server.said_already()[..], [Said::Shutdown(_)]));
    }
}

#[tokio::test(start_paused = true)]
async fn gotcha_37_activities_are_told_to_stop_when_the_grace_period_is_over() {
    let mut server = FakeServer::new();
    server.activity_task(activity_task("count", &[]));
    let grace = Duration::from_secs(20);
    let worker = start(&server, |builder| {
        activities(builder).graceful_shutdown_period(grace)
    });
    heartbeat(&mut server).await;
    let began = Instant::now();
    worker.stop().await;
    assert_eq!(began.elapsed(), grace);
    let said = server.said_already();
    let [Said::Shutdown(_), Said::ActivityFailed(request)] = &said[..] else {
        panic!("{said:?}");
    };
    let failure = Failure::from(request.failure.clone().unwrap());
    assert_eq!(failure.application_kind(), Some("WorkerShutdown"));
    assert!(!failure.as_application().unwrap().non_retryable);
}

#[tokio::test(start_paused = true)]
async fn gotcha_37_a_heartbeat_that_is_not_answered_does_not_hold_the_worker() {
    let mut server = FakeServer::new();
    server.answer_heartbeat(Err(Status::unknown(SILENCE)));
    server.activity_task(activity_task("count", &[]));
    let worker = start(&server, |builder| {
        activities(builder).graceful_shutdown_period(Duration::from_secs(1))
    });
    assert_eq!(heartbeat(&mut server).await, "0");
    let began = Instant::now();
    worker.stop().await;
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn gotcha_37_a_heartbeat_under_way_does_not_cost_the_period_of_grace() {
    let mut server = FakeServer::new();
    server.answer_heartbeat(Err(Status::unknown(SILENCE)));
    server.activity_task(activity_task("give_up", &[]));
    let grace = Duration::from_mins(5);
    let worker = start(&server, |builder| {
        activities(builder).graceful_shutdown_period(grace)
    });
    assert_eq!(heartbeat(&mut server).await, "1");
    let began = Instant::now();
    worker.stop().await;
    assert!(began.elapsed() < grace, "{:?}", began.elapsed());
    let said = server.said_already();
    let failed = |said: &Said| matches!(said, Said::ActivityFailed(_));
    assert!(said.iter().any(failed), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_dropped_tells_its_activities_to_stop() {
    let mut server = FakeServer::new();
    let worker = run(&server, activity_task("count", &[]));
    heartbeat(&mut server).await;
    worker.ended.abort();
    assert!(worker.ended.await.unwrap_err().is_cancelled());
    let failure = failure(&mut server).await;
    assert_eq!(failure.application_kind(), Some("WorkerShutdown"));
}
