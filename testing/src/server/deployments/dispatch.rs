//! Which version gets a task: that of the run it is pinned to, or else what the queue's routes say.

use outlast_proto::temporal::api::enums::v1::VersioningBehavior as Behavior;

use crate::server::Engine;
use crate::server::deployments::Version;
use crate::server::deployments::run::Offer;
use crate::server::execution::Execution;
use crate::server::oracle::{Site, Subject};
use crate::server::queues::matching::{QueueKey, QueuedTask};
use crate::server::world::World;

impl Engine {
    /// Moves tasks that wait to where they belong, if that may have changed.
    pub(in crate::server) fn follow_routes(&mut self) {
        if !std::mem::take(&mut self.world.deployments.are_rerouted) {
            return;
        }
        for (queue, task) in self.world.queues.take_tasks() {
            if let Some(queue) = self.requeue(&queue, &task) {
                self.world.queues.put_task(queue, task);
            }
        }
    }

    /// The queue where a task belongs now; none if the task is stale.
    fn requeue(&mut self, queue: &QueueKey, task: &QueuedTask) -> Option<QueueKey> {
        let world = &self.world;
        match *task {
            QueuedTask::Activity {
                run,
                scheduled_event_id,
                ..
            } => {
                let run = self.runs.get(&run)?;
                run.activities.get(&scheduled_event_id)?;
                Some(run.activity_queue(scheduled_event_id, world))
            }
            QueuedTask::Nexus {
                run,
                scheduled_event_id,
                ..
            } => {
                let run = self.runs.get_mut(&run)?;
                run.requeue_nexus(scheduled_event_id, world)
            }
            QueuedTask::Query { run, call } => {
                let run = self.runs.get_mut(&run)?;
                run.requeue_query(call, world)
            }
            QueuedTask::Workflow { run, stamp } => {
                let run = self.runs.get_mut(&run)?;
                let now = run.choose_queue(world);
                let task = run.task.as_mut()?;
                if task.stamp != stamp || task.is_started() {
                    return None;
                }
                if now.version != queue.version {
                    task.queue.clone_from(&now);
                }
                Some(task.queue.clone())
            }
        }
    }
}

impl World {
    /// The version that gets what is in a queue for a workflow that is not pinned.
    pub(in crate::server) fn routed_version(
        &self,
        queue: &QueueKey,
        workflow_id: &str,
    ) -> Option<Version> {
        if self.deployments.is_empty() {
            return None;
        }
        let subject = Subject::named(&queue.namespace, workflow_id);
        let share = self.decisions.draw(Site::Ramp, subject) % 10_000;
        self.deployments
            .routing(queue)
            .version(share as f32 / 100.0)
    }
}

impl Execution {
    /// The version that gets the run's workflow tasks and queries.
    pub(in crate::server) fn task_version(&self, world: &World) -> Option<Version> {
        if world.deployments.is_empty() {
            return None;
        }
        if let Some(pinned) = self.pinned_version() {
            return Some(pinned);
        }
        let queue = self.queue_key(self.normal_queue_name());
        if self.versioning.starts_on_ramp() && !self.has_completed_task() {
            let routing = world.deployments.routing(&queue);
            if let Some(ramping) = routing.ramping() {
                return ramping.clone();
            }
        }
        world.routed_version(&queue, &self.workflow_id)
    }

    /// The version that gets activities of the run from this queue: the run's own, if it has workers
    /// there.
    pub(in crate::server) fn activity_version(
        &self,
        queue: &QueueKey,
        world: &World,
    ) -> Option<Version> {
        let pinned = self.pinned_version();
        let pinned = pinned.filter(|version| world.deployments.serves(version, queue));
        pinned.or_else(|| world.routed_version(queue, &self.workflow_id))
    }

    /// Keeps an activity back that a worker of another version is about to get: the workflow has to
    /// be on that version first, and gets a task to go there.
    ///
    /// Activities in queues where other versions are current than for their workflow go their own
    /// way.
    pub(in crate::server) fn holds_activity(
        &mut self,
        scheduled_event_id: i64,
        stamp: u64,
        queue: &QueueKey,
        world: &World,
    ) -> bool {
        let version = queue.version.as_ref();
        let is_on_it = self.heading_for().as_ref() == version;
        if self.effective_behavior() == Behavior::Pinned
            || (is_on_it && !self.versioning.is_in_transition())
            || self.task_version(world).as_ref() != version
        {
            return false;
        }
        let activity = self.activities.get_mut(&scheduled_event_id);
        let Some(activity) = activity.filter(|activity| activity.stamp == stamp) else {
            return false;
        };
        activity.awaits_version = true;
        if !is_on_it {
            self.meet_worker(version, world);
            self.needs_task = true;
        }
        true
    }

    /// Lets activities go that waited for the run to be on another version, if it is.
    pub(in crate::server) fn release_activities(&mut self, world: &mut World) {
        if world.deployments.is_empty() || self.versioning.is_in_transition() {
            return;
        }
        let held = self.activities.values_mut().filter_map(|activity| {
            let is_held = std::mem::take(&mut activity.awaits_version);
            is_held.then_some((activity.scheduled_event_id, activity.stamp))
        });
        let held: Vec<(i64, u64)> = held.collect();
        for (scheduled_event_id, stamp) in held {
            let task = QueuedTask::Activity {
                run: self.key,
                scheduled_event_id,
                stamp,
            };
            let queue = self.activity_queue(scheduled_event_id, world);
            world.queues.put_task(queue, task);
        }
    }

    /// Looks at which version the run would be on if it were not pinned; tells whether its worker
    /// should know.
    pub(in crate::server) fn looks_at_target(&mut self, world: &World) -> bool {
        let is_pinned = self.effective_behavior() == Behavior::Pinned;
        if !is_pinned || self.started.versioning_override.is_some() {
            return false;
        }
        let queue = self.queue_key(self.normal_queue_name());
        let target = world.routed_version(&queue, &self.workflow_id);
        let is_other = target.as_ref() != self.versioning.version();
        let offer = is_other.then(|| Offer {
            revision: target.as_ref().map_or(0, |version| {
                world.deployments.revision(&self.namespace, version)
            }),
            version: target,
        });
        self.versioning.offer(offer)
    }
}
