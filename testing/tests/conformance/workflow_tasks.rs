//! Workflow tasks: sticky ones, further attempts, refused completions.

use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    WorkflowTaskFailedCause,
};
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

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

        // From now on the server knows that somebody polls it, for ten seconds.
        let quiet = peer.unrecorded();
        quiet.poll_queue(quiet.sticky_queue(), 3.0).await;
        peer.signal("two").await.unwrap();
        let task = peer.poll_sticky().await;
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
async fn a_failure_on_the_normal_queue_counts_although_the_worker_was_sticky() {
    conform("sticky-passed-over", async |peer| {
        peer.start().await;
        peer.complete_sticky(&peer.poll().await, vec![]).await;
        peer.signal("wake").await.unwrap();
        // Nobody polls the sticky queue, so this task comes from the other one.
        let task = peer.poll().await;
        peer.fail(&task).await.unwrap();
        let task = peer.poll().await;
        assert_eq!(task.attempt, 2);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_waits_is_not_in_the_history_once_something_else_is() {
    conform("stale-attempt", async |peer| {
        peer.start().await;
        peer.fail(&peer.poll().await).await.unwrap();
        assert_eq!(peer.types().await[4..], [E::WorkflowTaskScheduled]);
        peer.signal("wake").await.unwrap();
        assert_eq!(peer.types().await[4..], [E::WorkflowExecutionSignaled]);
        let task = peer.poll().await;
        assert_eq!((task.attempt, task.started_event_id), (1, 7));
        peer.terminate("").await.unwrap();
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
