//! Limits of what a workflow may have pending, may have had, and may send.

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::enums::v1::{
    EventType, ParentClosePolicy, SuggestContinueAsNewReason,
    UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowTaskFailedCause as Cause,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::*;
use super::scene::*;
use crate::server::{Code, Limits, ServerOptions};

#[test]
fn two_thousand_things_may_be_pending_and_not_one_more() {
    let policy = ParentClosePolicy::Abandon;
    let kinds: [(&dyn Fn(usize) -> _, &str, Cause); 4] = [
        (
            &|n| schedule_activity(activity(&n.to_string())),
            "PendingActivitiesLimitExceeded: the number of pending activities,",
            Cause::PendingActivitiesLimitExceeded,
        ),
        (
            &|n| start_child("q", &n.to_string(), policy),
            "PendingChildWorkflowsLimitExceeded: the number of pending child workflow executions,",
            Cause::PendingChildWorkflowsLimitExceeded,
        ),
        (
            &|_| signal_external("nobody", "s"),
            "PendingSignalsLimitExceeded: the number of pending signals to external workflows,",
            Cause::PendingSignalsLimitExceeded,
        ),
        (
            &|_| cancel_external("nobody"),
            "PendingRequestCancelLimitExceeded: the number of pending requests to cancel external \
             workflows,",
            Cause::PendingRequestCancelLimitExceeded,
        ),
    ];
    for (command, what, cause) in kinds {
        let mut scene = Scene::new();
        scene.start();
        let task = scene.poll();
        let commands = (0..2001).map(command).collect();
        let error = scene.complete(&task, commands).unwrap_err();
        let want = format!("{what} 2000, has reached the per-workflow limit of 2000");
        assert_eq!(error.message, want);
        assert_eq!(scene.engine.poll_task_failure().unwrap().cause, cause);
        let task = scene.poll();
        let commands = (0..2000).map(command).collect();
        scene.complete(&task, commands).unwrap();
    }
}

/// Has ten updates accepted and completed.
fn ten_updates(scene: &mut Scene, first: usize) {
    for number in first..first + 10 {
        scene.update(&number.to_string(), Stage::Completed).unwrap();
    }
    complete_updates(scene);
}

/// Has a worker accept and complete all updates that have come.
fn complete_updates(scene: &mut Scene) {
    let task = scene.poll();
    let requests = task.messages.iter();
    let messages: Vec<_> = requests
        .flat_map(|message| [accept(message), complete_update(message, "done")])
        .collect();
    let commands = messages.iter().map(protocol_message).collect();
    scene.complete_with_messages(&task, commands, messages);
}

/// Why the run was advised to continue as new when its latest task started.
fn advice(scene: &Scene) -> Vec<i32> {
    let history = scene.engine.history("default", "w", "").unwrap();
    let started = history
        .into_iter()
        .rev()
        .find_map(|event| match event.attributes {
            Some(Attributes::WorkflowTaskStartedEventAttributes(started)) => Some(started),
            _ => None,
        });
    started.unwrap().suggest_continue_as_new_reasons
}

#[test]
fn a_run_has_ten_updates_under_way_and_not_one_more() {
    let mut scene = Scene::new();
    scene.start();
    for number in 0..10 {
        scene.update(&number.to_string(), Stage::Completed).unwrap();
    }
    let error = scene.update("one more", Stage::Completed).unwrap_err();
    assert_eq!(error.code, Code::ResourceExhausted);
    let want = "limit on number of concurrent in-flight updates has been reached (10)";
    assert_eq!(error.message, want);
    scene.update("7", Stage::Completed).unwrap();
    complete_updates(&mut scene);
    scene.update("one more", Stage::Completed).unwrap();
}

#[test]
fn many_events_and_many_bytes_are_reasons_to_continue_as_new() {
    use SuggestContinueAsNewReason::{HistorySizeTooLarge, TooManyHistoryEvents};
    let megabyte = 1 << 20;
    for (signals, bytes, want) in [
        (4092, 0, vec![]),
        (4093, 0, vec![TooManyHistoryEvents as i32]),
        (3, megabyte, vec![]),
        (4, megabyte, vec![HistorySizeTooLarge as i32]),
    ] {
        let mut scene = Scene::new();
        scene.start();
        for _ in 0..signals {
            let mut request = signal_request("s");
            request.input = payloads(&"x".repeat(bytes));
            scene.engine.signal_workflow_execution(request).unwrap();
        }
        scene.poll();
        assert_eq!(advice(&scene), want, "{signals} signals of {bytes} bytes");
    }
}

#[test]
fn a_run_has_two_thousand_updates_and_is_warned_before() {
    let mut scene = Scene::with(ServerOptions {
        suggest_continue_as_new_events: i64::MAX,
        ..ServerOptions::default()
    });
    scene.start();
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    (0..179).for_each(|tens| ten_updates(&mut scene, tens * 10));
    assert!(advice(&scene).is_empty());
    (179..200).for_each(|tens| ten_updates(&mut scene, tens * 10));
    let too_many = SuggestContinueAsNewReason::TooManyUpdates as i32;
    assert_eq!(advice(&scene), [too_many]);
    let error = scene.update("one more", Stage::Completed).unwrap_err();
    assert_eq!(error.code, Code::FailedPrecondition);
    assert!(error.message.contains("(2000)"), "{}", error.message);
    scene.update("7", Stage::Completed).unwrap();
}

#[test]
fn a_server_may_take_less_than_a_real_one() {
    let limits = Limits {
        blob_bytes: 100,
        ..Limits::default()
    };
    let mut scene = Scene::with(ServerOptions {
        limits,
        ..ServerOptions::default()
    });
    scene.start();
    let task = scene.poll();
    let result = complete_workflow(&"x".repeat(100));
    let error = scene.complete(&task, vec![result]).unwrap_err();
    let want = "BadScheduleActivityAttributes: CompleteWorkflowExecutionCommandAttributes.Result \
                exceeds size limit.";
    assert_eq!(error.message, want);
    assert_eq!(
        scene.types().last(),
        Some(&EventType::WorkflowExecutionTerminated)
    );
}

/// A workflow whose history may have twenty events, and has five.
fn short_history() -> Scene {
    filled(5, start_timer("t", 1.0))
}

/// A workflow whose history may have twenty events, and has so many after its first task, whose
/// last command is the given one.
fn filled(length: usize, last: Command) -> Scene {
    let limits = Limits {
        history_events: 20,
        ..Limits::default()
    };
    let mut scene = Scene::with(ServerOptions {
        limits,
        ..ServerOptions::default()
    });
    scene.start();
    let task = scene.poll();
    let timers = (5..length).map(|n| start_timer(&n.to_string(), 90.0));
    scene
        .complete(&task, timers.chain([last]).collect())
        .unwrap();
    assert_eq!(scene.types().len(), length);
    scene
}

#[test]
fn commands_that_would_make_a_history_too_long_end_the_workflow() {
    let mut scene = short_history();
    scene.signal("s");
    let task = scene.poll();
    let timers = |count: usize| {
        (0..count)
            .map(|n| start_timer(&n.to_string(), 9.0))
            .collect()
    };
    let error = scene.complete(&task, timers(12)).unwrap_err();
    assert_eq!(error.message, "Workflow history count exceeds limit.");
    let want = [
        EventType::WorkflowTaskFailed,
        EventType::WorkflowExecutionTerminated,
    ];
    assert_eq!(scene.types()[8..], want);

    let mut scene = short_history();
    scene.signal("s");
    let task = scene.poll();
    scene.complete(&task, timers(11)).unwrap();
    assert_eq!(scene.types().len(), 20);
}

#[test]
fn the_signal_after_the_last_one_ends_the_workflow() {
    let mut scene = short_history();
    (0..15).for_each(|_| scene.signal("s"));
    assert_eq!(scene.types().len(), 21);
    let request = signal_request("one more");
    let error = scene.engine.signal_workflow_execution(request).unwrap_err();
    assert_eq!(error.message, "Workflow history count exceeds limit.");
    assert_eq!(
        scene.types()[21..],
        [EventType::WorkflowExecutionTerminated]
    );
}

#[test]
fn a_timer_fires_only_if_there_is_room_for_the_workflow_to_see_it() {
    let mut scene = filled(18, start_timer("short", 2.0));
    scene.advance(3);
    let want = [EventType::TimerFired, EventType::WorkflowTaskScheduled];
    assert_eq!(scene.types()[18..], want);

    let mut scene = filled(19, start_timer("short", 2.0));
    scene.advance(3);
    assert_eq!(
        scene.types()[19..],
        [EventType::WorkflowExecutionTerminated]
    );
}

#[test]
fn a_worker_gets_no_task_whose_start_has_no_room() {
    let mut scene = filled(18, start_timer("long", 90.0));
    scene.signal("s");
    let poll = scene.begin_poll("q");
    assert!(scene.workflow_task(poll).is_none());
    assert_eq!(
        scene.types()[20..],
        [EventType::WorkflowExecutionTerminated]
    );
}

#[test]
fn an_activity_that_ends_into_a_full_history_is_refused() {
    let mut scene = filled(18, schedule_activity(activity("a")));
    let task = scene.poll_activity();
    let error = scene.complete_activity(&task).unwrap_err();
    assert_eq!(error.message, "Workflow history count exceeds limit.");
    assert_eq!(
        scene.types()[18..],
        [EventType::WorkflowExecutionTerminated]
    );
}

#[test]
fn a_task_that_fails_into_a_full_history_ends_the_workflow() {
    let mut scene = filled(17, start_timer("long", 90.0));
    scene.signal("s");
    scene.poll();
    scene.advance(11);
    let want = [
        EventType::WorkflowTaskStarted,
        EventType::WorkflowTaskFailed,
        EventType::WorkflowExecutionTerminated,
    ];
    assert_eq!(scene.types()[19..], want);
}

#[test]
fn a_signal_that_is_repeated_needs_no_room() {
    let mut scene = short_history();
    (0..14).for_each(|_| scene.signal("s"));
    let request = || {
        let request_id = "the last".to_owned();
        api::SignalWorkflowExecutionRequest {
            request_id,
            ..signal_request("s")
        }
    };
    let engine = &mut scene.engine;
    engine.signal_workflow_execution(request()).unwrap();
    engine.signal_workflow_execution(request()).unwrap();
    assert_eq!(scene.types().len(), 21);
}
