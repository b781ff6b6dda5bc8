//! Cancelling activities.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

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
