//! What is wrong with the version that a request puts a workflow to.

use outlast_proto::temporal::api::enums::v1::VersioningBehavior as Behavior;
use outlast_proto::temporal::api::workflow::v1::VersioningOverride;
use outlast_proto::temporal::api::workflow::v1::versioning_override::{
    Override, PinnedOverrideBehavior,
};

use crate::server::errors::{Error, Result};

/// Refuses an override that does not say what it is.
pub(super) fn check_override(versioning: &VersioningOverride) -> Result<()> {
    let flaw = match &versioning.r#override {
        Some(Override::AutoUpgrade(false)) => "auto-upgrade override must be true",
        Some(Override::Pinned(pinned))
            if pinned.behavior() == PinnedOverrideBehavior::Unspecified =>
        {
            "must specify pinned override behavior if override is pinned."
        }
        Some(Override::AutoUpgrade(true) | Override::OneTime(_) | Override::Pinned(_)) => {
            return Ok(());
        }
        None => return check_old_form(versioning),
    };
    Err(Error::invalid(flaw))
}

/// The form that workers sent before there were kinds of overrides.
fn check_old_form(versioning: &VersioningOverride) -> Result<()> {
    let names_version = versioning.deployment.is_some() || !versioning.pinned_version.is_empty();
    let flaw = match (versioning.behavior(), names_version) {
        (Behavior::Unspecified, _) => "override behavior is required",
        (Behavior::Pinned, false) => {
            "must provide deployment (deprecated) or pinned version if behavior is 'PINNED'"
        }
        (Behavior::AutoUpgrade, true) => "only provide pinned version if behavior is 'PINNED'",
        (Behavior::Pinned, true) | (Behavior::AutoUpgrade, false) => return Ok(()),
    };
    Err(Error::invalid(flaw))
}

/// The deployment and the build that a run shall be pinned to; absent if it shall not be.
pub(super) fn pinned_version(versioning: &VersioningOverride) -> Option<(String, String)> {
    match &versioning.r#override {
        Some(Override::Pinned(pinned)) => {
            let version = pinned.version.clone().unwrap_or_default();
            Some((version.deployment_name, version.build_id))
        }
        Some(Override::AutoUpgrade(_) | Override::OneTime(_)) => None,
        None => {
            let (deployment, build) = versioning.pinned_version.split_once('.')?;
            Some((deployment.to_owned(), build.to_owned()))
        }
    }
}

/// Whether a run keeps to the latest version by this override.
pub(super) fn is_auto_upgrade(versioning: &VersioningOverride) -> bool {
    match &versioning.r#override {
        Some(Override::AutoUpgrade(is_auto)) => *is_auto,
        Some(Override::OneTime(_) | Override::Pinned(_)) => false,
        None => versioning.behavior() == Behavior::AutoUpgrade,
    }
}
