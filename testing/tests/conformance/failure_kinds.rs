//! Failures of every kind, as workers report them: which are taken, and what is kept of them.

use outlast_proto::temporal::api::common::v1::{ActivityType, WorkflowExecution, WorkflowType};
use outlast_proto::temporal::api::enums::v1::{
    ApplicationErrorCategory, NexusHandlerErrorRetryBehavior as RetryBehavior, RetryState,
    TimeoutType,
};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{
    ActivityFailureInfo, ApplicationFailureInfo, CanceledFailureInfo,
    ChildWorkflowExecutionFailureInfo, Failure, NexusHandlerFailureInfo, NexusOperationFailureInfo,
    ResetWorkflowFailureInfo, ServerFailureInfo, TerminatedFailureInfo, TimeoutFailureInfo,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Status;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// A failure with all that failures have in common.
fn whole(kind: Option<FailureInfo>) -> Failure {
    Failure {
        message: "broken".to_owned(),
        source: "RustSDK".to_owned(),
        stack_trace: "here\nand there".to_owned(),
        encoded_attributes: payload("encoded"),
        cause: Some(Box::new(application_failure("the cause"))),
        failure_info: kind,
    }
}

fn timeout(timeout_type: TimeoutType) -> FailureInfo {
    FailureInfo::TimeoutFailureInfo(TimeoutFailureInfo {
        timeout_type: timeout_type as i32,
        last_heartbeat_details: payloads("half"),
    })
}

fn server(non_retryable: bool) -> FailureInfo {
    FailureInfo::ServerFailureInfo(ServerFailureInfo { non_retryable })
}

fn handler(error_type: &str, retry_behavior: RetryBehavior) -> FailureInfo {
    FailureInfo::NexusHandlerFailureInfo(NexusHandlerFailureInfo {
        r#type: error_type.to_owned(),
        retry_behavior: retry_behavior as i32,
    })
}

/// What only the code of workers and servers meets.
fn of_their_own() -> Vec<FailureInfo> {
    vec![
        FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo {
            r#type: "Declined".to_owned(),
            details: payloads("details"),
            category: ApplicationErrorCategory::Benign as i32,
            ..Default::default()
        }),
        FailureInfo::CanceledFailureInfo(CanceledFailureInfo {
            details: payloads("stopped"),
            identity: "somebody".to_owned(),
        }),
        FailureInfo::TerminatedFailureInfo(TerminatedFailureInfo {
            identity: "somebody".to_owned(),
        }),
        FailureInfo::ResetWorkflowFailureInfo(ResetWorkflowFailureInfo {
            last_heartbeat_details: payloads("half"),
        }),
        server(false),
        server(true),
        timeout(TimeoutType::StartToClose),
        timeout(TimeoutType::ScheduleToStart),
        timeout(TimeoutType::ScheduleToClose),
        timeout(TimeoutType::Heartbeat),
    ]
}

/// What others have told a worker.
fn of_others() -> Vec<FailureInfo> {
    vec![
        FailureInfo::ActivityFailureInfo(ActivityFailureInfo {
            scheduled_event_id: 5,
            started_event_id: 6,
            identity: "worker".to_owned(),
            activity_type: Some(ActivityType {
                name: "charge".to_owned(),
            }),
            activity_id: "1".to_owned(),
            retry_state: RetryState::Timeout as i32,
        }),
        FailureInfo::ChildWorkflowExecutionFailureInfo(ChildWorkflowExecutionFailureInfo {
            namespace: "default".to_owned(),
            workflow_execution: Some(WorkflowExecution {
                workflow_id: "child".to_owned(),
                run_id: "a run".to_owned(),
            }),
            workflow_type: Some(WorkflowType {
                name: "Order".to_owned(),
            }),
            initiated_event_id: 5,
            started_event_id: 6,
            retry_state: RetryState::InProgress as i32,
        }),
        FailureInfo::NexusOperationExecutionFailureInfo(NexusOperationFailureInfo {
            scheduled_event_id: 5,
            endpoint: "endpoint".to_owned(),
            service: "service".to_owned(),
            operation: "operation".to_owned(),
            operation_token: "a token".to_owned(),
            ..Default::default()
        }),
        handler("BAD_REQUEST", RetryBehavior::Unspecified),
        handler("UNAVAILABLE", RetryBehavior::NonRetryable),
    ]
}

impl Peer {
    async fn fail_activity_with(
        &self,
        task: &ActivityTask,
        failure: Option<Failure>,
    ) -> Result<(), Status> {
        let request = api::RespondActivityTaskFailedRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            failure,
            last_heartbeat_details: payloads("progress"),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        let answer = self.client().respond_activity_task_failed(request).await;
        answer.map(|_| ())
    }
}

#[tokio::test]
async fn activities_fail_of_what_applications_say() {
    conform("failure-kinds", async |peer| {
        peer.start_retried_activity(60.0).await;
        let task = peer.poll_activity().await;
        let [application, others @ ..] = &of_their_own()[..] else {
            panic!("there are kinds");
        };
        for kind in others.iter().cloned().chain(of_others()) {
            let error = peer
                .fail_activity_with(&task, Some(whole(Some(kind))))
                .await;
            assert!(error.is_err());
        }
        let without = peer.fail_activity_with(&task, Some(whole(None))).await;
        without.unwrap_err();
        let failure = whole(Some(application.clone()));
        peer.fail_activity_with(&task, Some(failure)).await.unwrap();
        let described = peer.describe("").await;
        assert_eq!(described.pending_activities[0].attempt, 2);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_last_failure_of_an_activity_is_kept_as_it_is() {
    conform("failure-whole", async |peer| {
        let mut activity = peer.activity("a");
        activity.retry_policy = at_most(1, 1.0);
        peer.start_activity(activity).await;
        let task = peer.poll_activity().await;
        let failure = whole(Some(of_their_own().swap_remove(0)));
        peer.fail_activity_with(&task, Some(failure)).await.unwrap();
        peer.answer(complete_workflow("it failed")).await;
    })
    .await;
}

#[tokio::test]
async fn an_attempt_may_fail_without_a_failure() {
    conform("failure-none", async |peer| {
        peer.start_retried_activity(60.0).await;
        let task = peer.poll_activity().await;
        peer.fail_activity_with(&task, None).await.unwrap();
        peer.describe("").await;
        peer.terminate("").await.unwrap();

        let last = peer.kin("last");
        let mut activity = last.activity("a");
        activity.retry_policy = at_most(1, 1.0);
        last.start_activity(activity).await;
        let task = last.poll_activity().await;
        last.fail_activity_with(&task, None).await.unwrap();
        last.answer(complete_workflow("it failed")).await;
    })
    .await;
}

#[tokio::test]
async fn workflows_fail_of_anything() {
    conform("failure-workflows", async |peer| {
        let kinds = of_their_own().into_iter().chain(of_others()).map(Some);
        for (number, kind) in kinds.chain([None]).enumerate() {
            let workflow = peer.kin(&number.to_string());
            let mut request = workflow.start_request();
            request.retry_policy = at_most(2, 60.0);
            workflow.start_with(request).await.unwrap();
            workflow.answer(fail_workflow_with(whole(kind))).await;
            let events = workflow.unrecorded().history().await;
            if events.len() == 1 {
                workflow.terminate("it is tried again").await.unwrap();
            }
        }
    })
    .await;
}
