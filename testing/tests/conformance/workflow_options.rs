//! Options of a workflow that change while it runs, and pauses, which servers refuse by default.

#![allow(
    deprecated,
    reason = "deployed tools still send the old form of overrides"
)]

use outlast_proto::temporal::api::common::v1::{Priority, TimeSkippingConfig};
use outlast_proto::temporal::api::deployment::v1::WorkerDeploymentVersion;
use outlast_proto::temporal::api::enums::v1::{EventType as E, VersioningBehavior as Behavior};
use outlast_proto::temporal::api::workflow::v1::versioning_override::{
    Override, PinnedOverride, PinnedOverrideBehavior,
};
use outlast_proto::temporal::api::workflow::v1::{VersioningOverride, WorkflowExecutionOptions};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::{Peer, conform};

impl Peer {
    fn options(
        &self,
        paths: &[&str],
        options: WorkflowExecutionOptions,
    ) -> api::UpdateWorkflowExecutionOptionsRequest {
        api::UpdateWorkflowExecutionOptionsRequest {
            namespace: "default".to_owned(),
            workflow_execution: self.execution(),
            workflow_execution_options: Some(options),
            update_mask: Some(FieldMask {
                paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            }),
            identity: "operator".to_owned(),
        }
    }

    async fn change(
        &self,
        request: api::UpdateWorkflowExecutionOptionsRequest,
    ) -> Result<WorkflowExecutionOptions, Status> {
        let mut client = self.client();
        let changed = client.update_workflow_execution_options(request).await?;
        let options = changed.into_inner().workflow_execution_options;
        Ok(options.unwrap_or_default())
    }

    async fn refuses(&self, request: api::UpdateWorkflowExecutionOptionsRequest, code: Code) {
        let refused = self.change(request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), code, "{request:?}: {refused}");
    }
}

fn priority(priority_key: i32, fairness_key: &str, weight: f32) -> WorkflowExecutionOptions {
    WorkflowExecutionOptions {
        priority: Some(Priority {
            priority_key,
            fairness_key: fairness_key.to_owned(),
            fairness_weight: weight,
        }),
        ..Default::default()
    }
}

fn versioning(versioning: VersioningOverride) -> WorkflowExecutionOptions {
    WorkflowExecutionOptions {
        versioning_override: Some(versioning),
        ..Default::default()
    }
}

fn kind(kind: Override) -> WorkflowExecutionOptions {
    versioning(VersioningOverride {
        r#override: Some(kind),
        ..Default::default()
    })
}

fn pinned(build_id: Option<&str>, behavior: PinnedOverrideBehavior) -> WorkflowExecutionOptions {
    let version = build_id.map(|build_id| WorkerDeploymentVersion {
        deployment_name: "d".to_owned(),
        build_id: build_id.to_owned(),
    });
    kind(Override::Pinned(PinnedOverride {
        behavior: behavior as i32,
        version,
    }))
}

fn old_form(behavior: Behavior, pinned_version: &str) -> WorkflowExecutionOptions {
    versioning(VersioningOverride {
        behavior: behavior as i32,
        pinned_version: pinned_version.to_owned(),
        ..Default::default()
    })
}

#[tokio::test]
async fn the_mask_says_what_of_a_priority_changes() {
    conform("options-priority", async |peer| {
        peer.start().await;
        let nothing = WorkflowExecutionOptions::default();
        let changes = [
            (
                &["priority"][..],
                priority(3, "f", 2.0),
                priority(3, "f", 2.0),
            ),
            (&["priority"], priority(3, "f", 2.0), priority(3, "f", 2.0)),
            (&[], priority(9, "", 0.0), priority(3, "f", 2.0)),
            (
                &["priority.priority_key"],
                priority(1, "x", 0.0),
                priority(1, "f", 2.0),
            ),
            (
                &["priority.fairness_key", "priority.fairness_weight"],
                priority(0, "g", 0.5),
                priority(1, "g", 0.5),
            ),
            (
                &["priority.priority_key", "priority"],
                priority(4, "", 0.0),
                priority(4, "", 0.0),
            ),
            (&["priority"], nothing.clone(), nothing),
        ];
        for (paths, options, want) in changes {
            let request = peer.options(paths, options);
            assert_eq!(peer.change(request).await.unwrap(), want, "{paths:?}");
        }
        let types = peer.types().await;
        assert_eq!(types[2..], [E::WorkflowExecutionOptionsUpdated; 5]);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn requests_that_do_not_say_what_to_change_are_refused() {
    conform("options-refusals", async |peer| {
        peer.start().await;
        let good = peer.options(&["priority"], priority(1, "", 0.0));
        let mut cases = vec![good.clone(); 6];
        cases[0].update_mask = None;
        cases[1].workflow_execution_options = None;
        cases[2].workflow_execution = None;
        cases[3].workflow_execution = peer.run("junk");
        cases[4].workflow_execution = peer.of("").execution();
        cases[5].namespace = String::new();
        for path in [
            "",
            "*",
            "nope",
            "priority.priorityKey",
            "priority.priority_key.x",
        ] {
            cases.push(peer.options(&[path], priority(1, "", 0.0)));
        }
        for flawed in [priority(-1, "", 0.0), priority(0, &"x".repeat(65), 0.0)] {
            cases.push(peer.options(&[], flawed));
        }
        cases.push(peer.options(&["priority"], priority(0, "", -1.0)));
        for request in cases {
            peer.refuses(request, Code::InvalidArgument).await;
        }
        let unknown = peer.kin("nobody").execution();
        let unknown = api::UpdateWorkflowExecutionOptionsRequest {
            workflow_execution: unknown,
            ..good.clone()
        };
        peer.refuses(unknown, Code::NotFound).await;
        peer.terminate("").await.unwrap();
        peer.refuses(good, Code::NotFound).await;
    })
    .await;
}

#[tokio::test]
async fn overrides_that_make_no_sense_are_refused() {
    conform("options-overrides", async |peer| {
        peer.start().await;
        let unspecified = PinnedOverrideBehavior::Unspecified;
        let flawed = [
            versioning(VersioningOverride::default()),
            kind(Override::AutoUpgrade(false)),
            pinned(Some("b"), unspecified),
            old_form(Behavior::Pinned, ""),
            old_form(Behavior::AutoUpgrade, "d.b"),
        ];
        for options in flawed {
            let request = peer.options(&["versioning_override"], options);
            peer.refuses(request, Code::InvalidArgument).await;
        }
        let by_pin = PinnedOverrideBehavior::Pinned;
        let absent = [
            pinned(Some("b"), by_pin),
            pinned(None, by_pin),
            old_form(Behavior::Pinned, "d.b"),
        ];
        for options in absent {
            let request = peer.options(&["versioning_override"], options);
            peer.refuses(request, Code::FailedPrecondition).await;
        }
        for part in ["auto_upgrade", "behavior", "deployment", "pinned.version"] {
            let path = format!("versioning_override.{part}");
            let request = peer.options(&[&path], WorkflowExecutionOptions::default());
            peer.refuses(request, Code::InvalidArgument).await;
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn time_is_skipped_for_no_single_workflow() {
    conform("options-time-skipping", async |peer| {
        let skipping = Some(TimeSkippingConfig {
            enabled: true,
            ..Default::default()
        });
        let mut start = peer.start_request();
        start.time_skipping_config = skipping.clone();
        let refused = peer.start_with(start).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unimplemented);
        peer.start().await;
        let options = WorkflowExecutionOptions {
            time_skipping_config: skipping,
            ..Default::default()
        };
        let request = peer.options(&["time_skipping_config"], options);
        peer.refuses(request, Code::Unimplemented).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn workflows_are_not_paused_unless_the_server_is_told_to() {
    conform("pauses", async |peer| {
        peer.start().await;
        let pause = api::PauseWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_id: peer.workflow_id.clone(),
            reason: "a holiday".to_owned(),
            ..Default::default()
        };
        let refused = peer.client().pause_workflow_execution(pause).await;
        assert_eq!(refused.unwrap_err().code(), Code::Unimplemented);
        let good = api::UnpauseWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_id: peer.workflow_id.clone(),
            ..Default::default()
        };
        let mut cases = vec![(good, Code::FailedPrecondition); 7];
        cases[1].0.workflow_id = String::new();
        cases[2].0.run_id = "junk".to_owned();
        cases[3].0.reason = "x".repeat(1001);
        cases[4].0.identity = "x".repeat(1001);
        cases[5].0.request_id = "x".repeat(1001);
        cases[1..6]
            .iter_mut()
            .for_each(|case| case.1 = Code::InvalidArgument);
        cases[6].0.workflow_id += "-nobody";
        cases[6].1 = Code::NotFound;
        for (request, code) in cases {
            let refused = peer.client().unpause_workflow_execution(request).await;
            assert_eq!(refused.unwrap_err().code(), code);
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}
