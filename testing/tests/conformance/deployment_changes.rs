//! Changes of how a deployment is routed: whose they are, and what they are refused for first.

#![allow(deprecated, reason = "servers still send, and take, deprecated fields")]

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::{
    TaskQueueType, VersioningBehavior as Behavior, WorkerDeploymentVersionStatus as State,
};
use outlast_proto::temporal::api::workflow::v1::VersioningOverride;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::set_worker_deployment_manager_request::NewManagerIdentity;
use tonic::{Code, Status};

use crate::deployment_requests::{delete_version, set_manager};
use crate::deployments::states;
use crate::{Peer, conform};

impl Peer {
    /// How many workflow tasks wait for workers of a version, as the version has it.
    async fn version_backlog(&self, build_id: &str) -> i64 {
        let request = api::DescribeWorkerDeploymentVersionRequest {
            namespace: "default".to_owned(),
            deployment_version: self.version(build_id),
            report_task_queue_stats: true,
            ..Default::default()
        };
        let mut client = self.unrecorded().client();
        let described = client.describe_worker_deployment_version(request).await;
        let queues = described.unwrap().into_inner().version_task_queues;
        let mut queues = queues.into_iter();
        let queue = queues.find(|queue| queue.r#type() == TaskQueueType::Workflow);
        let stats = queue.unwrap().stats.unwrap();
        stats.approximate_backlog_count
    }

    /// Describes the version that a text names.
    async fn describe_text(&self, text: &str) -> Result<(), Status> {
        let request = api::DescribeWorkerDeploymentVersionRequest {
            namespace: "default".to_owned(),
            version: text.to_owned(),
            ..Default::default()
        };
        let mut client = self.client();
        client.describe_worker_deployment_version(request).await?;
        Ok(())
    }
}

#[tokio::test]
async fn what_another_caller_wants_again_is_a_change_but_no_new_route() {
    conform("deployment-again", async |peer| {
        peer.announce("1").await;
        let stale = peer.describe_deployment().await.unwrap().conflict_token;
        peer.set_current("1").await;
        let mut request = peer.current_request("1");
        request.identity = "somebody".to_owned();
        request.conflict_token = stale.clone();
        let refused = peer.set_current_with(request.clone()).await.unwrap_err();
        assert_eq!(refused.message(), "conflict token mismatch");
        request.conflict_token.clear();
        let again = peer.set_current_with(request.clone()).await.unwrap();
        assert_eq!(again.previous_deployment_version, peer.version("1"));
        request.conflict_token = stale;
        peer.set_current_with(request).await.unwrap();
        let described = peer.describe_deployment().await.unwrap();
        let info = described.worker_deployment_info.unwrap();
        assert_eq!(info.last_modifier_identity, "somebody");
        assert_eq!(info.routing_config.unwrap().revision_number, 1);
    })
    .await;
}

#[tokio::test]
async fn tokens_are_looked_at_first_and_managers_last() {
    conform("deployment-checks", async |peer| {
        peer.announce("1").await;
        peer.set_current("1").await;
        let manager = NewManagerIdentity::ManagerIdentity("somebody".to_owned());
        set_manager(peer, manager).await.unwrap();
        let request = api::SetWorkerDeploymentCurrentVersionRequest {
            conflict_token: "stale".into(),
            ..peer.current_request("9")
        };
        for (refused, what) in [
            (peer.set_current_with(request).await.err(), "conflict token"),
            (peer.try_ramp("1", 10.0).await.err(), "already current"),
            (peer.try_ramp("9", 10.0).await.err(), "not found"),
            (peer.try_ramp("", 10.0).await.err(), "ManagerIdentity"),
            (delete_version(peer, "1", true).await.err(), "is current"),
        ] {
            let message = refused.unwrap().message().to_owned();
            assert!(message.contains(what), "{message}");
        }
        delete_version(peer, "9", true).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn operators_may_route_to_what_no_worker_has_been_seen_of() {
    conform("deployment-unseen", async |peer| {
        // A real server may do twice what makes a version known.
        let quiet = peer.unrecorded();
        let request = api::SetWorkerDeploymentCurrentVersionRequest {
            allow_no_pollers: true,
            ..peer.current_request("1")
        };
        quiet.set_current_with(request).await.unwrap();
        assert_eq!(states(peer).await, [State::Current]);
        peer.describe_version("1").await.unwrap();
        let request = api::SetWorkerDeploymentRampingVersionRequest {
            allow_no_pollers: true,
            ..peer.ramp_request("2", 10.0)
        };
        quiet.set_ramp_with(request).await.unwrap();
        assert_eq!(states(peer).await, [State::Ramping, State::Current]);
        peer.describe_version("2").await.unwrap();
        peer.describe_deployment().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_refused_route_leaves_the_deployment_that_it_is_for() {
    conform("deployment-left", async |peer| {
        let request = api::SetWorkerDeploymentRampingVersionRequest {
            allow_no_pollers: true,
            ..peer.ramp_request("", 10.0)
        };
        let refused = peer.set_ramp_with(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        let described = peer.describe_deployment().await.unwrap();
        let info = described.worker_deployment_info.unwrap();
        assert_eq!(info.last_modifier_identity, "");
    })
    .await;
}

#[tokio::test]
async fn a_text_names_a_version_only_if_it_has_a_dot() {
    conform("deployment-colons", async |peer| {
        let whole = peer.deployment();
        let colon = format!("{whole}:1");
        let empty = format!("{whole}.");
        for text in [&colon, &empty, ":1", ".1", "a.b:1", ":b.c", "a:b"] {
            let request = api::SetWorkerDeploymentCurrentVersionRequest {
                version: text.to_owned(),
                ..peer.current_request("")
            };
            let routed = peer.set_current_with(request).await.unwrap_err();
            assert_eq!(routed.code(), Code::InvalidArgument, "{text}");
        }
        for text in [&colon, &empty, ":1", ".1", "__unversioned__", "a:b.c"] {
            let described = peer.describe_text(text).await.unwrap_err();
            assert_ne!(described.code(), Code::Unimplemented, "{text}");
        }
        for text in [&colon, &empty, "junk", ".1", "a:b.c"] {
            let mut request = peer.start_request();
            request.versioning_override = Some(VersioningOverride {
                behavior: Behavior::Pinned as i32,
                pinned_version: text.to_owned(),
                ..Default::default()
            });
            peer.start_with(request).await.unwrap_err();
        }
    })
    .await;
}

#[tokio::test]
async fn a_build_id_may_have_a_colon() {
    conform("deployment-colon", async |peer| {
        peer.announce("1:2").await;
        let text = format!("{}.1:2", peer.deployment());
        let quiet = peer.unrecorded();
        quiet.describe_text(&text).await.unwrap();
        let request = api::SetWorkerDeploymentCurrentVersionRequest {
            version: text,
            ..peer.current_request("")
        };
        quiet.set_current_with(request).await.unwrap();
        assert_eq!(states(peer).await, [State::Current]);
        peer.describe_deployment().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn each_version_reports_its_own_backlog() {
    conform("deployment-backlog", async |peer| {
        peer.announce("1").await;
        peer.announce("2").await;
        peer.set_current("1").await;
        peer.start().await;
        peer.work_as("1", Behavior::Pinned, vec![]).await;
        peer.set_current("2").await;
        peer.signal("s").await.unwrap();
        let others = ["a", "b"].map(|name| peer.of(&format!("{}-{name}", peer.workflow_id)));
        for other in &others {
            other.start().await;
        }
        // A real server answers for some seconds what it has answered before.
        let want = (1, 2);
        while (
            peer.version_backlog("1").await,
            peer.version_backlog("2").await,
        ) != want
        {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        peer.terminate("").await.unwrap();
        for other in &others {
            other.terminate("").await.unwrap();
        }
    })
    .await;
}
