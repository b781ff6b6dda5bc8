//! Cron schedules, in the dialect of the real server: five fields, descriptors, and time zones.

mod duration;
mod fields;

use std::time::{Duration, SystemTime};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use self::duration::parse_duration;
use self::fields::{DAYS_OF_MONTH, DAYS_OF_WEEK, Field, HOURS, MINUTES, MONTHS};
use super::time::end::later;

/// When a workflow, or anything else, is to run again and again.
#[derive(Clone, Debug)]
pub(super) enum CronSchedule {
    /// After each interval, from second to second.
    Every(Duration),
    /// At the minutes that all fields match.
    Fields(Box<CronFields>),
}

/// The minutes that a schedule names, as the clocks of its time zone show them.
#[derive(Clone, Debug)]
pub(super) struct CronFields {
    zone: TimeZone,
    minute: Field,
    hour: Field,
    day_of_month: Field,
    month: Field,
    day_of_week: Field,
}

/// What is wrong with the text of a schedule, if anything.
pub(super) fn flaw(text: &str, now: SystemTime) -> Option<&'static str> {
    match CronSchedule::parse(text) {
        None => Some("invalid CronSchedule."),
        Some(schedule) if schedule.next(now).is_none() => {
            Some("invalid CronSchedule, no time can be found to satisfy the schedule")
        }
        Some(_) => None,
    }
}

impl CronSchedule {
    /// Reads a schedule; `None` if it is not one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (zone, text) = split_zone(text)?;
        match text.strip_prefix('@') {
            Some(name) => match name.strip_prefix("every ") {
                Some(interval) => Some(Self::Every(interval_of(interval)?)),
                None => CronFields::parse(zone, descriptor(name)?).map(Self::boxed),
            },
            None => CronFields::parse(zone, text).map(Self::boxed),
        }
    }

    fn boxed(fields: CronFields) -> Self {
        Self::Fields(Box::new(fields))
    }

    /// The first moment after `after`; `None` if there is none for years.
    pub(super) fn next(&self, after: SystemTime) -> Option<SystemTime> {
        match self {
            Self::Every(interval) => {
                let fraction = super::wire::since_epoch(after).subsec_nanos();
                Some(later(after, *interval) - Duration::from_nanos(fraction.into()))
            }
            Self::Fields(fields) => fields.next(after),
        }
    }

    /// How long a run that opened at `opened` and closes at `closed` is succeeded by a pause, in
    /// whole seconds. Moments that passed while it was open are left out.
    pub(super) fn backoff(&self, opened: SystemTime, closed: SystemTime) -> Option<Duration> {
        let mut next = self.next(opened)?;
        while next < closed {
            next = match self {
                // What lies between is the same every time, so it can be skipped in one step.
                Self::Every(interval) => {
                    let missed = closed.duration_since(next).ok()?.as_nanos();
                    let steps = missed.div_ceil(interval.as_nanos());
                    let passed = interval.checked_mul(u32::try_from(steps).ok()?)?;
                    later(next, passed)
                }
                Self::Fields(_) => self.next(closed - Duration::from_nanos(1))?,
            };
        }
        let pause = next.duration_since(closed).ok()?;
        let rounded_up = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
        Some(Duration::from_secs(rounded_up))
    }
}

impl CronFields {
    fn parse(zone: TimeZone, text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day_of_month, month, day_of_week] = fields[..] else {
            return None;
        };
        Some(Self {
            zone,
            minute: Field::parse(minute, &MINUTES)?,
            hour: Field::parse(hour, &HOURS)?,
            day_of_month: Field::parse(day_of_month, &DAYS_OF_MONTH)?,
            month: Field::parse(month, &MONTHS)?,
            day_of_week: Field::parse(day_of_week, &DAYS_OF_WEEK)?,
        })
    }

    /// Days that cannot match are passed in one step, and so are hours; minutes are tried one by
    /// one in absolute time. So a time that the clocks skip is left out, and one that they show
    /// twice comes twice.
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        let after = Timestamp::try_from(after).ok()?;
        let mut at = next_minute(&after.to_zoned(self.zone.clone()))?;
        let last_year = at.year().checked_add(YEARS_AHEAD)?;
        while at.year() <= last_year {
            at = if !self.matches_day(at.date()) {
                at.tomorrow().ok()?.start_of_day().ok()?
            } else if !self.hour.contains(at.hour()) {
                at.checked_add((60 - i64::from(at.minute())).minutes())
                    .ok()?
            } else if !self.minute.contains(at.minute()) {
                at.checked_add(1.minute()).ok()?
            } else {
                return Some(at.timestamp().into());
            };
        }
        None
    }

    /// As in every cron, two restricted kinds of days are alternatives, while an unrestricted one
    /// leaves the choice to the other.
    fn matches_day(&self, date: Date) -> bool {
        let of_month = self.day_of_month.contains(date.day());
        let of_week = self
            .day_of_week
            .contains(date.weekday().to_sunday_zero_offset());
        let unrestricted = self.day_of_month.is_any() || self.day_of_week.is_any();
        self.month.contains(date.month())
            && if unrestricted {
                of_month && of_week
            } else {
                of_month || of_week
            }
    }
}

/// The first full minute after a moment.
fn next_minute(after: &Zoned) -> Option<Zoned> {
    let since_minute = SignedDuration::new(after.second().into(), after.subsec_nanosecond());
    let rest = SignedDuration::from_mins(1) - since_minute;
    after.checked_add(rest).ok()
}

/// The time zone in front of a schedule, and the rest.
fn split_zone(text: &str) -> Option<(TimeZone, &str)> {
    let prefixed = text
        .strip_prefix("CRON_TZ=")
        .or_else(|| text.strip_prefix("TZ="));
    let Some(prefixed) = prefixed else {
        return Some((TimeZone::UTC, text));
    };
    let (name, rest) = prefixed.split_once(' ')?;
    let zone = match name {
        "" | "Local" | "UTC" => TimeZone::UTC,
        name => TimeZone::get(name).ok()?,
    };
    Some((zone, rest.trim()))
}

fn descriptor(name: &str) -> Option<&'static str> {
    Some(match name {
        "yearly" | "annually" => "0 0 1 1 *",
        "monthly" => "0 0 1 * *",
        "weekly" => "0 0 * * 0",
        "daily" | "midnight" => "0 0 * * *",
        "hourly" => "0 * * * *",
        _ => return None,
    })
}

/// An interval in whole seconds, one at least.
fn interval_of(text: &str) -> Option<Duration> {
    let nanos = parse_duration(text)?;
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).unwrap_or_default();
    Some(Duration::from_secs(seconds.max(1)))
}

const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// How far ahead a match is looked for.
const YEARS_AHEAD: i16 = 5;

#[cfg(test)]
mod tests;
