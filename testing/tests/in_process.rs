//! The doors: the server as a tower service, its handle, and its clock over gRPC.

#![allow(
    clippy::disallowed_macros,
    reason = "clients and workers wait as the runtime does"
)]

mod support;

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use outlast_proto::grpc::health::v1::HealthCheckRequest;
use outlast_proto::grpc::health::v1::health_check_response::ServingStatus;
use outlast_proto::grpc::health::v1::health_client::HealthClient;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause;
use outlast_proto::temporal::api::testservice::v1 as clock;
use outlast_proto::temporal::api::testservice::v1::test_service_client::TestServiceClient;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_testing::{InProcessServer, Server, ServerOptions, TimeMode};
use tonic::client::GrpcService;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Status};

use support::builders::*;
use support::peer::*;

const DAY: Duration = Duration::from_secs(86_400);

fn scene() -> (Server, Peer<InProcessServer>) {
    let server = Server::new(ServerOptions::default());
    let peer = Peer::new(server.service(), "in-process");
    (server, peer)
}

#[tokio::test]
async fn a_workflow_runs_through_days_in_no_time() {
    let (server, peer) = scene();
    let start = server.now();
    peer.start().await;
    let (closed, ()) = tokio::join!(peer.close_event(), async {
        let task = peer.poll().await;
        peer.complete(&task, vec![start_timer("t", DAY.as_secs_f64())])
            .await
            .unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    });
    assert_eq!(closed.event_id, 10);
    assert_eq!(server.now(), start + DAY);
    assert_eq!(server.history(&peer.workflow_id, "").unwrap().len(), 10);
}

#[tokio::test]
async fn sleeping_makes_time_pass_and_settles() {
    let (server, peer) = scene();
    peer.start().await;
    let task = peer.poll().await;
    peer.complete(&task, vec![start_timer("t", 60.0)])
        .await
        .unwrap();
    assert_eq!(server.pending_timers()[0].what, "timer \"t\"");
    tokio::join!(server.sleep(DAY), async {
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    });
    assert_eq!(peer.close_event().await.event_id, 10);
}

#[tokio::test]
async fn a_server_is_idle_when_its_workers_are_done() {
    let (server, peer) = scene();
    server.idle().await;
    peer.start().await;
    let task = peer.poll().await;
    let mut idle = Box::pin(server.idle());
    assert!(poll_once(&mut idle).await.is_pending());
    peer.complete(&task, vec![]).await.unwrap();
    idle.await;
}

#[tokio::test]
async fn held_time_stands_still() {
    let (server, _peer) = scene();
    let hold = server.hold_time("a test");
    let mut sleep = Box::pin(server.sleep(DAY));
    assert!(poll_once(&mut sleep).await.is_pending());
    drop(hold);
    sleep.await;
}

#[tokio::test]
async fn a_stall_is_reported_to_whoever_asks() {
    let (server, peer) = scene();
    peer.start().await;
    let task = peer.poll().await;
    peer.complete(&task, vec![]).await.unwrap();
    let stalled = tokio::select! {
        event = peer.close_event() => panic!("it cannot have closed: {event:?}"),
        stalled = server.stall() => stalled,
    };
    assert!(
        stalled
            .to_string()
            .contains("waits for a signal, an update or a condition")
    );
    assert!(server.diagnostics().contains(&peer.workflow_id));
}

#[tokio::test]
async fn a_failed_task_is_reported_to_whoever_asks() {
    let (server, peer) = scene();
    peer.start().await;
    let task = peer.poll().await;
    let (failure, failed) = tokio::join!(server.workflow_task_failure(), peer.fail(&task));
    failed.unwrap();
    assert_eq!(failure.workflow_id, peer.workflow_id);
    assert_eq!(
        failure.cause,
        WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure
    );
    assert_eq!(failure.failure.unwrap().message, "bug");
    assert_eq!(server.workflow_task_failures(), []);
}

#[tokio::test]
async fn a_dropped_poll_returns_its_task() {
    let (_server, peer) = scene();
    let mut abandoned = Box::pin(peer.poll());
    assert!(poll_once(&mut abandoned).await.is_pending());
    peer.start().await;
    drop(abandoned);
    let task = peer.poll().await;
    assert_eq!((task.attempt, task.started_event_id), (1, 3));
}

#[tokio::test]
async fn a_shutdown_ends_the_workers_polls() {
    let (_server, peer) = scene();
    let request = api::PollActivityTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: peer.normal_queue(),
        worker_instance_key: "me".to_owned(),
        ..Default::default()
    };
    let shutdown = api::ShutdownWorkerRequest {
        namespace: "default".to_owned(),
        worker_instance_key: "me".to_owned(),
        ..Default::default()
    };
    let (mut poller, mut stopper) = (peer.client.clone(), peer.client.clone());
    let (task, stopped) = tokio::join!(
        poller.poll_activity_task_queue(with_timeout(request, 60.0)),
        stopper.shutdown_worker(shutdown)
    );
    stopped.unwrap();
    assert_eq!(task.unwrap().into_inner(), ActivityTask::default());
}

#[tokio::test]
async fn a_method_that_is_missing_says_its_name() {
    let (_server, peer) = scene();
    let request = api::ListWorkflowRulesRequest::default();
    let error = peer
        .client
        .clone()
        .list_workflow_rules(request)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Unimplemented);
    let want = "ListWorkflowRules is not supported by this server; docs/test-server.md lists";
    assert!(error.message().starts_with(want), "{error}");
}

#[tokio::test]
async fn a_method_that_nobody_has_heard_of_says_its_name_too() {
    let (server, _) = scene();
    let request = tonic::codegen::http::Request::builder()
        .uri("/temporal.api.workflowservice.v1.WorkflowService/MakeCoffee")
        .body(tonic::body::Body::empty())
        .unwrap();
    let response = GrpcService::call(&mut server.service(), request).await;
    let error = Status::from_header_map(response.unwrap().headers()).unwrap();
    assert_eq!(error.code(), Code::Unimplemented);
    let want = "MakeCoffee is not supported by this server";
    assert!(error.message().starts_with(want), "{error}");
}

#[tokio::test]
async fn who_watches_the_health_hears_once_that_all_is_well() {
    let (server, _) = scene();
    let mut health = HealthClient::new(server.service());
    let watch = health.watch(HealthCheckRequest::default()).await.unwrap();
    let mut answers = watch.into_inner();
    let first = answers.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    let second = std::pin::pin!(answers.message());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(second.poll(&mut cx).is_pending());
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_as_sdks_know_it() {
    let (_server, peer) = scene();
    peer.start().await;
    let task = peer.poll().await;
    let error = peer
        .complete(&task, vec![complete_workflow(&"x".repeat(5 << 20))])
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::ResourceExhausted);
    assert!(
        error
            .message()
            .starts_with("grpc: received message larger than max")
    );
    let mut packing = peer.client().send_compressed(CompressionEncoding::Gzip);
    let large = completion(&task, vec![complete_workflow(&"x".repeat(5 << 20))]);
    let error = packing.respond_workflow_task_completed(large).await;
    let error = error.unwrap_err();
    let want = "grpc: received message after decompression larger than max 4194304";
    assert_eq!(
        (error.code(), error.message()),
        (Code::ResourceExhausted, want)
    );
    peer.complete(&task, vec![complete_workflow("done")])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_flowing_clock_rests_between_the_things_that_are_due() {
    let server = Server::new(ServerOptions {
        time: TimeMode::Flowing,
        ..ServerOptions::default()
    });
    let mut ticks = 0;
    let mut clock = Box::pin(server.run_clock());
    let counted = std::future::poll_fn(|cx| {
        ticks += 1;
        clock.as_mut().poll(cx).map(drop)
    });
    let rest = tokio::time::timeout(Duration::from_millis(200), counted).await;
    assert!(rest.is_err());
    assert!(ticks < 5, "it was polled {ticks} times");
}

#[tokio::test]
async fn the_server_is_healthy() {
    let (server, _peer) = scene();
    let mut client = HealthClient::new(server.service());
    let response = client.check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(response.into_inner().status, 1);
}

#[tokio::test]
async fn capabilities_are_advertised() {
    let (_server, peer) = scene();
    let mut client = peer.client.clone();
    let system = client
        .get_system_info(api::GetSystemInfoRequest {})
        .await
        .unwrap()
        .into_inner();
    assert!(system.capabilities.unwrap().encoded_failure_attributes);
    let request = api::DescribeNamespaceRequest {
        namespace: "default".to_owned(),
        ..Default::default()
    };
    let described = client
        .describe_namespace(request)
        .await
        .unwrap()
        .into_inner();
    let capabilities = described.namespace_info.unwrap().capabilities.unwrap();
    assert!(capabilities.worker_poll_complete_on_shutdown);
}

#[tokio::test]
async fn the_clock_can_be_worked_over_grpc() {
    let server = Server::new(ServerOptions {
        time: TimeMode::Skipping,
        ..ServerOptions::default()
    });
    let mut client = TestServiceClient::new(server.service());
    let before = now(&mut client).await;
    client.sleep(sleep(DAY)).await.unwrap();
    assert!(now(&mut client).await >= before + DAY.as_secs() as i64);

    client
        .lock_time_skipping(clock::LockTimeSkippingRequest {})
        .await
        .unwrap();
    client
        .unlock_time_skipping_with_sleep(sleep(DAY))
        .await
        .unwrap();
    assert!(now(&mut client).await >= before + 2 * DAY.as_secs() as i64);
    client
        .unlock_time_skipping(clock::UnlockTimeSkippingRequest {})
        .await
        .unwrap();
}

async fn now<T>(client: &mut TestServiceClient<T>) -> i64
where
    T: GrpcService<tonic::body::Body>,
    T::Error: Into<tonic::codegen::StdError>,
    T::ResponseBody: tonic::codegen::Body<Data = bytes::Bytes> + Send + 'static,
    <T::ResponseBody as tonic::codegen::Body>::Error: Into<tonic::codegen::StdError> + Send,
{
    client
        .get_current_time(())
        .await
        .unwrap()
        .into_inner()
        .time
        .unwrap()
        .seconds
}

fn sleep(duration: Duration) -> clock::SleepRequest {
    clock::SleepRequest {
        duration: seconds(duration.as_secs_f64()),
    }
}

async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx))).await
}
