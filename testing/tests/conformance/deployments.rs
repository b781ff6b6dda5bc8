//! Deployments of workers: how they come up, and what becomes current and ramping.

#![allow(deprecated, reason = "servers still send, and take, deprecated fields")]

use outlast_proto::temporal::api::deployment::v1::WorkerDeploymentInfo;
use outlast_proto::temporal::api::enums::v1::WorkerDeploymentVersionStatus as State;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::{Peer, conform};

/// What the versions of the deployment are, the newest first.
pub(crate) async fn states(peer: &Peer) -> Vec<State> {
    states_of(&peer.settled().await)
}

fn states_of(info: &WorkerDeploymentInfo) -> Vec<State> {
    let versions = info.version_summaries.iter();
    versions.map(|version| version.status()).collect()
}

/// Describes the deployment and the queue, for the transcript.
async fn describe(peer: &Peer) {
    peer.settled().await;
    peer.describe_deployment().await.unwrap();
    let request = api::DescribeTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: peer.normal_queue(),
        ..Default::default()
    };
    let queue = peer.client().describe_task_queue(request).await.unwrap();
    assert!(queue.into_inner().versioning_info.is_some());
}

#[tokio::test]
async fn workers_that_poll_make_their_version_known() {
    conform("deployment-known", async |peer| {
        peer.announce("1").await;
        assert_eq!(states(peer).await, [State::Inactive]);
        let described = peer.describe_deployment().await.unwrap();
        let info = described.worker_deployment_info.unwrap();
        let routing = info.routing_config.unwrap();
        assert_eq!(routing.current_deployment_version, None);
        assert_eq!(routing.revision_number, 0);
        let version = peer.unrecorded().describe_version("1").await.unwrap();
        assert_eq!(version.version_task_queues.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_version_becomes_current_and_then_another() {
    conform("deployment-current", async |peer| {
        peer.announce("1").await;
        peer.set_current("1").await;
        assert_eq!(states(peer).await, [State::Current]);
        let again = peer.set_current_with(peer.current_request("1")).await;
        assert_eq!(
            again.unwrap().previous_deployment_version,
            peer.version("1")
        );
        peer.announce("2").await;
        peer.set_current("2").await;
        assert_eq!(states(peer).await, [State::Current, State::Draining]);
        peer.set_current("").await;
        assert_eq!(states(peer).await, [State::Draining, State::Draining]);
        peer.describe_deployment().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_version_ramps_until_it_is_current() {
    conform("deployment-ramp", async |peer| {
        peer.announce("1").await;
        peer.announce("2").await;
        peer.set_current("1").await;
        peer.set_ramp("2", 30.0).await;
        assert_eq!(states(peer).await, [State::Ramping, State::Current]);
        peer.describe_deployment().await.unwrap();
        peer.set_ramp("2", 60.0).await;
        let again = peer.try_ramp("2", 60.0).await.unwrap();
        assert_eq!(again.previous_deployment_version, peer.version("2"));
        assert_eq!(again.previous_percentage, 60.0);
        // A real server under load may do this twice, or never come to tell the queues.
        let quiet = peer.unrecorded();
        let current = quiet.set_current_with(peer.current_request("2")).await;
        current.unwrap();
        let described = quiet.describe_deployment().await.unwrap();
        assert_eq!(
            states_of(&described.worker_deployment_info.unwrap()),
            [State::Current, State::Draining]
        );
    })
    .await;
}

#[tokio::test]
async fn a_ramp_may_lead_to_unversioned_workers_or_end() {
    conform("deployment-ramp-end", async |peer| {
        peer.announce("1").await;
        peer.poll_as("1").await;
        peer.set_current("1").await;
        peer.set_ramp("", 20.0).await;
        describe(peer).await;
        peer.set_ramp("", 0.0).await;
        let nothing = peer.try_ramp("", 0.0).await.unwrap();
        assert_eq!(nothing.previous_version, "");
        describe(peer).await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_tells_which_versions_poll_it_and_which_is_current() {
    conform("deployment-queue", async |peer| {
        peer.announce("1").await;
        peer.poll_as("1").await;
        describe(peer).await;
        peer.set_current("1").await;
        describe(peer).await;
    })
    .await;
}

#[tokio::test]
async fn only_some_versions_can_ramp() {
    conform("deployment-ramp-refused", async |peer| {
        peer.announce("1").await;
        peer.set_current("1").await;
        for (build_id, percentage, code) in [
            ("1", 30.0, Code::FailedPrecondition),
            ("9", 30.0, Code::NotFound),
            ("1", 130.0, Code::InvalidArgument),
            ("1", -1.0, Code::InvalidArgument),
        ] {
            let error = peer.try_ramp(build_id, percentage).await.unwrap_err();
            assert_eq!(error.code(), code, "{build_id} {percentage}");
        }
        peer.set_current("").await;
        let error = peer.try_ramp("", 20.0).await.unwrap_err();
        assert_eq!(error.code(), Code::FailedPrecondition);
    })
    .await;
}

#[tokio::test]
async fn a_version_without_workers_for_a_queue_in_use_does_not_become_current() {
    conform("deployment-stranded", async |peer| {
        let elsewhere = peer.kin("elsewhere");
        peer.announce("1").await;
        elsewhere.announce("1").await;
        peer.announce("2").await;
        peer.set_current("1").await;
        for number in 0..3 {
            let other = elsewhere.of(&format!("{}-{number}", elsewhere.workflow_id));
            other.start().await;
        }
        // A real server takes a moment to count the tasks.
        let quiet = peer.unrecorded();
        while quiet.try_ramp("2", 0.0).await.is_ok() {
            quiet.set_ramp("", 0.0).await;
        }
        let refused = peer.set_current_with(peer.current_request("2")).await;
        assert_eq!(refused.unwrap_err().code(), Code::FailedPrecondition);
        peer.try_ramp("2", 10.0).await.unwrap_err();
    })
    .await;
}
