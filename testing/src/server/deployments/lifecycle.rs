//! Deployments and versions that come and go by request, and what people write on them.

use std::collections::BTreeSet;

use outlast_proto::temporal::api::deployment::v1::VersionMetadata;
use outlast_proto::temporal::api::enums::v1::WorkerDeploymentVersionStatus as Status;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::deployments::Version;
use crate::server::deployments::deployed::{DeployedVersion, Role};
use crate::server::deployments::names::{named_version, version_of_text};
use crate::server::deployments::version::{check_build_id, check_deployment_name};
use crate::server::errors::{Error, Result};

impl Engine {
    /// Creates a deployment before any worker does.
    ///
    /// # Errors
    /// The name makes no sense or is taken, or there are enough deployments.
    pub fn create_worker_deployment(
        &mut self,
        request: &api::CreateWorkerDeploymentRequest,
    ) -> Result<api::CreateWorkerDeploymentResponse> {
        self.check_namespace(&request.namespace)?;
        let name = &request.deployment_name;
        if name.is_empty() {
            return Err(Error::invalid("deployment name cannot be empty"));
        }
        check_deployment_name(name)?;
        if let Some(known) = self.world.deployments.get(&request.namespace, name) {
            if !is_repeated(&known.request_id, &request.request_id) {
                return Err(Error::deployment_exists(format!(
                    "Worker Deployment with name \"{name}\" already exists"
                )));
            }
        } else {
            self.register_deployment(&request.namespace, name)?;
            let deployment = self.deployment_mut(&request.namespace, name)?;
            deployment.request_id.clone_from(&request.request_id);
            deployment.note_change(&request.identity);
        }
        Ok(api::CreateWorkerDeploymentResponse {
            conflict_token: self.deployment(&request.namespace, name)?.conflict_token(),
        })
    }

    /// Creates a version before any worker does.
    ///
    /// # Errors
    /// The deployment is unknown or full, or the build id makes no sense or is taken.
    pub fn create_worker_deployment_version(
        &mut self,
        request: &api::CreateWorkerDeploymentVersionRequest,
    ) -> Result<api::CreateWorkerDeploymentVersionResponse> {
        if request.compute_config.is_some() {
            return Err(Error::unimplemented(
                "compute configurations of versions are not served by the test server",
            ));
        }
        let version = request.deployment_version.clone().unwrap_or_default();
        let version = Version::from_wire(&version);
        if version.deployment.is_empty() {
            return Err(Error::invalid("deployment name cannot be empty"));
        }
        check_deployment_name(&version.deployment)?;
        check_build_id(&version.build_id)?;
        let deployment = self.deployment(&request.namespace, &version.deployment)?;
        if let Some(known) = deployment.version(&version.build_id) {
            if !is_repeated(&known.request_id, &request.request_id) {
                return Err(Error::deployment_exists(format!(
                    "Worker Deployment Version \"{}\" already exists",
                    version.dotted()
                )));
            }
        } else {
            let created = self.register_version(&request.namespace, &version)?;
            created.request_id.clone_from(&request.request_id);
            created.last_modifier.clone_from(&request.identity);
        }
        Ok(api::CreateWorkerDeploymentVersionResponse {})
    }

    /// Deletes a deployment that has no versions. One that there never was counts as deleted.
    ///
    /// # Errors
    /// The deployment has versions.
    pub fn delete_worker_deployment(
        &mut self,
        request: &api::DeleteWorkerDeploymentRequest,
    ) -> Result<api::DeleteWorkerDeploymentResponse> {
        self.check_namespace(&request.namespace)?;
        check_deployment_name(&request.deployment_name)?;
        let deployments = &mut self.world.deployments;
        let found = deployments.get(&request.namespace, &request.deployment_name);
        if found.is_some_and(|deployment| deployment.version_count() > 0) {
            return Err(Error::failed_precondition(
                "deployment has versions, can't be deleted",
            ));
        }
        deployments.remove(&request.namespace, &request.deployment_name);
        Ok(api::DeleteWorkerDeploymentResponse {})
    }

    /// Deletes a version that nobody needs. One that there never was counts as deleted.
    ///
    /// # Errors
    /// The deployment is unknown, or the version has workers or workflows, or gets new ones.
    pub fn delete_worker_deployment_version(
        &mut self,
        request: &api::DeleteWorkerDeploymentVersionRequest,
    ) -> Result<api::DeleteWorkerDeploymentVersionResponse> {
        self.check_namespace(&request.namespace)?;
        let version = named_version(request.deployment_version.as_ref(), &request.version)?;
        let (namespace, name) = (&request.namespace, &version.deployment);
        let deployment = self.world.deployments.get(namespace, name);
        let deployment = deployment.ok_or_else(|| Error::deployment_workflow_not_found(name))?;
        if let Some(known) = deployment.version(&version.build_id) {
            if deployment.role(&version) != Role::None {
                return Err(cannot_be_deleted(&version, "is current or ramping"));
            }
            deployment.check_manager(&request.identity)?;
            let pinned = self.pinned_versions(namespace);
            if !request.skip_drainage && self.drains(&pinned, known) {
                return Err(cannot_be_deleted(&version, "is draining"));
            }
            if self.has_pollers(known) {
                return Err(cannot_be_deleted(&version, "has active pollers"));
            }
            let deployment = self.deployment_mut(namespace, name)?;
            deployment.remove_version(&version.build_id);
            deployment.last_modifier.clone_from(&request.identity);
            self.world.deployments.note_rerouting();
            self.settle();
        }
        Ok(api::DeleteWorkerDeploymentVersionResponse {})
    }

    /// Writes on a version, and wipes off it, what people want to find there.
    ///
    /// # Errors
    /// The version is unknown, or the request changes nothing.
    pub fn update_worker_deployment_version_metadata(
        &mut self,
        request: api::UpdateWorkerDeploymentVersionMetadataRequest,
    ) -> Result<api::UpdateWorkerDeploymentVersionMetadataResponse> {
        self.check_namespace(&request.namespace)?;
        let version = match &request.deployment_version {
            Some(version) => Version::from_wire(version),
            // A text that makes no sense names no version that there is.
            None => version_of_text(&request.version).unwrap_or_else(|_| Version::new("", "")),
        };
        if request.upsert_entries.is_empty() && request.remove_entries.is_empty() {
            return Err(Error::invalid(
                "At least one of remove_entries or upsert_entries must be provided",
            ));
        }
        let deployments = &mut self.world.deployments;
        let deployment = deployments.get_mut(&request.namespace, &version.deployment);
        let found = deployment.and_then(|deployment| deployment.version_mut(&version.build_id));
        let found = found.ok_or_else(|| Error::version_workflow_not_found(&version.text()))?;
        found.metadata.extend(request.upsert_entries);
        for key in &request.remove_entries {
            found.metadata.remove(key);
        }
        found.last_modifier = request.identity;
        Ok(api::UpdateWorkerDeploymentVersionMetadataResponse {
            metadata: Some(VersionMetadata {
                entries: found.metadata.clone(),
            }),
        })
    }

    /// Whether a version gets no new workflows, but may have old ones.
    pub(super) fn drains(&self, pinned: &BTreeSet<Version>, version: &DeployedVersion) -> bool {
        self.status(pinned, version) == Status::Draining
    }

    /// Whether workers of a version wait for tasks, or have done so lately.
    pub(super) fn has_pollers(&self, version: &DeployedVersion) -> bool {
        let (queues, now) = (&self.world.queues, self.world.now);
        let mut own = version.queues().map(|queue| version.own_queue(queue));
        own.any(|queue| queues.has_pollers(&queue, now))
    }
}

fn cannot_be_deleted(version: &Version, why: &str) -> Error {
    let version = version.text();
    Error::failed_precondition(format!(
        "version '{version}' cannot be deleted since it {why}"
    ))
}

/// Whether a request is the one that created what it wants to create.
fn is_repeated(created_by: &str, request_id: &str) -> bool {
    !request_id.is_empty() && created_by == request_id
}
