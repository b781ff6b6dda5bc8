use outlast_proto::temporal::api::common::v1 as common;
use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::enums::v1::WorkflowExecutionStatus;
use outlast_proto::temporal::api::errordetails::v1::*;
use outlast_proto::temporal::api::query::v1::QueryRejected;
use outlast_proto::temporal::api::update::v1::outcome::Value;
use outlast_proto::temporal::api::update::v1::{Outcome, UpdateRef};
use outlast_proto::temporal::api::workflowservice::v1::*;
use tonic::{Code, Status};

use super::fake::FakeServer;
use super::{Order, missing, refusal};
use crate::client::{
    QueryError, RequestError, SignalError, UpdateError, WorkflowHandle, WorkflowStatus,
};
use crate::convert::ToPayload;
use crate::failure::Failure;

const QUERY: &str = "QueryWorkflow";
const UPDATE: &str = "UpdateWorkflowExecution";
const POLL: &str = "PollWorkflowExecutionUpdate";

fn order(server: &FakeServer) -> WorkflowHandle<Order> {
    server.client().workflow(Order::run, "order-42")
}

fn payloads(value: &impl ToPayload) -> common::Payloads {
    common::Payloads {
        payloads: vec![value.to_payload().unwrap().into()],
    }
}

#[tokio::test]
async fn a_query_is_sent_by_its_wire_name_and_its_answer_decoded() {
    let answer = QueryWorkflowResponse {
        query_result: Some(payloads(&"paid")),
        ..QueryWorkflowResponse::default()
    };
    let server = FakeServer::default()
        .answers(QUERY, &answer)
        .answers(QUERY, &answer);
    assert_eq!(
        order(&server).query(Order::status, ()).await.unwrap(),
        "paid"
    );
    let by_name = order(&server).query_by_name::<u32>("status", ()).await;
    assert!(matches!(by_name, Err(QueryError::Decode(_))));
    let requests: Vec<QueryWorkflowRequest> = server.requests(QUERY);
    assert_eq!(requests[0].query.as_ref().unwrap().query_type, "status");
    assert_eq!(requests[0].query_reject_condition, 1);
}

#[tokio::test]
async fn a_query_that_is_rejected_names_the_status() {
    let rejected = QueryWorkflowResponse {
        query_rejected: Some(QueryRejected {
            status: WorkflowExecutionStatus::Completed as i32,
        }),
        ..QueryWorkflowResponse::default()
    };
    let server = FakeServer::default().answers(QUERY, &rejected);
    let query = order(&server).query(Order::status, ()).only_open();
    let error = query.await.unwrap_err();
    assert!(matches!(
        error,
        QueryError::Rejected(WorkflowStatus::Completed)
    ));
    assert_eq!(
        server.requests::<QueryWorkflowRequest>(QUERY)[0].query_reject_condition,
        2
    );
}

#[tokio::test]
async fn a_query_fails_in_ways_that_a_caller_can_tell_apart() {
    let failed = QueryFailedFailure {
        failure: Some(Failure::application("Unknown", "no such item").into()),
    };
    let failed = refusal(
        Code::InvalidArgument,
        "no such item",
        "QueryFailedFailure",
        &failed,
    );
    let not_ready = WorkflowNotReadyFailure {};
    let not_ready = refusal(
        Code::FailedPrecondition,
        "closed",
        "WorkflowNotReadyFailure",
        &not_ready,
    );
    let unknown_namespace = NamespaceNotFoundFailure::default();
    let unknown_namespace = refusal(
        Code::NotFound,
        "no namespace",
        "NamespaceNotFoundFailure",
        &unknown_namespace,
    );
    let no_worker = "no poller seen for task queue recently, worker may be down";

    let server = FakeServer::default()
        .refuses(QUERY, failed)
        .refuses(QUERY, not_ready)
        .refuses(QUERY, missing())
        .refuses(QUERY, unknown_namespace)
        .refuses(QUERY, Status::failed_precondition(no_worker))
        .refuses(QUERY, Status::deadline_exceeded("timed out"));
    let mut errors = Vec::new();
    for _ in 0..6 {
        errors.push(order(&server).query(Order::status, ()).await.unwrap_err());
    }
    assert!(matches!(&errors[0], QueryError::Failed(f) if f.application_kind() == Some("Unknown")));
    assert!(matches!(&errors[1], QueryError::NotReady(_)));
    assert!(matches!(&errors[2], QueryError::NotFound { .. }));
    assert!(matches!(&errors[3], QueryError::Rpc(_)));
    assert!(matches!(&errors[4], QueryError::NoWorker(_)));
    assert!(matches!(&errors[5], QueryError::Timeout(_)));
}

fn update_at(stage: Stage, outcome: Option<Value>) -> UpdateWorkflowExecutionResponse {
    UpdateWorkflowExecutionResponse {
        update_ref: Some(UpdateRef {
            workflow_execution: Some(common::WorkflowExecution {
                workflow_id: "order-42".to_owned(),
                run_id: "run-7".to_owned(),
            }),
            ..UpdateRef::default()
        }),
        outcome: outcome.map(|value| Outcome { value: Some(value) }),
        stage: stage as i32,
        ..UpdateWorkflowExecutionResponse::default()
    }
}

fn polled(value: Option<Value>) -> PollWorkflowExecutionUpdateResponse {
    PollWorkflowExecutionUpdateResponse {
        outcome: value.map(|value| Outcome { value: Some(value) }),
        ..PollWorkflowExecutionUpdateResponse::default()
    }
}

#[tokio::test]
async fn an_update_is_sent_until_accepted_and_then_polled_until_completed() {
    let server = FakeServer::default()
        .answers(UPDATE, &update_at(Stage::Admitted, None))
        .answers(UPDATE, &update_at(Stage::Accepted, None))
        .answers(POLL, &polled(None))
        .answers(POLL, &polled(Some(Value::Success(payloads(&3)))));
    let count = order(&server)
        .update(Order::add, ("pen".into(), 2))
        .id("u-1")
        .await;
    assert_eq!(count.unwrap(), 3);

    let sent: Vec<UpdateWorkflowExecutionRequest> = server.requests(UPDATE);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
    let request = sent[0].request.as_ref().unwrap();
    assert_eq!(request.meta.as_ref().unwrap().update_id, "u-1");
    assert_eq!(request.input.as_ref().unwrap().name, "add_item");
    assert_eq!(
        sent[0].wait_policy.unwrap().lifecycle_stage,
        Stage::Completed as i32
    );
    let polls: Vec<PollWorkflowExecutionUpdateRequest> = server.requests(POLL);
    let update = polls[0].update_ref.as_ref().unwrap();
    assert_eq!(update.update_id, "u-1");
    assert_eq!(update.workflow_execution.as_ref().unwrap().run_id, "run-7");
}

#[tokio::test]
async fn a_started_update_waits_for_acceptance_only() {
    let server = FakeServer::default()
        .answers(UPDATE, &update_at(Stage::Accepted, None))
        .answers(POLL, &polled(Some(Value::Success(payloads(&3)))));
    let update = order(&server)
        .start_update(Order::add, ("pen".into(), 2))
        .await
        .unwrap();
    assert!(
        server
            .requests::<PollWorkflowExecutionUpdateRequest>(POLL)
            .is_empty()
    );
    assert_eq!(update.result().await.unwrap(), 3);
    let sent: Vec<UpdateWorkflowExecutionRequest> = server.requests(UPDATE);
    assert_eq!(
        sent[0].wait_policy.unwrap().lifecycle_stage,
        Stage::Accepted as i32
    );
}

#[tokio::test(start_paused = true)]
async fn an_update_that_fails_says_why() {
    let failure = Value::Failure(Failure::application("TooMany", "at most 9").into());
    let server = FakeServer::default()
        .hangs(UPDATE)
        .answers(UPDATE, &update_at(Stage::Completed, Some(failure)))
        .refuses(UPDATE, missing());
    let error = order(&server)
        .update(Order::add, ("pen".into(), 10))
        .await
        .unwrap_err();
    assert_eq!(error.application_kind(), Some("TooMany"));
    let error = order(&server)
        .update(Order::add, ("pen".into(), 10))
        .await
        .unwrap_err();
    assert!(matches!(error, UpdateError::NotFound { .. }));
}

#[tokio::test]
async fn a_signal_to_nobody_is_not_found() {
    let server = FakeServer::default().refuses("SignalWorkflowExecution", missing());
    let error = order(&server)
        .signal(Order::approve, "alice".into())
        .await
        .unwrap_err();
    assert!(matches!(error, SignalError::NotFound { .. }));
    assert_eq!(error.to_string(), "there is no open workflow `order-42`");
}

#[tokio::test]
async fn a_started_handle_ends_only_its_own_chain() {
    let started = StartWorkflowExecutionResponse {
        run_id: "run-1".to_owned(),
        started: true,
        ..StartWorkflowExecutionResponse::default()
    };
    let server = FakeServer::default()
        .answers("StartWorkflowExecution", &started)
        .answers(
            "RequestCancelWorkflowExecution",
            &RequestCancelWorkflowExecutionResponse {},
        )
        .refuses("TerminateWorkflowExecution", missing());
    let start = server
        .client()
        .start(Order::run, 1)
        .id("order-42")
        .task_queue("q");
    let order = start.await.unwrap();
    order.cancel().reason("too late").await.unwrap();
    let error = order.terminate("stuck").detail(&7).await.unwrap_err();
    assert!(matches!(error, RequestError::NotFound { .. }));

    let cancel: Vec<RequestCancelWorkflowExecutionRequest> =
        server.requests("RequestCancelWorkflowExecution");
    assert_eq!(cancel[0].first_execution_run_id, "run-1");
    assert_eq!(cancel[0].workflow_execution.as_ref().unwrap().run_id, "");
    assert_eq!(cancel[0].reason, "too late");
    let terminate: Vec<TerminateWorkflowExecutionRequest> =
        server.requests("TerminateWorkflowExecution");
    assert_eq!(terminate[0].first_execution_run_id, "run-1");
    assert_eq!(terminate[0].details.as_ref().unwrap().payloads[0].data, "7");
}

#[tokio::test]
async fn a_method_that_is_no_handler_is_told_to_become_one() {
    let server = FakeServer::default();
    let error = order(&server)
        .signal(Order::forgotten, 1)
        .await
        .unwrap_err();
    assert!(matches!(error, SignalError::NotAHandler(_)));
    let text = error.to_string();
    assert!(
        text.contains("Order::forgotten` is not a handler of workflow `Order`: annotate"),
        "{text}"
    );
    assert!(
        server
            .requests::<SignalWorkflowExecutionRequest>("SignalWorkflowExecution")
            .is_empty()
    );
}
