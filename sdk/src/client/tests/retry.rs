use std::time::Duration;

use outlast_proto::temporal::api::workflowservice::v1::workflow_service_server::{
    WorkflowService, WorkflowServiceServer,
};
use outlast_proto::temporal::api::workflowservice::v1::*;
use tokio::time::Instant;
use tonic::{Code, Status};

use super::Order;
use super::fake::FakeServer;
use crate::client::retry::{PollBackoff, is_oversize, is_transient};
use crate::client::{Client, RpcCode, SignalError};

const SIGNAL: &str = "SignalWorkflowExecution";

async fn signal(server: &FakeServer) -> Result<(), SignalError> {
    let order = server.client().workflow(Order::run, "order-42");
    order.signal(Order::approve, "alice".into()).await
}

#[tokio::test(start_paused = true)]
async fn a_retried_request_is_the_same_request() {
    let server = FakeServer::default()
        .refuses(SIGNAL, Status::unavailable("starting"))
        .breaks_off(SIGNAL)
        .answers(SIGNAL, &SignalWorkflowExecutionResponse::default());
    signal(&server).await.unwrap();

    let requests: Vec<SignalWorkflowExecutionRequest> = server.requests(SIGNAL);
    assert_eq!(requests.len(), 3);
    assert!(!requests[0].request_id.is_empty());
    assert!(requests.iter().all(|request| *request == requests[0]));
}

#[test]
fn what_may_pass_is_transient_and_nothing_else() {
    use Code::*;
    for code in [
        Aborted,
        DataLoss,
        Internal,
        OutOfRange,
        ResourceExhausted,
        Unavailable,
        Unknown,
    ] {
        assert!(is_transient(&Status::new(code, "")), "{code:?}");
    }
    for code in [
        AlreadyExists,
        Cancelled,
        DeadlineExceeded,
        FailedPrecondition,
        InvalidArgument,
        NotFound,
        PermissionDenied,
        Unauthenticated,
        Unimplemented,
    ] {
        assert!(!is_transient(&Status::new(code, "")), "{code:?}");
    }
    let mut cut_off = Status::cancelled("operation was canceled");
    cut_off.set_source(std::sync::Arc::new(std::io::Error::other(
        "connection closed",
    )));
    assert!(is_transient(&cut_off));

    let oversize = Status::resource_exhausted("grpc: received message larger than max (5 vs. 4)");
    assert!(is_oversize(&oversize) && !is_transient(&oversize));
}

#[tokio::test(start_paused = true)]
async fn ten_attempts_or_ten_seconds_are_enough() {
    for (code, attempts) in [
        (Code::Unavailable, 8..=10),
        (Code::ResourceExhausted, 4..=4),
    ] {
        let mut server = FakeServer::default();
        for _ in 0..11 {
            server = server.refuses(SIGNAL, Status::new(code, "no"));
        }
        let begin = Instant::now();
        signal(&server).await.unwrap_err();
        let made = server
            .requests::<SignalWorkflowExecutionRequest>(SIGNAL)
            .len();
        assert!(attempts.contains(&made), "{code:?}: {made} attempts");
        assert!(
            begin.elapsed() <= Duration::from_secs(10),
            "{:?}",
            begin.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_request_waits_at_least_a_second() {
    let server = FakeServer::default()
        .refuses(SIGNAL, Status::resource_exhausted("slow down"))
        .answers(SIGNAL, &SignalWorkflowExecutionResponse::default());
    let begin = Instant::now();
    signal(&server).await.unwrap();
    // The jitter is a fifth.
    assert!(begin.elapsed() >= Duration::from_millis(800));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_answered_fails_after_30_seconds_and_is_not_repeated() {
    let server = FakeServer::default().hangs(SIGNAL);
    let begin = Instant::now();
    let error = signal(&server).await.unwrap_err();
    assert_eq!(begin.elapsed().as_secs(), 30);
    let SignalError::Rpc(error) = error else {
        panic!("{error:?}")
    };
    assert_eq!(error.code(), RpcCode::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_breaks_off_at_the_deadline_did_not_answer_in_time() {
    for (after, want) in [
        (Duration::from_millis(29_900), RpcCode::DeadlineExceeded),
        (Duration::from_secs(5), RpcCode::Canceled),
    ] {
        let server = FakeServer::default().cancels_after(SIGNAL, after);
        let SignalError::Rpc(error) = signal(&server).await.unwrap_err() else {
            panic!("not an error of the request")
        };
        assert_eq!(error.code(), want, "after {after:?}");
    }
}

#[tokio::test]
async fn every_request_says_who_asks_and_how_long() {
    let server = FakeServer::default().answers(SIGNAL, &SignalWorkflowExecutionResponse::default());
    signal(&server).await.unwrap();

    let headers = server.headers(SIGNAL);
    for (name, want) in [
        ("client-name", "outlast"),
        ("client-version", env!("CARGO_PKG_VERSION")),
        ("temporal-namespace", "orders"),
        ("supported-features", "follows-next-run-id"),
        ("grpc-timeout", "30000000u"),
        ("grpc-accept-encoding", "gzip,identity"),
    ] {
        assert_eq!(headers[name], want, "{name}");
    }
    assert!(!headers.contains_key("grpc-encoding"));
    assert!(!headers.contains_key("authorization"));
}

#[tokio::test]
async fn requests_go_compressed_where_that_is_asked_for() {
    let server = FakeServer::default().answers(SIGNAL, &SignalWorkflowExecutionResponse::default());
    let workflow = server.compressing_client().workflow_by_id("order-1");
    workflow.signal_by_name("paid", ()).await.unwrap();
    assert_eq!(server.headers(SIGNAL)["grpc-encoding"], "gzip");
}

#[tokio::test]
async fn a_server_that_does_not_tell_its_capabilities_has_none() {
    struct Silent;
    impl WorkflowService for Silent {}

    let server = WorkflowServiceServer::new(Silent);
    let client = Client::from_service(server, "orders".to_owned(), "tester".to_owned());
    assert!(!client.capabilities().await.unwrap().sdk_metadata);
}

#[tokio::test]
async fn capabilities_are_asked_for_once_and_for_no_namespace() {
    const ASK: &str = "GetSystemInfo";
    let server = FakeServer::default().answers(ASK, &GetSystemInfoResponse::default());
    let client = server.client();
    client.capabilities().await.unwrap();
    client.clone().capabilities().await.unwrap();
    assert_eq!(server.requests::<GetSystemInfoRequest>(ASK).len(), 1);
    assert!(!server.headers(ASK).contains_key("temporal-namespace"));
}

#[test]
fn failing_polls_wait_longer_and_longer_until_one_succeeds() {
    let within = |delay: Duration, want: f64| {
        let ratio = delay.as_secs_f64() / want;
        assert!(
            (0.79..=1.21).contains(&ratio),
            "{delay:?}, not about {want} s"
        );
    };
    let mut backoff = PollBackoff::new();
    let unavailable = Status::unavailable("");
    for want in [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0] {
        within(backoff.next_delay(&unavailable), want);
    }
    assert_eq!(backoff.failures(), 8);
    backoff.reset();
    assert_eq!(backoff.failures(), 0);
    for want in [1.0, 2.0, 4.0, 8.0, 10.0] {
        within(backoff.next_delay(&Status::resource_exhausted("")), want);
    }
}
