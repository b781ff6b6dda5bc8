//! Versions and behaviors that somebody imposes on a run.

use outlast_proto::temporal::api::deployment::v1::WorkerDeploymentVersion;
use outlast_proto::temporal::api::enums::v1::VersioningBehavior as Behavior;
use outlast_proto::temporal::api::workflow::v1::VersioningOverride;
use outlast_proto::temporal::api::workflow::v1::versioning_override::{
    Override, PinnedOverride, PinnedOverrideBehavior,
};

use crate::server::deployments::names::version_of_text;
use crate::server::deployments::{Deployments, Version};
use crate::server::errors::{Error, Result};
use crate::server::queues::matching::QueueKey;

/// Whether the request's override makes sense, and its version has workers for the queue.
pub(in crate::server) fn check(
    versioning: Option<&VersioningOverride>,
    queue: &QueueKey,
    deployments: &Deployments,
) -> Result<()> {
    check_shape(versioning)?;
    let version = versioning.and_then(|versioning| target(&modern(versioning.clone())));
    let Some(version) = version else {
        return Ok(());
    };
    if deployments.serves(&version, queue) {
        return Ok(());
    }
    let (version, queue) = (version.text(), &queue.name);
    Err(Error::failed_precondition(format!(
        "Pinned version '{version}' is not present in task queue '{queue}' of type 'Workflow'"
    )))
}

/// Whether the request's override makes sense by itself.
pub(in crate::server) fn check_shape(versioning: Option<&VersioningOverride>) -> Result<()> {
    let Some(versioning) = versioning else {
        return Ok(());
    };
    let flaw = match &versioning.r#override {
        Some(Override::Pinned(pinned)) if pinned.behavior() == PinnedOverrideBehavior::Pinned => {
            return Ok(());
        }
        Some(Override::AutoUpgrade(true) | Override::OneTime(_)) => return Ok(()),
        Some(Override::Pinned(_)) => "must specify pinned override behavior if override is pinned.",
        Some(Override::AutoUpgrade(false)) => "auto-upgrade override must be true",
        None => return check_old_shape(versioning),
    };
    Err(Error::invalid(flaw))
}

/// Before there was a choice of overrides, a behavior came with the text of a version.
fn check_old_shape(versioning: &VersioningOverride) -> Result<()> {
    let has_version = versioning.deployment.is_some() || !versioning.pinned_version.is_empty();
    let flaw = match (versioning.behavior(), has_version) {
        (Behavior::Pinned, true) if versioning.deployment.is_none() => {
            return version_of_text(&versioning.pinned_version).map(|_| ());
        }
        (Behavior::Pinned, true) | (Behavior::AutoUpgrade, false) => return Ok(()),
        (Behavior::Pinned, false) => {
            "must provide deployment (deprecated) or pinned version if behavior is 'PINNED'"
        }
        (Behavior::AutoUpgrade, true) => "only provide pinned version if behavior is 'PINNED'",
        (Behavior::Unspecified, _) => "override behavior is required",
    };
    Err(Error::invalid(flaw))
}

/// The same without deprecated fields, as events have it.
pub(in crate::server) fn modern(versioning: VersioningOverride) -> VersioningOverride {
    if versioning.r#override.is_some() {
        return VersioningOverride {
            r#override: versioning.r#override,
            ..Default::default()
        };
    }
    let chosen = match versioning.behavior() {
        Behavior::Pinned => {
            let version = match &versioning.deployment {
                Some(old) => Some(Version::new(&old.series_name, &old.build_id)),
                None => Version::parse(&versioning.pinned_version),
            };
            Some(Override::Pinned(PinnedOverride {
                behavior: PinnedOverrideBehavior::Pinned as i32,
                version: version.map(|version| version.to_wire()),
            }))
        }
        Behavior::AutoUpgrade => Some(Override::AutoUpgrade(true)),
        Behavior::Unspecified => None,
    };
    VersioningOverride {
        r#override: chosen,
        ..Default::default()
    }
}

/// The same with deprecated fields, as descriptions have it.
pub(super) fn described(versioning: &VersioningOverride) -> VersioningOverride {
    let (behavior, pinned_version) = match &versioning.r#override {
        Some(Override::Pinned(pinned)) => {
            let version = pinned.version.as_ref().map(Version::from_wire);
            let text = version.map(|version| version.dotted());
            (Behavior::Pinned, text.unwrap_or_default())
        }
        Some(Override::AutoUpgrade(_)) => (Behavior::AutoUpgrade, String::new()),
        Some(Override::OneTime(_)) | None => (Behavior::Unspecified, String::new()),
    };
    VersioningOverride {
        behavior: behavior as i32,
        pinned_version,
        ..versioning.clone()
    }
}

/// Whether a run is to be pinned to the version that it is on, whichever that is.
pub(in crate::server) fn is_unspecific(versioning: &VersioningOverride) -> bool {
    match &versioning.r#override {
        Some(Override::Pinned(pinned)) => pinned.version.clone().unwrap_or_default() == none(),
        Some(Override::AutoUpgrade(_) | Override::OneTime(_)) | None => false,
    }
}

/// The same with the version of the run, if the override names none.
pub(in crate::server) fn specific(
    versioning: VersioningOverride,
    own: Option<&Version>,
) -> VersioningOverride {
    if !is_unspecific(&versioning) {
        return versioning;
    }
    VersioningOverride {
        r#override: Some(Override::Pinned(PinnedOverride {
            behavior: PinnedOverrideBehavior::Pinned as i32,
            version: own.map(Version::to_wire),
        })),
        ..versioning
    }
}

fn none() -> WorkerDeploymentVersion {
    WorkerDeploymentVersion::default()
}

/// How a run behaves that has this override.
pub(super) fn behavior(versioning: &VersioningOverride) -> Behavior {
    match &versioning.r#override {
        Some(Override::Pinned(_) | Override::OneTime(_)) => Behavior::Pinned,
        Some(Override::AutoUpgrade(_)) => Behavior::AutoUpgrade,
        None => Behavior::Unspecified,
    }
}

/// The version that a run has to be on that has this override.
pub(super) fn target(versioning: &VersioningOverride) -> Option<Version> {
    let version = match versioning.r#override.as_ref()? {
        Override::Pinned(pinned) => pinned.version.as_ref(),
        Override::OneTime(once) => once.target_deployment_version.as_ref(),
        Override::AutoUpgrade(_) => return None,
    };
    version.map(Version::from_wire)
}

pub(super) fn is_pinned(versioning: &VersioningOverride) -> bool {
    matches!(versioning.r#override, Some(Override::Pinned(_)))
}

pub(super) fn is_one_time(versioning: &VersioningOverride) -> bool {
    matches!(versioning.r#override, Some(Override::OneTime(_)))
}
