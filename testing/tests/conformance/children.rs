//! Child workflows.

use std::time::Duration;

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
