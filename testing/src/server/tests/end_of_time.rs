//! How far virtual time goes, and what is due beyond.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use outlast_proto::temporal::api::common::v1::RetryPolicy;
use outlast_proto::temporal::api::enums::v1::EventType as E;

use super::builders::*;
use super::scene::*;
use crate::server::{Answer, ServerOptions, TimeMode};

/// The first moment of the year 9999.
const END: Duration = Duration::from_secs(253_370_764_800);

fn end() -> SystemTime {
    UNIX_EPOCH + END
}

/// A workflow with a timer that is longer than all time.
fn patient(time: TimeMode) -> Scene {
    let mut scene = Scene::in_mode(time);
    scene.start();
    let task = scene.poll();
    let for_ever = Some(prost_types::Duration {
        seconds: i64::MAX,
        nanos: 0,
    });
    let commands = vec![start_timer_after("t", for_ever)];
    scene.complete(&task, commands).unwrap();
    scene
}

#[test]
fn the_longest_timer_fires_after_a_hundred_years() {
    let mut scene = patient(TimeMode::Frozen);
    scene.await_result();
    let hundred_years = 100.0 * 365.0 * 86_400.0;
    assert_eq!(scene.elapsed(), hundred_years);
    assert_eq!(scene.types()[5], E::TimerFired);
}

#[test]
fn the_clock_stops_before_the_year_9999() {
    for mode in [TimeMode::Frozen, TimeMode::Paced, TimeMode::Flowing] {
        let mut scene = patient(mode);
        scene.engine.advance(Duration::MAX);
        let last = scene.engine.now();
        scene.engine.advance(Duration::MAX);
        scene.engine.observe_wall_clock(Duration::MAX);
        assert_eq!(scene.engine.now(), last);
        assert_eq!(last + Duration::from_nanos(1), end());
    }
}

#[test]
fn a_sleep_beyond_the_end_never_ends() {
    let mut scene = patient(TimeMode::Frozen);
    let sleep = scene.engine.sleep(Duration::MAX);
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    assert!(scene.answer(sleep).is_none());
    assert!(scene.engine.now() < end());
    scene.engine.cancel_call(sleep);
}

#[test]
fn a_sleep_into_the_past_ends_at_once() {
    let mut scene = Scene::new();
    let before = scene.engine.now();
    let sleep = scene.engine.sleep_until(UNIX_EPOCH);
    assert!(matches!(scene.answer(sleep), Some(Answer::Slept)));
    assert_eq!(scene.engine.now(), before);
}

#[test]
fn a_clock_starts_within_time() {
    let early = UNIX_EPOCH - Duration::from_secs(1);
    let late = end() + Duration::from_secs(1);
    for (start_time, want) in [(early, UNIX_EPOCH), (late, end() - Duration::from_nanos(1))] {
        let scene = Scene::with(ServerOptions {
            start_time,
            ..ServerOptions::default()
        });
        assert_eq!(scene.engine.now(), want);
    }
}

#[test]
fn intervals_between_attempts_may_be_absurd() {
    let absurd = [f64::NAN, f64::INFINITY, 1e300];
    for backoff_coefficient in absurd {
        let mut ask = activity("a");
        ask.retry_policy = Some(RetryPolicy {
            backoff_coefficient,
            ..Default::default()
        });
        let mut scene = Scene::after(vec![schedule_activity(ask)]);
        for _ in 0..3 {
            let task = scene.poll_activity();
            scene.fail_activity(&task, application_failure("again"));
            scene.advance(1_000);
        }
        assert_eq!(scene.poll_activity().attempt, 4);
    }
}

#[test]
fn what_is_due_beyond_the_end_is_not_pending() {
    let mut scene = Scene::new();
    let late = scene.engine.set_alarm(end(), "too late".to_owned());
    assert_eq!(scene.engine.pending_timers(), []);
    assert_eq!(scene.engine.next_event(), None);
    let soon = scene.engine.now() + Duration::from_secs(1);
    scene.engine.set_alarm(soon, "soon".to_owned());
    assert_eq!(scene.engine.next_event(), Some(soon));
    scene.engine.cancel_call(late);
}

#[test]
fn who_waits_for_what_never_comes_hears_why() {
    let mut scene = Scene::with(ServerOptions {
        start_time: end() - Duration::from_secs(60),
        ..ServerOptions::default()
    });
    scene.start_with(|request| request.workflow_run_timeout = seconds(30.0));
    let task = scene.poll();
    let timer = start_timer("t", 3_600.0);
    scene.complete(&task, vec![timer]).unwrap();
    let before = scene.engine.now();
    scene.await_result();
    assert_eq!(scene.engine.now(), before, "nor does its run time out");
    let stalled = scene.engine.stalled().unwrap().to_string();
    let never = "what never comes, because virtual time ends before: timer \"t\"";
    assert!(stalled.contains(never), "{stalled}");
}
