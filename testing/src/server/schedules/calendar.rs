//! Calendars: which moments of civil time a structured calendar names.

use jiff::civil::{Date, DateTime, Time};
use outlast_proto::temporal::api::schedule::v1::{Range, StructuredCalendarSpec};

use super::fields::YEAR;

/// A calendar whose ranges have become sets of numbers.
#[derive(Debug)]
pub(super) struct Calendar {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days_of_month: u64,
    months: u64,
    /// Counted from the first year there is; full if the calendar names none.
    years: u128,
    days_of_week: u64,
}

impl Calendar {
    pub(super) fn new(spec: &StructuredCalendarSpec) -> Self {
        Self {
            seconds: set(&spec.second),
            minutes: set(&spec.minute),
            hours: set(&spec.hour),
            days_of_month: set(&spec.day_of_month),
            months: set(&spec.month),
            years: match spec.year.is_empty() {
                true => u128::MAX,
                false => spec
                    .year
                    .iter()
                    .flat_map(values)
                    .fold(0, |years, year| years | 1 << (year - YEAR.first)),
            },
            days_of_week: set(&spec.day_of_week),
        }
    }

    pub(super) fn names(&self, at: DateTime) -> bool {
        self.names_date(at.date()) && self.first_time(at.time()) == Some(at.time())
    }

    /// The first moment that this calendar names, from a whole second on.
    pub(super) fn first_from(&self, from: DateTime) -> Option<DateTime> {
        if self.names_date(from.date())
            && let Some(time) = self.first_time(from.time())
        {
            return Some(from.date().to_datetime(time));
        }
        let time = self.first_time(Time::midnight())?;
        let mut date = from.date();
        while i32::from(date.year()) <= YEAR.last {
            // Whole years and months that are not named are not looked at day by day.
            date = if !self.names_year(date) {
                date.last_of_year()
            } else if !has(self.months, date.month()) {
                date.last_of_month()
            } else {
                date
            }
            .tomorrow()
            .ok()?;
            if self.names_date(date) {
                return Some(date.to_datetime(time));
            }
        }
        None
    }

    fn names_date(&self, date: Date) -> bool {
        self.names_year(date)
            && has(self.months, date.month())
            && has(self.days_of_month, date.day())
            && has(self.days_of_week, date.weekday().to_sunday_zero_offset())
    }

    fn names_year(&self, date: Date) -> bool {
        let year = i32::from(date.year());
        (YEAR.first..=YEAR.last).contains(&year) && self.years >> (year - YEAR.first) & 1 == 1
    }

    /// The first time of any day that is named.
    fn first_time(&self, from: Time) -> Option<Time> {
        let (first_minute, first_second) = (next(self.minutes, 0)?, next(self.seconds, 0)?);
        let (hour, minute, second) = (from.hour(), from.minute(), from.second());
        let (hour, minute, second) = if has(self.hours, hour) {
            let this_minute = match has(self.minutes, minute) {
                true => next(self.seconds, second).map(|second| (hour, minute, second)),
                false => None,
            };
            let this_hour = || Some((hour, next(self.minutes, minute + 1)?, first_second));
            let later = || Some((next(self.hours, hour + 1)?, first_minute, first_second));
            this_minute.or_else(this_hour).or_else(later)?
        } else {
            (next(self.hours, hour)?, first_minute, first_second)
        };
        Time::new(hour, minute, second, 0).ok()
    }
}

fn set(ranges: &[Range]) -> u64 {
    let values = ranges.iter().flat_map(values);
    values.fold(0, |set, value| set | 1 << value)
}

fn values(range: &Range) -> impl Iterator<Item = i32> + use<> {
    (range.start..=range.end).step_by(range.step.max(1) as usize)
}

fn has(set: u64, value: i8) -> bool {
    set >> value & 1 == 1
}

/// The smallest member that is not below `from`.
fn next(set: u64, from: i8) -> Option<i8> {
    let rest = set >> from;
    (rest != 0).then(|| from + rest.trailing_zeros() as i8)
}
