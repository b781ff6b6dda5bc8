//! Nexus operations that fail, are tried again, or take too long.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::{PendingNexusOperationState as State, TimeoutType};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{
    CanceledFailureInfo, Failure, NexusHandlerFailureInfo,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::nexus::v1 as nexus;
use tonic::Code;

use super::nexus_operations::of_type;
use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn an_operation_fails_with_what_its_handler_says() {
    conform("nexus-failed", async |peer| {
        let (endpoint, task) = peer.call_operation().await;
        let failure = application_failure("no money");
        peer.answer_nexus(&task, operation_failed(failure))
            .await
            .unwrap();
        let task = peer.poll().await;
        let Attributes::NexusOperationFailedEventAttributes(failed) =
            of_type(events_of(&task), E::NexusOperationFailed)
        else {
            panic!("{task:?}")
        };
        let failure = failed.failure.as_ref().unwrap();
        assert_eq!(failure.message, "nexus operation completed unsuccessfully");
        assert_eq!(failure.cause.as_ref().unwrap().message, "no money");

        let canceled = Failure {
            message: "withdrawn".to_owned(),
            failure_info: Some(FailureInfo::CanceledFailureInfo(
                CanceledFailureInfo::default(),
            )),
            ..Default::default()
        };
        let old = nexus::Failure {
            message: "old".to_owned(),
            metadata: [("kind".to_owned(), "test".to_owned())].into(),
            details: b"{\"a\":1}".to_vec().into(),
            ..Default::default()
        };
        let answers = [
            (operation_failed(canceled), E::NexusOperationCanceled),
            (
                operation_error("failed", old.clone()),
                E::NexusOperationFailed,
            ),
            (operation_error("canceled", old), E::NexusOperationCanceled),
        ];
        let mut task = task;
        for (answer, want) in answers {
            peer.complete(&task, vec![schedule_operation(peer.operation())])
                .await
                .unwrap();
            let asked = peer.poll_nexus().await;
            peer.answer_nexus(&asked, answer).await.unwrap();
            task = peer.poll().await;
            let types = types(events_of(&task));
            assert_eq!(types[types.len() - 3], want);
        }
        peer.complete_without(&endpoint, &task).await;
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_will_never_succeed_fails_the_operation() {
    conform("nexus-handler-failed", async |peer| {
        let (endpoint, task) = peer.call_operation().await;
        let plain = Some(application_failure("no"));
        let error = peer.fail_nexus(&task, None, plain).await.unwrap_err();
        let want = "request Failure must contain error or failure with NexusHandlerFailureInfo";
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, want)
        );
        let error = peer.answer_nexus(&task, goes_on("")).await.unwrap_err();
        assert_eq!(error.message(), "missing opration token in response");
        peer.fail_nexus(&task, handler_error("NOT_FOUND", "no such thing"), None)
            .await
            .unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![schedule_operation(peer.operation())])
            .await
            .unwrap();

        let asked = peer.poll_nexus().await;
        let info = NexusHandlerFailureInfo {
            r#type: "BAD_REQUEST".to_owned(),
            retry_behavior: 0,
        };
        let failure = Failure {
            message: "what?".to_owned(),
            cause: Some(Box::new(application_failure("inside"))),
            failure_info: Some(FailureInfo::NexusHandlerFailureInfo(info)),
            ..Default::default()
        };
        peer.fail_nexus(&asked, None, Some(failure)).await.unwrap();
        let task = peer.poll().await;
        let failed = types(events_of(&task)).into_iter();
        assert_eq!(failed.filter(|t| *t == E::NexusOperationFailed).count(), 2);
        peer.complete_without(&endpoint, &task).await;
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_may_succeed_later_is_asked_again() {
    conform("nexus-retry", async |peer| {
        let (endpoint, task) = peer.call_operation().await;
        peer.fail_nexus(&task, handler_error("INTERNAL", "not now"), None)
            .await
            .unwrap();
        peer.operation_in(State::BackingOff).await;
        let pending = &peer.describe("").await.pending_nexus_operations[0];
        assert_eq!(pending.attempt, 1);
        assert!(pending.last_attempt_failure.is_some());
        assert!(pending.next_attempt_schedule_time.is_some());

        let again = peer.poll_nexus().await;
        assert_eq!(start_of(&again).request_id, start_of(&task).request_id);
        peer.answer_nexus(&again, sync_result("paid"))
            .await
            .unwrap();
        let task = peer.poll().await;
        peer.complete_without(&endpoint, &task).await;
    })
    .await;
}

#[tokio::test]
async fn an_operation_ends_as_its_workflow_does() {
    conform("nexus-workflow-ends", async |peer| {
        let endpoint = peer.create_endpoint(peer.endpoint_spec()).await.unwrap();
        peer.start().await;
        let mut task = peer.poll().await;
        let ends = [
            ("failed", Some(fail_workflow("no")), E::NexusOperationFailed),
            (
                "canceled",
                Some(cancel_workflow()),
                E::NexusOperationCanceled,
            ),
            ("terminated", None, E::NexusOperationFailed),
        ];
        for (name, command, want) in ends {
            peer.complete(&task, vec![schedule_operation(peer.operation())])
                .await
                .unwrap();
            let asked = peer.poll_nexus().await;
            let handler = peer.kin(name);
            handler.start_for(&asked).await;
            peer.answer_nexus(&asked, goes_on(name)).await.unwrap();
            let started = peer.poll().await;
            peer.complete(&started, vec![]).await.unwrap();
            match command {
                Some(command) => {
                    let task = handler.poll().await;
                    handler.complete(&task, vec![command]).await.unwrap();
                }
                None => handler.terminate("").await.unwrap(),
            }
            task = peer.poll().await;
            let types = types(events_of(&task));
            assert_eq!(types[types.len() - 3], want, "{name}");
        }
        peer.complete_without(&endpoint, &task).await;
    })
    .await;
}

#[tokio::test]
async fn operations_time_out() {
    conform("nexus-timeouts", async |peer| {
        let endpoint = peer.create_endpoint(peer.endpoint_spec()).await.unwrap();
        let (to_close, to_start, started) = (peer.kin("a"), peer.kin("b"), peer.kin("c"));
        let mut operation = peer.operation();
        operation.schedule_to_close_timeout = seconds(1.0);
        operation.start_to_close_timeout = seconds(5.0);
        to_close.start().await;
        let task = to_close.poll().await;
        to_close
            .complete(&task, vec![schedule_operation(operation)])
            .await
            .unwrap();

        let mut operation = peer.operation();
        operation.schedule_to_start_timeout = seconds(1.0);
        to_start.start().await;
        let task = to_start.poll().await;
        to_start
            .complete(&task, vec![schedule_operation(operation)])
            .await
            .unwrap();

        let ends = [
            (&to_close, TimeoutType::ScheduleToClose),
            (&to_start, TimeoutType::ScheduleToStart),
        ];
        for (caller, want) in ends {
            let task = caller.poll().await;
            assert_eq!(timeout_type(&task), want);
            caller
                .complete(&task, vec![complete_workflow("done")])
                .await
                .unwrap();
        }

        let mut operation = peer.operation();
        operation.start_to_close_timeout = seconds(3.0);
        started.start().await;
        let task = started.poll().await;
        started
            .complete(&task, vec![schedule_operation(operation)])
            .await
            .unwrap();
        let asked = peer.poll_nexus().await;
        peer.answer_nexus(&asked, goes_on("token")).await.unwrap();
        let task = started.poll().await;
        started.complete(&task, vec![]).await.unwrap();
        let task = started.poll().await;
        assert_eq!(timeout_type(&task), TimeoutType::StartToClose);
        started
            .complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        peer.delete_endpoint(&endpoint).await.unwrap();
    })
    .await;
}

fn timeout_type(task: &WorkflowTask) -> TimeoutType {
    let Attributes::NexusOperationTimedOutEventAttributes(timed_out) =
        of_type(events_of(task), E::NexusOperationTimedOut)
    else {
        panic!("{task:?}")
    };
    let cause = timed_out.failure.as_ref().unwrap().cause.as_ref().unwrap();
    match &cause.failure_info {
        Some(FailureInfo::TimeoutFailureInfo(info)) => info.timeout_type(),
        other => panic!("{other:?}"),
    }
}
