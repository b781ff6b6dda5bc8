//! What a start request says, in the first event and in the description of the run.

use outlast_proto::temporal::api::common::v1::{Header, Memo, Payload, Priority};
use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::sdk::v1::UserMetadata;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

fn payload(text: &str) -> Payload {
    payloads(text).unwrap().payloads.remove(0)
}

#[tokio::test]
async fn everything_is_in_the_first_event() {
    conform("full-start", async |peer| {
        let mut request = peer.start_request();
        request.input = payloads("input");
        request.workflow_execution_timeout = seconds(600.0);
        request.workflow_run_timeout = seconds(300.0);
        request.workflow_task_timeout = seconds(20.0);
        request.retry_policy = at_most(3, 2.0);
        request.memo = Some(Memo {
            fields: [("note".to_owned(), payload("memo"))].into(),
        });
        request.header = Some(Header {
            fields: [("trace".to_owned(), payload("header"))].into(),
        });
        request.user_metadata = Some(UserMetadata {
            summary: Some(payload("summary")),
            details: Some(payload("details")),
        });
        request.priority = Some(Priority {
            priority_key: 2,
            ..Default::default()
        });
        peer.start_with(request).await.unwrap();
        let task = peer.poll().await;
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) =
            &events_of(&task)[0].attributes
        else {
            panic!("{task:?}")
        };
        assert_eq!(started.workflow_run_timeout, seconds(300.0));
        let describe = api::DescribeWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            execution: peer.execution(),
        };
        let described = peer.client().describe_workflow_execution(describe).await;
        let described = described.unwrap().into_inner();
        assert!(described.pending_workflow_task.is_some());
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn timeouts_cap_each_other() {
    conform("caps", async |peer| {
        let mut request = peer.start_request();
        request.workflow_execution_timeout = seconds(5.0);
        request.workflow_run_timeout = seconds(60.0);
        request.workflow_task_timeout = seconds(200.0);
        peer.start_with(request).await.unwrap();
        let events = peer.history().await;
        let Some(Attributes::WorkflowTaskScheduledEventAttributes(scheduled)) =
            &events[1].attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(scheduled.start_to_close_timeout, seconds(5.0));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn zero_timeouts_stay_zero() {
    conform("zeros", async |peer| {
        let mut request = peer.start_request();
        request.workflow_execution_timeout = seconds(0.0);
        request.workflow_run_timeout = seconds(0.0);
        request.workflow_task_timeout = seconds(0.0);
        request.workflow_start_delay = seconds(0.0);
        peer.start_with(request).await.unwrap();
        assert_eq!(peer.types().await.len(), 2);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_start_delay_ends_by_itself() {
    conform("delayed", async |peer| {
        let mut request = peer.start_request();
        request.workflow_start_delay = seconds(1.0);
        peer.start_with(request).await.unwrap();
        assert_eq!(peer.types().await, [E::WorkflowExecutionStarted]);
        let task = peer.poll().await;
        assert_eq!(task.started_event_id, 3);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_delayed_workflow_may_be_terminated() {
    conform("delay-terminate", async |peer| {
        let mut request = peer.start_request();
        request.workflow_start_delay = seconds(60.0);
        peer.start_with(request).await.unwrap();
        peer.terminate("never mind").await.unwrap();
        assert_eq!(peer.types().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn options_out_of_range_are_refused() {
    conform("start-errors", async |peer| {
        type Request = api::StartWorkflowExecutionRequest;
        let long = "x".repeat(1200);
        let changes: [&dyn Fn(&mut Request); 12] = [
            &|r| r.workflow_execution_timeout = seconds_below_zero(),
            &|r| r.workflow_task_timeout = seconds_below_zero(),
            &|r| r.workflow_start_delay = seconds_below_zero(),
            &|r| r.retry_policy = at_most(-1, 1.0),
            &|r| r.retry_policy.get_or_insert_default().initial_interval = seconds_below_zero(),
            &|r| {
                let policy = r.retry_policy.get_or_insert_default();
                policy.initial_interval = seconds(2.0);
                policy.maximum_interval = seconds(1.0);
            },
            &|r| r.workflow_type.get_or_insert_default().name = long.clone(),
            &|r| r.task_queue.get_or_insert_default().name = long.clone(),
            &|r| r.request_id = long.clone(),
            &|r| {
                r.cron_schedule = "@every 1h".to_owned();
                r.workflow_start_delay = seconds(1.0);
            },
            &|r| r.cron_schedule = "every now and then".to_owned(),
            &|r| {
                r.priority = Some(Priority {
                    priority_key: -1,
                    ..Default::default()
                });
            },
        ];
        for change in changes {
            let mut request = peer.start_request();
            change(&mut request);
            let error = peer.start_with(request).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        }
    })
    .await;
}

fn seconds_below_zero() -> Option<prost_types::Duration> {
    Some(prost_types::Duration {
        seconds: -1,
        nanos: 0,
    })
}
