use std::error::Error;
use std::time::Duration;

use outlast_proto::temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure;
use outlast_proto::temporal::api::workflowservice::v1::*;
use tonic::{Code, Status};

use super::fake::FakeServer;
use super::{Order, refusal};
use crate::RetryPolicy;
use crate::client::{IdConflictPolicy, IdReusePolicy, RpcCode, StartError};

const START: &str = "StartWorkflowExecution";
const SIGNAL_WITH_START: &str = "SignalWithStartWorkflowExecution";

fn started() -> StartWorkflowExecutionResponse {
    StartWorkflowExecutionResponse {
        run_id: "run-1".to_owned(),
        started: true,
        ..StartWorkflowExecutionResponse::default()
    }
}

#[tokio::test]
async fn a_start_says_what_was_set_and_the_handle_knows_the_run() {
    let server = FakeServer::default().answers(START, &started());
    let order = server
        .client()
        .start(Order::run, 42)
        .id("order-42")
        .task_queue("orders")
        .execution_timeout(Duration::from_hours(1))
        .retry(RetryPolicy::new().max_attempts(3))
        .id_reuse_policy(IdReusePolicy::RejectDuplicate)
        .id_conflict_policy(IdConflictPolicy::UseExisting)
        .memo("region", &"eu")
        .search_attribute("Customer", "ada")
        .summary("for Ada")
        .await
        .unwrap();

    assert_eq!(order.run_id().unwrap(), &"run-1");
    assert_eq!(order.first_run_id(), order.run_id());
    let [request]: [StartWorkflowExecutionRequest; 1] = server.requests(START).try_into().unwrap();
    assert_eq!(
        (&*request.namespace, &*request.identity),
        ("orders", "tester")
    );
    assert_eq!(
        (&*request.workflow_id, request.request_id.len()),
        ("order-42", 36)
    );
    assert_eq!(request.workflow_type.unwrap().name, "Order");
    assert_eq!(request.task_queue.unwrap().name, "orders");
    assert_eq!(request.input.unwrap().payloads[0].data, "42");
    assert_eq!(request.workflow_execution_timeout.unwrap().seconds, 3600);
    assert_eq!(request.retry_policy.unwrap().maximum_attempts, 3);
    assert_eq!(request.workflow_id_reuse_policy, 3);
    assert_eq!(request.workflow_id_conflict_policy, 2);
    assert_eq!(request.memo.unwrap().fields["region"].data, "\"eu\"");
    let attributes = request.search_attributes.unwrap().indexed_fields;
    assert_eq!(attributes["Customer"].metadata["type"], "Keyword");
    let summary = request.user_metadata.unwrap().summary.unwrap();
    assert_eq!(summary.data, "\"for Ada\"");
}

#[tokio::test]
async fn a_workflow_without_an_id_gets_a_random_one() {
    let server = FakeServer::default()
        .answers(START, &started())
        .answers(START, &started());
    let client = server.client();
    let one = client.start(Order::run, 1).task_queue("q").await.unwrap();
    let two = client.start(Order::run, 1).task_queue("q").await.unwrap();
    assert_eq!(one.workflow_id().as_str().len(), 36);
    assert_ne!(one.workflow_id(), two.workflow_id());
}

#[tokio::test]
async fn an_id_that_is_taken_names_the_run_that_has_it() {
    let detail = WorkflowExecutionAlreadyStartedFailure {
        run_id: "run-0".to_owned(),
        ..WorkflowExecutionAlreadyStartedFailure::default()
    };
    let name = "WorkflowExecutionAlreadyStartedFailure";
    let taken = refusal(Code::AlreadyExists, "already running", name, &detail);
    let server = FakeServer::default().refuses(START, taken);
    let start = server.client().start(Order::run, 1).id("order-1");
    let error = start.task_queue("q").await.unwrap_err();
    let text = "workflow `order-1` exists already, as run `run-0`";
    assert_eq!(error.to_string(), text);
    assert!(matches!(error, StartError::AlreadyStarted { run_id, .. } if run_id == "run-0"));
}

#[tokio::test]
async fn what_the_server_says_is_the_source_and_not_in_the_text() {
    let server = FakeServer::default().refuses(
        START,
        Status::invalid_argument("WorkflowId is not set on request."),
    );
    let error = server
        .client()
        .start(Order::run, 1)
        .id("")
        .task_queue("q")
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "cannot start workflow ``");
    let source = error.source().unwrap();
    assert_eq!(
        source.to_string(),
        "invalid argument: WorkflowId is not set on request."
    );
    let StartError::Rpc { source, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(source.code(), RpcCode::InvalidArgument);
}

#[tokio::test]
async fn a_signal_travels_with_the_start() {
    let answer = SignalWithStartWorkflowExecutionResponse {
        run_id: "run-2".to_owned(),
        first_execution_run_id: "run-1".to_owned(),
        ..SignalWithStartWorkflowExecutionResponse::default()
    };
    let server = FakeServer::default().answers(SIGNAL_WITH_START, &answer);
    let start = server
        .client()
        .start(Order::run, 7)
        .id("order-7")
        .task_queue("q");
    let order = start
        .with_signal(Order::approve, "alice".into())
        .await
        .unwrap();

    assert_eq!(order.run_id().unwrap(), &"run-2");
    assert_eq!(order.first_run_id().unwrap(), &"run-1");
    let requests: Vec<SignalWithStartWorkflowExecutionRequest> = server.requests(SIGNAL_WITH_START);
    assert_eq!(requests[0].signal_name, "approve");
    assert_eq!(
        requests[0].signal_input.as_ref().unwrap().payloads[0].data,
        "\"alice\""
    );
    assert_eq!(requests[0].input.as_ref().unwrap().payloads[0].data, "7");
}

#[tokio::test]
async fn a_value_that_cannot_be_encoded_starts_nothing() {
    let server = FakeServer::default();
    let unwritable = std::collections::HashMap::from([((1, 2), 3)]);
    let start = server.client().start(Order::run, 1).task_queue("q");
    let error = start.memo("m", &unwritable).await.unwrap_err();
    assert!(matches!(error, StartError::Encode(_)), "{error:?}");
    assert!(
        server
            .requests::<StartWorkflowExecutionRequest>(START)
            .is_empty()
    );
}
