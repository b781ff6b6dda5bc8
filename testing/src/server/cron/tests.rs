//! Cron schedules by example, and against a matcher that tries every minute.

use std::time::{Duration, SystemTime};

use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::CronSchedule;

fn time(text: &str) -> SystemTime {
    text.parse::<Timestamp>().unwrap().into()
}

fn next(schedule: &str, after: &str) -> Option<String> {
    let schedule = CronSchedule::parse(schedule).unwrap();
    let next = schedule.next(time(after))?;
    Some(Timestamp::try_from(next).unwrap().to_string())
}

#[test]
fn a_schedule_names_its_next_moment() {
    let after = "2026-11-22T15:14:01.25Z"; // a Sunday
    for (schedule, want) in [
        ("* * * * *", "2026-11-22T15:15:00Z"),
        ("? ? ? ? ?", "2026-11-22T15:15:00Z"),
        ("5/10 * * * *", "2026-11-22T15:15:00Z"),
        ("*/15 9-17 * * MON-FRI", "2026-11-23T09:00:00Z"),
        ("+5 * * * *", "2026-11-22T16:05:00Z"),
        ("0 0 13 * FRI", "2026-11-27T00:00:00Z"),
        ("0 0 13 * *", "2026-12-13T00:00:00Z"),
        ("0 0 */7 * FRI", "2026-11-27T00:00:00Z"),
        ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("0 12 1,15 jan,Jun *", "2027-01-01T12:00:00Z"),
        ("@hourly", "2026-11-22T16:00:00Z"),
        ("@daily", "2026-11-23T00:00:00Z"),
        ("@midnight", "2026-11-23T00:00:00Z"),
        ("@weekly", "2026-11-29T00:00:00Z"),
        ("@monthly", "2026-12-01T00:00:00Z"),
        ("@yearly", "2027-01-01T00:00:00Z"),
        ("@every 3s", "2026-11-22T15:14:04Z"),
        ("@every 1.5h", "2026-11-22T16:44:01Z"),
        ("@every 1m30s500ms", "2026-11-22T15:15:31Z"),
        ("@every -1s", "2026-11-22T15:14:02Z"),
        ("TZ=America/New_York 0 2 * * *", "2026-11-23T07:00:00Z"),
        ("CRON_TZ=Asia/Tokyo @daily", "2026-11-23T15:00:00Z"),
        ("CRON_TZ=Local 0 0 1 1 *", "2027-01-01T00:00:00Z"),
    ] {
        assert_eq!(next(schedule, after).as_deref(), Some(want), "{schedule}");
    }
}

#[test]
fn what_is_not_a_schedule_is_refused() {
    for text in [
        "",
        "*",
        "* * * * * *",
        "*/0 * * * *",
        "60 * * * *",
        "* * * * 7",
        "* * 0 * *",
        "5-1 * * * *",
        "1-5-6 * * * *",
        "1/2/3 * * * *",
        "x * * * *",
        "@reboot",
        "@Daily",
        "@hourly ",
        "@every",
        "@every 1w",
        "@every   3s",
        "@every 1.s.",
        "  @every 10s",
        "TZ=Nope * * * * *",
        "TZ=UTC",
    ] {
        assert!(CronSchedule::parse(text).is_none(), "{text:?}");
    }
}

#[test]
fn a_schedule_without_a_moment_has_no_next_one() {
    for text in ["0 0 31 2 *", ", * * * *"] {
        assert_eq!(next(text, "2026-11-22T15:14:01Z"), None, "{text}");
    }
}

#[test]
fn skipped_hours_are_left_out_and_repeated_ones_come_twice() {
    let schedule = "TZ=America/New_York 30 2 * * *";
    let want = Some("2026-03-09T06:30:00Z".to_owned());
    assert_eq!(next(schedule, "2026-03-08T00:00:00-05:00"), want);
    let schedule = "TZ=America/New_York 30 1 * * *";
    let first = next(schedule, "2026-11-01T00:00:00-04:00").unwrap();
    assert_eq!(first, "2026-11-01T05:30:00Z");
    assert_eq!(next(schedule, &first).unwrap(), "2026-11-01T06:30:00Z");
}

#[test]
fn the_pause_after_a_run_leaves_out_what_it_missed() {
    let opened = time("2026-11-22T15:14:01.25Z");
    for (schedule, open_for, want) in [
        ("@every 10s", 0.0, 10),
        ("@every 10s", 25.0, 5),
        ("@every 10s", 9.75, 0),
        ("*/5 * * * *", 600.0, 59),
        ("@daily", 0.0, 31_559),
    ] {
        let closed = opened + Duration::from_secs_f64(open_for);
        let pause = CronSchedule::parse(schedule)
            .unwrap()
            .backoff(opened, closed);
        assert_eq!(
            pause,
            Some(Duration::from_secs(want)),
            "{schedule} {open_for}"
        );
    }
}

/// A field, and the numbers that it was made from.
fn field(min: i8, max: i8) -> impl Strategy<Value = (String, Vec<i8>)> {
    let any = Just(("*".to_owned(), (min..=max).collect::<Vec<_>>()));
    let list = prop::collection::vec(min..=max, 1..4).prop_map(|numbers| {
        let texts: Vec<String> = numbers.iter().map(i8::to_string).collect();
        (texts.join(","), numbers)
    });
    let range = (min..=max, min..=max, 1_usize..9).prop_map(|(a, b, step)| {
        let (low, high) = (a.min(b), a.max(b));
        let numbers = (low..=high).step_by(step).collect();
        (format!("{low}-{high}/{step}"), numbers)
    });
    prop_oneof![any, list, range]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_next_moment_is_the_first_minute_that_matches(
        minute in field(0, 59),
        hour in field(0, 23),
        day in field(1, 31),
        month in field(1, 12),
        weekday in field(0, 6),
        zone in prop::sample::select(vec!["UTC", "America/New_York", "Australia/Lord_Howe"]),
        hours_in in 0_i64..17_520,
    ) {
        let text = format!("TZ={zone} {} {} {} {} {}", minute.0, hour.0, day.0, month.0, weekday.0);
        let schedule = CronSchedule::parse(&text).unwrap();
        let after: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let after = after + hours_in.hours() + 16.seconds() + 250.milliseconds();
        let open = day.0 == "*" || weekday.0 == "*";
        let zone = jiff::tz::TimeZone::get(zone).unwrap();
        // Three weeks of minutes; a schedule that names none of them has to name a later moment.
        let first = after + 43.seconds() + 750.milliseconds();
        let found = (0..30_240_i64).map(|at| first + at.minutes()).find(|at| {
            let at = at.to_zoned(zone.clone());
            let of_month = day.1.contains(&at.day());
            let of_week = weekday.1.contains(&at.weekday().to_sunday_zero_offset());
            minute.1.contains(&at.minute())
                && hour.1.contains(&at.hour())
                && month.1.contains(&at.month())
                && if open { of_month && of_week } else { of_month || of_week }
        });
        let next = schedule.next(after.into()).map(|at| Timestamp::try_from(at).unwrap());
        match found {
            Some(found) => prop_assert_eq!(next, Some(found), "{}", text),
            None => prop_assert!(next.is_none_or(|at| at > first + 30_239.minutes()), "{}", text),
        }
    }
}
