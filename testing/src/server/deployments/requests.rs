//! What operators ask: to make versions current or ramping, and who may do that.

use bytes::Bytes;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::set_worker_deployment_manager_request::NewManagerIdentity;

use crate::server::Engine;
use crate::server::deployments::Version;
use crate::server::deployments::deployment::Deployment;
use crate::server::deployments::names::{dotted, routed_version};
use crate::server::deployments::routes::{Ramp, Route, Routing};
use crate::server::errors::{Error, Result};

/// A change of the routing that somebody wants.
struct Change<'a> {
    namespace: &'a str,
    deployment: &'a str,
    route: Route,
    identity: &'a str,
    conflict_token: &'a Bytes,
    allow_no_pollers: bool,
    ignore_missing_task_queues: bool,
}

/// What a change has come to.
struct Changed {
    previous: Routing,
    conflict_token: Bytes,
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
        let changed = self.change_routing(Change {
            namespace: &request.namespace,
            deployment: name,
            route: Route::Current(to),
            identity: &request.identity,
            conflict_token: &request.conflict_token,
            allow_no_pollers: request.allow_no_pollers,
            ignore_missing_task_queues: request.ignore_missing_task_queues,
        })?;
        let previous = changed.previous.current;
        Ok(api::SetWorkerDeploymentCurrentVersionResponse {
            conflict_token: changed.conflict_token,
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
        let percentage = request.percentage;
        if !(0.0..=100.0).contains(&percentage) {
            return Err(Error::invalid(
                "Percentage must be between 0 and 100 (inclusive)",
            ));
        }
        let to = routed_version(name, &request.build_id, &request.version)?;
        let ends = to.is_none() && percentage == 0.0;
        let changed = self.change_routing(Change {
            namespace: &request.namespace,
            deployment: name,
            route: Route::Ramping((!ends).then_some(Ramp { to, percentage })),
            identity: &request.identity,
            conflict_token: &request.conflict_token,
            allow_no_pollers: request.allow_no_pollers,
            ignore_missing_task_queues: request.ignore_missing_task_queues,
        })?;
        let previous = changed.previous.ramp.as_ref();
        let was = previous.map(|ramp| ramp.to.as_ref());
        Ok(api::SetWorkerDeploymentRampingVersionResponse {
            conflict_token: changed.conflict_token,
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
        let deployment = found.ok_or_else(|| Error::deployment_workflow_not_found(name))?;
        let manager = match request.new_manager_identity {
            Some(NewManagerIdentity::ManagerIdentity(manager)) => manager,
            Some(NewManagerIdentity::Self_(true)) => request.identity.clone(),
            Some(NewManagerIdentity::Self_(false)) | None => String::new(),
        };
        let previous = deployment.manager.clone();
        if previous != manager || deployment.last_modifier != request.identity {
            deployment.check_token(&request.conflict_token)?;
            deployment.manager = manager;
            deployment.note_change(&request.identity);
        }
        Ok(api::SetWorkerDeploymentManagerResponse {
            conflict_token: deployment.conflict_token(),
            previous_manager_identity: previous,
        })
    }

    /// Sends tasks elsewhere, unless they go there already at the wish of the same caller.
    fn change_routing(&mut self, change: Change<'_>) -> Result<Changed> {
        let (namespace, name) = (change.namespace, change.deployment);
        if change.allow_no_pollers {
            self.register_deployment(namespace, name)?;
        }
        let deployment = self.deployment(namespace, name)?;
        let previous = deployment.routing().clone();
        let is_new = !previous.has(&change.route);
        if is_new || deployment.last_modifier != change.identity {
            self.check_change(&change, deployment)?;
            if let Some(version) = change.route.version() {
                self.register_version(namespace, version)?;
            }
            let now = self.world.now;
            let deployment = self.deployment_mut(namespace, name)?;
            deployment.note_change(change.identity);
            if is_new {
                deployment.take_route(change.route, now);
                self.world.deployments.note_rerouting();
            }
            self.settle();
        }
        Ok(Changed {
            previous,
            conflict_token: self.deployment(namespace, name)?.conflict_token(),
        })
    }

    fn check_change(&self, change: &Change<'_>, deployment: &Deployment) -> Result<()> {
        deployment.check_token(change.conflict_token)?;
        let (route, current) = (&change.route, &deployment.routing().current);
        if let Route::Ramping(Some(ramp)) = route
            && ramp.to == *current
        {
            let version = dotted(current.as_ref());
            return Err(Error::failed_precondition(format!(
                "requested ramping version {version} is already current"
            )));
        }
        let to = route.version();
        if let Some(version) = to
            && deployment.version(&version.build_id).is_none()
            && !change.allow_no_pollers
        {
            return Err(Error::not_found(format!(
                "build ID '{}' not found in Worker Deployment '{}'",
                version.build_id, version.deployment
            )));
        }
        deployment.check_manager(change.identity)?;
        let stranding = to.filter(|version| {
            !change.ignore_missing_task_queues && self.would_strand_tasks(deployment, version)
        });
        let Some(version) = stranding else {
            return Ok(());
        };
        let (version, role) = (version.text(), route.name());
        Err(Error::failed_precondition(format!(
            "proposed {role} version '{version}' is missing active task queues from the current \
             version; these would become unversioned if it is set as the {role} version"
        )))
    }

    /// Whether the current version has queues in use that the new one has no workers for.
    fn would_strand_tasks(&self, deployment: &Deployment, version: &Version) -> bool {
        let current = deployment.routing().current.as_ref();
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

    fn check_token(&self, token: &Bytes) -> Result<()> {
        if token.is_empty() || *token == self.conflict_token() {
            return Ok(());
        }
        Err(Error::failed_precondition("conflict token mismatch"))
    }
}
