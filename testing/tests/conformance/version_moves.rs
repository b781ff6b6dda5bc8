//! Runs that move from version to version, and what goes with them.

use outlast_proto::temporal::api::enums::v1::{
    EventType as E, ParentClosePolicy, VersioningBehavior as Behavior,
};
use outlast_proto::temporal::api::workflow::v1::versioning_override::{OneTimeOverride, Override};

use crate::support::builders::*;
use crate::version_overrides::{change, imposed, pinned, start};
use crate::{Peer, conform};

/// A peer with workers of two versions, of which the first is current, and a run of it.
async fn run_of_first(peer: &Peer, behavior: Behavior) {
    peer.announce("1").await;
    peer.announce("2").await;
    peer.set_current("1").await;
    peer.start().await;
    peer.work_as("1", behavior, vec![]).await;
}

#[tokio::test]
async fn an_override_for_once_ends_when_the_run_is_there() {
    conform("moves-once", async |peer| {
        run_of_first(peer, Behavior::Pinned).await;
        let once = imposed(Override::OneTime(OneTimeOverride {
            target_deployment_version: peer.version("2"),
        }));
        change(peer, once, "versioning_override").await.unwrap();
        peer.describe("").await;
        peer.signal("s").await.unwrap();
        peer.work_as("2", Behavior::Pinned, vec![]).await;
        peer.describe("").await;
        peer.signal("s").await.unwrap();
        peer.work_as("2", Behavior::Pinned, vec![]).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_that_has_moved_continues_on_its_new_version() {
    conform("moves-continued", async |peer| {
        run_of_first(peer, Behavior::AutoUpgrade).await;
        peer.set_current("2").await;
        peer.signal("s").await.unwrap();
        peer.a_second_passes().await;
        let more = vec![continue_as_new("more")];
        peer.work_as("2", Behavior::AutoUpgrade, more).await;
        peer.describe("").await;
        peer.work_as("2", Behavior::AutoUpgrade, vec![]).await;
        peer.describe("").await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn children_of_a_run_with_a_pin_have_it_too() {
    conform("moves-child", async |peer| {
        peer.announce("1").await;
        start(peer, pinned(peer, "1")).await.unwrap();
        let child = peer.of(&format!("{}-child", peer.workflow_id));
        let policy = ParentClosePolicy::Terminate;
        let command = start_child(&peer.queue, &child.workflow_id, policy);
        peer.work_as("1", Behavior::AutoUpgrade, vec![command])
            .await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        child.describe("").await;
        child.terminate("").await.unwrap();
        peer.until(E::ChildWorkflowExecutionTerminated).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_reset_to_its_first_task_forgets_its_version() {
    conform("moves-reset", async |peer| {
        run_of_first(peer, Behavior::Pinned).await;
        peer.set_current("2").await;
        peer.reset(4).await.unwrap();
        peer.until(E::WorkflowTaskScheduled).await;
        peer.describe("").await;
        peer.work_as("2", Behavior::Pinned, vec![]).await;
        peer.describe("").await;
        peer.terminate("").await.unwrap();
    })
    .await;
}
