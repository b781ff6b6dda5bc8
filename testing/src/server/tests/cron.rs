//! Cron chains in virtual time: days pass in no time at all.

use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use super::builders::*;
use super::scene::*;
use crate::server::ServerOptions;

/// A server whose clock starts on Friday, 2026-11-20, at 12:34:56.5 UTC.
fn scene() -> Scene {
    let start = Duration::from_millis(1_795_178_096_500);
    Scene::with(ServerOptions {
        start_time: SystemTime::UNIX_EPOCH + start,
        ..ServerOptions::default()
    })
}

/// Completes the next `runs` runs, and returns how many minutes after the start each came.
fn minutes_of(scene: &mut Scene, runs: usize) -> Vec<u64> {
    let begin = scene.engine.now();
    (0..runs)
        .map(|_| {
            let call = scene.begin_poll("q");
            scene.await_result();
            let task = scene.workflow_task(call).expect("the schedule comes round");
            scene
                .complete(&task, vec![complete_workflow("done")])
                .unwrap();
            scene.engine.now().duration_since(begin).unwrap().as_secs() / 60
        })
        .collect()
}

#[test]
fn a_workflow_runs_on_weekdays_at_nine() {
    let mut scene = scene();
    scene.start_with(|request| request.cron_schedule = "0 9 * * MON-FRI".to_owned());
    assert_eq!(minutes_of(&mut scene, 3), [4105, 5545, 6985]);
}

#[test]
fn a_schedule_has_the_clocks_of_its_time_zone() {
    let mut scene = scene();
    let schedule = "CRON_TZ=Europe/Berlin 0 9 * * *";
    scene.start_with(|request| request.cron_schedule = schedule.to_owned());
    assert_eq!(minutes_of(&mut scene, 2), [1165, 2605]);
}

#[test]
fn the_moments_during_a_run_are_left_out() {
    let mut scene = scene();
    scene.start_with(|request| request.cron_schedule = "@every 1h".to_owned());
    scene.advance(3 * 3600 + 60);
    let task = scene.poll();
    scene
        .complete(&task, vec![complete_workflow("late")])
        .unwrap();
    let first = scene.history().swap_remove(0).attributes;
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(next)) = first else {
        panic!("{first:?}")
    };
    // The schedule counts whole seconds, from the moment at which the run was due.
    let want = seconds(59.0 * 60.0);
    assert_eq!(next.first_workflow_task_backoff, want);
}

#[test]
fn an_execution_timeout_ends_the_whole_chain() {
    let mut scene = scene();
    scene.start_with(|request| {
        request.cron_schedule = "@every 1h".to_owned();
        request.workflow_execution_timeout = seconds(1.5 * 3600.0);
    });
    assert_eq!(minutes_of(&mut scene, 1), [60]);
    scene.advance(3600);
    let Attributes::WorkflowExecutionTimedOutEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert_eq!(a.new_execution_run_id, "");
}
