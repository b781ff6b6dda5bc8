//! When a schedule acts: calendars, intervals, exclusions, bounds and jitter.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use outlast_proto::temporal::api::schedule::v1::{IntervalSpec, ScheduleSpec};

use super::calendar::Calendar;
use crate::server::oracle::{draw, share};
use crate::server::time::end::{end_of_time, later};
use crate::server::wire::{set_duration, since_epoch, system_time};

/// A moment at which a schedule acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// What the spec says; workflows are named after it.
    pub(super) nominal: SystemTime,
    /// The nominal time and its share of the jitter.
    pub(super) at: SystemTime,
}

/// A spec, made ready to be asked for times.
#[derive(Debug)]
pub(super) struct Timing {
    calendars: Vec<Calendar>,
    excluded: Vec<Calendar>,
    intervals: Vec<Interval>,
    zone: TimeZone,
    start: Option<SystemTime>,
    end: Option<SystemTime>,
    jitter: Duration,
    /// What the jitter of this schedule depends on.
    seed: u64,
}

/// Whole seconds: every so many, from so many after the epoch on.
#[derive(Debug)]
struct Interval {
    every: i64,
    phase: i64,
}

impl Timing {
    /// Reads a spec in canonical form.
    pub(super) fn new(spec: &ScheduleSpec, seed: u64) -> Result<Self, String> {
        Ok(Self {
            calendars: spec.structured_calendar.iter().map(Calendar::new).collect(),
            excluded: spec
                .exclude_structured_calendar
                .iter()
                .map(Calendar::new)
                .collect(),
            intervals: spec.interval.iter().map(Interval::new).collect(),
            zone: zone(spec)?,
            start: spec.start_time.as_ref().map(system_time),
            end: spec.end_time.as_ref().map(system_time),
            jitter: set_duration(spec.jitter.as_ref()).unwrap_or_default(),
            seed,
        })
    }

    /// The first moment of action after `after`.
    pub(super) fn next(&self, after: SystemTime) -> Option<Moment> {
        let after = match self.start {
            Some(start) => after.max(start - Duration::from_secs(1)),
            None => after,
        };
        let seconds = self.next_included(seconds(after))?;
        let nominal = from_seconds(seconds);
        if self.end.is_some_and(|end| nominal > end) || nominal >= end_of_time() {
            return None;
        }
        let at = later(nominal, self.jitter_at(seconds));
        Some(Moment { nominal, at })
    }

    fn next_included(&self, mut after: i64) -> Option<i64> {
        // A spec that excludes all that it names would be searched for ever.
        for _ in 0..EXCLUSION_LIMIT {
            after = self.next_named(after)?;
            if !self.excludes(after) {
                return Some(after);
            }
        }
        None
    }

    fn next_named(&self, after: i64) -> Option<i64> {
        let calendars = self.calendars.iter();
        let calendars = calendars.filter_map(|calendar| self.next_of(calendar, after));
        let intervals = self.intervals.iter();
        let intervals = intervals.filter_map(|interval| interval.next(after));
        calendars.chain(intervals).min()
    }

    /// The next moment that a calendar names in the schedule's time zone.
    ///
    /// Civil time is walked from one change of the zone's offset to the next: what is skipped by a
    /// change never comes, and what is repeated comes twice.
    fn next_of(&self, calendar: &Calendar, after: i64) -> Option<i64> {
        let mut from = Timestamp::from_second(after.checked_add(1)?).ok()?;
        loop {
            let offset = self.zone.to_offset(from);
            let found = calendar.first_from(offset.to_datetime(from))?;
            let at = offset.to_timestamp(found).ok()?;
            match self.zone.following(from).next() {
                Some(change) if at >= change.timestamp() => from = change.timestamp(),
                Some(_) | None => return Some(at.as_second()),
            }
        }
    }

    fn excludes(&self, seconds: i64) -> bool {
        let Ok(at) = Timestamp::from_second(seconds) else {
            return false;
        };
        let civil = self.zone.to_datetime(at);
        self.excluded.iter().any(|calendar| calendar.names(civil))
    }

    /// By how much the action at a nominal time is put off; never up to the next action.
    fn jitter_at(&self, nominal: i64) -> Duration {
        if self.jitter.is_zero() {
            return Duration::ZERO;
        }
        let gap = self
            .next_included(nominal)
            .map_or(self.jitter, |next| from_seconds_between(nominal, next));
        share(self.jitter.min(gap), draw(self.seed, nominal as u64))
    }
}

impl Interval {
    fn new(spec: &IntervalSpec) -> Self {
        let seconds = |duration: Option<&prost_types::Duration>| duration.map_or(0, |d| d.seconds);
        Self {
            every: seconds(spec.interval.as_ref()).max(1),
            phase: seconds(spec.phase.as_ref()),
        }
    }

    /// The first moment after `after`, unless it is beyond all numbers.
    fn next(&self, after: i64) -> Option<i64> {
        let passed = after.checked_sub(self.phase)?.div_euclid(self.every);
        let count = passed.checked_add(1)?;
        count.checked_mul(self.every)?.checked_add(self.phase)
    }
}

/// The zone that a spec names, or describes by itself; UTC without one.
fn zone(spec: &ScheduleSpec) -> Result<TimeZone, String> {
    let name = spec.timezone_name.as_str();
    if !spec.timezone_data.is_empty() {
        return TimeZone::tzif(name, &spec.timezone_data)
            .map_err(|_| "malformed time zone information".to_owned());
    }
    match name {
        // A server's own zone is UTC.
        "" | "UTC" | "Local" => Ok(TimeZone::UTC),
        name => TimeZone::get(name).map_err(|_| format!("unknown time zone {name}")),
    }
}

fn seconds(time: SystemTime) -> i64 {
    since_epoch(time).as_secs() as i64
}

fn from_seconds(seconds: i64) -> SystemTime {
    later(UNIX_EPOCH, Duration::from_secs(seconds.max(0) as u64))
}

fn from_seconds_between(from: i64, to: i64) -> Duration {
    Duration::from_secs(to.saturating_sub(from).max(0) as u64)
}

/// How many excluded moments in a row are looked past.
const EXCLUSION_LIMIT: usize = 100_000;
