//! What operators ask: to make versions current or ramping, and who may do that.

use bytes::Bytes;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::set_worker_deployment_manager_request::NewManagerIdentity;

use crate::server::Engine;
use crate::server::deployments::Version;
use crate::server::deployments::deployment::{Deployment, Ramp};
use crate::server::deployments::names::{dotted, routed_version};
use crate::server::errors::{Error, Result};

/// A change of the routing that somebody wants.
struct Change<'a> {
    namespace: &'a str,
    deployment: &'a str,
    to: Option<&'a Version>,
    identity: &'a str,
    conflict_token: &'a Bytes,
    allow_no_pollers: bool,
    ignore_missing_task_queues: bool,
    /// What the version is to become.
    role: &'static str,
}

impl Engine {
    /// Makes a version, or unversioned workers, what new workflows and those without a pin go to.
    ///
    /// # Errors
    /// The deployment or the version is unknown, or lacks workers; or somebody else is in charge,
    /// or was faster.
    pub fn set_worker_deployment_current_version(
        &mut self,
        request: &api::SetWorkerDeploymentCurrentVersionRequest,
    ) -> Result<api::SetWorkerDeploymentCurrentVersionResponse> {
        let name = &request.deployment_name;
        let to = routed_version(name, &request.build_id, &request.version)?;
        let deployment = self.deployment(&request.namespace, name)?;
        let previous = deployment.routing.current.clone();
        if previous != to {
            self.check_change(&Change {
                namespace: &request.namespace,
                deployment: name,
                to: to.as_ref(),
                identity: &request.identity,
                conflict_token: &request.conflict_token,
                allow_no_pollers: request.allow_no_pollers,
                ignore_missing_task_queues: request.ignore_missing_task_queues,
                role: "current",
            })?;
            let now = self.world.now;
            let deployment = self.deployment_mut(&request.namespace, name)?;
            if let Some(version) = &to {
                deployment.add_version(version, now);
            }
            deployment.set_current(to, now);
            deployment.note_change(&request.identity);
            self.world.deployments.note_rerouting();
            self.settle();
        }
        Ok(api::SetWorkerDeploymentCurrentVersionResponse {
            conflict_token: self.deployment(&request.namespace, name)?.conflict_token(),
            previous_version: dotted(previous.as_ref()),
            previous_deployment_version: previous.as_ref().map(Version::to_wire),
        })
    }

    /// Sends a share of the workflows to a version, or to unversioned workers, in place of the
    /// current one; a share of nothing to no version in particular ends that.
    ///
    /// # Errors
    /// As for [`Self::set_worker_deployment_current_version`]; or the version is current.
    pub fn set_worker_deployment_ramping_version(
        &mut self,
        request: &api::SetWorkerDeploymentRampingVersionRequest,
    ) -> Result<api::SetWorkerDeploymentRampingVersionResponse> {
        let name = &request.deployment_name;
        if !(0.0..=100.0).contains(&request.percentage) {
            return Err(Error::invalid(
                "Percentage must be between 0 and 100 (inclusive)",
            ));
        }
        let to = routed_version(name, &request.build_id, &request.version)?;
        let deployment = self.deployment(&request.namespace, name)?;
        let previous = deployment.routing.ramp.clone();
        let ends = to.is_none() && request.percentage == 0.0;
        let ramp = (!ends).then(|| Ramp {
            to: to.clone(),
            percentage: request.percentage,
        });
        if previous != ramp {
            if !ends && deployment.routing.current == to {
                let version = dotted(to.as_ref());
                return Err(Error::failed_precondition(format!(
                    "requested ramping version {version} is already current"
                )));
            }
            self.check_change(&Change {
                namespace: &request.namespace,
                deployment: name,
                to: to.as_ref(),
                identity: &request.identity,
                conflict_token: &request.conflict_token,
                allow_no_pollers: request.allow_no_pollers,
                ignore_missing_task_queues: request.ignore_missing_task_queues,
                role: "ramping",
            })?;
            let now = self.world.now;
            let deployment = self.deployment_mut(&request.namespace, name)?;
            if let Some(version) = &to {
                deployment.add_version(version, now);
            }
            deployment.set_ramp(ramp, now);
            deployment.note_change(&request.identity);
            self.world.deployments.note_rerouting();
            self.settle();
        }
        let was = previous.as_ref().map(|ramp| ramp.to.as_ref());
        Ok(api::SetWorkerDeploymentRampingVersionResponse {
            conflict_token: self.deployment(&request.namespace, name)?.conflict_token(),
            previous_version: was.map(dotted).unwrap_or_default(),
            previous_deployment_version: was.flatten().map(Version::to_wire),
            previous_percentage: previous.map_or(0.0, |ramp| ramp.percentage),
        })
    }

    /// Puts somebody in charge of a deployment, so that nobody else can change it, or nobody.
    ///
    /// # Errors
    /// The deployment is unknown, or was changed meanwhile.
    pub fn set_worker_deployment_manager(
        &mut self,
        request: api::SetWorkerDeploymentManagerRequest,
    ) -> Result<api::SetWorkerDeploymentManagerResponse> {
        self.check_namespace(&request.namespace)?;
        let name = &request.deployment_name;
        let found = self.world.deployments.get_mut(&request.namespace, name);
        let Some(deployment) = found else {
            return Err(Error::workflow_not_found(&format!(
                "temporal-sys-worker-deployment:{name}"
            )));
        };
        let manager = match request.new_manager_identity {
            Some(NewManagerIdentity::ManagerIdentity(manager)) => manager,
            Some(NewManagerIdentity::Self_(true)) => request.identity.clone(),
            Some(NewManagerIdentity::Self_(false)) | None => String::new(),
        };
        let previous = deployment.manager.clone();
        if previous != manager {
            check_token(deployment, &request.conflict_token)?;
            deployment.manager = manager;
            deployment.note_change(&request.identity);
        }
        Ok(api::SetWorkerDeploymentManagerResponse {
            conflict_token: deployment.conflict_token(),
            previous_manager_identity: previous,
        })
    }

    fn check_change(&self, change: &Change<'_>) -> Result<()> {
        let deployment = self.deployment(change.namespace, change.deployment)?;
        deployment.check_manager(change.identity)?;
        check_token(deployment, change.conflict_token)?;
        let Some(version) = change.to else {
            return Ok(());
        };
        if deployment.version(&version.build_id).is_none() && !change.allow_no_pollers {
            return Err(Error::not_found(format!(
                "build ID '{}' not found in Worker Deployment '{}'",
                version.build_id, version.deployment
            )));
        }
        if change.ignore_missing_task_queues || !self.would_strand_tasks(deployment, version) {
            return Ok(());
        }
        let (version, role) = (version.text(), change.role);
        Err(Error::failed_precondition(format!(
            "proposed {role} version '{version}' is missing active task queues from the current \
             version; these would become unversioned if it is set as the {role} version"
        )))
    }

    /// Whether the current version has queues in use that the new one has no workers for.
    fn would_strand_tasks(&self, deployment: &Deployment, version: &Version) -> bool {
        let current = deployment.routing.current.as_ref();
        let current = current.and_then(|current| deployment.version(&current.build_id));
        let new = deployment.version(&version.build_id);
        let queues = current.into_iter().flat_map(|current| current.queues());
        let mut missing = queues.filter(|queue| !new.is_some_and(|new| new.serves(queue)));
        missing.any(|queue| self.world.queues.is_in_use(queue, self.world.now))
    }
}

impl Deployment {
    pub(super) fn check_manager(&self, identity: &str) -> Result<()> {
        let manager = &self.manager;
        if manager.is_empty() || manager == identity {
            return Ok(());
        }
        Err(Error::failed_precondition(format!(
            "ManagerIdentity '{manager}' is set and does not match user identity '{identity}'; to \
             proceed, set your own identity as the ManagerIdentity, remove the ManagerIdentity, or \
             wait for the other client to do so"
        )))
    }
}

fn check_token(deployment: &Deployment, token: &Bytes) -> Result<()> {
    if token.is_empty() || *token == deployment.conflict_token() {
        return Ok(());
    }
    Err(Error::failed_precondition("conflict token mismatch"))
}
