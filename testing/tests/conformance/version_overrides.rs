//! Versions and behaviors that clients impose on runs.

#![allow(deprecated, reason = "servers still send, and take, deprecated fields")]

use outlast_proto::temporal::api::enums::v1::{EventType as E, VersioningBehavior as Behavior};
use outlast_proto::temporal::api::workflow::v1::versioning_override::{
    Override, PinnedOverride, PinnedOverrideBehavior,
};
use outlast_proto::temporal::api::workflow::v1::{VersioningOverride, WorkflowExecutionOptions};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::{Peer, conform};

pub(crate) fn imposed(imposed: Override) -> Option<VersioningOverride> {
    Some(VersioningOverride {
        r#override: Some(imposed),
        ..Default::default()
    })
}

pub(crate) fn pinned(peer: &Peer, build_id: &str) -> Option<VersioningOverride> {
    imposed(Override::Pinned(PinnedOverride {
        behavior: PinnedOverrideBehavior::Pinned as i32,
        version: peer.version(build_id),
    }))
}

/// As clients wrote it before there was a choice.
fn old(behavior: Behavior, version: &str) -> VersioningOverride {
    VersioningOverride {
        behavior: behavior as i32,
        pinned_version: version.to_owned(),
        ..Default::default()
    }
}

pub(crate) async fn start(
    peer: &Peer,
    versioning: Option<VersioningOverride>,
) -> Result<(), Status> {
    let request = api::StartWorkflowExecutionRequest {
        versioning_override: versioning,
        ..peer.start_request()
    };
    peer.start_with(request).await?;
    Ok(())
}

pub(crate) async fn change(
    peer: &Peer,
    versioning: Option<VersioningOverride>,
    path: &str,
) -> Result<(), Status> {
    let request = api::UpdateWorkflowExecutionOptionsRequest {
        namespace: "default".to_owned(),
        workflow_execution: peer.execution(),
        workflow_execution_options: Some(WorkflowExecutionOptions {
            versioning_override: versioning,
            ..Default::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec![path.to_owned()],
        }),
        identity: "operator".to_owned(),
    };
    let mut client = peer.client();
    client.update_workflow_execution_options(request).await?;
    Ok(())
}

#[tokio::test]
async fn a_run_may_be_pinned_from_its_start() {
    conform("override-start", async |peer| {
        peer.announce("1").await;
        start(peer, pinned(peer, "1")).await.unwrap();
        peer.describe("").await;
        peer.work_as("1", Behavior::AutoUpgrade, vec![]).await;
        let described = peer.describe("").await;
        let info = described.workflow_execution_info.unwrap();
        let versioning = info.versioning_info.unwrap();
        assert_eq!(versioning.behavior(), Behavior::AutoUpgrade);
        assert!(versioning.versioning_override.is_some());
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_imposed_version_drains_until_its_runs_are_over() {
    conform("override-drains", async |peer| {
        peer.announce("1").await;
        start(peer, pinned(peer, "1")).await.unwrap();
        let quiet = peer.unrecorded();
        loop {
            let version = quiet.describe_version("1").await.unwrap();
            let version = version.worker_deployment_version_info.unwrap();
            if version.drainage_info.is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_may_be_told_to_follow_from_its_start() {
    conform("override-follow", async |peer| {
        peer.announce("1").await;
        peer.set_current("1").await;
        start(peer, imposed(Override::AutoUpgrade(true)))
            .await
            .unwrap();
        peer.describe("").await;
        peer.work_as("1", Behavior::Pinned, vec![]).await;
        peer.describe("").await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn overrides_that_make_no_sense_are_refused() {
    conform("override-refused", async |peer| {
        peer.announce("1").await;
        let dotted = format!("{}.1", peer.deployment());
        let undecided = PinnedOverride {
            behavior: 0,
            version: peer.version("1"),
        };
        for (versioning, code) in [
            (pinned(peer, "9"), Code::FailedPrecondition),
            (Some(VersioningOverride::default()), Code::InvalidArgument),
            (Some(old(Behavior::Pinned, "")), Code::InvalidArgument),
            (
                Some(old(Behavior::AutoUpgrade, &dotted)),
                Code::InvalidArgument,
            ),
            (imposed(Override::AutoUpgrade(false)), Code::InvalidArgument),
            (imposed(Override::Pinned(undecided)), Code::InvalidArgument),
        ] {
            let error = start(peer, versioning).await.unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn old_overrides_are_kept_as_new_ones() {
    conform("override-old", async |peer| {
        peer.announce("1").await;
        let dotted = format!("{}.1", peer.deployment());
        for (name, versioning) in [
            ("pinned", old(Behavior::Pinned, &dotted)),
            ("upgraded", old(Behavior::AutoUpgrade, "")),
        ] {
            let run = peer.of(&format!("{}-{name}", peer.workflow_id));
            start(&run, Some(versioning)).await.unwrap();
            run.describe("").await;
            run.terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_override_may_come_later_and_go_again() {
    conform("override-change", async |peer| {
        peer.announce("1").await;
        peer.announce("2").await;
        peer.set_current("1").await;
        let path = "versioning_override";
        start(peer, None).await.unwrap();
        peer.work_as("1", Behavior::Pinned, vec![]).await;
        for versioning in [
            pinned(peer, "2"),
            imposed(Override::AutoUpgrade(true)),
            Some(old(Behavior::Pinned, &format!("{}.2", peer.deployment()))),
            None,
        ] {
            change(peer, versioning, path).await.unwrap();
            peer.describe("").await;
        }
        change(peer, pinned(peer, "9"), path).await.unwrap_err();
        change(peer, Some(VersioningOverride::default()), path)
            .await
            .unwrap_err();
        let part = change(peer, pinned(peer, "1"), "versioning_override.pinned").await;
        assert_eq!(part.unwrap_err().code(), Code::InvalidArgument);
        let updated = peer.types().await;
        let updated = updated
            .iter()
            .filter(|t| **t == E::WorkflowExecutionOptionsUpdated);
        assert_eq!(updated.count(), 4);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_next_runs_inherit_a_pin_but_no_other_override() {
    conform("override-inherited", async |peer| {
        peer.announce("1").await;
        peer.set_current("1").await;
        for (name, versioning) in [
            ("pinned", pinned(peer, "1")),
            ("upgraded", imposed(Override::AutoUpgrade(true))),
        ] {
            for (way, command) in [
                ("continued", continue_as_new("more")),
                ("retried", fail_workflow("once")),
            ] {
                let run = peer.of(&format!("{}-{name}-{way}", peer.workflow_id));
                let request = api::StartWorkflowExecutionRequest {
                    versioning_override: versioning.clone(),
                    retry_policy: at_most(3, 100.0),
                    ..run.start_request()
                };
                run.start_with(request).await.unwrap();
                run.a_second_passes().await;
                run.work_as("1", Behavior::Pinned, vec![command]).await;
                let described = run.describe("").await;
                assert!(described.workflow_execution_info.is_some());
                run.terminate("").await.unwrap();
            }
        }
    })
    .await;
}
