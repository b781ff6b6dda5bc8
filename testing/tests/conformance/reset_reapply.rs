//! What a reset takes along: what came from outside, and what was under way.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::{
    ParentClosePolicy, ResetReapplyExcludeType as Excluded, ResetReapplyType as Included,
    UpdateWorkflowExecutionLifecycleStage as Stage,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::protocol::v1::message::SequencingId;
use prost::Message;
use prost_types::Any;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn what_came_from_outside_comes_again_unless_excluded() {
    conform("reset-reapply", async |peer| {
        let run_id = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (updated, ()) = tokio::join!(peer.update("u", Stage::Completed), async {
            let task = peer.poll().await;
            let messages = vec![
                accept(&task.messages[0]),
                complete_update(&task.messages[0], "changed"),
            ];
            let commands = messages.iter().map(protocol_message).collect();
            peer.complete_with_messages(&task, commands, messages).await;
        });
        updated.unwrap();
        peer.signal("s").await.unwrap();
        peer.cancel().await.unwrap();

        let (signal, update) = (
            E::WorkflowExecutionSignaled,
            E::WorkflowExecutionUpdateAdmitted,
        );
        let all = vec![update, signal];
        for (included, excluded, want) in [
            (Included::Unspecified, vec![], all.clone()),
            (Included::Unspecified, vec![Excluded::Signal], vec![update]),
            (Included::Unspecified, vec![Excluded::Update], vec![signal]),
            (Included::Unspecified, vec![Excluded::Nexus], all.clone()),
            (Included::AllEligible, vec![], all.clone()),
            (Included::Signal, vec![], vec![signal]),
            (Included::Signal, vec![Excluded::Signal], vec![]),
            (Included::None, vec![], vec![]),
        ] {
            let mut request = peer.reset_request(&run_id, 4);
            request.set_reset_reapply_type(included);
            request.reset_reapply_exclude_types =
                excluded.iter().map(|excluded| *excluded as i32).collect();
            peer.reset_with(request).await.unwrap();
            let types = peer.types().await;
            let (last, reapplied) = types[4..].split_last().unwrap();
            assert_eq!(*last, E::WorkflowTaskScheduled);
            assert_eq!(reapplied, want, "{included:?} {excluded:?}");
        }
        let info = peer.describe("").await.workflow_extended_info.unwrap();
        assert!(!info.cancel_requested);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_that_comes_again_is_found_in_the_history() {
    conform("reset-update", async |peer| {
        let run_id = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (accepted, ()) = tokio::join!(peer.update("u", Stage::Accepted), async {
            let task = peer.poll().await;
            let messages = vec![accept(&task.messages[0])];
            let commands = messages.iter().map(protocol_message).collect();
            peer.complete_with_messages(&task, commands, messages).await;
        });
        accepted.unwrap();
        peer.reset_with(peer.reset_request(&run_id, 4))
            .await
            .unwrap();

        let task = peer.poll().await;
        assert!(task.messages.is_empty());
        let Some(Attributes::WorkflowExecutionUpdateAdmittedEventAttributes(admitted)) =
            &events_of(&task)[4].attributes
        else {
            panic!("{task:?}")
        };
        let request = WireMessage {
            id: "u/request".to_owned(),
            protocol_instance_id: "u".to_owned(),
            sequencing_id: Some(SequencingId::EventId(5)),
            body: Some(Any {
                type_url: "type.googleapis.com/temporal.api.update.v1.Request".to_owned(),
                value: admitted.request.as_ref().unwrap().encode_to_vec(),
            }),
        };
        let messages = vec![accept(&request), complete_update(&request, "changed")];
        let commands = messages.iter().map(protocol_message).collect();
        peer.complete_with_messages(&task, commands, messages).await;
        let events = peer.history().await;
        let Some(Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(accepted)) =
            &events[events.len() - 2].attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(accepted.accepted_request, None);
        assert_eq!(accepted.accepted_request_sequencing_event_id, 5);
        let joined = peer.update("u", Stage::Completed).await.unwrap();
        assert_eq!(joined.stage(), Stage::Completed);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn signals_to_later_runs_of_the_chain_come_again_too() {
    conform("reset-chain", async |peer| {
        let first = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![continue_as_new("more")])
            .await
            .unwrap();
        peer.signal("to the second run").await.unwrap();
        peer.reset_with(peer.reset_request(&first, 4))
            .await
            .unwrap();
        assert_eq!(peer.types().await[4], E::WorkflowExecutionSignaled);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_was_under_way_goes_on() {
    conform("reset-pending", async |peer| {
        peer.start().await;
        let child_of = peer.kin("child");
        let task = peer.poll().await;
        let commands = vec![
            start_timer("soon", 1.0),
            schedule_activity(peer.activity("a")),
            start_child(
                &child_of.queue,
                &child_of.workflow_id,
                ParentClosePolicy::Terminate,
            ),
        ];
        peer.complete(&task, commands).await.unwrap();
        let before = peer.poll_activity().await;
        let child = child_of.poll().await;
        for _ in ["the child has started", "the timer has fired"] {
            peer.complete(&peer.poll().await, vec![]).await.unwrap();
        }
        // Behind the last task whose history has the child's start, but not the timer's end.
        let events = types(&peer.history().await);
        let fired = events
            .iter()
            .position(|event| *event == E::TimerFired)
            .unwrap();
        let finish = events[..fired]
            .iter()
            .rposition(|event| *event == E::WorkflowTaskCompleted)
            .unwrap();
        assert!(events[..finish].contains(&E::ChildWorkflowExecutionStarted));
        peer.reset(finish as i64 + 1).await.unwrap();

        peer.until(E::TimerFired).await;
        let described = peer.describe("").await;
        assert_eq!(described.pending_activities.len(), 1);
        assert_eq!(
            described.pending_children[0].workflow_id,
            child_of.workflow_id
        );
        let error = peer.complete_activity(&before).await.unwrap_err();
        assert_eq!(error.message(), "workflow execution already completed");
        let again = peer.poll_activity().await;
        assert_eq!((again.activity_id.as_str(), again.attempt), ("a", 1));
        peer.complete_activity(&again).await.unwrap();
        child_of
            .complete(&child, vec![complete_workflow("grown up")])
            .await
            .unwrap();
        peer.until(E::ChildWorkflowExecutionCompleted).await;
        peer.until(E::TimerFired).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_parent_waits_for_the_run_that_its_child_was_reset_to() {
    conform("reset-child", async |peer| {
        peer.start().await;
        let child_of = peer.kin("child");
        let task = peer.poll().await;
        let child = start_child(
            &child_of.queue,
            &child_of.workflow_id,
            ParentClosePolicy::Terminate,
        );
        peer.complete(&task, vec![child]).await.unwrap();
        peer.complete(&peer.poll().await, vec![]).await.unwrap();
        let task = child_of.poll().await;
        child_of.complete(&task, vec![]).await.unwrap();
        let new = child_of.reset(4).await.unwrap();
        let task = child_of.poll().await;
        child_of
            .complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        let events = peer.until(E::ChildWorkflowExecutionCompleted).await;
        let ended = events.iter().find_map(|event| match &event.attributes {
            Some(Attributes::ChildWorkflowExecutionCompletedEventAttributes(a)) => Some(a),
            _ => None,
        });
        let ended = ended.unwrap().workflow_execution.as_ref();
        assert_eq!(ended.unwrap().run_id, new);
        peer.terminate("").await.unwrap();
    })
    .await;
}
