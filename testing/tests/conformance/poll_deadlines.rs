//! How long workers have to be ready to wait for a task.

use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Request, Status};

use crate::support::peer::*;
use crate::{Peer, conform};

/// The refusals of the same poll for each kind of task.
async fn refusals(
    peer: &Peer,
    namespace: &str,
    task_queue: Option<TaskQueue>,
    seconds: Option<f64>,
) -> [Status; 3] {
    let (namespace, identity) = (namespace.to_owned(), "worker".to_owned());
    let workflow = api::PollWorkflowTaskQueueRequest {
        namespace: namespace.clone(),
        task_queue: task_queue.clone(),
        identity: identity.clone(),
        ..Default::default()
    };
    let activity = api::PollActivityTaskQueueRequest {
        namespace: namespace.clone(),
        task_queue: task_queue.clone(),
        identity: identity.clone(),
        ..Default::default()
    };
    let nexus = api::PollNexusTaskQueueRequest {
        namespace,
        task_queue,
        identity,
        ..Default::default()
    };
    let mut client = peer.client();
    let workflow = client.poll_workflow_task_queue(within(workflow, seconds));
    let workflow = workflow.await.unwrap_err();
    let activity = client.poll_activity_task_queue(within(activity, seconds));
    let activity = activity.await.unwrap_err();
    let nexus = client.poll_nexus_task_queue(within(nexus, seconds));
    [workflow, activity, nexus.await.unwrap_err()]
}

fn within<T>(message: T, seconds: Option<f64>) -> Request<T> {
    match seconds {
        Some(seconds) => with_timeout(message, seconds),
        None => Request::new(message),
    }
}

#[tokio::test]
async fn a_poll_says_how_long_it_waits() {
    conform("poll-patience", async |peer| {
        for error in refusals(peer, "default", peer.normal_queue(), None).await {
            assert_eq!(error.code(), Code::InvalidArgument);
            assert_eq!(error.message(), "Context timeout is not set.");
        }
    })
    .await;
}

#[tokio::test]
async fn two_seconds_are_too_short_for_a_poll() {
    conform("poll-short", async |peer| {
        for error in refusals(peer, "default", peer.normal_queue(), Some(2.0)).await {
            assert_eq!(error.code(), Code::FailedPrecondition);
            assert_eq!(error.message(), "Context timeout is too short.");
        }
    })
    .await;
}

#[tokio::test]
async fn a_poll_s_namespace_comes_before_its_deadline_and_its_queue_after_it() {
    conform("poll-order", async |peer| {
        for error in refusals(peer, "nowhere", peer.normal_queue(), None).await {
            assert_eq!(error.code(), Code::NotFound);
        }
        for error in refusals(peer, "default", None, Some(2.0)).await {
            assert_eq!(error.code(), Code::FailedPrecondition);
        }
    })
    .await;
}

#[tokio::test]
async fn a_poll_is_answered_while_its_worker_still_waits() {
    conform("poll-empty", async |peer| {
        let task = peer.poll_queue(peer.normal_queue(), 2.5).await;
        assert_eq!(task, WorkflowTask::default());
    })
    .await;
}
