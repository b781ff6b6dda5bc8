//! Patches: triggers, backfills, pauses.

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::ScheduleOverlapPolicy as Overlap;
use outlast_proto::temporal::api::schedule::v1::{
    BackfillRequest, SchedulePatch, TriggerImmediatelyRequest,
};
use std::time::SystemTime;

use super::timing::Moment;
use super::{Due, Schedule, ScheduleKey};
use crate::server::Engine;
use crate::server::wire::system_time;

impl Engine {
    /// Applies a patch; what it starts, it starts before anything is paused.
    pub(super) fn apply_patch(&mut self, key: ScheduleKey, patch: SchedulePatch) {
        let now = self.world.now;
        let Some(schedule) = self.schedules.all.get_mut(&key) else {
            return;
        };
        let trigger = patch.trigger_immediately.iter().map(|t| triggered(t, now));
        let backfills = patch.backfill_request.iter();
        let due: Vec<Due> = trigger
            .chain(backfills.flat_map(|backfill| schedule.backfilled(backfill)))
            .collect();
        schedule.pause(patch.pause, true);
        schedule.pause(patch.unpause, false);
        for batch in due.chunks(BATCH) {
            if let Some(schedule) = self.schedules.all.get_mut(&key) {
                schedule.buffer.extend_from_slice(batch);
            }
            self.run_buffer(key);
            self.react();
        }
    }
}

impl Schedule {
    fn pause(&mut self, notes: String, paused: bool) {
        if notes.is_empty() {
            return;
        }
        self.state.paused = paused;
        self.state.notes = notes;
        self.version += 1;
    }

    /// The actions that the spec would have taken in a range, both ends included.
    fn backfilled(&self, backfill: &BackfillRequest) -> Vec<Due> {
        let time = |time: Option<&_>| time.map_or(SystemTime::UNIX_EPOCH, system_time);
        let (start, end) = (
            time(backfill.start_time.as_ref()),
            time(backfill.end_time.as_ref()),
        );
        let before = start
            .checked_sub(Duration::from_nanos(1))
            .unwrap_or(SystemTime::UNIX_EPOCH);
        std::iter::successors(self.timing.next(before), |moment| {
            self.timing.next(moment.at)
        })
        .take_while(|moment| moment.at <= end)
        .take(BACKFILL_LIMIT)
        .map(|moment| Due {
            moment,
            overlap: overlap(backfill.overlap_policy),
            manual: true,
        })
        .collect()
    }
}

fn triggered(trigger: &TriggerImmediatelyRequest, now: SystemTime) -> Due {
    let at = trigger.scheduled_time.as_ref().map_or(now, system_time);
    Due {
        moment: Moment { nominal: at, at },
        overlap: overlap(trigger.overlap_policy),
        manual: true,
    }
}

fn overlap(policy: i32) -> Overlap {
    Overlap::try_from(policy).unwrap_or_default()
}

/// How many actions of a patch are decided about together.
const BATCH: usize = 10;
/// How many actions one backfill takes, so that a range that was a mistake has an end.
const BACKFILL_LIMIT: usize = 10_000;
