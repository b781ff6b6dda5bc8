//! One version of a deployment: its name, and what it may be called.

use outlast_proto::temporal::api::deployment::v1::{
    WorkerDeploymentOptions, WorkerDeploymentVersion,
};
use outlast_proto::temporal::api::enums::v1::WorkerVersioningMode;

use crate::server::errors::{Error, Result};
use crate::server::limits::ID_LIMIT;

/// Names a version of a deployment: one build of its workers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::server) struct Version {
    pub(in crate::server) deployment: String,
    pub(in crate::server) build_id: String,
}

impl Version {
    pub(in crate::server) fn new(deployment: &str, build_id: &str) -> Self {
        Self {
            deployment: deployment.to_owned(),
            build_id: build_id.to_owned(),
        }
    }

    pub(in crate::server) fn from_wire(version: &WorkerDeploymentVersion) -> Self {
        Self::new(&version.deployment_name, &version.build_id)
    }

    pub(in crate::server) fn to_wire(&self) -> WorkerDeploymentVersion {
        WorkerDeploymentVersion {
            build_id: self.build_id.clone(),
            deployment_name: self.deployment.clone(),
        }
    }

    /// What a worker of this version says of itself.
    pub(in crate::server) fn worker_options(&self) -> WorkerDeploymentOptions {
        WorkerDeploymentOptions {
            deployment_name: self.deployment.clone(),
            build_id: self.build_id.clone(),
            worker_versioning_mode: WorkerVersioningMode::Versioned as i32,
        }
    }

    /// As search attributes and most messages have it.
    pub(in crate::server) fn text(&self) -> String {
        format!("{}:{}", self.deployment, self.build_id)
    }

    /// As the deprecated fields have it.
    pub(in crate::server) fn dotted(&self) -> String {
        format!("{}.{}", self.deployment, self.build_id)
    }

    /// Reads the text of a deprecated field: the first dot or colon ends the name of the deployment.
    /// Some dot there has to be.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (deployment, build_id) = text.split_once(['.', ':'])?;
        text.contains('.').then(|| Self::new(deployment, build_id))
    }

    /// The version of a worker that says this of itself; none if it is unversioned.
    pub(in crate::server) fn of_worker(
        options: Option<&WorkerDeploymentOptions>,
    ) -> Result<Option<Self>> {
        let Some(options) = options.filter(|options| is_versioned(options)) else {
            return Ok(None);
        };
        let (deployment, build_id) = (&options.deployment_name, &options.build_id);
        if deployment.is_empty() || build_id.is_empty() {
            return Err(Error::invalid(
                "Deployment name and build id must be set together.",
            ));
        }
        check_deployment_name(deployment)?;
        check_build_id(build_id)?;
        Ok(Some(Self::new(deployment, build_id)))
    }
}

fn is_versioned(options: &WorkerDeploymentOptions) -> bool {
    options.worker_versioning_mode() == WorkerVersioningMode::Versioned
}

pub(super) fn check_deployment_name(name: &str) -> Result<()> {
    check_text("WorkerDeploymentName", name)?;
    match name.chars().find(|c| ['.', ':'].contains(c)) {
        Some(c) => Err(Error::invalid(format!(
            "worker deployment name cannot contain '{c}'"
        ))),
        None => Ok(()),
    }
}

pub(super) fn check_build_id(build_id: &str) -> Result<()> {
    check_text("BuildID", build_id)
}

fn check_text(field: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid(format!("{field} cannot be empty")));
    }
    if text.len() > ID_LIMIT {
        return Err(Error::invalid(format!(
            "size of {field} larger than the maximum allowed"
        )));
    }
    if text.starts_with("__") {
        return Err(Error::invalid(format!("{field} cannot start with '__'")));
    }
    Ok(())
}

/// What the deprecated fields call the lack of a version.
pub(super) const UNVERSIONED: &str = "__unversioned__";
