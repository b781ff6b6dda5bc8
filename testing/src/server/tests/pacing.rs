//! Time in the hands of whoever drives the server: paced jumps, holds, alarms, naps.

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::EventType as E;

use super::builders::*;
use super::scene::*;
use crate::server::{Answer, CallId, Code, TimeMode};

const HOUR: Duration = Duration::from_hours(1);

/// A workflow of a paced server with a timer of an hour.
fn paced() -> Scene {
    let mut scene = Scene::in_mode(TimeMode::Paced);
    scene.start();
    let task = scene.poll();
    let timer = start_timer("t", HOUR.as_secs_f64());
    scene.complete(&task, vec![timer]).unwrap();
    scene
}

/// A workflow whose activity runs and may take ten seconds.
fn running() -> (Scene, ActivityTask) {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    let task = scene.poll_activity();
    (scene, task)
}

fn alarm(scene: &mut Scene, after: Duration) -> CallId {
    let at = scene.engine.now() + after;
    scene.engine.set_alarm(at, "an alarm".to_owned())
}

fn rang(scene: &mut Scene, call: CallId) -> bool {
    scene.answer(call) == Some(Answer::Slept)
}

#[test]
fn a_paced_clock_jumps_when_it_is_told_to_and_somebody_waits() {
    let mut scene = paced();
    assert!(!scene.engine.may_skip());
    scene.await_result();
    assert_eq!(scene.elapsed(), 0.0);
    assert!(scene.engine.may_skip());
    scene.engine.skip();
    assert_eq!(scene.elapsed(), HOUR.as_secs_f64());
    scene.engine.skip();
    assert_eq!(scene.elapsed(), HOUR.as_secs_f64(), "its task is under way");
}

#[test]
fn a_hold_keeps_time_from_passing_and_says_why() {
    let mut scene = Scene::after(vec![start_timer("t", 60.0)]);
    let hold = scene.engine.hold("a fixture".to_owned());
    let sleep = scene.engine.sleep(HOUR);
    assert_eq!(scene.elapsed(), 0.0);
    assert!(scene.engine.diagnostics().contains("held: a fixture"));
    scene.engine.release(hold);
    assert_eq!(scene.elapsed(), 60.0);
    assert!(!rang(&mut scene, sleep), "the workflow's task comes first");
}

#[test]
fn an_alarm_wants_no_time_and_stops_it_when_it_rings() {
    let mut scene = Scene::after(vec![start_timer("t", 7200.0)]);
    let call = alarm(&mut scene, HOUR);
    assert_eq!(scene.elapsed(), 0.0);
    assert_eq!(scene.engine.pending_timers()[0].what, "an alarm");
    scene.await_result();
    assert!(rang(&mut scene, call));
    assert_eq!(scene.elapsed(), 3600.0);
    assert!(scene.engine.diagnostics().contains("an alarm is running"));
    scene.engine.end_alarm(call);
    assert_eq!(scene.elapsed(), 7200.0);
}

#[test]
fn alarms_at_one_moment_ring_one_after_the_other() {
    let mut scene = Scene::new();
    let first = alarm(&mut scene, Duration::ZERO);
    let second = alarm(&mut scene, Duration::ZERO);
    assert!(!rang(&mut scene, second));
    assert!(rang(&mut scene, first));
    scene.engine.end_alarm(first);
    assert!(rang(&mut scene, second));
}

#[test]
fn an_alarm_that_is_taken_back_does_not_ring() {
    let mut scene = Scene::after(vec![start_timer("t", 7200.0)]);
    let call = alarm(&mut scene, HOUR);
    scene.engine.cancel_call(call);
    scene.await_result();
    assert!(!rang(&mut scene, call));
    assert_eq!(scene.elapsed(), 7200.0);
}

#[test]
fn an_alarm_at_an_event_rings_before_time_passes() {
    let mut scene = Scene::new();
    scene.start();
    let call = scene
        .engine
        .set_event_alarm("default", "w", "TimerStarted", 2, "two timers".to_owned())
        .unwrap();
    scene.await_result();
    let task = scene.poll();
    let timers = [60.0, 120.0].map(|after| start_timer(&after.to_string(), after));
    scene.complete(&task, timers.to_vec()).unwrap();
    assert!(rang(&mut scene, call));
    assert_eq!(scene.elapsed(), 0.0);
    scene.engine.end_alarm(call);
    assert_eq!(scene.elapsed(), 60.0);
}

#[test]
fn an_alarm_at_an_event_of_no_type_is_refused() {
    let mut scene = Scene::new();
    let refused = scene
        .engine
        .set_event_alarm("default", "w", "Timer", 1, String::new());
    assert_eq!(refused.unwrap_err().code, Code::InvalidArgument);
}

#[test]
fn an_attempt_that_naps_lets_time_pass_until_its_moment() {
    let (mut scene, task) = running();
    let until = scene.engine.now() + Duration::from_secs(5);
    let nap = scene.engine.nap(&task.task_token, Some(until)).unwrap();
    assert_eq!(scene.elapsed(), 0.0, "nobody waits");
    scene.await_result();
    assert!(rang(&mut scene, nap));
    assert_eq!(scene.elapsed(), 5.0);
    assert!(
        scene
            .engine
            .diagnostics()
            .contains("activity \"a\" is running")
    );
    scene.complete_activity(&task).unwrap();
}

#[test]
fn a_nap_ends_with_its_attempt() {
    let (mut scene, task) = running();
    let nap = scene.engine.nap(&task.task_token, None).unwrap();
    scene.terminate();
    assert!(rang(&mut scene, nap));

    let (mut scene, task) = running();
    let nap = scene.engine.nap(&task.task_token, None).unwrap();
    scene.await_result();
    assert!(rang(&mut scene, nap), "its timeout has run out");
    assert!(scene.elapsed() > 0.0);
    assert!(scene.complete_activity(&task).is_err());
    assert!(scene.engine.nap(&task.task_token, None).is_err());
}

#[test]
fn an_attempt_whose_nap_is_taken_back_holds_the_clock_again() {
    let (mut scene, task) = running();
    let nap = scene.engine.nap(&task.task_token, None).unwrap();
    scene.engine.cancel_call(nap);
    scene.await_result();
    assert_eq!(scene.elapsed(), 0.0);
    assert_eq!(scene.types().last(), Some(&E::ActivityTaskScheduled));
}
