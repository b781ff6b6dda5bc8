use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1 as common;
use outlast_proto::temporal::api::common::v1::DataBlob;
use outlast_proto::temporal::api::enums::v1::WorkflowExecutionStatus;
use outlast_proto::temporal::api::history::v1::{History, HistoryEvent};
use outlast_proto::temporal::api::workflow::v1::*;
use outlast_proto::temporal::api::workflowservice::v1::*;
use prost::Message;

use super::fake::FakeServer;
use super::{Order, missing};
use crate::client::{PendingActivityState, WorkflowStatus};
use crate::convert::ToPayload;
use crate::failure::Failure;

const HISTORY: &str = "GetWorkflowExecutionHistory";
const DESCRIBE: &str = "DescribeWorkflowExecution";

fn events(ids: &[i64]) -> History {
    let event = |event_id: &i64| HistoryEvent {
        event_id: *event_id,
        ..HistoryEvent::default()
    };
    History {
        events: ids.iter().map(event).collect(),
    }
}

#[tokio::test]
async fn a_history_is_read_over_all_pages_however_they_are_written() {
    let first = GetWorkflowExecutionHistoryResponse {
        history: Some(events(&[1, 2])),
        next_page_token: "t1".into(),
        ..GetWorkflowExecutionHistoryResponse::default()
    };
    let empty = GetWorkflowExecutionHistoryResponse {
        next_page_token: "t2".into(),
        ..GetWorkflowExecutionHistoryResponse::default()
    };
    let last = GetWorkflowExecutionHistoryResponse {
        raw_history: vec![DataBlob {
            data: events(&[3]).encode_to_vec().into(),
            ..DataBlob::default()
        }],
        ..GetWorkflowExecutionHistoryResponse::default()
    };
    let server = FakeServer::default()
        .answers(HISTORY, &first)
        .answers(HISTORY, &empty)
        .answers(HISTORY, &last);
    let order = server.client().workflow(Order::run, "order-42");
    let history = order.history().await.unwrap();

    assert_eq!(history.workflow_id().unwrap(), "order-42");
    assert_eq!(History::from(history), events(&[1, 2, 3]));
    let asked: Vec<GetWorkflowExecutionHistoryRequest> = server.requests(HISTORY);
    assert!(asked.iter().all(|request| !request.wait_new_event));
    assert_eq!(asked[2].next_page_token, "t2");
}

#[tokio::test]
async fn a_description_says_what_the_server_knows() {
    let memo = 7.to_payload().unwrap().into();
    let info = WorkflowExecutionInfo {
        execution: Some(common::WorkflowExecution {
            workflow_id: "order-42".to_owned(),
            run_id: "run-2".to_owned(),
        }),
        first_run_id: "run-1".to_owned(),
        status: WorkflowExecutionStatus::Running as i32,
        history_length: 11,
        start_time: Some(prost_types::Timestamp {
            seconds: 5,
            nanos: 0,
        }),
        memo: Some(common::Memo {
            fields: [("priority".to_owned(), memo)].into(),
        }),
        ..WorkflowExecutionInfo::default()
    };
    let activity = PendingActivityInfo {
        activity_id: "3".to_owned(),
        state: 2,
        attempt: 4,
        last_failure: Some(Failure::application("Busy", "try later").into()),
        ..PendingActivityInfo::default()
    };
    let answer = DescribeWorkflowExecutionResponse {
        workflow_execution_info: Some(info),
        pending_activities: vec![activity],
        ..DescribeWorkflowExecutionResponse::default()
    };
    let server = FakeServer::default()
        .answers(DESCRIBE, &answer)
        .refuses(DESCRIBE, missing());
    let order = server.client().workflow(Order::run, "order-42");

    let seen = order.describe().await.unwrap();
    assert_eq!(seen.execution.to_string(), "order-42/run-2");
    assert_eq!(seen.first_run_id.unwrap(), "run-1");
    assert_eq!(seen.status, WorkflowStatus::Running);
    assert_eq!(seen.history_length, 11);
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(5);
    assert_eq!((seen.start_time, seen.close_time), (Some(started), None));
    let activity = &seen.pending_activities[0];
    assert_eq!(activity.state, PendingActivityState::Started);
    assert_eq!(activity.attempt, 4);
    let failure = activity.last_failure.as_ref().unwrap();
    assert_eq!(failure.application_kind(), Some("Busy"));
    assert_eq!(
        order.describe().await.unwrap_err().to_string(),
        "there is no such workflow `order-42`"
    );
}
