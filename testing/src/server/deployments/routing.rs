//! Where the tasks of a queue go that are not pinned to a version.

use std::time::SystemTime;

use outlast_proto::temporal::api::taskqueue::v1::TaskQueueVersioningInfo;

use crate::server::deployments::deployment::Deployment;
use crate::server::deployments::names::dotted;
use crate::server::deployments::routes::Ramp;
use crate::server::deployments::{Deployments, Version};
use crate::server::queues::matching::QueueKey;
use crate::server::wire::{NEVER, timestamp};

/// What is current and ramping on a queue, of all deployments whose workers poll it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::server) struct QueueRouting {
    /// None is unversioned workers.
    current: Option<Version>,
    ramp: Option<Ramp>,
    changed_at: Option<SystemTime>,
}

impl Deployments {
    /// What is current and ramping on a queue; where deployments compete, the latest change counts.
    ///
    /// A version that has no workers on the queue is neither.
    pub(in crate::server) fn routing(&self, queue: &QueueKey) -> QueueRouting {
        let of_queue = self.of(&queue.namespace).filter(|deployment| {
            let mut versions = deployment.newest_first();
            versions.any(|version| version.serves(queue))
        });
        let mut routing = QueueRouting::default();
        let (mut current_at, mut ramp_at) = (None, None);
        for deployment in of_queue {
            let there = deployment.routing();
            let is_here = |version: &Option<Version>| serves(deployment, version.as_ref(), queue);
            if there.current_changed_at > current_at && is_here(&there.current) {
                current_at = there.current_changed_at;
                routing.current.clone_from(&there.current);
            }
            let ramp = there.ramp.as_ref().filter(|ramp| is_here(&ramp.to));
            if there.ramp_changed_at > ramp_at && ramp.is_some() {
                ramp_at = there.ramp_changed_at;
                routing.ramp = ramp.cloned();
            }
            let changed = there.current_changed_at.max(there.percentage_changed_at);
            routing.changed_at = routing.changed_at.max(changed);
        }
        routing
    }
}

/// Unversioned workers are always there.
fn serves(deployment: &Deployment, version: Option<&Version>, queue: &QueueKey) -> bool {
    version.is_none_or(|version| {
        let version = deployment.version(&version.build_id);
        version.is_some_and(|version| version.serves(queue))
    })
}

impl QueueRouting {
    /// The version that gets a workflow's tasks. The same workflow always draws the same share, a
    /// number below one hundred.
    pub(super) fn version(self, share: f32) -> Option<Version> {
        match self.ramp {
            Some(ramp) if share < ramp.percentage => ramp.to,
            Some(_) | None => self.current,
        }
    }

    /// What is ramping, if anything is.
    pub(super) fn ramping(&self) -> Option<&Option<Version>> {
        self.ramp.as_ref().map(|ramp| &ramp.to)
    }

    pub(in crate::server) fn described(&self) -> TaskQueueVersioningInfo {
        let ramping = self.ramp.as_ref().map(|ramp| ramp.to.as_ref());
        TaskQueueVersioningInfo {
            current_deployment_version: self.current.as_ref().map(Version::to_wire),
            current_version: dotted(self.current.as_ref()),
            ramping_deployment_version: ramping.flatten().map(Version::to_wire),
            ramping_version: ramping.map(dotted).unwrap_or_default(),
            ramping_version_percentage: self.ramp.as_ref().map_or(0.0, |ramp| ramp.percentage),
            update_time: self.changed_at.and_then(timestamp).or(Some(NEVER)),
        }
    }
}
