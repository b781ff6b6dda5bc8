//! Activities: starting, completing, failing, retrying.

use outlast_proto::temporal::api::enums::v1::{
    ActivityTaskFailedCause,
    EventType::{self as E},
    RetryState,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn an_activity_starts_in_history_only_when_it_ends() {
    conform("activity", async |peer| {
        peer.start_activity(peer.activity("a")).await;
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
        let mut attributes = peer.activity("a");
        attributes.retry_policy = at_most(2, 0.1);
        peer.start_activity(attributes).await;
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
async fn history_does_not_have_the_cause_that_a_worker_gives() {
    conform("failure-cause", async |peer| {
        let mut attributes = peer.activity("a");
        attributes.retry_policy = at_most(1, 1.0);
        peer.start_activity(attributes).await;
        let activity = peer.poll_activity().await;
        let request = api::RespondActivityTaskFailedRequest {
            namespace: "default".to_owned(),
            task_token: activity.task_token,
            failure: Some(application_failure("too large")),
            cause: ActivityTaskFailedCause::PayloadsTooLarge as i32,
            ..Default::default()
        };
        let failed = peer.client().respond_activity_task_failed(request).await;
        failed.unwrap();
        let events = peer.history().await;
        let Some(Attributes::ActivityTaskFailedEventAttributes(failed)) = &events[6].attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(failed.cause(), ActivityTaskFailedCause::Unspecified);
        peer.terminate("").await.unwrap();
    })
    .await;
}
