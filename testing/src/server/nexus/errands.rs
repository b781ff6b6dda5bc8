//! Attempts: sending errands to handlers, again and again if need be.

use std::time::Duration;

use outlast_proto::temporal::api::failure::v1::Failure;

use super::failures::{self, is_retryable};
use super::timeouts::NexusTimer;
use super::{Errand, ErrandKind, Progress, Target};
use crate::server::execution::Execution;
use crate::server::queues::matching::{QueueKey, QueuedTask};
use crate::server::time::timers::Timer;
use crate::server::world::World;

impl Execution {
    /// Puts the task of an errand into the endpoint's queue.
    pub(super) fn send_errand(&mut self, event_id: i64, kind: ErrandKind, world: &mut World) {
        let Some(operation) = self.operations.get_mut(&event_id) else {
            return;
        };
        if kind == ErrandKind::Start
            && let Some(timeout) = operation.pressing_timeout(world.now)
        {
            self.arm_operation_timeout(event_id, world.now, timeout, world);
            return;
        }
        let stamp = self.stamps.next();
        if let Target::Queue(queue) = &mut operation.target {
            queue.version = world.routed_version(queue, &self.workflow_id);
        }
        let target = operation.target.clone();
        let Some(errand) = operation.errand_mut(kind) else {
            return;
        };
        errand.progress = Progress::Queued { stamp };
        match target {
            Target::Queue(queue) => {
                let task = QueuedTask::Nexus {
                    run: self.key,
                    scheduled_event_id: event_id,
                    stamp,
                };
                world.queues.add_task(queue, task, world.now);
            }
            Target::Url(url) => {
                let failure = failures::no_http(&url);
                self.errand_failed(event_id, kind, failure, world);
            }
            Target::Nobody => {
                self.errand_failed(event_id, kind, failures::no_endpoint(), world);
            }
        }
    }

    /// The queue where the task of an operation belongs now, if it waits in one.
    pub(in crate::server) fn requeue_nexus(
        &mut self,
        event_id: i64,
        world: &World,
    ) -> Option<QueueKey> {
        let operation = self.operations.get_mut(&event_id)?;
        operation.waits_in()?;
        let Target::Queue(queue) = &mut operation.target else {
            return None;
        };
        queue.version = world.routed_version(queue, &self.workflow_id);
        Some(queue.clone())
    }

    /// Asks the handler of a started operation to cancel it.
    pub(super) fn send_cancellation(&mut self, event_id: i64, world: &mut World) {
        let operation = self.operations.get_mut(&event_id);
        let Some(cancellation) = operation.and_then(|o| o.cancellation.as_mut()) else {
            return;
        };
        cancellation.errand = Some(Errand::new());
        cancellation.requested_at = Some(world.now);
        self.send_errand(event_id, ErrandKind::Cancel, world);
    }

    /// Takes in that an attempt has failed for a reason of the handler's, not the operation's.
    pub(super) fn errand_failed(
        &mut self,
        event_id: i64,
        kind: ErrandKind,
        failure: Failure,
        world: &mut World,
    ) {
        let Some(operation) = self.operations.get_mut(&event_id) else {
            return;
        };
        let Some(errand) = operation.errand_mut(kind) else {
            return;
        };
        self.touched = true;
        errand.attempts += 1;
        errand.last_attempt_at = Some(world.now);
        errand.last_failure = Some(failure.clone());
        if is_retryable(&failure) {
            let until = world.after(backoff(errand.attempts));
            errand.progress = Progress::BackingOff { until };
            let timer = NexusTimer::Retry(kind);
            self.arm_nexus(event_id, until, timer, world);
            return;
        }
        errand.progress = Progress::Failed;
        match kind {
            ErrandKind::Start => self.fail_operation(event_id, failure, Vec::new(), world),
            ErrandKind::Cancel => self.note_cancel_failed(event_id, failure, world),
        }
    }

    /// Takes in that the handler did not answer in time.
    pub(super) fn time_out_attempt(&mut self, event_id: i64, stamp: u64, world: &mut World) {
        if self.nexus_tasks.remove(&stamp).is_none() {
            return;
        }
        let operation = self.operations.get(&event_id);
        if let Some(kind) = operation.and_then(|operation| operation.errand_of(stamp)) {
            self.errand_failed(event_id, kind, failures::upstream_timeout(), world);
        }
    }

    pub(super) fn arm_nexus(
        &self,
        scheduled_event_id: i64,
        at: std::time::SystemTime,
        timer: NexusTimer,
        world: &mut World,
    ) -> crate::server::time::timers::TimerKey {
        let timer = Timer::Nexus {
            scheduled_event_id,
            timer,
        };
        world.timers.arm(self.key, at, timer)
    }
}

/// How long to wait after so many attempts.
fn backoff(attempts: i32) -> Duration {
    let doublings = attempts.saturating_sub(1).clamp(0, 20) as u32;
    (FIRST_BACKOFF * 2_u32.pow(doublings)).min(LONGEST_BACKOFF)
}

const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_hours(1);
