//! Workers that fail, are slow, or are gone.

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::EventType;

use super::builders::*;
use super::scene::*;
use crate::server::{Code, TimeMode};

/// The seconds that the worker of each of the next attempts has.
fn timeouts(scene: &mut Scene, attempts: usize) -> Vec<i64> {
    (0..attempts)
        .map(|_| {
            let task = scene.poll();
            let begin = scene.engine.now();
            let due = scene.engine.pending_timers();
            let timeout = due
                .iter()
                .find(|timer| timer.what.contains("workflow task"))
                .map(|timer| timer.at.duration_since(begin).unwrap());
            scene.fail(&task);
            timeout.unwrap().as_secs() as i64
        })
        .collect()
}

#[test]
fn a_task_that_fails_again_and_again_gets_more_time() {
    let mut scene = Scene::new();
    scene.start();
    let want = [10, 10, 10, 15, 20, 30, 50, 90, 170, 330, 610, 610];
    assert_eq!(timeouts(&mut scene, 12), want);
}

#[test]
fn a_sticky_queue_that_nobody_polled_for_ten_seconds_is_passed_over() {
    let mut scene = Scene::in_mode(TimeMode::Flowing);
    scene.start();
    let task = scene.poll();
    scene.complete_sticky(&task, vec![]);
    let poll = scene.begin_poll("sticky");
    scene.engine.expire_call(poll);
    scene.engine.observe_wall_clock(Duration::from_secs(9));
    scene.signal("soon");
    let task = scene.poll_queue("sticky");
    scene.complete_sticky(&task, vec![]);
    scene.engine.observe_wall_clock(Duration::from_secs(20));
    scene.signal("late");
    let task = scene.poll();
    assert_eq!(events_of(&task)[0].event_id, 1, "the whole history");
}

#[test]
fn a_query_tells_whether_there_are_workers() {
    let mut scene = Scene::in_mode(TimeMode::Flowing);
    scene.start();
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    for (seconds, want) in [(19, None), (20, Some(Code::FailedPrecondition))] {
        let passed = Duration::from_secs(seconds);
        scene.engine.observe_wall_clock(passed);
        let call = scene.query("status").unwrap();
        scene.engine.expire_call(call);
        let code = scene.queried(call).map(|answer| answer.unwrap_err().code);
        assert_eq!(code, want, "after {seconds} s");
    }
}

#[test]
fn a_poll_counts_for_queries_from_its_beginning() {
    let mut scene = Scene::in_mode(TimeMode::Flowing);
    scene.start();
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    let poll = scene.begin_poll("q");
    scene.engine.observe_wall_clock(Duration::from_secs(10));
    scene.engine.expire_call(poll);
    scene.engine.observe_wall_clock(Duration::from_secs(20));
    let call = scene.query("status").unwrap();
    scene.engine.expire_call(call);
    let error = scene.queried(call).unwrap().unwrap_err();
    assert_eq!(error.code, Code::FailedPrecondition);
}

#[test]
fn on_a_virtual_clock_a_query_has_no_worker_once_the_last_one_has_left() {
    let mut scene = Scene::after(vec![]);
    let patient = scene.query("status").unwrap();
    scene.engine.expire_call(patient);
    assert_eq!(scene.queried(patient), None, "its worker will poll again");
    scene.engine.time_out_call(patient);
    let poll = scene.begin_poll("q");
    scene.engine.cancel_call(poll);
    let hopeless = scene.query("status").unwrap();
    scene.engine.expire_call(hopeless);
    let error = scene.queried(hopeless).unwrap().unwrap_err();
    assert_eq!(error.code, Code::FailedPrecondition);
}

#[test]
fn a_query_that_a_sticky_worker_does_not_answer_goes_to_the_others() {
    let mut scene = Scene::in_mode(TimeMode::Flowing);
    scene.start();
    let task = scene.poll();
    let poll = scene.begin_poll("sticky");
    scene.complete_sticky(&task, vec![]);
    let call = scene.query("status").unwrap();
    let slow = scene.workflow_task(poll).unwrap();
    scene.engine.observe_wall_clock(Duration::from_secs(11));
    let task = scene.poll();
    assert_eq!(events_of(&task).len(), 4, "the whole history");
    assert!(scene.try_answer_query(&slow, "late").is_err());
    scene.answer_query(&task, "fine");
    let answer = scene.queried(call).unwrap().unwrap();
    assert_eq!(answer.query_result, payloads("fine"));
    let poll = scene.begin_poll("sticky");
    scene.signal("go on");
    assert_eq!(scene.workflow_task(poll), None, "it is sticky no more");
}

#[test]
fn a_query_waits_no_longer_for_the_sticky_worker_of_a_closed_workflow() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    let poll = scene.begin_poll("sticky");
    scene.complete_sticky(&task, vec![]);
    scene.engine.expire_call(poll);
    scene.query("status").unwrap();
    scene.terminate();
    assert!(scene.poll().query.is_some());
}

#[test]
fn an_eager_start_leaves_no_task_in_the_queue() {
    let mut scene = Scene::new();
    let mut request = Scene::start_request();
    request.request_eager_execution = true;
    let started = scene.engine.start_workflow_execution(request).unwrap();
    let call = scene.begin_poll("q");
    assert_eq!(scene.workflow_task(call), None);
    let task = started.eager_workflow_task.unwrap();
    scene
        .complete(&task, vec![complete_workflow("done")])
        .unwrap();
}

#[test]
fn time_passes_for_further_attempts_whose_worker_is_presumed_silent() {
    let mut scene = Scene::new();
    scene.start();
    let first = scene.poll();
    scene.await_result();
    assert!(!scene.engine.waits_for_retries());
    scene.fail(&first);
    let second = scene.poll();
    assert!(scene.engine.waits_for_retries());
    scene.engine.presume_silence();
    assert!(!scene.engine.waits_for_retries());
    let begun = second.started_time.unwrap().seconds;
    let third = scene.poll();
    assert_eq!(
        (third.attempt, third.started_time.unwrap().seconds - begun),
        (3, 10)
    );
}

#[test]
fn an_answer_of_a_worker_that_was_presumed_silent_counts() {
    let mut scene = Scene::new();
    scene.start();
    let first = scene.poll();
    scene.fail(&first);
    let second = scene.poll();
    scene.engine.presume_silence();
    scene
        .complete(&second, vec![complete_workflow("late")])
        .unwrap();
    assert_eq!(scene.elapsed(), 0.0);
}

#[test]
fn a_sticky_task_that_did_not_reach_its_worker_is_not_left_to_it() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    scene.complete_sticky(&task, vec![]);
    let poll = scene.begin_poll("sticky");
    scene.signal("s");
    let lost = scene.answer(poll).unwrap();
    scene.engine.return_undelivered(lost);
    let poll = scene.begin_poll("q");
    assert_eq!(scene.workflow_task(poll), None);
    scene.advance(10);
    let task = scene.workflow_task(poll).unwrap();
    assert_eq!(events_of(&task)[0].event_id, 1, "the whole history");
}

#[test]
fn an_activity_that_did_not_reach_its_worker_times_out_in_its_queue() {
    let mut attributes = activity("a");
    attributes.schedule_to_start_timeout = seconds(5.0);
    let mut scene = Scene::after(vec![schedule_activity(attributes)]);
    let poll = scene.begin_poll_activity();
    let lost = scene.answer(poll).unwrap();
    scene.engine.return_undelivered(lost);
    scene.advance(5);
    assert!(scene.types().contains(&EventType::ActivityTaskTimedOut));
}
