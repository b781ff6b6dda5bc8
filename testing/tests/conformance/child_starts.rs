//! How children start: with what, and when they cannot.

#![allow(
    deprecated,
    reason = "parents may still ask for a policy that starts have another for"
)]

use outlast_proto::temporal::api::command::v1::StartChildWorkflowExecutionCommandAttributes as Child;
use outlast_proto::temporal::api::common::v1::{Header, Memo, Priority, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    ParentClosePolicy, WorkflowIdReusePolicy as Reuse,
};
use outlast_proto::temporal::api::sdk::v1::UserMetadata;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_child_gets_everything_that_its_parent_gives_it() {
    conform("childfull", async |peer| {
        peer.register_attributes().await;
        let child = peer.kin("child");
        let given = |name: &str| [(name.to_owned(), payload(name).unwrap())].into();
        let mut command = start_child_with(Child {
            input: payloads("input"),
            header: Some(Header {
                fields: given("trace"),
            }),
            memo: Some(Memo {
                fields: given("note"),
            }),
            search_attributes: Some(SearchAttributes {
                indexed_fields: given("ConformKeyword"),
            }),
            workflow_execution_timeout: seconds(600.0),
            workflow_run_timeout: seconds(900.0),
            workflow_task_timeout: seconds(20.0),
            retry_policy: at_most(3, 2.0),
            parent_close_policy: ParentClosePolicy::Abandon as i32,
            workflow_id_reuse_policy: Reuse::RejectDuplicate as i32,
            control: "control".to_owned(),
            priority: Some(Priority {
                priority_key: 2,
                fairness_key: "fair".to_owned(),
                fairness_weight: 1.5,
            }),
            ..child_in(&child.queue, &child.workflow_id)
        });
        command.user_metadata = Some(UserMetadata {
            summary: payload("summary"),
            details: payload("details"),
        });
        peer.start().await;
        peer.answer(command).await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        child.poll().await;
        let described = child.describe("").await;
        assert!(described.execution_config.unwrap().user_metadata.is_some());
        assert_eq!(peer.describe("").await.pending_children.len(), 1);
        peer.terminate("").await.unwrap();
        child.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_child_without_a_queue_gets_that_of_its_parent() {
    conform("childqueue", async |peer| {
        peer.start().await;
        let child = peer.kin("child");
        let command = start_child("", &child.workflow_id, ParentClosePolicy::Terminate);
        peer.answer(command).await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        let described = child.describe("").await.execution_config.unwrap();
        assert_eq!(described.task_queue.unwrap().name, peer.queue);
        peer.terminate("").await.unwrap();
        child.until(E::WorkflowExecutionTerminated).await;
    })
    .await;
}

#[tokio::test]
async fn a_grandchild_knows_its_root() {
    conform("grandchild", async |peer| {
        let (child, grandchild) = (peer.kin("child"), peer.kin("grandchild"));
        let start = |peer: &Peer<_>| {
            start_child(&peer.queue, &peer.workflow_id, ParentClosePolicy::Terminate)
        };
        peer.start().await;
        peer.answer(start(&child)).await;
        child.answer(start(&grandchild)).await;
        child.until(E::ChildWorkflowExecutionStarted).await;
        grandchild.poll().await;
        let described = grandchild
            .describe("")
            .await
            .workflow_execution_info
            .unwrap();
        assert_eq!(
            described.root_execution.unwrap().workflow_id,
            peer.workflow_id
        );
        assert_eq!(
            described.parent_execution.unwrap().workflow_id,
            child.workflow_id
        );
        peer.terminate("").await.unwrap();
        grandchild.until(E::WorkflowExecutionTerminated).await;
    })
    .await;
}

#[tokio::test]
async fn the_reuse_policy_of_a_child_may_forbid_it_to_start() {
    conform("childreuse", async |peer| {
        let child = peer.kin("child");
        child.start().await;
        child.answer(complete_workflow("before")).await;
        peer.start().await;
        let policies = [Reuse::RejectDuplicate, Reuse::AllowDuplicateFailedOnly];
        for (number, policy) in policies.into_iter().enumerate() {
            peer.answer(start_child_with(Child {
                workflow_id_reuse_policy: policy as i32,
                ..child_in(&child.queue, &child.workflow_id)
            }))
            .await;
            peer.until_times(E::StartChildWorkflowExecutionFailed, number + 1)
                .await;
        }
        peer.answer(start_child(
            &child.queue,
            &child.workflow_id,
            ParentClosePolicy::Terminate,
        ))
        .await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        peer.terminate("").await.unwrap();
        child.until(E::WorkflowExecutionTerminated).await;
    })
    .await;
}

#[tokio::test]
async fn a_child_may_take_the_place_of_what_runs() {
    conform("childplace", async |peer| {
        let child = peer.kin("child");
        let first = child.start().await;
        peer.start().await;
        peer.answer(start_child_with(Child {
            workflow_id_reuse_policy: Reuse::TerminateIfRunning as i32,
            ..child_in(&child.queue, &child.workflow_id)
        }))
        .await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        let closed = child.close_event_of(&first).await;
        assert_eq!(closed.event_type(), E::WorkflowExecutionTerminated);
        peer.terminate("").await.unwrap();
        child.until(E::WorkflowExecutionTerminated).await;
    })
    .await;
}

#[tokio::test]
async fn a_workflow_cannot_be_its_own_child() {
    conform("childself", async |peer| {
        peer.start().await;
        peer.answer(start_child(
            &peer.queue,
            &peer.workflow_id,
            ParentClosePolicy::Abandon,
        ))
        .await;
        peer.until(E::StartChildWorkflowExecutionFailed).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_a_child_runs_by_holds_for_its_next_runs() {
    conform("childnext", async |peer| {
        let child = peer.kin("child");
        peer.start().await;
        peer.answer(start_child_with(Child {
            workflow_run_timeout: seconds(90.0),
            workflow_execution_timeout: seconds(600.0),
            ..child_in(&child.queue, &child.workflow_id)
        }))
        .await;
        child.answer(continue_later("more")).await;
        child.answer(continue_later("and more")).await;
        let task = child.poll().await;
        assert_eq!(events_of(&task).len(), 3);
        peer.terminate("").await.unwrap();
        child.until(E::WorkflowExecutionTerminated).await;
    })
    .await;
}
