//! Cancelling activities.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_started_activity_learns_of_its_cancellation_by_heartbeat() {
    conform("heartbeat", async |peer| {
        peer.start_activity(peer.activity("a")).await;
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
        peer.start_activity(peer.activity("a")).await;
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
async fn what_is_scheduled_and_canceled_at_once_ends_behind_all_commands() {
    conform("atonce", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let commands = vec![
            schedule_activity(peer.activity("a")),
            cancel_activity(5),
            // The id is free again.
            schedule_activity(peer.activity("a")),
            cancel_activity(5),
        ];
        peer.complete(&task, commands).await.unwrap();
        let want = [
            E::ActivityTaskScheduled,
            E::ActivityTaskCancelRequested,
            E::ActivityTaskScheduled,
            E::ActivityTaskCancelRequested,
            E::ActivityTaskCanceled,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await[4..], want);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_workflow_that_closes_does_not_see_what_it_cancels() {
    conform("closecanceled", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let commands = vec![
            schedule_activity(peer.activity("a")),
            cancel_activity(5),
            complete_workflow("done"),
        ];
        peer.complete(&task, commands).await.unwrap();
        let last = peer.types().await.pop();
        assert_eq!(last, Some(E::WorkflowExecutionCompleted));
    })
    .await;
}

#[tokio::test]
async fn an_activity_can_be_canceled_until_its_end_has_been_seen() {
    conform("seen", async |peer| {
        peer.start().await;
        peer.answer(schedule_activity(peer.activity("a"))).await;
        peer.signal("now").await.unwrap();
        let task = peer.poll().await;
        let activity = peer.poll_activity().await;
        peer.complete_activity(&activity).await.unwrap();
        peer.complete(&task, vec![cancel_activity(5)])
            .await
            .unwrap();
        let task = peer.poll().await;
        let error = peer.complete(&task, vec![cancel_activity(5)]).await;
        let want = "BadRequestCancelActivityAttributes: invalid history builder state for action: \
                    add-activitytask-cancel-requested-event, ScheduledEventID: 5";
        assert_eq!(error.unwrap_err().message(), want);
        peer.terminate("").await.unwrap();
    })
    .await;
}
