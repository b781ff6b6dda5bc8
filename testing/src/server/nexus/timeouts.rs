//! What limits operations in time.

use std::time::SystemTime;

use outlast_proto::temporal::api::enums::v1::TimeoutType;

use super::{ErrandKind, Progress, failures};
use crate::server::execution::Execution;
use crate::server::execution::retry::timeout_name;
use crate::server::time::end::later;
use crate::server::wire::set_duration;
use crate::server::world::World;

/// What is due at some time for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum NexusTimer {
    /// A handler takes too long to answer.
    Attempt { stamp: u64 },
    /// The next attempt is due.
    Retry(ErrandKind),
    /// The operation takes too long.
    Timeout(TimeoutType),
}

impl Execution {
    /// Starts the times that count from the scheduling of an operation on.
    pub(super) fn arm_operation_timeouts(&mut self, event_id: i64, world: &mut World) {
        let Some(operation) = self.operations.get(&event_id) else {
            return;
        };
        let (scheduled, since) = (&operation.scheduled, operation.scheduled_at);
        let timeouts = [
            (
                scheduled.schedule_to_close_timeout,
                TimeoutType::ScheduleToClose,
            ),
            (
                scheduled.schedule_to_start_timeout,
                TimeoutType::ScheduleToStart,
            ),
        ];
        for (timeout, kind) in timeouts {
            if let Some(timeout) = set_duration(timeout.as_ref()) {
                self.arm_operation_timeout(event_id, later(since, timeout), kind, world);
            }
        }
    }

    /// Starts the time that an operation has once it has started.
    pub(super) fn arm_start_to_close(
        &mut self,
        event_id: i64,
        since: SystemTime,
        world: &mut World,
    ) {
        let timeout = self.operations.get(&event_id).and_then(|operation| {
            set_duration(operation.scheduled.start_to_close_timeout.as_ref())
        });
        if let Some(timeout) = timeout {
            let at = later(since, timeout);
            self.arm_operation_timeout(event_id, at, TimeoutType::StartToClose, world);
        }
    }

    pub(super) fn arm_operation_timeout(
        &mut self,
        event_id: i64,
        at: SystemTime,
        kind: TimeoutType,
        world: &mut World,
    ) {
        let timer = NexusTimer::Timeout(kind);
        let key = self.arm_nexus(event_id, at.max(world.now), timer, world);
        if let Some(operation) = self.operations.get_mut(&event_id) {
            operation.timeouts.push(key);
        }
    }

    /// Takes in that something is due for an operation.
    pub(in crate::server) fn fire_nexus(
        &mut self,
        event_id: i64,
        timer: NexusTimer,
        world: &mut World,
    ) {
        match timer {
            NexusTimer::Attempt { stamp } => self.time_out_attempt(event_id, stamp, world),
            NexusTimer::Retry(kind) => {
                let operation = self.operations.get(&event_id);
                let errand = operation.and_then(|operation| operation.errand(kind));
                let waits = |progress| matches!(progress, Progress::BackingOff { .. });
                if errand.is_some_and(|errand| waits(errand.progress)) {
                    self.touched = true;
                    self.send_errand(event_id, kind, world);
                }
            }
            NexusTimer::Timeout(kind) => {
                let operation = self.operations.get(&event_id);
                let is_started = operation.is_some_and(|operation| operation.is_started);
                if !(is_started && kind == TimeoutType::ScheduleToStart) {
                    self.time_out_operation(event_id, failures::timeout(kind), world);
                }
            }
        }
    }
}

/// What is due, for people.
pub(in crate::server) fn describe_timer(scheduled_event_id: i64, timer: NexusTimer) -> String {
    let of = format!("of the Nexus operation scheduled at event {scheduled_event_id}");
    match timer {
        NexusTimer::Attempt { .. } => format!("timeout of an attempt {of}"),
        NexusTimer::Retry(ErrandKind::Cancel) => format!("next attempt to cancel {of}"),
        NexusTimer::Retry(ErrandKind::Start) => format!("next attempt {of}"),
        NexusTimer::Timeout(kind) => format!("{} timeout {of}", timeout_name(kind)),
    }
}
