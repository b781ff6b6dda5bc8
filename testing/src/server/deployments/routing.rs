//! Where the tasks of a queue go that are not pinned to a version.

use std::time::SystemTime;

use outlast_proto::temporal::api::taskqueue::v1::TaskQueueVersioningInfo;

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
}

impl Deployments {
    /// What is current and ramping on a queue; where deployments compete, the latest change counts.
    ///
    /// A version that has no workers on the queue is neither. Every task asks, so this looks at no
    /// more versions than it has to.
    pub(in crate::server) fn routing(&self, queue: &QueueKey) -> QueueRouting {
        let mut routing = QueueRouting::default();
        let (mut current_at, mut ramp_at) = (None, None);
        for deployment in self.of(&queue.namespace) {
            let there = deployment.routing();
            let is_here = |version: &Option<Version>| match version {
                Some(version) => deployment.serves(version, queue),
                // Unversioned workers are wherever versions of them could be.
                None => deployment.polls(queue),
            };
            if there.current_changed_at > current_at && is_here(&there.current) {
                current_at = there.current_changed_at;
                routing.current.clone_from(&there.current);
            }
            if let Some(ramp) = &there.ramp
                && there.ramp_changed_at > ramp_at
                && is_here(&ramp.to)
            {
                ramp_at = there.ramp_changed_at;
                routing.ramp = Some(ramp.clone());
            }
        }
        routing
    }

    /// What descriptions of a queue tell of its routing.
    pub(in crate::server) fn described_routing(&self, queue: &QueueKey) -> TaskQueueVersioningInfo {
        let of_queue = self.of(&queue.namespace);
        let of_queue = of_queue.filter(|deployment| deployment.polls(queue));
        let changed_at = of_queue.filter_map(|deployment| deployment.routing().changed_at());
        self.routing(queue).described(changed_at.max())
    }
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

    pub(in crate::server) fn described(
        &self,
        changed_at: Option<SystemTime>,
    ) -> TaskQueueVersioningInfo {
        let ramping = self.ramp.as_ref().map(|ramp| ramp.to.as_ref());
        TaskQueueVersioningInfo {
            current_deployment_version: self.current.as_ref().map(Version::to_wire),
            current_version: dotted(self.current.as_ref()),
            ramping_deployment_version: ramping.flatten().map(Version::to_wire),
            ramping_version: ramping.map(dotted).unwrap_or_default(),
            ramping_version_percentage: self.ramp.as_ref().map_or(0.0, |ramp| ramp.percentage),
            update_time: changed_at.and_then(timestamp).or(Some(NEVER)),
        }
    }
}
