//! Workflow tasks: buffering, attempts, stickiness, speculation.

use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::enums::v1::{
    TimeoutType, UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowTaskFailedCause,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::*;
use super::scene::*;
use crate::server::ServerOptions;

#[test]
fn activity_ends_move_behind_everything_else_that_was_buffered() {
    let mut scene = Scene::after(vec![
        schedule_activity(activity("a")),
        start_timer("t", 60.0),
        start_timer("wake", 1.0),
    ]);
    let activity = scene.poll_activity();
    scene.advance(1);
    let task = scene.poll();
    scene.signal("one");
    scene.complete_activity(&activity).unwrap();
    scene.signal("two");
    scene.advance(10);
    scene.complete(&task, vec![]).unwrap_err();
    // The task timed out at second 11; until then everything was buffered.
    let events = scene.history();
    let want = [
        E::WorkflowTaskTimedOut,
        E::WorkflowExecutionSignaled,
        E::ActivityTaskStarted,
        E::WorkflowExecutionSignaled,
        E::ActivityTaskCompleted,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(types(&events)[types(&events).len() - 6..], want);
    let Some(Attributes::ActivityTaskCompletedEventAttributes(done)) =
        &events[events.len() - 2].attributes
    else {
        panic!("{events:?}")
    };
    assert_eq!(done.started_event_id, events[events.len() - 4].event_id);
}

#[test]
fn a_signal_during_a_started_task_is_buffered() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    scene.signal("late");
    assert_eq!(scene.history().len(), 3);
    scene.complete(&task, vec![]).unwrap();
    let want = [
        E::WorkflowTaskCompleted,
        E::WorkflowExecutionSignaled,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(scene.types()[3..], want);
}

#[test]
fn a_signal_before_the_task_starts_needs_no_further_task() {
    let mut scene = Scene::new();
    scene.start();
    scene.signal("early");
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    assert_eq!(scene.types().last(), Some(&E::WorkflowTaskCompleted));
}

#[test]
fn a_task_without_an_answer_times_out_and_is_tried_again() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    scene.advance(10);
    let Attributes::WorkflowTaskTimedOutEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert_eq!(
        (a.started_event_id, a.timeout_type()),
        (3, TimeoutType::StartToClose)
    );
    assert_eq!(
        scene.complete(&task, vec![]).unwrap_err().message,
        "Workflow task not found."
    );
    let again = scene.poll();
    assert_eq!((again.attempt, again.started_event_id), (2, 6));
    scene
        .complete(&again, vec![complete_workflow("done")])
        .unwrap();
    assert_eq!(scene.history().len(), 8);
}

#[test]
fn a_task_timeout_is_capped_by_the_run_timeout() {
    let mut scene = Scene::new();
    scene.start_with(|request| request.workflow_run_timeout = seconds(1.0));
    let Attributes::WorkflowTaskScheduledEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert_eq!(a.start_to_close_timeout, seconds(1.0));
}

#[test]
fn a_bad_command_of_a_further_attempt_is_left_to_the_timeout() {
    let mut scene = Scene::new();
    scene.start();
    let first = scene.poll();
    scene.fail(&first);
    let second = scene.poll();
    scene
        .complete(&second, vec![cancel_timer("nope")])
        .unwrap_err();
    assert_eq!(scene.history().len(), 4, "nothing is written");
    scene.complete(&second, vec![]).unwrap_err();
    scene.advance(10);
    assert_eq!(scene.poll().attempt, 3);
}

#[test]
fn failures_are_reported_with_cause_and_message() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    scene.fail(&task);
    let failure = scene.engine.poll_task_failure().unwrap();
    assert_eq!(
        failure.cause,
        WorkflowTaskFailedCause::NonDeterministicError
    );
    assert_eq!(failure.failure.unwrap().message, "bug");
    assert_eq!(scene.engine.poll_task_failure(), None);
}

#[test]
fn a_forced_task_follows_at_once() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    let mut completion = Scene::completion(&task, vec![]);
    completion.force_create_new_workflow_task = true;
    completion.return_new_workflow_task = true;
    completion.sticky_attributes = sticky();
    let response = scene
        .engine
        .respond_workflow_task_completed(completion)
        .unwrap();
    let next = response.workflow_task.unwrap();
    assert_eq!(next.previous_started_event_id, 3);
    let want = [
        E::WorkflowTaskCompleted,
        E::WorkflowTaskScheduled,
        E::WorkflowTaskStarted,
    ];
    assert_eq!(types(events_of(&next)), want);
    scene
        .complete(&next, vec![complete_workflow("done")])
        .unwrap();
}

#[test]
fn an_attended_sticky_queue_gets_partial_history() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    let call = scene.begin_poll("sticky");
    scene.complete_sticky(&task, vec![]);
    scene.signal("s");
    let task = scene.workflow_task(call).unwrap();
    assert_eq!(events_of(&task)[0].event_id, 4);
    assert_eq!(task.workflow_execution_task_queue.unwrap().name, "q");
}

#[test]
fn an_unattended_sticky_queue_is_passed_over() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    scene.complete_sticky(&task, vec![]);
    scene.signal("s");
    let Attributes::WorkflowTaskScheduledEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert_eq!(
        a.task_queue.unwrap().name,
        "sticky",
        "the event names the sticky queue anyway"
    );
    assert_eq!(events_of(&scene.poll())[0].event_id, 1);
}

#[test]
fn a_task_that_nobody_takes_from_the_sticky_queue_moves_to_the_normal_one() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    let call = scene.begin_poll("sticky");
    scene.complete_sticky(&task, vec![]);
    scene.signal("one");
    let task = scene.workflow_task(call).unwrap();
    scene.complete_sticky(&task, vec![]);
    scene.signal("two");
    scene.advance(5);
    let events = scene.history();
    let want = [
        E::WorkflowTaskScheduled,
        E::WorkflowTaskTimedOut,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(types(&events)[types(&events).len() - 3..], want);
    let task = scene.poll();
    assert_eq!((task.attempt, events_of(&task)[0].event_id), (1, 1));
}

#[test]
fn resetting_stickiness_sends_the_next_task_to_the_normal_queue() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    scene.begin_poll("sticky");
    scene.complete_sticky(&task, vec![]);
    let request = api::ResetStickyTaskQueueRequest {
        namespace: "default".to_owned(),
        execution: execution(""),
    };
    scene.engine.reset_sticky_task_queue(&request).unwrap();
    scene.signal("s");
    assert_eq!(events_of(&scene.poll())[0].event_id, 1);
}

#[test]
fn a_signal_makes_a_waiting_speculative_task_real() {
    let mut scene = Scene::after(vec![]);
    scene.update("u", Stage::Accepted).unwrap();
    assert_eq!(scene.history().len(), 4, "the task is in memory only");
    scene.signal("s");
    let want = [E::WorkflowTaskScheduled, E::WorkflowExecutionSignaled];
    assert_eq!(scene.types()[4..], want);
    let task = scene.poll();
    let response = scene.complete_with_messages(&task, vec![], vec![reject(&task.messages[0])]);
    assert_eq!(response.reset_history_event_id, 0);
    assert_eq!(scene.types().last(), Some(&E::WorkflowTaskCompleted));
}

#[test]
fn a_signal_makes_a_started_speculative_task_real() {
    let mut scene = Scene::after(vec![]);
    scene.update("u", Stage::Accepted).unwrap();
    let task = scene.poll();
    scene.signal("s");
    assert_eq!(
        scene.types()[4..],
        [E::WorkflowTaskScheduled, E::WorkflowTaskStarted]
    );
    scene.complete_with_messages(&task, vec![], vec![reject(&task.messages[0])]);
    let want = [
        E::WorkflowTaskCompleted,
        E::WorkflowExecutionSignaled,
        E::WorkflowTaskScheduled,
    ];
    assert_eq!(scene.types()[6..], want);
}

#[test]
fn a_speculative_task_with_news_is_kept_unless_its_worker_can_roll_back() {
    for (capable, want_reset) in [(false, 0), (true, 3)] {
        let mut scene = Scene::after(vec![start_timer("t", 60.0)]);
        scene.update("u", Stage::Accepted).unwrap();
        let task = scene.poll();
        let mut completion = Scene::completion(&task, vec![]);
        completion.messages = vec![reject(&task.messages[0])];
        completion.capabilities =
            Some(api::respond_workflow_task_completed_request::Capabilities {
                discard_speculative_workflow_task_with_events: capable,
            });
        let response = scene
            .engine
            .respond_workflow_task_completed(completion)
            .unwrap();
        assert_eq!(
            response.reset_history_event_id, want_reset,
            "capable: {capable}"
        );
        assert_eq!(scene.history().len(), if capable { 5 } else { 8 });
    }
}

#[test]
fn a_lost_speculative_task_becomes_a_normal_one() {
    let mut scene = Scene::after(vec![]);
    scene.update("u", Stage::Accepted).unwrap();
    scene.poll();
    scene.advance(10);
    let want = [
        E::WorkflowTaskScheduled,
        E::WorkflowTaskStarted,
        E::WorkflowTaskTimedOut,
    ];
    assert_eq!(scene.types()[4..], want);
    let task = scene.poll();
    assert_eq!((task.attempt, task.messages.len()), (2, 1));
}

#[test]
fn long_histories_are_advised_to_continue_as_new() {
    let options = ServerOptions {
        suggest_continue_as_new_events: 2,
        ..ServerOptions::default()
    };
    let mut scene = Scene::with(options);
    scene.start();
    scene.poll();
    let Attributes::WorkflowTaskStartedEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert!(a.suggest_continue_as_new);
    assert_eq!(a.suggest_continue_as_new_reasons, [2]);
    assert!(a.history_size_bytes > 0);
}

#[test]
fn long_histories_reach_the_worker_in_pages() {
    let mut scene = Scene::new();
    scene.start();
    for _ in 0..300 {
        scene.signal("s");
    }
    let task = scene.poll();
    assert!(!task.next_page_token.is_empty());
    let first = events_of(&task).len() as i64;
    let request = api::GetWorkflowExecutionHistoryRequest {
        namespace: "default".to_owned(),
        execution: execution(""),
        next_page_token: task.next_page_token.clone(),
        ..Default::default()
    };
    let call = scene
        .engine
        .get_workflow_execution_history(&request)
        .unwrap();
    let Some(crate::server::Answer::History(page)) = scene.answer(call) else {
        panic!()
    };
    let events = page.unwrap().history.unwrap().events;
    assert_eq!(events[0].event_id, first + 1);
    assert_eq!(events.last().unwrap().event_id, task.started_event_id);
}
