//! Builds of workers that belong to no deployment, and say so in the older way.

#![allow(deprecated, reason = "deployed SDKs still say so in this way")]

use outlast_proto::temporal::api::common::v1::{WorkerVersionCapabilities, WorkerVersionStamp};
use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    ParentClosePolicy,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

fn build(build_id: &str) -> Option<WorkerVersionStamp> {
    Some(WorkerVersionStamp {
        build_id: build_id.to_owned(),
        ..Default::default()
    })
}

impl Peer {
    async fn poll_as_build(&self, build_id: &str) -> WorkflowTask {
        let request = api::PollWorkflowTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: self.normal_queue(),
            identity: "worker".to_owned(),
            worker_version_capabilities: Some(WorkerVersionCapabilities {
                build_id: build_id.to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let request = with_timeout(request, 30.0);
        let task = self.client().poll_workflow_task_queue(request).await;
        task.unwrap().into_inner()
    }

    /// The builds in the events that say who started a task.
    async fn builds(&self) -> Vec<String> {
        let events = self.history().await;
        let stamps = events
            .into_iter()
            .filter_map(|event| match event.attributes? {
                Attributes::WorkflowTaskStartedEventAttributes(started) => {
                    Some(started.worker_version)
                }
                Attributes::ActivityTaskStartedEventAttributes(started) => {
                    Some(started.worker_version)
                }
                _ => None,
            });
        stamps
            .map(|stamp| stamp.unwrap_or_default().build_id)
            .collect()
    }
}

#[tokio::test]
async fn events_have_the_builds_of_the_workers_that_took_the_tasks() {
    conform("builds", async |peer| {
        peer.start().await;
        let task = peer.poll_as_build("polled").await;
        let mut attributes = peer.activity("a");
        attributes.retry_policy = at_most(1, 1.0);
        let request = api::RespondWorkflowTaskCompletedRequest {
            worker_version_stamp: build("completed"),
            return_new_workflow_task: true,
            force_create_new_workflow_task: true,
            ..completion(&task, vec![schedule_activity(attributes)])
        };
        let answer = peer.complete_with(request).await.unwrap();
        let task = answer.workflow_task.unwrap();
        peer.complete(&task, vec![]).await.unwrap();
        let activity = peer.poll_activity().await;
        let failed = api::RespondActivityTaskFailedRequest {
            namespace: "default".to_owned(),
            task_token: activity.task_token,
            failure: Some(application_failure("no")),
            worker_version: build("failed"),
            ..Default::default()
        };
        let failed = peer.client().respond_activity_task_failed(failed).await;
        failed.unwrap();
        assert_eq!(peer.builds().await, ["polled", "completed", "failed"]);
        peer.describe("").await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn builds_are_places_to_reset_to_unless_children_are_open() {
    conform("reset-points", async |peer| {
        peer.start().await;
        let child = peer.kin("child");
        let queue = child.workflow_id.clone();
        let start_child = start_child(&queue, &queue, ParentClosePolicy::Abandon);
        for (build_id, command) in [("one", start_child), ("two", start_timer("t", 60.0))] {
            let task = peer.poll().await;
            let request = api::RespondWorkflowTaskCompletedRequest {
                worker_version_stamp: build(build_id),
                ..completion(&task, vec![command])
            };
            peer.complete_with(request).await.unwrap();
            peer.until(E::ChildWorkflowExecutionStarted).await;
        }
        let info = peer.describe("").await.workflow_execution_info.unwrap();
        let points = info.auto_reset_points.unwrap().points;
        let points = points
            .iter()
            .map(|point| (point.build_id.as_str(), point.resettable));
        assert_eq!(points.collect::<Vec<_>>(), [("one", true), ("two", false)]);
        peer.terminate("").await.unwrap();
        child.terminate("").await.unwrap();
    })
    .await;
}
