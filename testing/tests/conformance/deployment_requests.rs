//! What operators of deployments may ask, and what is refused.

#![allow(deprecated, reason = "servers still send, and take, deprecated fields")]

use outlast_proto::temporal::api::common::v1::Payload;
use outlast_proto::temporal::api::deployment::v1::WorkerDeploymentOptions;
use outlast_proto::temporal::api::enums::v1::{
    WorkerDeploymentVersionStatus as State, WorkerVersioningMode,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::set_worker_deployment_manager_request::NewManagerIdentity;
use tonic::{Code, Status};

use crate::deployments::states;
use crate::support::peer::with_timeout;
use crate::{Peer, conform};

pub(crate) async fn delete_version(
    peer: &Peer,
    build_id: &str,
    skip_drainage: bool,
) -> Result<(), Status> {
    let request = api::DeleteWorkerDeploymentVersionRequest {
        namespace: "default".to_owned(),
        deployment_version: peer.version(build_id),
        skip_drainage,
        identity: "operator".to_owned(),
        ..Default::default()
    };
    let mut client = peer.client();
    client.delete_worker_deployment_version(request).await?;
    Ok(())
}

async fn delete_deployment(peer: &Peer) -> Result<(), Status> {
    let request = api::DeleteWorkerDeploymentRequest {
        namespace: "default".to_owned(),
        deployment_name: peer.deployment(),
        identity: "operator".to_owned(),
    };
    peer.client().delete_worker_deployment(request).await?;
    Ok(())
}

pub(crate) async fn set_manager(
    peer: &Peer,
    manager: NewManagerIdentity,
) -> Result<api::SetWorkerDeploymentManagerResponse, Status> {
    let request = api::SetWorkerDeploymentManagerRequest {
        namespace: "default".to_owned(),
        deployment_name: peer.deployment(),
        identity: "operator".to_owned(),
        new_manager_identity: Some(manager),
        ..Default::default()
    };
    let set = peer.client().set_worker_deployment_manager(request).await?;
    Ok(set.into_inner())
}

async fn update_metadata(
    peer: &Peer,
    upsert: &[(&str, &'static [u8])],
    remove: &[&str],
) -> Result<api::UpdateWorkerDeploymentVersionMetadataResponse, Status> {
    let payload = |data: &'static [u8]| Payload {
        data: data.into(),
        ..Default::default()
    };
    let upserted = upsert
        .iter()
        .map(|(key, data)| ((*key).to_owned(), payload(data)));
    let request = api::UpdateWorkerDeploymentVersionMetadataRequest {
        namespace: "default".to_owned(),
        deployment_version: peer.version("1"),
        upsert_entries: upserted.collect(),
        remove_entries: remove.iter().map(|key| (*key).to_owned()).collect(),
        identity: "operator".to_owned(),
        ..Default::default()
    };
    let mut client = peer.client();
    let updated = client
        .update_worker_deployment_version_metadata(request)
        .await?;
    Ok(updated.into_inner())
}

async fn create(peer: &Peer, request_id: &str) -> Result<(), Status> {
    let request = api::CreateWorkerDeploymentRequest {
        namespace: "default".to_owned(),
        deployment_name: peer.deployment(),
        identity: "operator".to_owned(),
        request_id: request_id.to_owned(),
    };
    peer.client().create_worker_deployment(request).await?;
    Ok(())
}

async fn create_version(peer: &Peer, build_id: &str) -> Result<(), Status> {
    let request = api::CreateWorkerDeploymentVersionRequest {
        namespace: "default".to_owned(),
        deployment_version: peer.version(build_id),
        identity: "operator".to_owned(),
        ..Default::default()
    };
    let mut client = peer.client();
    client.create_worker_deployment_version(request).await?;
    Ok(())
}

#[tokio::test]
async fn unknown_deployments_are_not_found() {
    conform("deployment-unknown", async |peer| {
        let errors = [
            peer.describe_deployment().await.unwrap_err(),
            peer.describe_version("1").await.unwrap_err(),
            peer.set_current_with(peer.current_request("1"))
                .await
                .unwrap_err(),
            peer.try_ramp("1", 10.0).await.unwrap_err(),
            delete_version(peer, "1", false).await.unwrap_err(),
            set_manager(peer, NewManagerIdentity::Self_(true))
                .await
                .unwrap_err(),
            update_metadata(peer, &[], &["a"]).await.unwrap_err(),
            create_version(peer, "1").await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code(), Code::NotFound, "{error}");
        }
        delete_deployment(peer).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stale_conflict_token_is_refused() {
    conform("deployment-conflict", async |peer| {
        peer.announce("1").await;
        let stale = peer.describe_deployment().await.unwrap().conflict_token;
        peer.announce("2").await;
        peer.set_current("1").await;
        let request = |build_id: &str| api::SetWorkerDeploymentCurrentVersionRequest {
            conflict_token: stale.clone(),
            ..peer.current_request(build_id)
        };
        let error = peer.set_current_with(request("2")).await.unwrap_err();
        assert_eq!(error.message(), "conflict token mismatch");
        // What is so already needs no change.
        peer.set_current_with(request("1")).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_manager_alone_changes_a_deployment() {
    conform("deployment-manager", async |peer| {
        peer.announce("1").await;
        let other = NewManagerIdentity::ManagerIdentity("somebody".to_owned());
        set_manager(peer, other).await.unwrap();
        let error = peer.set_current_with(peer.current_request("1")).await;
        assert_eq!(error.unwrap_err().code(), Code::FailedPrecondition);
        let own = set_manager(peer, NewManagerIdentity::Self_(true)).await;
        assert_eq!(own.unwrap().previous_manager_identity, "somebody");
        peer.set_current("1").await;
        let info = peer.describe_deployment().await.unwrap();
        let info = info.worker_deployment_info.unwrap();
        assert_eq!(info.manager_identity, "operator");
    })
    .await;
}

#[tokio::test]
async fn versions_in_use_cannot_be_deleted() {
    conform("deployment-delete", async |peer| {
        peer.announce("1").await;
        let polled = delete_version(peer, "1", false).await.unwrap_err();
        assert!(
            polled.message().ends_with("it has active pollers"),
            "{polled}"
        );
        peer.set_current("1").await;
        delete_version(peer, "1", true).await.unwrap_err();
        peer.set_current("").await;
        let drains = delete_version(peer, "1", false).await.unwrap_err();
        assert!(drains.message().ends_with("it is draining"), "{drains}");
        delete_version(peer, "1", true).await.unwrap_err();
        delete_version(peer, "9", false).await.unwrap();
        delete_deployment(peer).await.unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn deployments_and_versions_can_be_created_and_deleted() {
    conform("deployment-create", async |peer| {
        create(peer, "once").await.unwrap();
        create(peer, "once").await.unwrap();
        let taken = create(peer, "again").await.unwrap_err();
        assert_eq!(taken.code(), Code::AlreadyExists);
        create_version(peer, "1").await.unwrap();
        let taken = create_version(peer, "1").await.unwrap_err();
        assert_eq!(taken.code(), Code::AlreadyExists);
        peer.settled().await;
        peer.describe_deployment().await.unwrap();
        peer.describe_version("1").await.unwrap();
        delete_version(peer, "1", false).await.unwrap();
        delete_deployment(peer).await.unwrap();
        let quiet = peer.unrecorded();
        while quiet.describe_deployment().await.is_ok() {
            tokio::task::yield_now().await;
        }
        peer.describe_deployment().await.unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn versions_bear_what_people_write_on_them() {
    conform("deployment-metadata", async |peer| {
        peer.announce("1").await;
        let metadata = update_metadata(peer, &[("a", b"1"), ("b", b"2")], &[]).await;
        assert_eq!(metadata.unwrap().metadata.unwrap().entries.len(), 2);
        let metadata = update_metadata(peer, &[], &["a"]).await.unwrap();
        assert!(metadata.metadata.unwrap().entries.contains_key("b"));
        update_metadata(peer, &[], &["b"]).await.unwrap();
        let nothing = update_metadata(peer, &[], &[]).await.unwrap_err();
        assert_eq!(nothing.code(), Code::InvalidArgument);
    })
    .await;
}

#[tokio::test]
async fn versions_without_a_proper_name_are_refused() {
    conform("deployment-names", async |peer| {
        let long = "x".repeat(1001);
        let whole = peer.deployment();
        for (deployment, build_id) in [
            ("", ""),
            (whole.as_str(), ""),
            ("", "1"),
            ("a.b", "1"),
            ("a:b", "1"),
            ("__a", "1"),
            (long.as_str(), "1"),
            (whole.as_str(), "__unversioned__"),
            (whole.as_str(), long.as_str()),
        ] {
            let request = api::PollWorkflowTaskQueueRequest {
                namespace: "default".to_owned(),
                task_queue: peer.normal_queue(),
                deployment_options: Some(WorkerDeploymentOptions {
                    deployment_name: deployment.to_owned(),
                    build_id: build_id.to_owned(),
                    worker_versioning_mode: WorkerVersioningMode::Versioned as i32,
                }),
                ..Default::default()
            };
            let mut client = peer.client();
            let polled = client
                .poll_workflow_task_queue(with_timeout(request, 3.0))
                .await;
            assert_eq!(polled.unwrap_err().code(), Code::InvalidArgument);
        }
    })
    .await;
}

#[tokio::test]
async fn tasks_are_not_sent_to_versions_without_a_proper_name() {
    conform("deployment-route-names", async |peer| {
        peer.announce("1").await;
        let whole = peer.deployment();
        let long = "x".repeat(1001);
        let refused = async |build_id: &str, text: String| {
            let request = api::SetWorkerDeploymentCurrentVersionRequest {
                version: text,
                allow_no_pollers: true,
                ..peer.current_request(build_id)
            };
            let error = peer.set_current_with(request).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument);
        };
        for build_id in ["__a", "__unversioned__", &long] {
            refused(build_id, String::new()).await;
        }
        for build_id in ["", "__a", &long] {
            refused("", format!("{whole}.{build_id}")).await;
        }
        refused("", ".1".to_owned()).await;
    })
    .await;
}

#[tokio::test]
async fn versions_may_be_named_by_a_text() {
    conform("deployment-text", async |peer| {
        peer.announce("1").await;
        for text in ["", "junk", "a.1"] {
            let request = api::DescribeWorkerDeploymentVersionRequest {
                namespace: "default".to_owned(),
                version: text.to_owned(),
                ..Default::default()
            };
            let mut client = peer.client();
            let described = client.describe_worker_deployment_version(request).await;
            described.unwrap_err();
        }
        let named = |text: String| api::SetWorkerDeploymentCurrentVersionRequest {
            version: text,
            ..peer.current_request("")
        };
        for text in ["junk", "a.1"] {
            let error = peer.set_current_with(named(text.to_owned())).await;
            assert_eq!(error.unwrap_err().code(), Code::InvalidArgument);
        }
        let quiet = peer.unrecorded();
        let dotted = format!("{}.1", peer.deployment());
        for (text, state) in [
            (dotted.as_str(), State::Current),
            ("__unversioned__", State::Draining),
        ] {
            quiet
                .set_current_with(named(text.to_owned()))
                .await
                .unwrap();
            assert_eq!(states(peer).await, [state]);
        }
    })
    .await;
}
