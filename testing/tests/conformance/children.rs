//! Child workflows.

use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    ParentClosePolicy, StartChildWorkflowExecutionFailedCause,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_child_reports_its_end_to_its_parent() {
    conform("child", async |peer| {
        peer.start().await;
        let child = peer.kin("child");
        let task = peer.poll().await;
        let command = start_child(
            &child.queue,
            &child.workflow_id,
            ParentClosePolicy::Terminate,
        );
        peer.complete(&task, vec![command]).await.unwrap();
        peer.complete(&peer.poll().await, vec![]).await.unwrap();
        let task = child.poll().await;
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
        let events = peer.until(E::ChildWorkflowExecutionCompleted).await;
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
        let policies = [
            ParentClosePolicy::Terminate,
            ParentClosePolicy::RequestCancel,
            ParentClosePolicy::Abandon,
        ];
        let child = |policy| peer.kin(&format!("{policy:?}"));
        for policy in policies {
            let task = peer.poll().await;
            let child = child(policy);
            let command = start_child(&child.queue, &child.workflow_id, policy);
            peer.complete(&task, vec![command]).await.unwrap();
        }
        peer.until_times(E::ChildWorkflowExecutionStarted, 3).await;
        peer.terminate("").await.unwrap();

        let terminated = child(ParentClosePolicy::Terminate);
        terminated.until(E::WorkflowExecutionTerminated).await;
        let canceled = child(ParentClosePolicy::RequestCancel);
        canceled.until(E::WorkflowExecutionCancelRequested).await;
        canceled.terminate("").await.unwrap();
        let abandoned = child(ParentClosePolicy::Abandon);
        let want = [E::WorkflowExecutionStarted, E::WorkflowTaskScheduled];
        assert_eq!(abandoned.types().await, want);
        abandoned.terminate("").await.unwrap();
    })
    .await;
}
