//! One deployment: its versions, and which of them are current and ramping.

use std::time::SystemTime;

use bytes::Bytes;

use crate::server::deployments::Version;
use crate::server::deployments::deployed::{DeployedVersion, Role};
use crate::server::queues::matching::QueueKey;

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
    pub(super) routing: Routing,
    /// Oldest first.
    versions: Vec<DeployedVersion>,
    /// Grows with every change that somebody asked for.
    changes: u64,
}

/// Where tasks go that are not pinned.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Routing {
    /// None is to unversioned workers.
    pub(super) current: Option<Version>,
    pub(super) ramp: Option<Ramp>,
    pub(super) current_changed_at: Option<SystemTime>,
    pub(super) ramp_changed_at: Option<SystemTime>,
    pub(super) percentage_changed_at: Option<SystemTime>,
    pub(super) revision: i64,
}

/// A version that gets some of the workflows in place of the current one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ramp {
    /// None is to unversioned workers.
    pub(super) to: Option<Version>,
    pub(super) percentage: f32,
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

    /// Takes in that a worker polls a queue; tells whether its version did not do so before.
    pub(super) fn note_worker(
        &mut self,
        version: &Version,
        queue: &QueueKey,
        now: SystemTime,
    ) -> bool {
        self.add_version(version, now).note_worker(queue, now)
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

    /// Makes a version current, and unmakes it ramping if it was that.
    pub(super) fn set_current(&mut self, to: Option<Version>, now: SystemTime) {
        let routing = &mut self.routing;
        if routing.ramp.as_ref().is_some_and(|ramp| ramp.to == to) {
            routing.ramp = None;
            routing.ramp_changed_at = Some(now);
            routing.percentage_changed_at = Some(now);
        }
        routing.current = to;
        routing.current_changed_at = Some(now);
        self.route(now);
    }

    pub(super) fn set_ramp(&mut self, ramp: Option<Ramp>, now: SystemTime) {
        let target = |ramp: &Option<Ramp>| ramp.as_ref().map(|ramp| ramp.to.clone());
        if target(&self.routing.ramp) != target(&ramp) {
            self.routing.ramp_changed_at = Some(now);
        }
        self.routing.ramp = ramp;
        self.routing.percentage_changed_at = Some(now);
        self.route(now);
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

    /// The versions, newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &DeployedVersion> {
        self.versions.iter().rev()
    }

    pub(super) fn has_versions(&self) -> bool {
        !self.versions.is_empty()
    }

    /// What a version is to the deployment.
    pub(super) fn role(&self, version: &Version) -> Role {
        let ramp = self.routing.ramp.as_ref();
        if self.routing.current.as_ref() == Some(version) {
            Role::Current
        } else if ramp.is_some_and(|ramp| ramp.to.as_ref() == Some(version)) {
            Role::Ramping
        } else {
            Role::None
        }
    }

    pub(super) fn revision(&self) -> i64 {
        self.routing.revision
    }

    /// Names the state that a change refers to, so that two changes do not overtake each other.
    pub(super) fn conflict_token(&self) -> Bytes {
        // The time tells a deployment from one of the same name that was deleted.
        let age = crate::server::wire::since_epoch(self.created_at).as_nanos() as u64;
        let token = [age.to_be_bytes(), self.changes.to_be_bytes()];
        Bytes::from(token.concat())
    }

    /// Tells the versions what they are now.
    fn route(&mut self, now: SystemTime) {
        self.routing.revision += 1;
        let mut versions = std::mem::take(&mut self.versions);
        for version in &mut versions {
            version.take_role(self.role(&version.version), now);
        }
        self.versions = versions;
    }
}
