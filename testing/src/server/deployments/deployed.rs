//! One version of a deployment: its queues, what it is to the deployment, and since when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1::Payload;
use outlast_proto::temporal::api::enums::v1::WorkerDeploymentVersionStatus as Status;

use crate::server::deployments::Version;
use crate::server::queues::matching::QueueKey;

/// A version that workers have been seen of, or that somebody has created.
#[derive(Debug)]
pub(super) struct DeployedVersion {
    pub(super) version: Version,
    pub(super) created_at: SystemTime,
    pub(super) request_id: String,
    pub(super) last_modifier: String,
    pub(super) metadata: BTreeMap<String, Payload>,
    pub(super) times: RoleTimes,
    role: Role,
    /// The queues that its workers have polled.
    queues: BTreeSet<QueueKey>,
}

/// What a version is to its deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Current,
    None,
    Ramping,
}

/// When a version became what it is, or was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RoleTimes {
    pub(super) routing_changed: Option<SystemTime>,
    pub(super) current_since: Option<SystemTime>,
    pub(super) ramping_since: Option<SystemTime>,
    pub(super) first_activated: Option<SystemTime>,
    pub(super) last_current: Option<SystemTime>,
    pub(super) deactivated: Option<SystemTime>,
    /// Since when it gets no new workflows, but may have old ones.
    pub(super) draining_since: Option<SystemTime>,
}

impl DeployedVersion {
    pub(super) fn new(version: Version, now: SystemTime) -> Self {
        Self {
            version,
            created_at: now,
            request_id: String::new(),
            last_modifier: String::new(),
            metadata: BTreeMap::new(),
            times: RoleTimes::default(),
            role: Role::None,
            queues: BTreeSet::new(),
        }
    }

    /// Takes in that workers poll a queue.
    pub(super) fn add_queue(&mut self, queue: QueueKey) {
        self.queues.insert(queue);
    }

    /// Takes in that a run was pinned to the version, so that it may have one although it never was
    /// current.
    pub(super) fn note_pinned(&mut self, now: SystemTime) {
        if self.role == Role::None {
            self.times.draining_since.get_or_insert(now);
        }
    }

    /// Becomes something else to the deployment, or gets another share of its workflows.
    pub(super) fn take_role(&mut self, role: Role, now: SystemTime) {
        let times = &mut self.times;
        if role == self.role && role != Role::Ramping {
            return;
        }
        times.routing_changed = Some(now);
        times.current_since = (role == Role::Current).then_some(now);
        if role == Role::None {
            times.ramping_since = None;
            times.deactivated = Some(now);
            times.draining_since = Some(now);
        } else {
            times.first_activated.get_or_insert(now);
            times.deactivated = None;
            times.draining_since = None;
        }
        match role {
            Role::Current => {
                times.last_current = Some(now);
                times.ramping_since = None;
            }
            Role::Ramping => {
                times.ramping_since.get_or_insert(now);
            }
            Role::None => {}
        }
        self.role = role;
    }

    pub(super) fn serves(&self, queue: &QueueKey) -> bool {
        self.queues.contains(queue)
    }

    pub(super) fn queues(&self) -> impl Iterator<Item = &QueueKey> {
        self.queues.iter()
    }

    /// The queue behind a name that only workers of this version poll.
    pub(super) fn own_queue(&self, queue: &QueueKey) -> QueueKey {
        queue.clone().for_version(Some(self.version.clone()))
    }

    /// How many queues there are if those of one name count as one.
    pub(super) fn queue_names(&self) -> usize {
        let names: BTreeSet<&str> = self
            .queues
            .iter()
            .map(|queue| queue.name.as_str())
            .collect();
        names.len()
    }

    /// What the version is, if it has open runs that are pinned to it or not.
    pub(super) fn status(&self, is_in_use: bool, now: SystemTime) -> Status {
        match (self.role, self.times.draining_since) {
            (Role::Current, _) => Status::Current,
            (Role::Ramping, _) => Status::Ramping,
            (Role::None, Some(since)) => {
                let age = now.duration_since(since).unwrap_or_default();
                if is_in_use || age < DRAINAGE_GRACE {
                    Status::Draining
                } else {
                    Status::Drained
                }
            }
            (Role::None, None) if self.queues.is_empty() => Status::Created,
            (Role::None, None) => Status::Inactive,
        }
    }
}

/// How long a version drains at the least, because its last workflows may not be known yet.
pub(super) const DRAINAGE_GRACE: Duration = Duration::from_mins(3);
