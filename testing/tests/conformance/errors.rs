//! Requests that make no sense.

use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_in_the_same_words() {
    conform("errors", async |peer| {
        let with = |change: &dyn Fn(&mut api::StartWorkflowExecutionRequest)| {
            let mut request = peer.start_request();
            change(&mut request);
            request
        };
        let long = "x".repeat(1200);
        let cases = [
            (
                with(&|r| r.namespace.clear()),
                Code::InvalidArgument,
                "Namespace is empty.",
            ),
            (
                with(&|r| r.namespace = "nowhere".to_owned()),
                Code::NotFound,
                "Namespace nowhere is not found.",
            ),
            (
                with(&|r| r.workflow_id.clear()),
                Code::InvalidArgument,
                "WorkflowId is not set on request.",
            ),
            (
                with(&|r| r.workflow_id = long.clone()),
                Code::InvalidArgument,
                "WorkflowId exceeds maximum allowed length (1200/1000)",
            ),
            (
                with(&|r| r.workflow_type = None),
                Code::InvalidArgument,
                "WorkflowType is not set on request.",
            ),
            (
                with(&|r| r.task_queue = None),
                Code::InvalidArgument,
                "taskQueue is not set",
            ),
            (
                with(&|r| r.workflow_run_timeout = negative()),
                Code::InvalidArgument,
                "An invalid WorkflowRunTimeoutSeconds is set on request. cause: negative duration",
            ),
            (
                with(&|r| {
                    r.retry_policy = at_most(2, 1.0);
                    r.retry_policy.as_mut().unwrap().backoff_coefficient = 0.5;
                }),
                Code::InvalidArgument,
                "BackoffCoefficient cannot be less than 1 on retry policy.",
            ),
            (
                with(&|r| {
                    r.workflow_id_reuse_policy = 3;
                    r.workflow_id_conflict_policy = 3;
                }),
                Code::InvalidArgument,
                "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE cannot \
                 be used together with WorkflowIdConflictPolicy \
                 WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING",
            ),
        ];
        for (request, code, message) in cases {
            let error = peer.start_with(request).await.unwrap_err();
            assert_eq!((error.code(), error.message()), (code, message));
        }
        let error = peer.signal("nobody").await.unwrap_err();
        let want = format!("workflow not found for ID: {}", peer.workflow_id);
        assert_eq!(
            (error.code(), error.message()),
            (Code::NotFound, want.as_str())
        );
        assert_eq!(detail(&error), "NotFoundFailure");

        let junk = WorkflowTask {
            task_token: vec![1, 2, 3].into(),
            ..Default::default()
        };
        let error = peer.complete(&junk, vec![]).await.unwrap_err();
        let want = "Error deserializing task token.";
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, want)
        );
        let error = peer
            .complete(&WorkflowTask::default(), vec![])
            .await
            .unwrap_err();
        assert_eq!(error.message(), "Task token not set on request.");
    })
    .await;
}

#[tokio::test]
async fn polls_need_a_queue_with_a_name() {
    conform("polls", async |peer| {
        let named = |name: &str| {
            Some(TaskQueue {
                name: name.to_owned(),
                ..Default::default()
            })
        };
        let cases = [
            (None, "taskQueue is not set"),
            (named(""), "missing task queue name"),
            (named(&"x".repeat(1001)), "taskQueue length exceeds limit"),
            (
                named("/_sys/q"),
                "task queue name cannot start with reserved prefix /_sys/",
            ),
        ];
        for (queue, message) in cases {
            let error = poll_workflows(peer, queue.clone()).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, message)
            );
            let error = poll_activities(peer, queue).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, message)
            );
        }
    })
    .await;
}

async fn poll_workflows(peer: &Peer, task_queue: Option<TaskQueue>) -> Result<(), Status> {
    let request = api::PollWorkflowTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue,
        ..Default::default()
    };
    let request = with_timeout(request, 3.0);
    peer.client()
        .poll_workflow_task_queue(request)
        .await
        .map(drop)
}

async fn poll_activities(peer: &Peer, task_queue: Option<TaskQueue>) -> Result<(), Status> {
    let request = api::PollActivityTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue,
        ..Default::default()
    };
    let request = with_timeout(request, 3.0);
    peer.client()
        .poll_activity_task_queue(request)
        .await
        .map(drop)
}
