//! What runs know of the versions of their workers, and hand on to other runs.

#![allow(deprecated, reason = "servers still send, and take, deprecated fields")]

use outlast_proto::temporal::api::command::v1::command::Attributes as Command;
use outlast_proto::temporal::api::common::v1::WorkerVersionStamp;
use outlast_proto::temporal::api::deployment::v1::WorkerDeploymentOptions;
use outlast_proto::temporal::api::enums::v1::{
    ContinueAsNewVersioningBehavior as Initial, EventType as E, ParentClosePolicy,
    VersioningBehavior as Behavior,
};
use outlast_proto::temporal::api::history::v1::WorkflowExecutionStartedEventAttributes as Started;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflow::v1::WorkflowExecutionVersioningInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::versioned_workers::{options_of, versioned_completion};
use crate::{Peer, conform};

/// What the current run's description says of versions.
async fn versioning(peer: &Peer) -> Option<WorkflowExecutionVersioningInfo> {
    let described = peer.describe("").await;
    described.workflow_execution_info.unwrap().versioning_info
}

/// A peer with workers of a version that is current.
async fn current_workers(peer: &Peer) {
    peer.announce("1").await;
    peer.set_current("1").await;
}

/// What the current run began with.
async fn beginning(peer: &Peer) -> Box<Started> {
    match peer.history().await.swap_remove(0).attributes {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => started,
        other => panic!("{other:?}"),
    }
}

/// The commands that continue a workflow in its own queue, as its next run is told to.
fn continued(initial: Initial) -> Vec<outlast_proto::temporal::api::command::v1::Command> {
    let mut command = continue_as_new("more");
    if let Some(Command::ContinueAsNewWorkflowExecutionCommandAttributes(a)) =
        &mut command.attributes
    {
        a.initial_versioning_behavior = initial as i32;
    }
    vec![command]
}

#[tokio::test]
async fn runs_remember_the_version_of_their_worker() {
    conform("run-version", async |peer| {
        current_workers(peer).await;
        for (name, behavior) in [
            ("pinned", Behavior::Pinned),
            ("upgraded", Behavior::AutoUpgrade),
            ("silent", Behavior::Unspecified),
        ] {
            let run = peer.of(&format!("{}-{name}", peer.workflow_id));
            run.start().await;
            let task = run.next_task_as("1").await;
            let on_the_way = versioning(&run).await.unwrap();
            assert_eq!(
                on_the_way.version_transition.unwrap().deployment_version,
                run.version("1")
            );
            let completion = versioned_completion(&run, &task, "1", behavior, vec![]);
            run.complete_with(completion).await.unwrap();
            assert_eq!(versioning(&run).await.unwrap().behavior(), behavior);
            run.terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_of_workers_changes_what_a_run_is_found_by() {
    conform("run-builds", async |peer| {
        current_workers(peer).await;
        peer.start().await;
        let stamp = |build_id: &str, use_versioning| {
            Some(WorkerVersionStamp {
                build_id: build_id.to_owned(),
                use_versioning,
            })
        };
        for (behavior, stamp) in [
            (Behavior::Pinned, stamp("a", true)),
            (Behavior::AutoUpgrade, stamp("b", false)),
            (Behavior::Unspecified, None),
            (Behavior::Pinned, None),
        ] {
            let task = peer.next_task_as("1").await;
            let mut completion = versioned_completion(peer, &task, "1", behavior, vec![]);
            completion.worker_version_stamp = stamp;
            completion.force_create_new_workflow_task = true;
            peer.complete_with(completion).await.unwrap();
            versioning(peer).await.unwrap();
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn unversioned_workers_may_have_a_deployment() {
    conform("run-unversioned", async |peer| {
        peer.start().await;
        let mut completion = completion(&peer.poll().await, vec![]);
        completion.deployment_options = Some(WorkerDeploymentOptions {
            deployment_name: peer.deployment(),
            build_id: "1".to_owned(),
            worker_versioning_mode: 1,
        });
        peer.complete_with(completion).await.unwrap();
        assert_eq!(versioning(peer).await, None);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn only_versioned_workers_say_how_workflows_behave() {
    conform("run-behavior-refused", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let nameless = WorkerDeploymentOptions {
            worker_versioning_mode: 2,
            ..Default::default()
        };
        for options in [None, Some(nameless)] {
            let completion = api::RespondWorkflowTaskCompletedRequest {
                deployment_options: options,
                versioning_behavior: Behavior::Pinned as i32,
                ..completion(&task, vec![])
            };
            let error = peer.complete_with(completion).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument);
        }
        assert_eq!(peer.types().await.len(), 3);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn children_are_on_the_version_of_their_parent() {
    conform("run-children", async |peer| {
        current_workers(peer).await;
        for (name, behavior) in [
            ("pinned", Behavior::Pinned),
            ("upgraded", Behavior::AutoUpgrade),
            ("silent", Behavior::Unspecified),
        ] {
            let parent = peer.of(&format!("{}-{name}", peer.workflow_id));
            let child = peer.of(&format!("{}-{name}-child", peer.workflow_id));
            parent.start().await;
            let command = start_child(
                &peer.queue,
                &child.workflow_id,
                ParentClosePolicy::Terminate,
            );
            parent.work_as("1", behavior, vec![command]).await;
            parent.until(E::ChildWorkflowExecutionStarted).await;
            let started = beginning(&child).await;
            let is_pinned = behavior == Behavior::Pinned;
            assert_eq!(started.inherited_pinned_version.is_some(), is_pinned);
            versioning(&child).await;
            child.terminate("").await.unwrap();
            parent.until(E::ChildWorkflowExecutionTerminated).await;
            parent.terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn children_of_other_queues_are_not() {
    conform("run-stray-child", async |peer| {
        current_workers(peer).await;
        let child = peer.kin("child");
        peer.start().await;
        let command = start_child(
            &child.queue,
            &child.workflow_id,
            ParentClosePolicy::Terminate,
        );
        peer.work_as("1", Behavior::Pinned, vec![command]).await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        assert_eq!(beginning(&child).await.inherited_pinned_version, None);
        assert_eq!(versioning(&child).await, None);
        peer.terminate("").await.unwrap();
        child.close_event().await;
    })
    .await;
}

#[tokio::test]
async fn the_next_run_of_a_chain_is_on_the_version_of_the_last() {
    conform("run-continued", async |peer| {
        current_workers(peer).await;
        for (name, behavior, initial) in [
            ("pinned", Behavior::Pinned, Initial::Unspecified),
            ("freed", Behavior::Pinned, Initial::AutoUpgrade),
            ("ramped", Behavior::Pinned, Initial::UseRampingVersion),
            ("upgraded", Behavior::AutoUpgrade, Initial::Unspecified),
            ("silent", Behavior::Unspecified, Initial::AutoUpgrade),
        ] {
            let run = peer.of(&format!("{}-{name}", peer.workflow_id));
            run.start().await;
            run.a_second_passes().await;
            run.work_as("1", behavior, continued(initial)).await;
            run.until(E::WorkflowTaskScheduled).await;
            let started = beginning(&run).await;
            let stays = behavior == Behavior::Pinned && initial == Initial::Unspecified;
            assert_eq!(started.inherited_pinned_version.is_some(), stays, "{name}");
            versioning(&run).await;
            run.terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn retries_begin_where_their_chain_began() {
    conform("run-retried", async |peer| {
        current_workers(peer).await;
        for (name, behavior) in [
            ("pinned", Behavior::Pinned),
            ("upgraded", Behavior::AutoUpgrade),
        ] {
            let run = peer.of(&format!("{}-{name}", peer.workflow_id));
            let mut request = run.start_request();
            request.retry_policy = at_most(3, 100.0);
            run.start_with(request).await.unwrap();
            run.work_as("1", behavior, vec![fail_workflow("once")])
                .await;
            let started = beginning(&run).await;
            let upgraded = behavior == Behavior::AutoUpgrade;
            assert_eq!(started.inherited_auto_upgrade_info.is_some(), upgraded);
            versioning(&run).await;
            run.terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn pending_activities_tell_the_version_that_has_them() {
    conform("run-activity", async |peer| {
        current_workers(peer).await;
        peer.start().await;
        let command = schedule_activity(activity_in(&peer.queue, "a"));
        peer.work_as("1", Behavior::Pinned, vec![command]).await;
        let task = peer.poll_activity_as("1").await;
        assert_eq!(task.activity_id, "a");
        let described = peer.describe("").await;
        let activity = &described.pending_activities[0];
        assert_eq!(activity.last_deployment_version, peer.version("1"));
        assert!(options_of(peer, "1").is_some());
        peer.terminate("").await.unwrap();
    })
    .await;
}
