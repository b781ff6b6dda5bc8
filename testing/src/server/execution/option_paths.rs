//! The paths by which a request names the options of a workflow that it changes.

use crate::server::errors::{Error, Result};

pub(super) const VERSIONING_OVERRIDE: &str = "versioning_override";

/// Refuses paths that name no option.
pub(super) fn check_paths(paths: &[String]) -> Result<()> {
    match paths.iter().find(|path| !is_known(path)) {
        // The space behind the colon is a non-breaking one there, too.
        Some(path) => Err(Error::invalid(format!(
            "error parsing UpdateMask: proto:\u{a0}invalid path \"{path}\" for message \
             \"temporal.api.workflow.v1.WorkflowExecutionOptions\""
        ))),
        None => Ok(()),
    }
}

/// Refuses to change a part of a versioning override.
pub(super) fn check_parts(paths: &[String]) -> Result<()> {
    let part = |path: &String| {
        let rest = path.strip_prefix(VERSIONING_OVERRIDE)?;
        rest.strip_prefix('.').map(str::to_owned)
    };
    let Some(part) = paths.iter().find_map(part) else {
        return Ok(());
    };
    let flaw = match part.as_str() {
        "behavior" | "deployment" => "versioning_override fields must be updated together",
        _ => "versioning_override doesn't support partial updates",
    };
    Err(Error::invalid(format!(
        "error applying update_options: {flaw}"
    )))
}

fn is_known(path: &str) -> bool {
    KNOWN.contains(&path)
}

const KNOWN: [&str; 27] = [
    "priority",
    "priority.fairness_key",
    "priority.fairness_weight",
    "priority.priority_key",
    "time_skipping_config",
    "time_skipping_config.disable_propagation",
    "time_skipping_config.enabled",
    "time_skipping_config.fast_forward_config",
    "time_skipping_config.fast_forward_config.duration",
    "time_skipping_config.fast_forward_config.id",
    "time_skipping_config.max_session_skip_count",
    VERSIONING_OVERRIDE,
    "versioning_override.auto_upgrade",
    "versioning_override.behavior",
    "versioning_override.deployment",
    "versioning_override.deployment.build_id",
    "versioning_override.deployment.series_name",
    "versioning_override.one_time",
    "versioning_override.one_time.target_deployment_version",
    "versioning_override.one_time.target_deployment_version.build_id",
    "versioning_override.one_time.target_deployment_version.deployment_name",
    "versioning_override.pinned",
    "versioning_override.pinned.behavior",
    "versioning_override.pinned.version",
    "versioning_override.pinned.version.build_id",
    "versioning_override.pinned.version.deployment_name",
    "versioning_override.pinned_version",
];
