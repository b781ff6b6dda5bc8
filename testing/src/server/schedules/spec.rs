//! Schedule specs: their checks, and the canonical form in which they are kept and read back.

use outlast_proto::temporal::api::schedule::v1::{
    CalendarSpec, IntervalSpec, Range, ScheduleSpec, StructuredCalendarSpec,
};

use super::durations::parse_nanos;
use super::fields::{DAY_OF_MONTH, DAY_OF_WEEK, Field, HOUR, MINUTE, MONTH, SECOND, YEAR};

/// Turns calendars and cron strings into structured calendars and intervals, and checks all.
pub(super) fn canonical(spec: ScheduleSpec) -> Result<ScheduleSpec, String> {
    let mut canonical = ScheduleSpec {
        calendar: Vec::new(),
        exclude_calendar: Vec::new(),
        cron_string: Vec::new(),
        ..spec
    };
    for calendar in &spec.calendar {
        canonical.structured_calendar.push(structured(calendar)?);
    }
    for calendar in &spec.exclude_calendar {
        let excluded = structured(calendar)?;
        canonical.exclude_structured_calendar.push(excluded);
    }
    add_crons(&spec.cron_string, &mut canonical)?;
    for calendar in &mut canonical.structured_calendar {
        settle_calendar(calendar)?;
    }
    for interval in &canonical.interval {
        check_interval(interval)?;
    }
    for calendar in &mut canonical.exclude_structured_calendar {
        settle_calendar(calendar)?;
    }
    Ok(canonical)
}

/// The fields of a calendar, each with its ranges.
pub(super) fn ranges(calendar: &StructuredCalendarSpec) -> [(&'static Field, &[Range]); 7] {
    [
        (&SECOND, &calendar.second),
        (&MINUTE, &calendar.minute),
        (&HOUR, &calendar.hour),
        (&DAY_OF_MONTH, &calendar.day_of_month),
        (&MONTH, &calendar.month),
        (&YEAR, &calendar.year),
        (&DAY_OF_WEEK, &calendar.day_of_week),
    ]
}

fn structured(calendar: &CalendarSpec) -> Result<StructuredCalendarSpec, String> {
    Ok(StructuredCalendarSpec {
        second: SECOND.parse(&calendar.second)?,
        minute: MINUTE.parse(&calendar.minute)?,
        hour: HOUR.parse(&calendar.hour)?,
        day_of_month: DAY_OF_MONTH.parse(&calendar.day_of_month)?,
        month: MONTH.parse(&calendar.month)?,
        // Every year is what no year at all stands for.
        year: match calendar.year.as_str() {
            "" | "*" => Vec::new(),
            years => YEAR.parse(years)?,
        },
        day_of_week: DAY_OF_WEEK.parse(&calendar.day_of_week)?,
        comment: calendar.comment.clone(),
    })
}

/// Checks a structured calendar and fills in the ends and steps of its ranges.
fn settle_calendar(calendar: &mut StructuredCalendarSpec) -> Result<(), String> {
    let mut flaws = Vec::new();
    for (field, ranges) in ranges(calendar) {
        flaws.extend(ranges.iter().flat_map(|range| field.flaws(range)));
    }
    if calendar.comment.len() > COMMENT_LIMIT {
        flaws.push("comment is too long".to_owned());
    }
    if !flaws.is_empty() {
        return Err(format!("invalid calendar spec: {}", flaws.join(", ")));
    }
    let fields = [
        &mut calendar.second,
        &mut calendar.minute,
        &mut calendar.hour,
        &mut calendar.day_of_month,
        &mut calendar.month,
        &mut calendar.year,
        &mut calendar.day_of_week,
    ];
    for range in fields.into_iter().flatten() {
        range.end = range.end.max(range.start);
        range.step = range.step.max(1);
    }
    Ok(())
}

fn check_interval(spec: &IntervalSpec) -> Result<(), String> {
    let interval = nanos(spec.interval.as_ref());
    let phase = nanos(spec.phase.as_ref());
    if interval < NANOS_PER_SECOND {
        return Err("interval is too small".to_owned());
    }
    if phase < 0 {
        return Err("phase is negative".to_owned());
    }
    match phase >= interval {
        true => Err("phase cannot be greater than Interval".to_owned()),
        false => Ok(()),
    }
}

/// Adds what cron strings say. All that name times of day have to agree on a time zone.
fn add_crons(crons: &[String], spec: &mut ScheduleSpec) -> Result<(), String> {
    let mut agreed: Option<String> = None;
    for text in crons {
        match parse_cron(text)? {
            Cron::Interval(interval) => spec.interval.push(interval),
            Cron::Calendar { calendar, zone } => {
                spec.structured_calendar.push(calendar);
                if agreed.get_or_insert_with(|| zone.clone()) != &zone {
                    return Err(CONFLICTING_ZONES.to_owned());
                }
            }
        }
    }
    match agreed.filter(|zone| !zone.is_empty()) {
        Some(zone) if spec.timezone_name.is_empty() => spec.timezone_name = zone,
        Some(zone) if spec.timezone_name != zone => return Err(CONFLICTING_ZONES.to_owned()),
        Some(_) | None => {}
    }
    Ok(())
}

/// What one cron string stands for.
enum Cron {
    Calendar {
        calendar: StructuredCalendarSpec,
        zone: String,
    },
    Interval(IntervalSpec),
}

fn parse_cron(text: &str) -> Result<Cron, String> {
    let (text, comment) = text.split_once('#').unwrap_or((text, ""));
    let (zone, text) = split_zone(text.trim());
    if let Some(every) = text.strip_prefix("@every") {
        return Ok(Cron::Interval(parse_every(every.trim())?));
    }
    let text = expanded(text);
    let fields: Vec<&str> = text.split_whitespace().collect();
    // Five fields are classic; a year may follow them, and seconds may then come before them.
    let (second, rest, year) = match fields.as_slice() {
        rest @ [_, _, _, _, _] => ("0", rest, "*"),
        [rest @ .., year] if rest.len() == 5 => ("0", rest, *year),
        [second, rest @ .., year] if rest.len() == 5 => (*second, rest, *year),
        _ => return Err("CronString does not have 5-7 fields".to_owned()),
    };
    let calendar = structured(&CalendarSpec {
        second: second.to_owned(),
        minute: rest[0].to_owned(),
        hour: rest[1].to_owned(),
        day_of_month: rest[2].to_owned(),
        month: rest[3].to_owned(),
        year: year.to_owned(),
        day_of_week: rest[4].to_owned(),
        comment: comment.trim().to_owned(),
    })?;
    let zone = zone.to_owned();
    Ok(Cron::Calendar { calendar, zone })
}

/// Takes `TZ=` or `CRON_TZ=` and its value off the front of a cron string.
fn split_zone(text: &str) -> (&str, &str) {
    let named = ["TZ=", "CRON_TZ="]
        .into_iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    match named {
        None => ("", text),
        Some(named) => {
            let (zone, rest) = named.split_once(char::is_whitespace).unwrap_or((named, ""));
            (zone, rest.trim())
        }
    }
}

fn parse_every(text: &str) -> Result<IntervalSpec, String> {
    if text.is_empty() {
        return Err("CronString does not have interval after @every".to_owned());
    }
    let (interval, phase) = text.split_once('/').unwrap_or((text, ""));
    let phase = match phase {
        "" => None,
        phase => Some(duration(parse_nanos(phase)?)),
    };
    Ok(IntervalSpec {
        interval: Some(duration(parse_nanos(interval)?)),
        phase,
    })
}

fn expanded(text: &str) -> &str {
    match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        other => other,
    }
}

fn duration(nanos: i64) -> prost_types::Duration {
    prost_types::Duration {
        seconds: nanos / NANOS_PER_SECOND,
        nanos: (nanos % NANOS_PER_SECOND) as i32,
    }
}

fn nanos(duration: Option<&prost_types::Duration>) -> i64 {
    let Some(duration) = duration else { return 0 };
    let whole = duration.seconds.saturating_mul(NANOS_PER_SECOND);
    whole.saturating_add(i64::from(duration.nanos))
}

const CONFLICTING_ZONES: &str = "conflicting timezone names";
const COMMENT_LIMIT: usize = 200;
const NANOS_PER_SECOND: i64 = 1_000_000_000;
