//! Activities: retries, timeouts, heartbeats and cancellation on virtual time.

use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::enums::v1::{PendingActivityState, RetryState, TimeoutType};
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::*;
use super::scene::*;
use crate::server::ServerOptions;

fn failure_with(
    change: impl FnOnce(&mut outlast_proto::temporal::api::failure::v1::ApplicationFailureInfo),
) -> Failure {
    let mut failure = application_failure("boom");
    let Some(FailureInfo::ApplicationFailureInfo(info)) = &mut failure.failure_info else {
        unreachable!()
    };
    change(info);
    failure
}

#[test]
fn the_backoff_of_a_retry_is_virtual_time() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    for (attempt, wait) in [(1, 1.0), (2, 2.0), (3, 4.0)] {
        let task = scene.poll_activity();
        assert_eq!(task.attempt, attempt);
        let before = scene.elapsed();
        scene.fail_activity(&task, application_failure("boom"));
        scene.await_result();
        assert_eq!(scene.elapsed() - before, wait);
    }
    assert_eq!(
        scene.types().last(),
        Some(&E::ActivityTaskScheduled),
        "nothing is written"
    );
}

#[test]
fn the_interval_is_capped() {
    let mut capped = activity("a");
    capped.retry_policy = at_most(0, 10.0);
    capped.retry_policy.as_mut().unwrap().maximum_interval = seconds(15.0);
    let mut scene = Scene::after(vec![schedule_activity(capped)]);
    for want in [10.0, 25.0, 40.0] {
        let task = scene.poll_activity();
        scene.fail_activity(&task, application_failure("boom"));
        scene.await_result();
        assert_eq!(scene.elapsed(), want);
    }
}

#[test]
fn a_failure_may_say_when_to_retry() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    let task = scene.poll_activity();
    scene.fail_activity(
        &task,
        failure_with(|info| info.next_retry_delay = seconds(33.0)),
    );
    scene.await_result();
    assert_eq!(scene.elapsed(), 33.0);
}

#[test]
fn some_failures_are_final() {
    let mut by_type = activity("a");
    by_type.retry_policy = at_most(0, 1.0);
    by_type
        .retry_policy
        .as_mut()
        .unwrap()
        .non_retryable_error_types = vec!["Test".to_owned()];
    let cases = [
        (
            activity("a"),
            failure_with(|info| info.non_retryable = true),
        ),
        (by_type, application_failure("boom")),
    ];
    for (attributes, failure) in cases {
        let mut scene = Scene::after(vec![schedule_activity(attributes)]);
        let task = scene.poll_activity();
        scene.fail_activity(&task, failure);
        let Attributes::ActivityTaskFailedEventAttributes(a) = scene.last_event(1) else {
            panic!()
        };
        assert_eq!(a.retry_state(), RetryState::NonRetryableFailure);
    }
}

#[test]
fn no_retry_starts_after_the_whole_activity_must_have_ended() {
    let mut short = activity("a");
    short.schedule_to_close_timeout = seconds(5.0);
    short.retry_policy = at_most(0, 10.0);
    let mut scene = Scene::after(vec![schedule_activity(short)]);
    let task = scene.poll_activity();
    scene.fail_activity(&task, application_failure("boom"));
    let Attributes::ActivityTaskFailedEventAttributes(a) = scene.last_event(1) else {
        panic!()
    };
    assert_eq!(a.retry_state(), RetryState::Timeout);
}

#[test]
fn heartbeat_details_survive_the_attempt() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    let task = scene.poll_activity();
    scene.heartbeat(&task, "half").unwrap();
    scene.fail_activity(&task, application_failure("boom"));
    scene.await_result();
    assert_eq!(scene.poll_activity().heartbeat_details, payloads("half"));
}

#[test]
fn a_missed_heartbeat_ends_the_attempt_with_the_last_details() {
    let mut beating = activity("a");
    beating.start_to_close_timeout = seconds(60.0);
    beating.heartbeat_timeout = seconds(5.0);
    beating.retry_policy = at_most(1, 1.0);
    let mut scene = Scene::after(vec![schedule_activity(beating)]);
    let task = scene.poll_activity();
    scene.advance(4);
    scene.heartbeat(&task, "half").unwrap();
    scene.advance(4);
    scene.heartbeat(&task, "most").unwrap();
    scene.advance(5);
    let Attributes::ActivityTaskTimedOutEventAttributes(a) = scene.last_event(1) else {
        panic!()
    };
    let failure = a.failure.unwrap();
    assert_eq!(failure.message, "activity Heartbeat timeout");
    let Some(FailureInfo::TimeoutFailureInfo(info)) = failure.failure_info else {
        panic!()
    };
    assert_eq!(info.timeout_type(), TimeoutType::Heartbeat);
    assert_eq!(info.last_heartbeat_details, payloads("most"));
    assert!(scene.heartbeat(&task, "late").is_err());
}

#[test]
fn an_attempt_that_takes_too_long_is_retried() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    scene.poll_activity();
    scene.advance(11);
    let again = scene.poll_activity();
    assert_eq!(again.attempt, 2);
    scene.complete_activity(&again).unwrap();
    let Attributes::ActivityTaskStartedEventAttributes(a) = scene.last_event(2) else {
        panic!()
    };
    assert_eq!(
        a.last_failure.unwrap().message,
        "activity StartToClose timeout"
    );
}

#[test]
fn timeouts_that_were_not_set_follow_from_the_others() {
    let mut scene = Scene::new();
    scene.start_with(|request| request.workflow_run_timeout = seconds(100.0));
    let task = scene.poll();
    scene
        .complete(&task, vec![schedule_activity(activity("a"))])
        .unwrap();
    let Attributes::ActivityTaskScheduledEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert_eq!(a.schedule_to_close_timeout, seconds(100.0));
    assert_eq!(a.schedule_to_start_timeout, seconds(100.0));
    assert_eq!(a.start_to_close_timeout, seconds(10.0));
    assert_eq!(a.heartbeat_timeout, seconds(0.0));
    let policy = a.retry_policy.unwrap();
    assert_eq!(policy.initial_interval, seconds(1.0));
    assert_eq!(policy.maximum_interval, seconds(100.0));
    assert_eq!(
        (policy.backoff_coefficient, policy.maximum_attempts),
        (2.0, 0)
    );
}

#[test]
fn an_activity_can_be_answered_by_its_id() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    scene.poll_activity();
    let by_id = |id: &str| api::RespondActivityTaskCompletedByIdRequest {
        namespace: "default".to_owned(),
        workflow_id: "w".to_owned(),
        activity_id: id.to_owned(),
        ..Default::default()
    };
    let error = scene
        .engine
        .respond_activity_task_completed_by_id(by_id("b"))
        .unwrap_err();
    assert_eq!(
        error.message,
        "cannot find pending activity with ActivityID b, check workflow execution history for \
         more details"
    );
    scene
        .engine
        .respond_activity_task_completed_by_id(by_id("a"))
        .unwrap();
    assert!(scene.types().contains(&E::ActivityTaskCompleted));
}

#[test]
fn a_canceled_activity_is_not_retried() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    let task = scene.poll_activity();
    scene.signal("stop");
    let workflow_task = scene.poll();
    scene
        .complete(&workflow_task, vec![cancel_activity(5)])
        .unwrap();
    assert!(scene.heartbeat(&task, "").unwrap());
    scene.fail_activity(&task, application_failure("boom"));
    let Attributes::ActivityTaskFailedEventAttributes(a) = scene.last_event(1) else {
        panic!()
    };
    assert_eq!(a.retry_state(), RetryState::CancelRequested);
}

#[test]
fn an_activity_that_backs_off_is_canceled_at_once() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    let task = scene.poll_activity();
    scene.fail_activity(&task, application_failure("boom"));
    scene.signal("stop");
    let workflow_task = scene.poll();
    scene
        .complete(&workflow_task, vec![cancel_activity(5)])
        .unwrap();
    let Attributes::ActivityTaskCanceledEventAttributes(a) = scene.last_event(1) else {
        panic!()
    };
    assert_eq!(a.details, payloads("ACTIVITY_ID_NOT_STARTED"));
    assert_eq!(
        (a.started_event_id, a.latest_cancel_requested_event_id),
        (0, 10)
    );
}

#[test]
fn pending_activities_are_described() {
    let mut scene = Scene::after(vec![schedule_activity(activity("a"))]);
    let task = scene.poll_activity();
    scene.fail_activity(&task, application_failure("boom"));
    let request = api::DescribeWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        execution: execution(""),
    };
    let described = scene.engine.describe_workflow_execution(&request).unwrap();
    let [pending] = described.pending_activities.as_slice() else {
        panic!()
    };
    assert_eq!(pending.state(), PendingActivityState::Scheduled);
    assert_eq!(pending.attempt, 2);
    assert_eq!(pending.last_failure.as_ref().unwrap().message, "boom");
    assert_eq!(pending.current_retry_interval, seconds(1.0));
}

/// How many seconds a paused activity is put off that goes on with a jitter of a minute.
fn put_off(seed: u64) -> f64 {
    let mut scene = Scene::with(ServerOptions {
        seed,
        ..ServerOptions::default()
    });
    scene.start();
    let task = scene.poll();
    let command = schedule_activity(activity("a"));
    scene.complete(&task, vec![command]).unwrap();
    let pause = api::PauseActivityRequest {
        namespace: "default".to_owned(),
        execution: execution(""),
        activity: Some(api::pause_activity_request::Activity::Id("a".to_owned())),
        ..Default::default()
    };
    scene.engine.pause_activity(pause).unwrap();
    let go_on = api::UnpauseActivityRequest {
        namespace: "default".to_owned(),
        execution: execution(""),
        activity: Some(api::unpause_activity_request::Activity::Id("a".to_owned())),
        jitter: seconds(60.0),
        ..Default::default()
    };
    scene.engine.unpause_activity(&go_on).unwrap();
    let due = scene.engine.next_event().unwrap();
    scene
        .engine
        .advance(due.duration_since(scene.engine.now()).unwrap());
    assert_eq!(scene.poll_activity().attempt, 1);
    scene.elapsed()
}

#[test]
fn activities_that_go_on_with_a_jitter_are_spread_over_it() {
    let waits: Vec<f64> = (0..20).map(put_off).collect();
    assert!(
        waits.iter().all(|wait| (0.0..60.0).contains(wait)),
        "{waits:?}"
    );
    let early = waits.iter().filter(|wait| **wait < 30.0).count();
    assert!((3..=17).contains(&early), "{waits:?}");
    assert_eq!(put_off(7), put_off(7));
}
