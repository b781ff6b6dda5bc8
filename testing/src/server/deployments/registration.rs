//! Deployments and versions that become known, and how many of them there may be.

use crate::server::Engine;
use crate::server::deployments::Version;
use crate::server::deployments::deployed::{DeployedVersion, Role};
use crate::server::deployments::deployment::Deployment;
use crate::server::errors::{Error, Result};
use crate::server::queues::matching::QueueKey;

impl Engine {
    /// Takes in that a worker of a version polls a queue.
    ///
    /// # Errors
    /// The worker is the first of its deployment, its version or its queue, of which there are
    /// enough.
    pub(in crate::server) fn note_worker(
        &mut self,
        version: &Version,
        queue: &QueueKey,
    ) -> Result<()> {
        if self.world.deployments.serves(version, queue) {
            return Ok(());
        }
        let limit = self.world.options.limits.version_queues;
        self.register_deployment(&queue.namespace, &version.deployment)?;
        let version = self.register_version(&queue.namespace, version)?;
        if version.queue_names() >= limit {
            return Err(Error::too_many_version_queues(&queue.name, limit));
        }
        version.add_queue(queue.clone());
        self.world.deployments.note_rerouting();
        Ok(())
    }

    /// Makes sure that there is a deployment of this name.
    ///
    /// # Errors
    /// The namespace is unknown, or has all the deployments that it may have.
    pub(super) fn register_deployment(&mut self, namespace: &str, name: &str) -> Result<()> {
        self.check_namespace(namespace)?;
        let now = self.world.now;
        let limit = self.world.options.limits.deployments;
        let deployments = &mut self.world.deployments;
        if deployments.get(namespace, name).is_some() {
            return Ok(());
        }
        if deployments.of(namespace).count() >= limit {
            return Err(Error::too_many_deployments(limit));
        }
        deployments.add(namespace, Deployment::new(name, now));
        Ok(())
    }

    /// The version of this name of a deployment that is known. If it is new, an old one that nobody
    /// needs may have to go for it.
    ///
    /// # Errors
    /// The deployment has all the versions that it may have, and needs them.
    pub(super) fn register_version(
        &mut self,
        namespace: &str,
        version: &Version,
    ) -> Result<&mut DeployedVersion> {
        let (now, limit) = (
            self.world.now,
            self.world.options.limits.deployment_versions,
        );
        let deployment = self.deployment(namespace, &version.deployment)?;
        let is_new = deployment.version(&version.build_id).is_none();
        if is_new && deployment.version_count() >= limit {
            let needless = self.needless_version(namespace, deployment);
            let needless =
                needless.ok_or_else(|| Error::too_many_versions(&version.dotted(), limit))?;
            let deployment = self.deployment_mut(namespace, &version.deployment)?;
            deployment.remove_version(&needless);
            self.world.deployments.note_rerouting();
        }
        let deployment = self.deployment_mut(namespace, &version.deployment)?;
        Ok(deployment.add_version(version, now))
    }

    /// The build id of the oldest version that could as well be deleted.
    fn needless_version(&self, namespace: &str, deployment: &Deployment) -> Option<String> {
        let pinned = self.pinned_versions(namespace);
        let mut versions = deployment.oldest_first();
        let needless = versions.find(|known| {
            deployment.role(&known.version) == Role::None
                && !self.drains(&pinned, known)
                && !self.has_pollers(known)
        });
        needless.map(|known| known.version.build_id.clone())
    }
}
