//! What workers and clients see on the wire, as the in-memory server and a real one both do it.
//!
//! Each scenario runs over TCP against the in-memory server. With `OUTLAST_TEST_ADDRESS` set (for
//! example to `127.0.0.1:7233`), it runs against the server at that address too, with the same
//! assertions: where the two differ, the in-memory server is wrong. Scenarios that passed there are
//! added to the file that `OUTLAST_TEST_REPORT` names.

mod support;

use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::{
    ParentClosePolicy, RetryState, StartChildWorkflowExecutionFailedCause, TimeoutType,
    UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowTaskFailedCause,
};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::query::v1::WorkflowQueryResult;
use outlast_proto::temporal::api::update::v1::outcome;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_testing::{Server, ServerOptions, TimeMode};
use tonic::Code;

use support::builders::*;
use support::peer::*;

/// Runs a scenario against the in-memory server and, if there is one, a real server.
async fn conform(name: &str, scenario: impl AsyncFn(&Peer)) {
    let options = ServerOptions {
        time: TimeMode::Flowing,
        ..ServerOptions::default()
    };
    let bound = Server::new(options)
        .bind("127.0.0.1:0".parse().unwrap())
        .unwrap();
    let address = bound.local_address().unwrap().to_string();
    tokio::select! {
        served = bound.serve(std::future::pending()) => panic!("the server ended: {served:?}"),
        () = async { scenario(&Peer::connect(address, name).await).await } => {}
    }
    if let Ok(address) = std::env::var("OUTLAST_TEST_ADDRESS") {
        scenario(&Peer::connect(address, name).await).await;
        report(&format!("conformance::{name}"));
    }
}

/// Notes that the real server was there.
fn report(name: &str) {
    let Ok(path) = std::env::var("OUTLAST_TEST_REPORT") else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    // One write, so that the lines of several tests do not mix.
    let written = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
    written.expect("the report can be written");
}

#[tokio::test]
async fn a_start_schedules_a_workflow_task_and_takes_the_id() {
    conform("start", async |peer| {
        let request = peer.start_request();
        let run_id = peer.start_with(request.clone()).await.unwrap().run_id;
        assert_eq!(
            peer.types().await,
            [E::WorkflowExecutionStarted, E::WorkflowTaskScheduled]
        );

        let again = peer.start_with(request).await.unwrap();
        assert_eq!(
            (again.run_id.as_str(), again.started),
            (run_id.as_str(), true)
        );

        let error = peer.start_with(peer.start_request()).await.unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
        let want = format!(
            "Workflow execution is already running. WorkflowId: {}, RunId: {run_id}.",
            peer.workflow_id
        );
        assert_eq!(error.message(), want);
        assert_eq!(detail(&error), "WorkflowExecutionAlreadyStartedFailure");
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_id_of_a_closed_workflow_is_shared_as_the_policy_says() {
    conform("reuse", async |peer| {
        let run_id = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        let mut request = peer.start_request();
        request.workflow_id_reuse_policy = 3;
        let error = peer.start_with(request.clone()).await.unwrap_err();
        let prefix = format!(
            "Workflow execution already finished. WorkflowId: {}, RunId: {run_id}. ",
            peer.workflow_id
        );
        let want = format!("{prefix}Workflow Id reuse policy: reject duplicate workflow Id.");
        assert_eq!(
            (error.code(), error.message()),
            (Code::AlreadyExists, want.as_str())
        );

        request.workflow_id_reuse_policy = 2;
        let error = peer.start_with(request.clone()).await.unwrap_err();
        assert!(
            error.message().contains("already finished successfully"),
            "{error}"
        );

        request.workflow_id_reuse_policy = 1;
        assert_ne!(peer.start_with(request).await.unwrap().run_id, run_id);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_conflict_policy_uses_or_terminates_the_running_workflow() {
    conform("conflict", async |peer| {
        let run_id = peer.start().await;
        let mut request = peer.start_request();
        request.workflow_id_conflict_policy = 2;
        let used = peer.start_with(request.clone()).await.unwrap();
        assert_eq!(
            (used.run_id.as_str(), used.started),
            (run_id.as_str(), false)
        );

        request.workflow_id_conflict_policy = 3;
        request.request_id = uuid();
        let new = peer.start_with(request).await.unwrap();
        assert_ne!(new.run_id, run_id);
        let old = peer.history_of(&run_id).await;
        let Some(Attributes::WorkflowExecutionTerminatedEventAttributes(a)) =
            old.last().unwrap().attributes.clone()
        else {
            panic!("{old:?}")
        };
        assert_eq!(a.reason, "TerminateIfRunning WorkflowIdReusePolicy");
        assert_eq!(a.identity, "history-service");
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_signal_during_a_started_task_comes_after_its_commands() {
    conform("signal", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.signal("late").await.unwrap();
        assert_eq!(peer.history().await.len(), 3, "the signal is buffered");
        peer.complete(&task, vec![start_timer("t", 60.0)])
            .await
            .unwrap();
        let want = [
            E::WorkflowExecutionStarted,
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
            E::WorkflowTaskCompleted,
            E::TimerStarted,
            E::WorkflowExecutionSignaled,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await, want);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn simultaneous_timers_fire_in_creation_order_in_one_task() {
    conform("timers", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let timers = ["c", "a", "b"].map(|id| start_timer(id, 1.0)).to_vec();
        peer.complete(&task, timers).await.unwrap();
        let task = peer.poll().await;
        let fired: Vec<&str> = events_of(&task).iter().filter_map(fired_timer).collect();
        assert_eq!(fired, ["c", "a", "b"]);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_activity_starts_in_history_only_when_it_ends() {
    conform("activity", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![schedule_activity(peer.activity("a"))])
            .await
            .unwrap();
        let activity = peer.poll_activity().await;
        assert_eq!((activity.activity_id.as_str(), activity.attempt), ("a", 1));
        assert_eq!(peer.types().await.last(), Some(&E::ActivityTaskScheduled));
        peer.complete_activity(&activity).await.unwrap();
        let task = peer.poll().await;
        let want = [
            E::ActivityTaskStarted,
            E::ActivityTaskCompleted,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(types(&events_of(&task)[5..8]), want);

        let error = peer.complete_activity(&activity).await.unwrap_err();
        let want = "invalid activityID or activity already timed out or invoking workflow is \
                    completed";
        assert_eq!((error.code(), error.message()), (Code::NotFound, want));
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_failed_activity_is_retried_until_its_attempts_are_used_up() {
    conform("retry", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let mut attributes = peer.activity("a");
        attributes.retry_policy = at_most(2, 0.1);
        peer.complete(&task, vec![schedule_activity(attributes)])
            .await
            .unwrap();
        let first = peer.poll_activity().await;
        peer.fail_activity(&first, "once").await.unwrap();
        let second = peer.poll_activity().await;
        assert_eq!(second.attempt, 2);
        peer.fail_activity(&second, "twice").await.unwrap();

        let task = peer.poll().await;
        let events = events_of(&task);
        let Some(Attributes::ActivityTaskStartedEventAttributes(started)) = &events[5].attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(started.attempt, 2);
        assert_eq!(started.last_failure.as_ref().unwrap().message, "once");
        let Some(Attributes::ActivityTaskFailedEventAttributes(failed)) = &events[6].attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(failed.failure.as_ref().unwrap().message, "twice");
        assert_eq!(failed.retry_state(), RetryState::MaximumAttemptsReached);
        assert_eq!(failed.started_event_id, 6);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn activity_timeouts_say_which_limit_was_hit() {
    conform("timeouts", async |peer| {
        let mut start_to_close = peer.activity("a");
        start_to_close.start_to_close_timeout = seconds(1.0);
        start_to_close.retry_policy = at_most(1, 1.0);
        let mut heartbeat = start_to_close.clone();
        heartbeat.start_to_close_timeout = seconds(10.0);
        heartbeat.heartbeat_timeout = seconds(1.0);
        let mut schedule_to_start = start_to_close.clone();
        schedule_to_start.schedule_to_start_timeout = seconds(1.0);
        let mut no_time_to_retry = start_to_close.clone();
        no_time_to_retry.schedule_to_close_timeout = seconds(2.0);
        no_time_to_retry.retry_policy = at_most(0, 5.0);
        let no_time = "Not enough time to schedule next retry before activity ScheduleToClose \
                       timeout, giving up retrying";
        let cases = [
            (
                start_to_close,
                true,
                TimeoutType::StartToClose,
                "activity StartToClose timeout",
            ),
            (
                heartbeat,
                true,
                TimeoutType::Heartbeat,
                "activity Heartbeat timeout",
            ),
            (
                schedule_to_start,
                false,
                TimeoutType::ScheduleToStart,
                "activity ScheduleToStart timeout",
            ),
            (
                no_time_to_retry,
                true,
                TimeoutType::ScheduleToClose,
                no_time,
            ),
        ];
        peer.start().await;
        let mut task = peer.poll().await;
        for (attributes, is_started, timeout, message) in cases {
            peer.complete(&task, vec![schedule_activity(attributes)])
                .await
                .unwrap();
            if is_started {
                peer.poll_activity().await;
            }
            task = peer.poll().await;
            let events = events_of(&task);
            let Some(Attributes::ActivityTaskTimedOutEventAttributes(timed_out)) =
                &events[events.len() - 3].attributes
            else {
                panic!("{message}: {events:?}")
            };
            let failure = timed_out.failure.as_ref().unwrap();
            assert_eq!(failure.message, message);
            assert_eq!(failure.source, "Server");
            let Some(FailureInfo::TimeoutFailureInfo(info)) = &failure.failure_info else {
                panic!("{failure:?}")
            };
            assert_eq!(info.timeout_type(), timeout);
            assert_eq!(timed_out.started_event_id > 0, is_started, "{message}");
        }
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_started_activity_learns_of_its_cancellation_by_heartbeat() {
    conform("heartbeat", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![schedule_activity(peer.activity("a"))])
            .await
            .unwrap();
        let activity = peer.poll_activity().await;
        let error = peer.cancel_activity(&activity).await.unwrap_err();
        let want =
            "unable to mark activity as canceled without activity being request canceled first";
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, want)
        );

        peer.signal("stop").await.unwrap();
        let task = peer.poll().await;
        assert!(!peer.heartbeat(&activity, "half").await.unwrap());
        peer.complete(&task, vec![cancel_activity(5)])
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(peer.heartbeat(&activity, "half").await.unwrap());
        peer.cancel_activity(&activity).await.unwrap();
        let task = peer.poll().await;
        let events = events_of(&task);
        let want = [
            E::ActivityTaskCancelRequested,
            E::ActivityTaskStarted,
            E::ActivityTaskCanceled,
        ];
        assert_eq!(types(&events[9..12]), want);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_activity_that_never_started_is_canceled_at_once() {
    conform("unstarted", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![schedule_activity(peer.activity("a"))])
            .await
            .unwrap();
        peer.signal("stop").await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![cancel_activity(5)])
            .await
            .unwrap();
        let want = [
            E::WorkflowTaskCompleted,
            E::ActivityTaskCancelRequested,
            E::ActivityTaskCanceled,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await[8..], want);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_eager_activity_comes_back_with_the_completion() {
    conform("eager", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let mut attributes = peer.activity("a");
        attributes.request_eager_execution = true;
        let response = peer
            .complete(&task, vec![schedule_activity(attributes)])
            .await
            .unwrap();
        assert_eq!(response.activity_tasks.len(), 1);
        peer.complete_activity(&response.activity_tasks[0])
            .await
            .unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_sticky_task_carries_only_what_the_worker_has_not_seen() {
    conform("sticky", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete_sticky(&task, vec![start_timer("t", 60.0)])
            .await;
        peer.signal("one").await.unwrap();
        let task = peer.poll().await;
        assert_eq!(
            events_of(&task).len(),
            8,
            "nobody polls the sticky queue yet"
        );
        peer.complete_sticky(&task, vec![]).await;

        let (task, ()) = tokio::join!(peer.poll_sticky(), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            peer.signal("two").await.unwrap();
        });
        assert_eq!(
            (task.previous_started_event_id, task.started_event_id),
            (8, 12)
        );
        let want = [
            E::WorkflowTaskCompleted,
            E::WorkflowExecutionSignaled,
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
        ];
        assert_eq!(types(events_of(&task)), want);
        assert_eq!(events_of(&task)[0].event_id, 9);

        peer.fail(&task).await.unwrap();
        let task = peer.poll().await;
        assert_eq!(
            task.attempt, 1,
            "a failure on the sticky queue only ends stickiness"
        );
        assert_eq!(events_of(&task)[0].event_id, 1);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn further_attempts_of_a_task_are_written_only_when_they_succeed() {
    conform("transient", async |peer| {
        peer.start().await;
        for attempt in 1..=3 {
            let task = peer.poll().await;
            assert_eq!(task.attempt, attempt);
            if attempt > 1 {
                assert_eq!(
                    task.started_event_id, 6,
                    "the ids are those of the missing events"
                );
                assert_eq!(events_of(&task).len(), 6);
            }
            if attempt < 3 {
                peer.fail(&task).await.unwrap();
            } else {
                peer.complete(&task, vec![complete_workflow("done")])
                    .await
                    .unwrap();
            }
        }
        let want = [
            E::WorkflowExecutionStarted,
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
            E::WorkflowTaskFailed,
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
            E::WorkflowTaskCompleted,
            E::WorkflowExecutionCompleted,
        ];
        assert_eq!(peer.types().await, want);
    })
    .await;
}

#[tokio::test]
async fn an_event_before_the_next_attempt_makes_it_a_first_one() {
    conform("renewed", async |peer| {
        peer.start().await;
        peer.fail(&peer.poll().await).await.unwrap();
        peer.signal("new").await.unwrap();
        let task = peer.poll().await;
        assert_eq!(task.attempt, 1);
        let want = [
            E::WorkflowTaskFailed,
            E::WorkflowExecutionSignaled,
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
        ];
        assert_eq!(types(&events_of(&task)[3..]), want);
        peer.complete(&task, vec![]).await.unwrap();
        assert_eq!(peer.types().await.last(), Some(&E::WorkflowTaskCompleted));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_workflow_cannot_close_over_events_that_it_has_not_seen() {
    conform("unhandled", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.signal("wait").await.unwrap();
        let error = peer
            .complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, "UnhandledCommand")
        );
        let events = peer.history().await;
        let want = [
            E::WorkflowTaskFailed,
            E::WorkflowExecutionSignaled,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(types(&events[3..]), want);
        assert_eq!(
            failed_cause(&events[3]),
            WorkflowTaskFailedCause::UnhandledCommand
        );
        let task = peer.poll().await;
        assert_eq!(task.attempt, 1);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn canceling_a_fired_timer_takes_back_its_firing() {
    conform("unfire", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![start_timer("t", 0.5)])
            .await
            .unwrap();
        peer.signal("now").await.unwrap();
        let task = peer.poll().await;
        tokio::time::sleep(Duration::from_millis(2000)).await;
        peer.complete(&task, vec![cancel_timer("t"), complete_workflow("done")])
            .await
            .unwrap();
        let want = [
            E::WorkflowTaskCompleted,
            E::TimerCanceled,
            E::WorkflowExecutionCompleted,
        ];
        assert_eq!(peer.types().await[8..], want);
    })
    .await;
}

#[tokio::test]
async fn a_bad_command_fails_the_task_and_says_why() {
    conform("bad", async |peer| {
        let mut no_timeout = peer.activity("a");
        no_timeout.start_to_close_timeout = None;
        let mut no_id = peer.activity("");
        no_id.activity_id = String::new();
        let duplicate = peer.activity("a");
        let cases = [
            (
                vec![cancel_timer("nope")],
                "BadCancelTimerAttributes: invalid history builder state for action: \
                 add-timer-canceled-event, TimerID: nope",
            ),
            (
                vec![start_timer("t", 1.0), start_timer("t", 1.0)],
                "StartTimerDuplicateId: invalid history builder state for action: \
                 add-timer-started-event, TimerID: t",
            ),
            (
                vec![schedule_activity(no_timeout)],
                "BadScheduleActivityAttributes: a valid StartToCloseTimeout or \
                 ScheduleToCloseTimeout must be set on the activity. ActivityId=a \
                 ActivityType=charge",
            ),
            (
                vec![schedule_activity(no_id)],
                "BadScheduleActivityAttributes: activityId is not set",
            ),
            (
                vec![
                    schedule_activity(duplicate.clone()),
                    schedule_activity(duplicate),
                ],
                "ScheduleActivityDuplicateId: invalid history builder state for action: \
                 add-activitytask-scheduled-event, ActivityID: a",
            ),
            (
                vec![cancel_activity(77)],
                "BadRequestCancelActivityAttributes: invalid history builder state for action: \
                 add-activitytask-cancel-requested-event, ScheduledEventID: 77",
            ),
        ];
        peer.start().await;
        for (commands, message) in cases {
            let task = peer.poll().await;
            let error = peer.complete(&task, commands).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, message)
            );
            let events = peer.history().await;
            let failed = events.iter().rev().find_map(task_failure).unwrap();
            assert_eq!(failed.failure.as_ref().unwrap().message, message);
            peer.signal("a fresh attempt, please").await.unwrap();
        }
        let task = peer.poll().await;
        let commands = vec![complete_workflow("done"), start_timer("t", 1.0)];
        let error = peer.complete(&task, commands).await.unwrap_err();
        let want = "invalid command sequence: [CompleteWorkflowExecution, StartTimer], command \
                    CompleteWorkflowExecution must be the last command.";
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, want)
        );
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_rejected_update_leaves_no_trace() {
    conform("reject", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![start_timer("t", 60.0)])
            .await
            .unwrap();
        let before = peer.types().await;
        let (answer, response) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            assert_eq!(task.messages[0].id, "u1/request");
            peer.complete_with_messages(&task, vec![], vec![reject(&task.messages[0])])
                .await
        });
        assert_eq!(response.reset_history_event_id, 3);
        let Some(outcome::Value::Failure(failure)) = answer.unwrap().outcome.unwrap().value else {
            panic!("the update was not rejected")
        };
        assert_eq!(failure.message, "no");
        assert_eq!(peer.types().await, before);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_accepted_update_is_written_where_its_commands_stand() {
    conform("accept", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            let request = &task.messages[0];
            let (accept, complete) = (accept(request), complete_update(request, "changed"));
            let commands = vec![
                protocol_message(&accept),
                start_timer("t", 60.0),
                protocol_message(&complete),
            ];
            peer.complete_with_messages(&task, commands, vec![accept, complete])
                .await;
        });
        let answer = answer.unwrap();
        assert_eq!(answer.stage(), Stage::Completed);
        assert!(matches!(
            answer.outcome.unwrap().value,
            Some(outcome::Value::Success(_))
        ));
        let want = [
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
            E::WorkflowTaskCompleted,
            E::WorkflowExecutionUpdateAccepted,
            E::TimerStarted,
            E::WorkflowExecutionUpdateCompleted,
        ];
        assert_eq!(peer.types().await[4..], want);
        let again = peer.update("u1", Stage::Completed).await.unwrap();
        assert_eq!(
            again.stage(),
            Stage::Completed,
            "the same id gets the same outcome"
        );
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_is_accepted_first_and_completed_by_a_later_task() {
    conform("stages", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (answer, request) = tokio::join!(peer.update("u1", Stage::Accepted), async {
            let task = peer.poll().await;
            let accept = accept(&task.messages[0]);
            let commands = vec![protocol_message(&accept)];
            peer.complete_with_messages(&task, commands, vec![accept])
                .await;
            task.messages[0].clone()
        });
        let answer = answer.unwrap();
        assert_eq!((answer.stage(), answer.outcome), (Stage::Accepted, None));
        peer.signal("finish").await.unwrap();
        let task = peer.poll().await;
        let complete = complete_update(&request, "changed");
        let commands = vec![protocol_message(&complete), complete_workflow("done")];
        peer.complete_with_messages(&task, commands, vec![complete])
            .await;
        let outcome = peer.update("u1", Stage::Completed).await.unwrap().outcome;
        assert!(
            outcome.is_some(),
            "the outcome stays readable after the end"
        );
        let error = peer.update("u2", Stage::Completed).await.unwrap_err();
        let want = "workflow execution already completed";
        assert_eq!((error.code(), error.message()), (Code::NotFound, want));
    })
    .await;
}

#[tokio::test]
async fn updates_end_with_their_workflow() {
    conform("aborted", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            let accept = accept(&task.messages[0]);
            let commands = vec![protocol_message(&accept), complete_workflow("done")];
            peer.complete_with_messages(&task, commands, vec![accept])
                .await;
        });
        let Some(outcome::Value::Failure(failure)) = answer.unwrap().outcome.unwrap().value else {
            panic!("the update cannot have succeeded")
        };
        assert_eq!(
            failure.message,
            "Workflow Update failed because the Workflow completed before the Update completed."
        );
    })
    .await;
}

#[tokio::test]
async fn a_query_of_an_idle_workflow_is_a_task_of_its_own() {
    conform("query", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            let task = peer.poll().await;
            assert_eq!(task.query.as_ref().unwrap().query_type, "state");
            assert_eq!(task.started_event_id, 0);
            assert_eq!(
                events_of(&task).len(),
                4,
                "a worker without a cache needs it all"
            );
            peer.answer_query(&task, Ok("fine")).await;
        });
        assert_eq!(answer.unwrap().query_result, payloads("fine"));
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            let task = peer.poll().await;
            peer.answer_query(&task, Err("no such query")).await;
        });
        let error = answer.unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, "no such query")
        );
        assert_eq!(detail(&error), "QueryFailedFailure");
        assert_eq!(peer.history().await.len(), 4);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_query_rides_on_a_pending_task() {
    conform("attached", async |peer| {
        peer.start().await;
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let task = peer.poll().await;
            assert_eq!(task.queries.len(), 1);
            let mut completion = completion(&task, vec![]);
            let result = WorkflowQueryResult {
                result_type: 1,
                answer: payloads("fine"),
                ..Default::default()
            };
            let id = task.queries.keys().next().unwrap().clone();
            completion.query_results = [(id, result)].into();
            peer.complete_with(completion).await.unwrap();
        });
        assert_eq!(answer.unwrap().query_result, payloads("fine"));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn continuing_as_new_opens_the_next_run_of_the_chain() {
    conform("chain", async |peer| {
        let first = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![continue_as_new("more")])
            .await
            .unwrap();
        let events = peer.history_of(&first).await;
        let Some(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(closed)) =
            &events.last().unwrap().attributes
        else {
            panic!("{events:?}")
        };
        let task = peer.poll().await;
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) =
            &events_of(&task)[0].attributes
        else {
            panic!("{task:?}")
        };
        assert_eq!(
            task.workflow_execution.as_ref().unwrap().run_id,
            closed.new_execution_run_id
        );
        assert_eq!(started.input, payloads("more"));
        assert_eq!(started.continued_execution_run_id, first);
        assert_eq!(started.first_execution_run_id, first);
        assert_eq!(
            started.original_execution_run_id,
            closed.new_execution_run_id
        );
        assert_eq!(started.attempt, 1);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_failed_workflow_with_a_retry_policy_starts_over() {
    conform("rerun", async |peer| {
        let mut request = peer.start_request();
        request.retry_policy = at_most(2, 0.5);
        let first = peer.start_with(request).await.unwrap().run_id;
        let task = peer.poll().await;
        peer.complete(&task, vec![fail_workflow("once")])
            .await
            .unwrap();
        let events = peer.history_of(&first).await;
        let Some(Attributes::WorkflowExecutionFailedEventAttributes(failed)) =
            &events.last().unwrap().attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(failed.retry_state(), RetryState::InProgress);
        let task = peer.poll().await;
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) =
            &events_of(&task)[0].attributes
        else {
            panic!("{task:?}")
        };
        assert_eq!(started.attempt, 2);
        assert_eq!(started.continued_failure.as_ref().unwrap().message, "once");
        assert_eq!(started.first_execution_run_id, first);
        peer.complete(&task, vec![fail_workflow("twice")])
            .await
            .unwrap();
        let closed = peer.close_event().await;
        let Some(Attributes::WorkflowExecutionFailedEventAttributes(failed)) = closed.attributes
        else {
            panic!("the run did not fail")
        };
        assert_eq!(failed.retry_state(), RetryState::MaximumAttemptsReached);
    })
    .await;
}

#[tokio::test]
async fn a_child_reports_its_end_to_its_parent() {
    conform("child", async |peer| {
        peer.start().await;
        let child = peer.of(&format!("{}-child", peer.workflow_id));
        let task = peer.poll().await;
        let command = start_child(
            &peer.queue,
            &child.workflow_id,
            ParentClosePolicy::Terminate,
        );
        peer.complete(&task, vec![command]).await.unwrap();
        let task = peer.poll_for(&child.workflow_id).await;
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) =
            &events_of(&task)[0].attributes
        else {
            panic!("{task:?}")
        };
        assert_eq!(started.parent_initiated_event_id, 5);
        let parent = started.parent_workflow_execution.as_ref().unwrap();
        assert_eq!(parent.workflow_id, peer.workflow_id);
        assert_eq!(started.root_workflow_execution.as_ref(), Some(parent));
        peer.complete(&task, vec![complete_workflow("grown up")])
            .await
            .unwrap();
        while !peer
            .types()
            .await
            .contains(&E::ChildWorkflowExecutionCompleted)
        {
            peer.complete(&peer.poll_for(&peer.workflow_id).await, vec![])
                .await
                .unwrap();
        }
        let events = peer.history().await;
        assert_eq!(
            events[4].event_type(),
            E::StartChildWorkflowExecutionInitiated
        );
        assert_eq!(events[5].event_type(), E::ChildWorkflowExecutionStarted);
        let completed = events.iter().find_map(|event| match &event.attributes {
            Some(Attributes::ChildWorkflowExecutionCompletedEventAttributes(a)) => Some(a),
            _ => None,
        });
        let completed = completed.unwrap();
        assert_eq!(
            (completed.initiated_event_id, completed.started_event_id),
            (5, 6)
        );
        assert_eq!(completed.result, payloads("grown up"));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_child_cannot_take_an_id_in_use() {
    conform("childid", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let command = start_child(&peer.queue, &peer.workflow_id, ParentClosePolicy::Terminate);
        peer.complete(&task, vec![command]).await.unwrap();
        let task = peer.poll().await;
        let Some(Attributes::StartChildWorkflowExecutionFailedEventAttributes(failed)) =
            &events_of(&task)[5].attributes
        else {
            panic!("{task:?}")
        };
        assert_eq!(
            failed.cause(),
            StartChildWorkflowExecutionFailedCause::WorkflowAlreadyExists
        );
        assert_eq!(failed.initiated_event_id, 5);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn children_end_as_the_close_policy_says() {
    conform("policy", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let policies = [
            (ParentClosePolicy::Terminate, E::WorkflowExecutionTerminated),
            (ParentClosePolicy::RequestCancel, E::WorkflowTaskScheduled),
            (ParentClosePolicy::Abandon, E::WorkflowTaskScheduled),
        ];
        let id = |policy| format!("{}-{policy:?}", peer.workflow_id);
        let commands = policies
            .map(|(policy, _)| start_child("nobody", &id(policy), policy))
            .to_vec();
        peer.complete(&task, commands).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        peer.terminate("").await.unwrap();
        tokio::time::sleep(Duration::from_millis(1000)).await;
        for (policy, last) in policies {
            let child = peer.of(&id(policy));
            let types = child.types().await;
            let canceled = types.contains(&E::WorkflowExecutionCancelRequested);
            assert_eq!(
                canceled,
                policy == ParentClosePolicy::RequestCancel,
                "{types:?}"
            );
            if !canceled {
                assert_eq!(types.last(), Some(&last), "{policy:?}");
            }
            let _ = child.terminate("").await;
        }
    })
    .await;
}

#[tokio::test]
async fn workflows_signal_and_cancel_each_other() {
    conform("external", async |peer| {
        let other = peer.of(&format!("{}-other", peer.workflow_id));
        other.start().await;
        other.complete(&other.poll().await, vec![]).await.unwrap();
        peer.start().await;
        let task = peer.poll().await;
        let commands = vec![
            signal_external(&other.workflow_id, "hello"),
            cancel_external(&other.workflow_id),
            signal_external("nobody at all", "hello"),
        ];
        peer.complete(&task, commands).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1000)).await;
        let events = peer.history().await;
        let want = [
            E::SignalExternalWorkflowExecutionInitiated,
            E::RequestCancelExternalWorkflowExecutionInitiated,
            E::SignalExternalWorkflowExecutionInitiated,
        ];
        assert_eq!(types(&events[4..7]), want);
        for want in [
            E::ExternalWorkflowExecutionSignaled,
            E::ExternalWorkflowExecutionCancelRequested,
            E::SignalExternalWorkflowExecutionFailed,
        ] {
            assert!(types(&events).contains(&want), "{want:?} in {events:?}");
        }
        let events = other.history().await;
        let signaled = events.iter().find_map(|event| match &event.attributes {
            Some(Attributes::WorkflowExecutionSignaledEventAttributes(a)) => Some(a),
            _ => None,
        });
        let signaled = signaled.unwrap();
        assert_eq!(signaled.identity, "history-service");
        let source = signaled.external_workflow_execution.as_ref().unwrap();
        assert_eq!(source.workflow_id, peer.workflow_id);
        let canceled = events.iter().find_map(|event| match &event.attributes {
            Some(Attributes::WorkflowExecutionCancelRequestedEventAttributes(a)) => Some(a),
            _ => None,
        });
        assert_eq!(canceled.unwrap().external_initiated_event_id, 6);
        peer.terminate("").await.unwrap();
        other.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn cancellation_is_asked_for_once_and_granted_by_the_workflow() {
    conform("cancel", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        peer.cancel().await.unwrap();
        peer.cancel().await.unwrap();
        let (closed, ()) = tokio::join!(peer.close_event(), async {
            let task = peer.poll().await;
            let want = [
                E::WorkflowExecutionCancelRequested,
                E::WorkflowTaskScheduled,
                E::WorkflowTaskStarted,
            ];
            assert_eq!(types(&events_of(&task)[4..]), want);
            peer.complete(&task, vec![cancel_workflow()]).await.unwrap();
        });
        assert_eq!(closed.event_type(), E::WorkflowExecutionCanceled);
        peer.cancel()
            .await
            .expect("canceling a closed workflow does nothing");
    })
    .await;
}

#[tokio::test]
async fn termination_fails_the_running_task_first() {
    conform("terminate", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.signal("late").await.unwrap();
        peer.terminate("enough").await.unwrap();
        let events = peer.history().await;
        let want = [
            E::WorkflowTaskFailed,
            E::WorkflowExecutionSignaled,
            E::WorkflowExecutionTerminated,
        ];
        assert_eq!(types(&events[3..]), want);
        assert_eq!(
            failed_cause(&events[3]),
            WorkflowTaskFailedCause::ForceCloseCommand
        );
        let error = peer.complete(&task, vec![]).await.unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (Code::NotFound, "Workflow task not found.")
        );
        let error = peer.signal("too late").await.unwrap_err();
        let want = "workflow execution already completed";
        assert_eq!((error.code(), error.message()), (Code::NotFound, want));
        assert_eq!(detail(&error), "NotFoundFailure");
    })
    .await;
}

#[tokio::test]
async fn a_run_timeout_ends_the_run() {
    conform("expire", async |peer| {
        let mut request = peer.start_request();
        request.workflow_run_timeout = seconds(1.0);
        peer.start_with(request).await.unwrap();
        let closed = peer.close_event().await;
        let Some(Attributes::WorkflowExecutionTimedOutEventAttributes(a)) = closed.attributes
        else {
            panic!("the run did not time out")
        };
        assert_eq!(a.retry_state(), RetryState::RetryPolicyNotSet);
    })
    .await;
}

#[tokio::test]
async fn a_start_delay_holds_back_the_first_task_but_not_a_cancellation() {
    conform("delay", async |peer| {
        let mut request = peer.start_request();
        request.workflow_start_delay = seconds(60.0);
        peer.start_with(request).await.unwrap();
        peer.signal("early").await.unwrap();
        let want = [E::WorkflowExecutionStarted, E::WorkflowExecutionSignaled];
        assert_eq!(peer.types().await, want);
        peer.cancel().await.unwrap();
        let want = [
            E::WorkflowExecutionCancelRequested,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await[2..], want);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_in_the_same_words() {
    conform("errors", async |peer| {
        let with = |change: &dyn Fn(&mut api::StartWorkflowExecutionRequest)| {
            let mut request = peer.start_request();
            change(&mut request);
            request
        };
        let long = "x".repeat(1200);
        let cases = [
            (
                with(&|r| r.namespace.clear()),
                Code::InvalidArgument,
                "Namespace is empty.",
            ),
            (
                with(&|r| r.namespace = "nowhere".to_owned()),
                Code::NotFound,
                "Namespace nowhere is not found.",
            ),
            (
                with(&|r| r.workflow_id.clear()),
                Code::InvalidArgument,
                "WorkflowId is not set on request.",
            ),
            (
                with(&|r| r.workflow_id = long.clone()),
                Code::InvalidArgument,
                "WorkflowId exceeds maximum allowed length (1200/1000)",
            ),
            (
                with(&|r| r.workflow_type = None),
                Code::InvalidArgument,
                "WorkflowType is not set on request.",
            ),
            (
                with(&|r| r.task_queue = None),
                Code::InvalidArgument,
                "taskQueue is not set",
            ),
            (
                with(&|r| r.workflow_run_timeout = Some(negative())),
                Code::InvalidArgument,
                "An invalid WorkflowRunTimeoutSeconds is set on request. cause: negative duration",
            ),
            (
                with(&|r| {
                    r.retry_policy = at_most(2, 1.0);
                    r.retry_policy.as_mut().unwrap().backoff_coefficient = 0.5;
                }),
                Code::InvalidArgument,
                "BackoffCoefficient cannot be less than 1 on retry policy.",
            ),
            (
                with(&|r| {
                    r.workflow_id_reuse_policy = 3;
                    r.workflow_id_conflict_policy = 3;
                }),
                Code::InvalidArgument,
                "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE cannot \
                 be used together with WorkflowIdConflictPolicy \
                 WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING",
            ),
        ];
        for (request, code, message) in cases {
            let error = peer.start_with(request).await.unwrap_err();
            assert_eq!((error.code(), error.message()), (code, message));
        }
        let error = peer.signal("nobody").await.unwrap_err();
        let want = format!("workflow not found for ID: {}", peer.workflow_id);
        assert_eq!(
            (error.code(), error.message()),
            (Code::NotFound, want.as_str())
        );
        assert_eq!(detail(&error), "NotFoundFailure");

        let junk = WorkflowTask {
            task_token: vec![1, 2, 3].into(),
            ..Default::default()
        };
        let error = peer.complete(&junk, vec![]).await.unwrap_err();
        let want = "Error deserializing task token.";
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, want)
        );
        let error = peer
            .complete(&WorkflowTask::default(), vec![])
            .await
            .unwrap_err();
        assert_eq!(error.message(), "Task token not set on request.");
    })
    .await;
}

#[tokio::test]
async fn a_poll_without_a_task_ends_empty_before_its_deadline() {
    conform("empty", async |peer| {
        let task = peer.poll_queue(peer.normal_queue(), 3.0).await;
        assert_eq!(task, WorkflowTask::default());
    })
    .await;
}

#[tokio::test]
async fn history_is_read_in_transactions() {
    conform("pages", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![start_timer("t", 60.0)])
            .await
            .unwrap();
        let mut request = api::GetWorkflowExecutionHistoryRequest {
            namespace: "default".to_owned(),
            execution: peer.execution(),
            maximum_page_size: 1,
            ..Default::default()
        };
        let mut pages = Vec::new();
        loop {
            let page = peer
                .client
                .clone()
                .get_workflow_execution_history(request.clone())
                .await;
            let page = page.unwrap().into_inner();
            // A real server may end with an empty page.
            pages.extend(Some(page.history.unwrap().events.len()).filter(|events| *events > 0));
            if page.next_page_token.is_empty() {
                break;
            }
            request.next_page_token = page.next_page_token;
        }
        assert_eq!(pages, [2, 1, 2]);
        peer.terminate("").await.unwrap();
    })
    .await;
}

fn negative() -> prost_types::Duration {
    prost_types::Duration {
        seconds: -1,
        nanos: 0,
    }
}

fn fired_timer(event: &HistoryEvent) -> Option<&str> {
    match &event.attributes {
        Some(Attributes::TimerFiredEventAttributes(a)) => Some(&a.timer_id),
        _ => None,
    }
}

fn task_failure(
    event: &HistoryEvent,
) -> Option<&outlast_proto::temporal::api::history::v1::WorkflowTaskFailedEventAttributes> {
    match &event.attributes {
        Some(Attributes::WorkflowTaskFailedEventAttributes(a)) => Some(a),
        _ => None,
    }
}

fn failed_cause(event: &HistoryEvent) -> WorkflowTaskFailedCause {
    task_failure(event).map(|a| a.cause()).unwrap_or_default()
}

#[tokio::test]
async fn an_update_can_start_its_workflow() {
    conform("multi", async |peer| {
        let mut start = peer.start_request();
        start.workflow_id_conflict_policy = 2;
        let update = peer.update_request("u1", Stage::Completed);
        let (answer, ()) = tokio::join!(peer.update_with_start(start, update), async {
            let task = peer.poll().await;
            assert_eq!(types(events_of(&task)).len(), 3);
            assert_eq!(
                task.messages.len(),
                1,
                "the update goes with the first task"
            );
            let request = &task.messages[0];
            let (accept, complete) = (accept(request), complete_update(request, "changed"));
            let commands = vec![protocol_message(&accept), protocol_message(&complete)];
            peer.complete_with_messages(&task, commands, vec![accept, complete])
                .await;
        });
        assert_eq!(answer.unwrap().responses.len(), 2);

        let mut start = peer.start_request();
        start.workflow_id_conflict_policy = 1;
        let update = peer.update_request("u2", Stage::Completed);
        let error = peer.update_with_start(start, update).await.unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
        assert_eq!(error.message(), "Update-with-Start could not be executed.");
        assert_eq!(detail(&error), "MultiOperationExecutionFailure");

        peer.terminate("").await.unwrap();
    })
    .await;
}
