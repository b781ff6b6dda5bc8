//! Workflow tasks that nobody takes or finishes, and completions that ask for more.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::taskqueue::v1::StickyExecutionAttributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_task_that_is_not_finished_in_time_is_given_to_another_worker() {
    conform("task-timeout", async |peer| {
        let mut request = peer.start_request();
        // Long enough for the second attempt, also on a busy server.
        request.workflow_task_timeout = seconds(3.0);
        peer.start_with(request).await.unwrap();
        let first = peer.poll().await;
        let second = peer.poll().await;
        assert_eq!(second.attempt, 2);
        let error = peer.complete(&first, vec![]).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        peer.complete(&second, vec![complete_workflow("done")])
            .await
            .unwrap();
        assert_eq!(peer.types().await[3], E::WorkflowTaskTimedOut);
    })
    .await;
}

#[tokio::test]
async fn a_task_that_a_sticky_worker_does_not_take_goes_to_the_others() {
    conform("sticky-timeout", async |peer| {
        // Sticky queues without a poller are passed over, so there has to be one that goes away.
        peer.poll_queue(peer.sticky_queue(), 2.5).await;
        peer.start().await;
        let task = peer.poll().await;
        let mut request = completion(&task, vec![]);
        request.sticky_attributes = Some(StickyExecutionAttributes {
            worker_task_queue: peer.sticky_queue(),
            schedule_to_start_timeout: seconds(1.0),
        });
        peer.complete_with(request).await.unwrap();
        peer.signal("hello").await.unwrap();
        let task = peer.poll().await;
        assert_eq!(events_of(&task)[0].event_id, 1);
        assert_eq!(events_of(&task)[6].event_type(), E::WorkflowTaskTimedOut);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn stickiness_can_be_given_up() {
    conform("sticky-reset", async |peer| {
        peer.poll_queue(peer.sticky_queue(), 2.5).await;
        peer.start().await;
        let task = peer.poll().await;
        peer.complete_sticky(&task, vec![]).await;
        let request = api::ResetStickyTaskQueueRequest {
            namespace: "default".to_owned(),
            execution: peer.execution(),
        };
        peer.client()
            .reset_sticky_task_queue(request)
            .await
            .unwrap();
        peer.signal("hello").await.unwrap();
        let task = peer.poll().await;
        assert_eq!(events_of(&task)[0].event_id, 1);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_completion_may_ask_for_another_task() {
    conform("force-task", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let mut request = completion(&task, vec![]);
        request.force_create_new_workflow_task = true;
        peer.complete_with(request).await.unwrap();
        let task = peer.poll().await;
        assert_eq!(task.started_event_id, 6);
        let mut request = completion(&task, vec![]);
        request.force_create_new_workflow_task = true;
        request.return_new_workflow_task = true;
        let answer = peer.complete_with(request).await.unwrap();
        let next = answer.workflow_task.unwrap();
        peer.complete(&next, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_task_is_answered_once() {
    conform("task-twice", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let error = peer.complete(&task, vec![]).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        let error = peer.fail(&task).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        peer.terminate("").await.unwrap();
        let error = peer.fail(&task).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_signal_between_attempts_is_seen_by_the_next_one() {
    conform("transient-signal", async |peer| {
        peer.start().await;
        peer.fail(&peer.poll().await).await.unwrap();
        let second = peer.poll().await;
        assert_eq!(second.attempt, 2);
        peer.signal("meanwhile").await.unwrap();
        peer.fail(&second).await.unwrap();
        let third = peer.poll().await;
        let types = types(events_of(&third));
        assert!(types.contains(&E::WorkflowExecutionSignaled));
        peer.complete(&third, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_signal_during_a_further_attempt_comes_after_its_completion() {
    conform("transient-complete", async |peer| {
        peer.start().await;
        peer.fail(&peer.poll().await).await.unwrap();
        let second = peer.poll().await;
        peer.signal("meanwhile").await.unwrap();
        peer.complete(&second, vec![start_timer("t", 60.0)])
            .await
            .unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        assert!(peer.types().await.contains(&E::TimerStarted));
    })
    .await;
}
