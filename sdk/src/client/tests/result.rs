use std::time::Duration;

use outlast_proto::temporal::api::common::v1::{Payload, Payloads};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::history::v1::*;
use outlast_proto::temporal::api::workflowservice::v1::*;
use tokio::time::Instant;
use tonic::Status;

use super::fake::FakeServer;
use super::{Order, missing};
use crate::client::{ExecuteError, ResultError};
use crate::convert::ToPayload;
use crate::failure::Failure;

const HISTORY: &str = "GetWorkflowExecutionHistory";

type Asked = GetWorkflowExecutionHistoryRequest;

fn closed_by(attributes: Attributes) -> GetWorkflowExecutionHistoryResponse {
    let event = HistoryEvent {
        attributes: Some(attributes),
        ..HistoryEvent::default()
    };
    GetWorkflowExecutionHistoryResponse {
        history: Some(History {
            events: vec![event],
        }),
        ..GetWorkflowExecutionHistoryResponse::default()
    }
}

fn not_yet(token: &'static str) -> GetWorkflowExecutionHistoryResponse {
    GetWorkflowExecutionHistoryResponse {
        next_page_token: token.into(),
        ..GetWorkflowExecutionHistoryResponse::default()
    }
}

fn completed(value: &str, next_run: &str) -> GetWorkflowExecutionHistoryResponse {
    let payload: Payload = value.to_owned().to_payload().unwrap().into();
    closed_by(Attributes::WorkflowExecutionCompletedEventAttributes(
        WorkflowExecutionCompletedEventAttributes {
            result: Some(Payloads {
                payloads: vec![payload],
            }),
            new_execution_run_id: next_run.to_owned(),
            ..WorkflowExecutionCompletedEventAttributes::default()
        }
        .into(),
    ))
}

fn failed(kind: &str, next_run: &str) -> GetWorkflowExecutionHistoryResponse {
    closed_by(Attributes::WorkflowExecutionFailedEventAttributes(
        WorkflowExecutionFailedEventAttributes {
            failure: Some(Failure::application(kind, "no").into()),
            new_execution_run_id: next_run.to_owned(),
            ..WorkflowExecutionFailedEventAttributes::default()
        }
        .into(),
    ))
}

fn continued(next_run: &str) -> GetWorkflowExecutionHistoryResponse {
    closed_by(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(
        WorkflowExecutionContinuedAsNewEventAttributes {
            new_execution_run_id: next_run.to_owned(),
            ..WorkflowExecutionContinuedAsNewEventAttributes::default()
        }
        .into(),
    ))
}

async fn result(server: &FakeServer) -> Result<String, ResultError> {
    let order = server.client().workflow(Order::run, "order-42");
    order.with_run_id("run-1").result().await
}

#[tokio::test]
async fn gotcha_40_waiting_goes_on_over_empty_pages_with_their_tokens() {
    let server = FakeServer::default()
        .answers(HISTORY, &not_yet("t1"))
        .answers(HISTORY, &not_yet("t2"))
        .answers(HISTORY, &completed("paid", ""));
    assert_eq!(result(&server).await.unwrap(), "paid");

    let asked: Vec<Asked> = server.requests(HISTORY);
    let tokens: Vec<_> = asked
        .iter()
        .map(|request| &*request.next_page_token)
        .collect();
    assert_eq!(tokens, [&b""[..], b"t1", b"t2"]);
    for request in &asked {
        assert!(request.wait_new_event && request.skip_archival);
        assert_eq!(request.history_event_filter_type, 2);
        assert_eq!(request.execution.as_ref().unwrap().run_id, "run-1");
    }
    assert_eq!(server.headers(HISTORY)["grpc-timeout"], "70000000u");
}

#[tokio::test]
async fn the_chain_of_runs_is_followed_to_its_end() {
    let server = FakeServer::default()
        .answers(HISTORY, &continued("run-2"))
        .answers(HISTORY, &failed("Retried", "run-3"))
        .answers(HISTORY, &completed("first of cron", "run-4"))
        .answers(HISTORY, &completed("paid", ""));
    assert_eq!(result(&server).await.unwrap(), "paid");

    let asked: Vec<Asked> = server.requests(HISTORY);
    let runs = asked
        .into_iter()
        .map(|request| request.execution.unwrap().run_id);
    assert_eq!(
        runs.collect::<Vec<_>>(),
        ["run-1", "run-2", "run-3", "run-4"]
    );
}

#[tokio::test]
async fn one_run_only_ends_as_it_ended() {
    let server = FakeServer::default()
        .answers(HISTORY, &continued("run-2"))
        .answers(HISTORY, &failed("Retried", "run-3"));
    let order = server.client().workflow(Order::run, "order-42");
    let error = order.result().of_this_run().await.unwrap_err();
    assert!(matches!(error, ResultError::ContinuedAsNew { run_id } if run_id == "run-2"));
    let error = order.result().of_this_run().await.unwrap_err();
    assert_eq!(error.application_kind(), Some("Retried"));
}

#[tokio::test]
async fn every_other_end_is_an_error_of_its_own() {
    let terminated = WorkflowExecutionTerminatedEventAttributes {
        reason: "stuck".to_owned(),
        ..WorkflowExecutionTerminatedEventAttributes::default()
    };
    let server = FakeServer::default()
        .answers(HISTORY, &failed("Declined", ""))
        .answers(
            HISTORY,
            &closed_by(Attributes::WorkflowExecutionTerminatedEventAttributes(
                terminated.into(),
            )),
        )
        .answers(
            HISTORY,
            &closed_by(Attributes::WorkflowExecutionCanceledEventAttributes(
                Default::default(),
            )),
        )
        .answers(
            HISTORY,
            &closed_by(Attributes::WorkflowExecutionTimedOutEventAttributes(
                Default::default(),
            )),
        )
        .answers(
            HISTORY,
            &closed_by(Attributes::WorkflowExecutionCompletedEventAttributes(
                Default::default(),
            )),
        )
        .refuses(HISTORY, missing());

    let error = result(&server).await.unwrap_err();
    assert_eq!(
        error.failure().unwrap().application_kind(),
        Some("Declined")
    );
    assert_eq!(error.to_string(), "the workflow failed");
    let error = result(&server).await.unwrap_err();
    assert_eq!(error.to_string(), "the workflow was terminated: stuck");
    assert!(matches!(
        result(&server).await,
        Err(ResultError::Canceled(_))
    ));
    assert!(matches!(result(&server).await, Err(ResultError::TimedOut)));
    // No value is a unit, and an order returns a text.
    assert!(matches!(result(&server).await, Err(ResultError::Decode(_))));
    assert!(matches!(
        result(&server).await,
        Err(ResultError::NotFound { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn silence_and_a_short_outage_do_not_end_the_wait() {
    let server = FakeServer::default()
        .hangs(HISTORY)
        .hangs(HISTORY)
        .refuses(HISTORY, Status::unavailable("restarting"))
        .answers(HISTORY, &completed("paid", ""));
    let begin = Instant::now();
    assert_eq!(result(&server).await.unwrap(), "paid");
    assert!(begin.elapsed() >= Duration::from_secs(140));
}

#[tokio::test]
async fn execute_starts_and_waits() {
    let started = StartWorkflowExecutionResponse {
        run_id: "run-1".to_owned(),
        started: true,
        ..StartWorkflowExecutionResponse::default()
    };
    let server = FakeServer::default()
        .answers("StartWorkflowExecution", &started)
        .answers(HISTORY, &failed("Declined", ""));
    let outcome = server.client().execute(Order::run, 1).task_queue("q").await;
    let error: ExecuteError = outcome.unwrap_err();
    assert_eq!(error.application_kind(), Some("Declined"));
    let asked: Vec<Asked> = server.requests(HISTORY);
    assert_eq!(asked[0].execution.as_ref().unwrap().run_id, "run-1");
}
