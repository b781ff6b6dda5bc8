//! One deployment: its versions, and who may change it.

use std::time::SystemTime;

use bytes::Bytes;

use crate::server::deployments::Version;
use crate::server::deployments::deployed::{DeployedVersion, Role};
use crate::server::deployments::routes::{Route, Routing};
use crate::server::queues::matching::QueueKey;
use crate::server::wire::since_epoch;

/// A deployment of workers.
#[derive(Debug)]
pub(super) struct Deployment {
    pub(super) name: String,
    pub(super) created_at: SystemTime,
    /// The request that created it; none if a worker did.
    pub(super) request_id: String,
    pub(super) last_modifier: String,
    /// Who alone may change the deployment, if anybody.
    pub(super) manager: String,
    routing: Routing,
    /// Oldest first.
    versions: Vec<DeployedVersion>,
    /// Grows with every change that somebody asked for.
    changes: u64,
}

impl Deployment {
    pub(super) fn new(name: &str, now: SystemTime) -> Self {
        Self {
            name: name.to_owned(),
            created_at: now,
            request_id: String::new(),
            last_modifier: String::new(),
            manager: String::new(),
            routing: Routing::default(),
            versions: Vec::new(),
            changes: 0,
        }
    }

    /// The version of this name, which may be new.
    pub(super) fn add_version(
        &mut self,
        version: &Version,
        now: SystemTime,
    ) -> &mut DeployedVersion {
        let known = self
            .versions
            .iter()
            .position(|each| each.version == *version);
        let at = known.unwrap_or_else(|| {
            let new = DeployedVersion::new(version.clone(), now);
            self.versions.push(new);
            self.versions.len() - 1
        });
        &mut self.versions[at]
    }

    pub(super) fn remove_version(&mut self, build_id: &str) {
        self.versions
            .retain(|each| each.version.build_id != build_id);
    }

    /// Changes where tasks go, and tells the versions what they are now.
    pub(super) fn take_route(&mut self, route: Route, now: SystemTime) {
        self.routing.take(route, now);
        for version in &mut self.versions {
            let role = self.routing.role(&version.version);
            version.take_role(role, now);
        }
    }

    /// Takes in that somebody changed the deployment.
    pub(super) fn note_change(&mut self, identity: &str) {
        self.changes += 1;
        identity.clone_into(&mut self.last_modifier);
    }

    pub(super) fn version_mut(&mut self, build_id: &str) -> Option<&mut DeployedVersion> {
        let mut versions = self.versions.iter_mut();
        versions.find(|each| each.version.build_id == build_id)
    }

    pub(super) fn version(&self, build_id: &str) -> Option<&DeployedVersion> {
        let mut versions = self.versions.iter();
        versions.find(|each| each.version.build_id == build_id)
    }

    pub(super) fn oldest_first(&self) -> impl DoubleEndedIterator<Item = &DeployedVersion> {
        self.versions.iter()
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &DeployedVersion> {
        self.oldest_first().rev()
    }

    pub(super) fn version_count(&self) -> usize {
        self.versions.len()
    }

    /// Whether workers of a version poll a queue.
    pub(super) fn serves(&self, version: &Version, queue: &QueueKey) -> bool {
        let version = self.version(&version.build_id);
        version.is_some_and(|version| version.serves(queue))
    }

    /// Whether workers of any version poll a queue.
    pub(super) fn polls(&self, queue: &QueueKey) -> bool {
        self.versions.iter().any(|version| version.serves(queue))
    }

    pub(super) fn routing(&self) -> &Routing {
        &self.routing
    }

    /// What a version is to the deployment.
    pub(super) fn role(&self, version: &Version) -> Role {
        self.routing.role(version)
    }

    pub(super) fn revision(&self) -> i64 {
        self.routing.revision
    }

    /// Names the state that a change refers to, so that two changes do not overtake each other.
    pub(super) fn conflict_token(&self) -> Bytes {
        // The time tells a deployment from one of the same name that was deleted.
        let age = since_epoch(self.created_at).as_nanos() as u64;
        let token = [age.to_be_bytes(), self.changes.to_be_bytes()];
        Bytes::from(token.concat())
    }
}
