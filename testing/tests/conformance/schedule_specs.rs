//! When schedules act: what specs say, how they are read back, and which are refused.

#![allow(
    deprecated,
    reason = "clients still send the calendars to exclude as texts"
)]

use outlast_proto::temporal::api::schedule::v1::{
    CalendarSpec, IntervalSpec, Range, ScheduleSpec, StructuredCalendarSpec,
};
use outlast_proto::temporal::api::workflowservice::v1::DescribeScheduleResponse;
use tonic::Code;

use crate::Peer;
use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

/// 2030-01-01T00:00:00Z, a Tuesday.
const NEW_YEAR: i64 = 1_893_456_000;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

async fn create(peer: &Peer, spec: ScheduleSpec) -> Result<(), tonic::Status> {
    let mut schedule = peer.schedule();
    schedule.spec = Some(spec);
    // These schedules are asked, and never act.
    schedule.state.as_mut().unwrap().paused = true;
    peer.create_schedule(schedule).await.map(drop)
}

fn spec_of(described: DescribeScheduleResponse) -> ScheduleSpec {
    described.schedule.unwrap().spec.unwrap()
}

fn ranges(ranges: &[Range]) -> Vec<(i32, i32, i32)> {
    ranges.iter().map(|r| (r.start, r.end, r.step)).collect()
}

#[tokio::test]
async fn specs_are_read_back_as_structured_calendars_and_intervals() {
    conform("schedule-canonical", async |peer| {
        let spec = ScheduleSpec {
            cron_string: ["30 12 * * MON-fri # lunch", "@every 1h/5m", "@daily"]
                .map(str::to_owned)
                .to_vec(),
            calendar: vec![CalendarSpec {
                minute: "*/15".to_owned(),
                hour: "3-5".to_owned(),
                year: "2030-2032/2".to_owned(),
                day_of_week: "6-7".to_owned(),
                comment: "odd hours".to_owned(),
                ..Default::default()
            }],
            structured_calendar: vec![StructuredCalendarSpec {
                hour: vec![Range {
                    start: 4,
                    ..Default::default()
                }],
                ..Default::default()
            }],
            interval: vec![IntervalSpec {
                interval: seconds(60.0),
                phase: seconds(1.0),
            }],
            exclude_calendar: vec![CalendarSpec {
                month: "dec".to_owned(),
                ..Default::default()
            }],
            ..Default::default()
        };
        create(peer, spec).await.unwrap();
        let spec = spec_of(peer.describe_schedule().await.unwrap());
        assert!(spec.cron_string.is_empty() && spec.calendar.is_empty());
        let intervals: Vec<_> = spec
            .interval
            .iter()
            .map(|i| (i.interval, i.phase))
            .collect();
        let want = [
            (seconds(60.0), seconds(1.0)),
            (seconds(3600.0), seconds(300.0)),
        ];
        assert_eq!(intervals, want);

        let [plain, odd, lunch, daily] = &spec.structured_calendar[..] else {
            panic!("{spec:?}")
        };
        assert_eq!(ranges(&plain.hour), [(4, 4, 1)]);
        assert!(plain.minute.is_empty() && plain.month.is_empty());
        assert_eq!(odd.comment, "odd hours");
        assert_eq!(ranges(&odd.minute), [(0, 59, 15)]);
        assert_eq!(ranges(&odd.year), [(2030, 2032, 2)]);
        assert_eq!(ranges(&odd.day_of_week), [(0, 0, 1), (6, 6, 1)]);
        assert_eq!(lunch.comment, "lunch");
        assert_eq!(ranges(&lunch.day_of_week), [(1, 5, 1)]);
        assert_eq!(ranges(&lunch.day_of_month), [(1, 31, 1)]);
        assert_eq!(ranges(&daily.second), [(0, 0, 1)]);
        assert_eq!(
            ranges(&spec.exclude_structured_calendar[0].month),
            [(12, 12, 1)]
        );
        peer.delete_schedule().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn specs_that_make_no_sense_are_refused_in_the_same_words() {
    conform("schedule-flaws", async |peer| {
        let crons = [
            ("x y", "CronString does not have 5-7 fields"),
            ("@Daily", "CronString does not have 5-7 fields"),
            ("61 * * * *", "Minute is not in range [0-59]"),
            ("0 0 ? * *", "DayOfMonth is not in range [1-31]"),
            ("* * * * mondayx", "DayOfWeek is not in range [0-7]"),
            (
                "5-3 * * * *",
                "Minute End is before Start or not in range [0-59]",
            ),
            ("1-2-3 * * * *", "Minute has too many dashes"),
            ("1/2/3 * * * *", "Minute has too many slashes"),
            ("1/ * * * *", "Minute missing step value"),
            ("*/0 * * * *", "Minute has invalid Step"),
            ("0 0 * foo *", "Month is not in range [1-12]"),
            ("0 0 * * * 1999", "Year is not in range [2000-2100]"),
            ("@every", "CronString does not have interval after @every"),
            ("@every x", "time: invalid duration \"x\""),
            ("@every 1h30", "time: missing unit in duration \"1h30\""),
            ("@every 1w", "time: unknown unit \"w\" in duration \"1w\""),
            ("@every 0s", "interval is too small"),
            ("@every 10s/20s", "phase cannot be greater than Interval"),
            ("CRON_TZ=Nope/X 0 0 * * *", "unknown time zone Nope/X"),
        ];
        for (cron, want) in crons {
            let error = create(peer, by_cron(cron)).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{cron}");
            assert_eq!(
                error.message(),
                format!("Invalid schedule spec: {want}"),
                "{cron}"
            );
        }
        let hour = |start, end, step| ScheduleSpec {
            structured_calendar: vec![StructuredCalendarSpec {
                hour: vec![Range { start, end, step }],
                ..Default::default()
            }],
            ..Default::default()
        };
        let mut conflict = by_cron("CRON_TZ=UTC 0 0 * * *");
        conflict.timezone_name = "Europe/Berlin".to_owned();
        let mut wordy = hour(1, 1, 1);
        wordy.structured_calendar[0].comment = "x".repeat(201);
        let specs = [
            (
                hour(30, 0, 1),
                "invalid calendar spec: Hour Start is not in range [0-23]",
            ),
            (
                hour(30, 5, -1),
                "invalid calendar spec: Hour Start is not in range [0-23], \
                 Hour End is before Start or not in range [0-23], Hour has invalid Step",
            ),
            (
                hour(5, 3, 1),
                "invalid calendar spec: Hour End is before Start or not in range [0-23]",
            ),
            (
                hour(3, 5, -1),
                "invalid calendar spec: Hour has invalid Step",
            ),
            (wordy, "invalid calendar spec: comment is too long"),
            (every(0.5), "interval is too small"),
            (conflict, "conflicting timezone names"),
        ];
        for (spec, want) in specs {
            let error = create(peer, spec).await.unwrap_err();
            assert_eq!(error.message(), format!("Invalid schedule spec: {want}"));
        }
    })
    .await;
}

#[tokio::test]
async fn the_times_of_a_spec_can_be_asked_for() {
    conform("schedule-times", async |peer| {
        let (from, to) = (NEW_YEAR, NEW_YEAR + 2 * DAY);
        let mut excluding = every(6.0 * 3600.0);
        excluding.exclude_calendar = vec![CalendarSpec {
            hour: "6,18".to_owned(),
            ..Default::default()
        }];
        let mut bounded = by_cron("@hourly");
        bounded.start_time = Some(prost_types::Timestamp {
            seconds: NEW_YEAR + 2 * HOUR,
            nanos: 500_000_000,
        });
        bounded.end_time = Some(prost_types::Timestamp {
            seconds: NEW_YEAR + 3 * HOUR,
            nanos: 999_999_999,
        });
        let mut here = by_cron("0 0 * * *");
        here.timezone_name = "Asia/Kolkata".to_owned();
        let cases = [
            // The start of the range is not in it, its end is.
            (by_cron("0 0 * * *"), vec![DAY, 2 * DAY]),
            (every(86_400.0), vec![DAY, 2 * DAY]),
            (by_cron("@every 1d/2h"), vec![2 * HOUR, DAY + 2 * HOUR]),
            (by_cron("0 12 * * wed"), vec![DAY + 12 * HOUR]),
            // Both the day of the month and the day of the week have to fit.
            (by_cron("0 12 1 * wed"), vec![]),
            (by_cron("30 0 12 1 1 * 2030"), vec![12 * HOUR + 30]),
            (by_cron("0 0 31 2 *"), vec![]),
            (excluding, vec![12 * HOUR, DAY, DAY + 12 * HOUR, 2 * DAY]),
            (bounded, vec![2 * HOUR, 3 * HOUR]),
            (here, vec![18 * HOUR + HOUR / 2, DAY + 18 * HOUR + HOUR / 2]),
        ];
        for (spec, want) in cases {
            create(peer, spec.clone()).await.unwrap();
            let times = peer.matching_times(from, to).await.unwrap();
            let times: Vec<i64> = times.into_iter().map(|time| time - NEW_YEAR).collect();
            assert_eq!(times, want, "{spec:?}");
            peer.delete_schedule().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_of_the_clocks_skips_or_repeats_times() {
    conform("schedule-dst", async |peer| {
        // New York: from 07:00 UTC on 2030-03-10, and until 06:00 UTC on 2030-11-03.
        let (spring, autumn) = (NEW_YEAR + 68 * DAY, NEW_YEAR + 306 * DAY);
        let mut spec = by_cron("30 1,2 * * *");
        spec.timezone_name = "America/New_York".to_owned();
        create(peer, spec).await.unwrap();
        let hours = |times: Vec<i64>, day: i64| -> Vec<f64> {
            times
                .iter()
                .map(|time| (time - day) as f64 / 3600.0)
                .collect()
        };
        let times = peer.matching_times(spring, spring + DAY).await.unwrap();
        assert_eq!(hours(times, spring), [6.5], "half past two does not exist");
        let times = peer.matching_times(autumn, autumn + DAY).await.unwrap();
        assert_eq!(
            hours(times, autumn),
            [5.5, 6.5, 7.5],
            "half past one comes twice"
        );
        peer.delete_schedule().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn jitter_delays_each_action_by_less_than_asked_for() {
    conform("schedule-jitter", async |peer| {
        let mut spec = by_cron("@hourly");
        spec.jitter = seconds(600.0);
        create(peer, spec).await.unwrap();
        let times = peer
            .matching_times(NEW_YEAR, NEW_YEAR + DAY - 1)
            .await
            .unwrap();
        assert_eq!(times.len(), 23);
        let delays: Vec<i64> = times.iter().map(|time| time % HOUR).collect();
        assert!(delays.iter().all(|delay| *delay < 600), "{delays:?}");
        assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
        let again = peer
            .matching_times(NEW_YEAR, NEW_YEAR + DAY - 1)
            .await
            .unwrap();
        assert_eq!(times, again);
        peer.delete_schedule().await.unwrap();
    })
    .await;
}
