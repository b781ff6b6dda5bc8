//! Cancelling, terminating and timing out workflows.

use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    RetryState, WorkflowTaskFailedCause,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

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
