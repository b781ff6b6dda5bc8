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
        found.ok_or_else(|| not_found(name))
    }

    /// The deployment that somebody changes.
    pub(super) fn deployment_mut(
        &mut self,
        namespace: &str,
        name: &str,
    ) -> Result<&mut Deployment> {
        self.check_namespace(namespace)?;
        let found = self.world.deployments.get_mut(namespace, name);
        found.ok_or_else(|| not_found(name))
    }
}

/// The version that a request names, perhaps by the text of its deprecated field.
pub(super) fn named_version(
    version: Option<&WorkerDeploymentVersion>,
    dotted: &str,
) -> Result<Version> {
    let version = match version {
        Some(version) => Version::from_wire(version),
        None => Version::parse(dotted).ok_or_else(|| {
            Error::invalid(format!(
                "invalid version string \"{dotted}\", expected format is \
                 \"<deployment_name>.<build_id>\""
            ))
        })?,
    };
    check_deployment_name(&version.deployment)?;
    check_build_id(&version.build_id)?;
    Ok(version)
}

/// The version that tasks shall go to, none for that of unversioned workers.
pub(super) fn routed_version(
    deployment: &str,
    build_id: &str,
    dotted: &str,
) -> Result<Option<Version>> {
    if deployment.is_empty() {
        return Err(Error::invalid("deployment name cannot be empty"));
    }
    check_deployment_name(deployment)?;
    if dotted.is_empty() || dotted == UNVERSIONED {
        if build_id.is_empty() || !dotted.is_empty() {
            return Ok(None);
        }
        check_build_id(build_id)?;
        return Ok(Some(Version::new(deployment, build_id)));
    }
    let flawed = |flaw: &str| {
        Error::invalid(format!(
            "invalid version string: {flaw} in version string {dotted}"
        ))
    };
    let version =
        Version::parse(dotted).ok_or_else(|| flawed("expected delimiter ':' or '.' not found"))?;
    if version.deployment.is_empty() {
        return Err(flawed("deployment name is empty"));
    }
    if version.build_id.is_empty() {
        return Err(flawed("build id is empty"));
    }
    if version.deployment != deployment {
        return Err(Error::invalid(format!(
            "invalid version string '{dotted}' does not match deployment name '{deployment}'"
        )));
    }
    check_build_id(&version.build_id)?;
    Ok(Some(version))
}

pub(super) fn dotted(version: Option<&Version>) -> String {
    version.map_or_else(|| UNVERSIONED.to_owned(), Version::dotted)
}

fn not_found(name: &str) -> Error {
    Error::not_found(format!(
        "no Worker Deployment found with name '{name}'; does your Worker Deployment have pollers?"
    ))
}
