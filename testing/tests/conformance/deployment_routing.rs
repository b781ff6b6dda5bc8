//! Which workers get what, when there are several versions of them.

use outlast_proto::temporal::api::enums::v1::VersioningBehavior as Behavior;
use outlast_proto::temporal::api::workflow::v1::versioning_override::{
    Override, PinnedOverride, PinnedOverrideBehavior,
};
use outlast_proto::temporal::api::workflow::v1::{VersioningOverride, WorkflowExecutionOptions};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use prost_types::FieldMask;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::versioned_workers::versioned_completion;
use crate::{Peer, conform};

/// A peer with workers of two versions, of which the first is current.
async fn two_versions(peer: &Peer) {
    peer.announce("1").await;
    peer.announce("2").await;
    peer.set_current("1").await;
}

/// Makes sure that a task comes to workers of one version and not to those of the other.
async fn only(peer: &Peer, build_id: &str, other: &str) -> WorkflowTask {
    let (task, none) = tokio::join!(peer.next_task_as(build_id), peer.poll_as(other));
    assert!(none.task_token.is_empty(), "version {other} got the task");
    task
}

async fn complete_as(peer: &Peer, task: &WorkflowTask, build_id: &str, behavior: Behavior) {
    let completion = versioned_completion(peer, task, build_id, behavior, vec![]);
    peer.complete_with(completion).await.unwrap();
}

#[tokio::test]
async fn new_runs_go_to_the_current_version() {
    conform("routing-new", async |peer| {
        two_versions(peer).await;
        peer.start().await;
        let task = only(peer, "1", "2").await;
        complete_as(peer, &task, "1", Behavior::Pinned).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn unversioned_workers_get_nothing_while_a_version_is_current() {
    conform("routing-unversioned", async |peer| {
        two_versions(peer).await;
        peer.start().await;
        let task = only(peer, "1", "").await;
        complete_as(peer, &task, "1", Behavior::AutoUpgrade).await;
        peer.set_current("").await;
        peer.signal("s").await.unwrap();
        let task = only(peer, "", "1").await;
        peer.describe("").await;
        peer.complete(&task, vec![]).await.unwrap();
        peer.describe("").await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn runs_that_upgrade_move_to_the_next_version_with_their_next_task() {
    conform("routing-upgrade", async |peer| {
        two_versions(peer).await;
        peer.start().await;
        peer.work_as("1", Behavior::AutoUpgrade, vec![]).await;
        peer.set_current("2").await;
        peer.describe("").await;
        peer.signal("s").await.unwrap();
        let task = only(peer, "2", "1").await;
        peer.describe("").await;
        peer.fail(&task).await.unwrap();
        let task = peer.next_task_as("2").await;
        complete_as(peer, &task, "2", Behavior::AutoUpgrade).await;
        peer.describe("").await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn pinned_runs_stay_and_hear_of_the_next_version() {
    conform("routing-pinned", async |peer| {
        two_versions(peer).await;
        peer.start().await;
        peer.work_as("1", Behavior::Pinned, vec![]).await;
        peer.set_current("2").await;
        peer.signal("s").await.unwrap();
        let task = only(peer, "1", "2").await;
        let completion = versioned_completion(
            peer,
            &task,
            "1",
            Behavior::Pinned,
            vec![continue_as_new("more")],
        );
        peer.complete_with(completion).await.unwrap();
        peer.work_as("1", Behavior::Pinned, vec![]).await;
        peer.describe("").await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_version_that_ramps_to_all_gets_all_new_runs() {
    conform("routing-ramp", async |peer| {
        two_versions(peer).await;
        peer.set_ramp("2", 100.0).await;
        peer.start().await;
        let task = only(peer, "2", "1").await;
        complete_as(peer, &task, "2", Behavior::AutoUpgrade).await;
        peer.set_ramp("2", 0.0).await;
        peer.signal("s").await.unwrap();
        let task = only(peer, "1", "2").await;
        complete_as(peer, &task, "1", Behavior::AutoUpgrade).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_override_moves_a_task_that_waits() {
    conform("routing-override", async |peer| {
        two_versions(peer).await;
        peer.start().await;
        let request = api::UpdateWorkflowExecutionOptionsRequest {
            namespace: "default".to_owned(),
            workflow_execution: peer.execution(),
            workflow_execution_options: Some(WorkflowExecutionOptions {
                versioning_override: Some(VersioningOverride {
                    r#override: Some(Override::Pinned(PinnedOverride {
                        behavior: PinnedOverrideBehavior::Pinned as i32,
                        version: peer.version("2"),
                    })),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            update_mask: Some(FieldMask {
                paths: vec!["versioning_override".to_owned()],
            }),
            identity: "operator".to_owned(),
        };
        let mut client = peer.client();
        client
            .update_workflow_execution_options(request)
            .await
            .unwrap();
        let task = only(peer, "2", "1").await;
        complete_as(peer, &task, "2", Behavior::Pinned).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn activities_of_pinned_runs_stay_with_their_version() {
    conform("routing-activity", async |peer| {
        two_versions(peer).await;
        peer.start().await;
        let command = schedule_activity(activity_in(&peer.queue, "a"));
        peer.work_as("1", Behavior::Pinned, vec![command]).await;
        peer.set_current("2").await;
        let (task, none) = tokio::join!(peer.poll_activity_as("1"), peer.poll_activity_as("2"));
        assert_eq!(task.activity_id, "a");
        assert!(none.task_token.is_empty());
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn activities_of_runs_that_upgrade_take_them_along() {
    conform("routing-activity-upgrade", async |peer| {
        two_versions(peer).await;
        peer.start().await;
        let command = schedule_activity(activity_in(&peer.queue, "a"));
        peer.work_as("1", Behavior::AutoUpgrade, vec![command])
            .await;
        peer.set_current("2").await;
        let held = peer.poll_activity_as("2").await;
        assert!(held.task_token.is_empty());
        peer.describe("").await;
        peer.work_as("2", Behavior::AutoUpgrade, vec![]).await;
        let task = peer.poll_activity_as("2").await;
        assert_eq!(task.activity_id, "a");
        peer.describe("").await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn queries_go_where_a_task_would_go() {
    conform("routing-query", async |peer| {
        two_versions(peer).await;
        let run = |name: &str| peer.of(&format!("{}-{name}", peer.workflow_id));
        let (pinned, upgraded) = (run("pinned"), run("upgraded"));
        pinned.start().await;
        pinned.work_as("1", Behavior::Pinned, vec![]).await;
        upgraded.start().await;
        upgraded.work_as("1", Behavior::AutoUpgrade, vec![]).await;
        peer.set_current("2").await;
        for (run, build_id, other) in [(pinned, "1", "2"), (upgraded, "2", "1")] {
            let answer = async {
                let task = only(&run, build_id, other).await;
                run.answer_query(&task, Ok("answer")).await;
            };
            let (answered, ()) = tokio::join!(run.query("state"), answer);
            assert_eq!(answered.unwrap().query_result, payloads("answer"));
            run.terminate("").await.unwrap();
        }
    })
    .await;
}
