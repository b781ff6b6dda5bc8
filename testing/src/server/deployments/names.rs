//! Which deployment or version a request is about, in all the ways that requests can say so.

use outlast_proto::temporal::api::deployment::v1::WorkerDeploymentVersion;

use crate::server::Engine;
use crate::server::deployments::Version;
use crate::server::deployments::deployment::Deployment;
use crate::server::deployments::version::{UNVERSIONED, check_build_id, check_deployment_name};
use crate::server::errors::{Error, Result};

impl Engine {
    /// The deployment that somebody asks about.
    pub(super) fn deployment(&self, namespace: &str, name: &str) -> Result<&Deployment> {
        self.check_namespace(namespace)?;
        let found = self.world.deployments.get(namespace, name);
        found.ok_or_else(|| Error::deployment_not_found(name))
    }

    /// The deployment that somebody changes.
    pub(super) fn deployment_mut(
        &mut self,
        namespace: &str,
        name: &str,
    ) -> Result<&mut Deployment> {
        self.check_namespace(namespace)?;
        let found = self.world.deployments.get_mut(namespace, name);
        found.ok_or_else(|| Error::deployment_not_found(name))
    }
}

/// The version that a request names, perhaps by the text of its deprecated field.
pub(super) fn named_version(
    version: Option<&WorkerDeploymentVersion>,
    text: &str,
) -> Result<Version> {
    let version = match version {
        Some(version) => Version::from_wire(version),
        None if text == UNVERSIONED => Version::new("", ""),
        None => version_of_text(text)?,
    };
    check_deployment_name(&version.deployment)?;
    check_build_id(&version.build_id)?;
    Ok(version)
}

/// The version that a text names.
pub(super) fn version_of_text(text: &str) -> Result<Version> {
    let version = Version::parse(text);
    let is_whole = |v: &Version| !v.deployment.is_empty() && !v.build_id.is_empty();
    version.filter(is_whole).ok_or_else(|| {
        Error::invalid(format!(
            "invalid version string \"{text}\", expected format is \"<deployment_name>.<build_id>\""
        ))
    })
}

/// The version that tasks shall go to, none for that of unversioned workers.
pub(super) fn routed_version(
    deployment: &str,
    build_id: &str,
    text: &str,
) -> Result<Option<Version>> {
    if deployment.is_empty() {
        return Err(Error::invalid("deployment name cannot be empty"));
    }
    check_deployment_name(deployment)?;
    if text.is_empty() || text == UNVERSIONED {
        if build_id.is_empty() || !text.is_empty() {
            return Ok(None);
        }
        check_build_id(build_id)?;
        return Ok(Some(Version::new(deployment, build_id)));
    }
    let version = routed_version_of_text(text)?;
    if version.deployment != deployment {
        return Err(Error::invalid(format!(
            "invalid version string '{text}' does not match deployment name '{deployment}'"
        )));
    }
    check_build_id(&version.build_id)?;
    Ok(Some(version))
}

fn routed_version_of_text(text: &str) -> Result<Version> {
    let flaw = match Version::parse(text) {
        Some(version) if version.deployment.is_empty() => "deployment name is empty",
        Some(version) if version.build_id.is_empty() => "build id is empty",
        Some(version) => return Ok(version),
        // A text that has colons only is taken for the name of a deployment.
        None if text.contains(':') => "build id is empty",
        None => "expected delimiter ':' or '.' not found",
    };
    Err(Error::invalid(format!(
        "invalid version string: {flaw} in version string {text}"
    )))
}

pub(super) fn dotted(version: Option<&Version>) -> String {
    version.map_or_else(|| UNVERSIONED.to_owned(), Version::dotted)
}
