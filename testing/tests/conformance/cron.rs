//! Workflows with a cron schedule: the runs of their chains, and what ends them.

use outlast_proto::temporal::api::enums::v1::ContinueAsNewInitiator as Initiator;
use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::{ParentClosePolicy, RetryState};
use outlast_proto::temporal::api::history::v1::WorkflowExecutionStartedEventAttributes;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::support::builders::*;
use crate::{Peer, conform};

/// A start of the peer's workflow on a schedule.
fn repeated(peer: &Peer, schedule: &str) -> api::StartWorkflowExecutionRequest {
    api::StartWorkflowExecutionRequest {
        cron_schedule: schedule.to_owned(),
        ..peer.start_request()
    }
}

/// The first event of the current run.
async fn started(peer: &Peer) -> WorkflowExecutionStartedEventAttributes {
    match peer.history().await.swap_remove(0).attributes {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(a)) => *a,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_schedule_repeats_a_workflow_with_the_results_so_far() {
    conform("cron", async |peer| {
        let first = peer.start_with(repeated(peer, "@every 1s")).await.unwrap();
        let run = started(peer).await;
        assert_eq!(run.initiator(), Initiator::CronSchedule);
        assert_eq!(run.first_workflow_task_backoff, seconds(1.0));
        assert_eq!(peer.types().await, [E::WorkflowExecutionStarted]);

        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("one")])
            .await
            .unwrap();
        let next = started(peer).await;
        let events = peer.history_of(&first.run_id).await;
        let Some(Attributes::WorkflowExecutionCompletedEventAttributes(closed)) =
            &events.last().unwrap().attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(closed.new_execution_run_id, next.original_execution_run_id);
        assert_eq!(next.initiator(), Initiator::CronSchedule);
        assert_eq!(next.continued_execution_run_id, first.run_id);
        assert_eq!(next.first_execution_run_id, first.run_id);
        assert_eq!(next.last_completion_result, payloads("one"));
        assert_eq!(next.identity, "");
        assert_eq!(next.cron_schedule, "@every 1s");

        let task = peer.poll().await;
        peer.complete(&task, vec![fail_workflow("two")])
            .await
            .unwrap();
        let next = started(peer).await;
        assert_eq!(next.last_completion_result, payloads("one"));
        assert_eq!(next.continued_failure.unwrap().message, "two");

        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("three")])
            .await
            .unwrap();
        let next = started(peer).await;
        assert_eq!(next.last_completion_result, payloads("three"));
        assert_eq!(next.continued_failure, None);

        let task = peer.poll().await;
        peer.complete(&task, vec![cancel_workflow()]).await.unwrap();
        assert_eq!(
            peer.types().await.last(),
            Some(&E::WorkflowExecutionCanceled)
        );
    })
    .await;
}

#[tokio::test]
async fn retries_come_before_the_schedule() {
    conform("cron-retry", async |peer| {
        let mut request = repeated(peer, "@every 1s");
        request.retry_policy = at_most(2, 1.0);
        peer.start_with(request).await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![fail_workflow("one")])
            .await
            .unwrap();
        let retry = started(peer).await;
        assert_eq!((retry.initiator(), retry.attempt), (Initiator::Retry, 2));

        let task = peer.poll().await;
        peer.complete(&task, vec![fail_workflow("two")])
            .await
            .unwrap();
        let next = started(peer).await;
        assert_eq!(
            (next.initiator(), next.attempt),
            (Initiator::CronSchedule, 1)
        );
        assert_eq!(next.continued_failure.unwrap().message, "two");
        let last = peer
            .history_of(&next.continued_execution_run_id)
            .await
            .pop()
            .unwrap();
        let Some(Attributes::WorkflowExecutionFailedEventAttributes(failed)) = last.attributes
        else {
            panic!("{last:?}")
        };
        assert_eq!(failed.retry_state(), RetryState::MaximumAttemptsReached);
        assert_eq!(failed.new_execution_run_id, next.original_execution_run_id);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_that_timed_out_is_repeated_too() {
    conform("cron-timeout", async |peer| {
        let mut request = repeated(peer, "@every 1s");
        request.workflow_run_timeout = seconds(1.0);
        let first = peer.start_with(request).await.unwrap().run_id;
        let closed = peer.close_event_of(&first).await;
        let Some(Attributes::WorkflowExecutionTimedOutEventAttributes(a)) = closed.attributes
        else {
            panic!("{closed:?}")
        };
        assert_eq!(a.retry_state(), RetryState::RetryPolicyNotSet);
        let next = started(peer).await;
        assert_eq!(next.original_execution_run_id, a.new_execution_run_id);
        assert_eq!(next.continued_failure.unwrap().message, "workflow timeout");
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn between_runs_a_signal_waits_and_a_cancellation_does_not() {
    conform("cron-pause", async |peer| {
        peer.start_with(repeated(peer, "@every 1h")).await.unwrap();
        peer.signal("early").await.unwrap();
        let so_far = [E::WorkflowExecutionStarted, E::WorkflowExecutionSignaled];
        assert_eq!(peer.types().await, so_far);
        peer.cancel().await.unwrap();
        let want = [
            E::WorkflowExecutionCancelRequested,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await[2..], want);
        peer.terminate("").await.unwrap();
        let types = peer.types().await;
        assert_eq!(types.last(), Some(&E::WorkflowExecutionTerminated));
    })
    .await;
}

#[tokio::test]
async fn continuing_as_new_ends_or_begins_a_schedule() {
    conform("cron-continue", async |peer| {
        peer.start_with(repeated(peer, "@every 1s")).await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![continue_as_new("more")])
            .await
            .unwrap();
        let next = started(peer).await;
        assert_eq!(
            (next.initiator(), next.cron_schedule.as_str()),
            (Initiator::Workflow, "")
        );
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        assert_eq!(
            peer.types().await.last(),
            Some(&E::WorkflowExecutionCompleted)
        );
    })
    .await;
}

#[tokio::test]
async fn bad_schedules_are_refused() {
    conform("cron-refused", async |peer| {
        for (schedule, want) in [
            ("* * * *", "invalid CronSchedule."),
            ("60 * * * *", "invalid CronSchedule."),
            ("@hourly ", "invalid CronSchedule."),
            ("TZ=Nowhere * * * * *", "invalid CronSchedule."),
            (
                "0 0 31 2 *",
                "invalid CronSchedule, no time can be found to satisfy the schedule",
            ),
        ] {
            let error = peer.start_with(repeated(peer, schedule)).await.unwrap_err();
            let got = (error.code(), error.message());
            assert_eq!(got, (Code::InvalidArgument, want), "{schedule}");
        }
        let mut request = repeated(peer, "bad");
        request.workflow_start_delay = seconds(1.0);
        let error = peer.start_with(request).await.unwrap_err();
        let want = "CronSchedule and WorkflowStartDelay may not be used together.";
        assert_eq!(error.message(), want);
    })
    .await;
}

#[tokio::test]
async fn a_child_on_a_schedule_stays_open_for_its_parent() {
    conform("cron-child", async |peer| {
        peer.start().await;
        let child = peer.kin("child");
        let task = peer.poll().await;
        let bad = scheduled_child(&child, "bad");
        let error = peer.complete(&task, vec![bad]).await.unwrap_err();
        let want = format!(
            "BadStartChildExecutionAttributes: invalid CronSchedule on \
             StartChildWorkflowExecutionCommand: invalid CronSchedule.. WorkflowId={} \
             WorkflowType=Order Namespace=default",
            child.workflow_id
        );
        assert_eq!(error.message(), want);

        let good = scheduled_child(&child, "@every 1s");
        peer.complete(&peer.poll().await, vec![good]).await.unwrap();
        peer.until(E::ChildWorkflowExecutionStarted).await;
        let task = child.poll().await;
        child
            .complete(&task, vec![complete_workflow("one")])
            .await
            .unwrap();
        let next = started(&child).await;
        assert_eq!(next.last_completion_result, payloads("one"));
        assert_eq!(
            next.parent_workflow_execution.unwrap().workflow_id,
            peer.workflow_id
        );
        let events = peer.types().await;
        assert!(!events.contains(&E::ChildWorkflowExecutionCompleted));
        peer.terminate("").await.unwrap();
    })
    .await;
}

fn scheduled_child(
    child: &Peer,
    schedule: &str,
) -> outlast_proto::temporal::api::command::v1::Command {
    use outlast_proto::temporal::api::command::v1::command::Attributes as Command;
    let mut command = start_child(
        &child.queue,
        &child.workflow_id,
        ParentClosePolicy::Terminate,
    );
    if let Some(Command::StartChildWorkflowExecutionCommandAttributes(a)) =
        command.attributes.as_mut()
    {
        a.cron_schedule = schedule.to_owned();
    }
    command
}
