//! When the clock moves, and when it does not.

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;

use super::builders::*;
use super::scene::*;
use crate::server::{Answer, Code, ServerOptions, TimeMode};

const DAY: f64 = 86_400.0;

#[test]
fn a_frozen_clock_stands_still_while_nobody_waits() {
    let mut scene = Scene::after(vec![start_timer("t", DAY)]);
    scene.begin_poll("q");
    assert_eq!(scene.elapsed(), 0.0);
}

#[test]
fn waiting_for_a_result_skips_to_the_next_timer() {
    let mut scene = Scene::after(vec![start_timer("t", DAY)]);
    let poll = scene.begin_poll("q");
    let result = scene.await_result();
    assert_eq!(scene.elapsed(), DAY);
    let task = scene.workflow_task(poll).unwrap();
    scene
        .complete(&task, vec![complete_workflow("done")])
        .unwrap();
    assert!(matches!(scene.answer(result), Some(Answer::History(_))));
    assert_eq!(scene.elapsed(), DAY);
}

#[test]
fn waiting_for_an_update_to_complete_skips_too() {
    let mut scene = Scene::after(vec![]);
    let call = scene.update("u", Stage::Completed).unwrap();
    let task = scene.poll();
    let accept = accept(&task.messages[0]);
    let commands = vec![protocol_message(&accept), start_timer("t", DAY)];
    scene.complete_with_messages(&task, commands, vec![accept]);
    assert_eq!(scene.elapsed(), DAY);
    let next = scene.poll();
    let complete = complete_update(&task.messages[0], "changed");
    scene.complete_with_messages(&next, vec![protocol_message(&complete)], vec![complete]);
    assert_eq!(
        scene.updated(call).unwrap().unwrap().stage(),
        Stage::Completed
    );
}

#[test]
fn a_task_in_a_workers_hands_holds_the_clock() {
    let mut scene = Scene::after(vec![start_timer("t", DAY)]);
    scene.signal("s");
    let task = scene.poll();
    scene.await_result();
    assert_eq!(scene.elapsed(), 0.0);
    scene.complete(&task, vec![]).unwrap();
    assert_eq!(scene.elapsed(), DAY);
}

#[test]
fn a_running_activity_holds_the_clock_even_over_its_own_timeout() {
    let mut scene = Scene::after(vec![
        schedule_activity(activity("a")),
        start_timer("t", DAY),
    ]);
    let task = scene.poll_activity();
    scene.await_result();
    assert_eq!(scene.elapsed(), 0.0);
    scene.complete_activity(&task).unwrap();
    assert_eq!(scene.types().last(), Some(&E::WorkflowTaskScheduled));
}

#[test]
fn a_detached_activity_lets_time_pass_and_can_time_out() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    scene.engine.detach_activities("charge");
    let task = scene.poll_activity();
    scene.await_result();
    assert_eq!(
        scene.elapsed(),
        11.0,
        "its timeout, and the backoff of its retry"
    );
    assert!(scene.complete_activity(&task).is_err());
}

#[test]
fn a_task_that_no_worker_will_take_holds_nothing() {
    let mut elsewhere = activity("a");
    elsewhere.task_queue = queue("nobody");
    elsewhere.schedule_to_start_timeout = seconds(60.0);
    let mut scene = Scene::after(vec![schedule_activity(elsewhere)]);
    scene.await_result();
    assert_eq!(scene.elapsed(), 60.0);
    assert!(scene.types().contains(&E::ActivityTaskTimedOut));
}

#[test]
fn a_forgotten_workflow_does_not_stop_the_clock_for_others() {
    let mut scene = Scene::after(vec![start_timer("t", DAY)]);
    let mut request = Scene::start_request();
    request.workflow_id = "forgotten".to_owned();
    request.task_queue = queue("nobody");
    scene.engine.start_workflow_execution(request).unwrap();
    scene.await_result();
    assert_eq!(scene.elapsed(), DAY);
}

#[test]
fn time_is_not_skipped_to_the_timeout_of_a_run() {
    let mut scene = Scene::new();
    scene.start_with(|request| request.workflow_run_timeout = seconds(30.0 * DAY));
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    scene.await_result();
    assert_eq!(scene.elapsed(), 0.0);
    let stalled = scene.engine.stalled().unwrap().to_string();
    assert!(
        stalled.contains("no timer or activity is pending"),
        "{stalled}"
    );
    assert!(stalled.contains("\"w\" (Order"), "{stalled}");
    assert!(stalled.contains("waits for a signal"), "{stalled}");
    let timeout = "its run timeout is at 2030-01-31T00:00:00Z (in 720h)";
    assert!(stalled.contains(timeout), "{stalled}");
}

#[test]
fn a_run_timeout_fires_if_another_timer_lies_behind_it() {
    let mut scene = Scene::new();
    scene.start_with(|request| request.workflow_run_timeout = seconds(60.0));
    let task = scene.poll();
    scene.complete(&task, vec![start_timer("t", DAY)]).unwrap();
    let result = scene.await_result();
    assert_eq!(scene.elapsed(), 60.0);
    assert!(scene.answer(result).is_some());
    assert_eq!(scene.types().last(), Some(&E::WorkflowExecutionTimedOut));
}

#[test]
fn a_server_is_not_stalled_while_something_is_under_way_or_nobody_waits() {
    let mut scene = Scene::after(vec![]);
    assert_eq!(scene.engine.stalled(), None, "nobody waits");
    scene.await_result();
    assert!(scene.engine.stalled().is_some());
    scene.signal("s");
    let task = scene.poll();
    assert_eq!(scene.engine.stalled(), None, "a task is running");
    scene
        .complete(&task, vec![complete_workflow("done")])
        .unwrap();
    assert_eq!(scene.engine.stalled(), None);
}

#[test]
fn a_missing_worker_is_named_in_the_report() {
    let mut scene = Scene::new();
    scene.start();
    scene.await_result();
    let stalled = scene.engine.stalled().unwrap().to_string();
    assert!(stalled.contains("no worker polls \"q\""), "{stalled}");
}

#[test]
fn a_sleep_goes_exactly_as_far_as_asked() {
    let mut scene = Scene::after(vec![start_timer("t", 2.0 * DAY)]);
    let call = scene.engine.sleep(Duration::from_secs_f64(DAY));
    assert_eq!(scene.answer(call), Some(Answer::Slept));
    assert_eq!(scene.elapsed(), DAY);
    assert_eq!(scene.types().last(), Some(&E::TimerStarted));
}

#[test]
fn a_sleep_ends_when_what_became_due_has_been_dealt_with() {
    let mut scene = Scene::after(vec![start_timer("t", 60.0)]);
    let poll = scene.begin_poll("q");
    let call = scene.engine.sleep(Duration::from_secs(60));
    assert_eq!(
        scene.answer(call),
        None,
        "the fired timer's task is still running"
    );
    let task = scene.workflow_task(poll).unwrap();
    scene
        .complete(&task, vec![complete_workflow("done")])
        .unwrap();
    assert_eq!(scene.answer(call), Some(Answer::Slept));
}

#[test]
fn a_sleeper_lets_run_timeouts_happen() {
    let mut scene = Scene::new();
    scene.start_with(|request| request.workflow_run_timeout = seconds(60.0));
    scene.engine.sleep(Duration::from_secs(61));
    assert_eq!(scene.types().last(), Some(&E::WorkflowExecutionTimedOut));
}

#[test]
fn the_shortest_sleep_bounds_those_who_wait_for_results() {
    let mut scene = Scene::after(vec![start_timer("t", DAY)]);
    scene.engine.lock_time_skipping();
    scene.await_result();
    let short = scene.engine.sleep(Duration::from_secs(10));
    let long = scene.engine.sleep(Duration::from_secs(20));
    scene.engine.unlock_time_skipping().unwrap();
    assert_eq!(scene.answer(short), Some(Answer::Slept));
    assert_eq!(scene.answer(long), Some(Answer::Slept));
    assert_eq!(
        scene.elapsed(),
        DAY,
        "then the result's waiter has the clock to itself"
    );
}

#[test]
fn a_cancelled_wait_stops_the_clock() {
    let mut scene = Scene::after(vec![start_timer("t", DAY)]);
    scene.engine.lock_time_skipping();
    let call = scene.await_result();
    scene.engine.cancel_call(call);
    scene.engine.unlock_time_skipping().unwrap();
    assert_eq!(scene.elapsed(), 0.0);
}

#[test]
fn timers_end_with_their_run() {
    let mut scene = Scene::after(vec![start_timer("t", DAY)]);
    assert_eq!(scene.engine.pending_timers()[0].what, "timer \"t\"");
    scene.terminate();
    assert_eq!(scene.engine.pending_timers(), []);
}

#[test]
fn timers_due_at_once_fire_in_creation_order_for_one_task() {
    let timers = ["c", "a", "b"].map(|id| start_timer(id, 60.0));
    let mut scene = Scene::after(timers.to_vec());
    scene.advance(60);
    let want = [
        E::TimerFired,
        E::TimerFired,
        E::TimerFired,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(scene.types()[7..], want);
    let fired: Vec<String> = scene.history()[7..10]
        .iter()
        .map(|event| {
            match event.attributes.clone().unwrap() {
            outlast_proto::temporal::api::history::v1::history_event::Attributes::
                TimerFiredEventAttributes(a) => a.timer_id,
            other => panic!("{other:?}"),
        }
        })
        .collect();
    assert_eq!(fired, ["c", "a", "b"]);
}

#[test]
fn a_timer_of_no_duration_fires_when_the_clock_is_next_looked_at() {
    let mut scene = Scene::after(vec![start_timer("t", 0.0)]);
    scene.await_result();
    assert_eq!(scene.elapsed(), 0.0);
    assert!(scene.types().contains(&E::TimerFired));
}

#[test]
fn a_flowing_clock_follows_the_wall() {
    let mut scene = Scene::in_mode(TimeMode::Flowing);
    scene.start();
    let task = scene.poll();
    scene.complete(&task, vec![start_timer("t", 60.0)]).unwrap();
    scene.await_result();
    scene.engine.observe_wall_clock(Duration::from_secs(59));
    assert_eq!(scene.types().last(), Some(&E::TimerStarted));
    scene.engine.observe_wall_clock(Duration::from_secs(61));
    assert!(scene.types().contains(&E::TimerFired));
    assert_eq!(scene.elapsed(), 61.0);
}

#[test]
fn an_unlocked_clock_skips_whatever_is_due_next() {
    let mut scene = Scene::in_mode(TimeMode::Skipping);
    scene.start_with(|request| request.workflow_run_timeout = seconds(DAY));
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    assert_eq!(scene.types().last(), Some(&E::WorkflowExecutionTimedOut));
    assert_eq!(scene.elapsed(), DAY);
    scene.engine.observe_wall_clock(Duration::from_secs(5));
    assert_eq!(
        scene.elapsed(),
        DAY + 5.0,
        "the wall clock's time comes on top"
    );
}

#[test]
fn a_worker_gets_a_moment_to_come_before_an_unlocked_clock_skips() {
    let mut scene = Scene::in_mode(TimeMode::Skipping);
    scene.start_with(|request| request.workflow_run_timeout = seconds(DAY));
    assert_eq!(scene.elapsed(), 0.0);
    scene.engine.observe_wall_clock(Duration::from_secs(2));
    assert_eq!(scene.elapsed(), DAY);
}

#[test]
fn locks_count() {
    let mut scene = Scene::in_mode(TimeMode::Skipping);
    scene.engine.lock_time_skipping();
    scene.engine.lock_time_skipping();
    let sleep = scene.engine.sleep(Duration::from_secs(60));
    scene.engine.unlock_time_skipping().unwrap();
    assert_eq!(scene.answer(sleep), None);
    scene.engine.unlock_time_skipping().unwrap();
    assert_eq!(scene.answer(sleep), Some(Answer::Slept));
    let error = scene.engine.unlock_time_skipping().unwrap_err();
    assert_eq!(error.code, Code::FailedPrecondition);
}

#[test]
fn an_unlocking_sleep_gives_its_lock_back() {
    let mut scene = Scene::in_mode(TimeMode::Flowing);
    let sleep = scene
        .engine
        .sleep_unlocked(Duration::from_secs(60))
        .unwrap();
    assert_eq!(scene.answer(sleep), Some(Answer::Slept));
    assert_eq!(scene.elapsed(), 60.0);
    let locked = scene.engine.sleep(Duration::from_secs(60));
    assert_eq!(scene.answer(locked), None);
    scene.engine.unlock_time_skipping().unwrap();
    assert_eq!(
        scene
            .engine
            .sleep_unlocked(Duration::ZERO)
            .unwrap_err()
            .code,
        Code::FailedPrecondition
    );
}

#[test]
fn diagnostics_name_what_is_under_way() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    scene.poll_activity();
    let text = scene.engine.diagnostics();
    assert!(text.contains("activity \"a\" is running"), "{text}");
    assert!(text.contains("StartToClose timeout"), "{text}");
}

#[test]
fn the_start_time_is_an_option() {
    let start_time = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let scene = Scene::with(ServerOptions {
        start_time,
        ..ServerOptions::default()
    });
    assert_eq!(scene.engine.now(), start_time);
}
