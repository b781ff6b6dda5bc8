//! Resets: where a run can go back to, and what becomes of both runs.

use outlast_proto::temporal::api::common::v1::Priority;
use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::{
    UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowTaskFailedCause,
};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflow::v1 as workflow;
use outlast_proto::temporal::api::workflow::v1::post_reset_operation::{self, Variant};
use prost_types::FieldMask;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_reset_ends_the_run_and_begins_one_with_its_past() {
    conform("reset", async |peer| {
        let old = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![start_timer("t", 60.0)])
            .await
            .unwrap();
        let new = peer.reset(4).await.unwrap();

        let events = peer.history_of(&old).await;
        let Some(Attributes::WorkflowExecutionTerminatedEventAttributes(ended)) =
            &events.last().unwrap().attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(
            (ended.reason.as_str(), ended.identity.as_str()),
            ("once more", "history-resetter")
        );
        let events = peer.history().await;
        let want = [
            E::WorkflowExecutionStarted,
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
            E::WorkflowTaskFailed,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(types(&events), want);
        let Some(Attributes::WorkflowTaskFailedEventAttributes(failed)) = &events[3].attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(failed.cause(), WorkflowTaskFailedCause::ResetWorkflow);
        assert_eq!(failed.base_run_id, old);
        assert_eq!(failed.new_run_id, new);
        assert_eq!(failed.identity, "history-service");
        let failure = failed.failure.as_ref().unwrap();
        assert_eq!(failure.message, "once more");
        assert!(matches!(
            failure.failure_info,
            Some(FailureInfo::ResetWorkflowFailureInfo(_))
        ));

        let before = peer.describe(&old).await.workflow_extended_info.unwrap();
        assert_eq!(before.reset_run_id, new);
        let after = peer.describe("").await;
        let info = after.workflow_execution_info.unwrap();
        assert_eq!((info.first_run_id, info.history_length), (old, 5));
        let extended = after.workflow_extended_info.unwrap();
        assert_eq!(extended.last_reset_time, info.start_time);
        assert_eq!(extended.original_start_time, before.original_start_time);

        let task = peer.poll().await;
        assert_eq!((task.attempt, task.previous_started_event_id), (1, 0));
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn only_the_end_or_the_start_of_a_workflow_task_can_be_gone_back_to() {
    conform("reset-points", async |peer| {
        let run_id = peer.start().await;
        let task = peer.poll().await;
        let commands = vec![start_timer("t", 60.0), start_timer("u", 60.0)];
        peer.complete(&task, commands).await.unwrap();
        peer.signal("first").await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        peer.signal("second").await.unwrap();

        let outside = "Workflow task finish ID must be > 1 && <= workflow last event ID.";
        let inside = |id: i64| {
            format!(
                "StateRebuilder unable to Rebuild mutable state to event ID: {}, version: 0, this \
                 event must be at the boundary",
                id - 1
            )
        };
        let idle = |id: i64| {
            format!(
                "Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, \
                 WorkflowTaskStarted + 1]: {id}"
            )
        };
        for (finish_id, want) in [
            (-1, outside.to_owned()),
            (0, outside.to_owned()),
            (1, outside.to_owned()),
            (2, inside(2)),
            (5, inside(5)),
            (6, inside(6)),
            (7, idle(7)),
            (8, inside(8)),
            (11, idle(11)),
            (12, inside(12)),
            (13, outside.to_owned()),
        ] {
            let error = peer.reset(finish_id).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{finish_id}");
            assert_eq!(error.message(), want, "{finish_id}");
        }
        for finish_id in [3, 4, 9, 10] {
            let request = peer.reset_request(&run_id, finish_id);
            peer.reset_with(request).await.unwrap();
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn resets_of_nothing_are_refused() {
    conform("reset-refused", async |peer| {
        let error = peer.reset(4).await.unwrap_err();
        let want = format!("workflow not found for ID: {}", peer.workflow_id);
        assert_eq!(
            (error.code(), error.message()),
            (Code::NotFound, want.as_str())
        );
        peer.start().await;
        let mut request = peer.reset_request("", 3);
        request.request_id.clear();
        let error = peer.reset_with(request).await.unwrap_err();
        assert_eq!(error.message(), "RequestId is not set on request.");
        let error = peer
            .reset_with(peer.reset_request("x", 3))
            .await
            .unwrap_err();
        assert_eq!(error.message(), "Invalid RunId.");
        let error = peer
            .reset_with(peer.reset_request(&uuid(), 3))
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_task_that_nobody_started_is_started_for_the_reset() {
    conform("reset-started", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        peer.reset(3).await.unwrap();
        let events = peer.history().await;
        let Some(Attributes::WorkflowTaskStartedEventAttributes(started)) = &events[2].attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(started.identity, "history-service");
        assert_eq!(started.request_id, "emptyUuid");
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_unwritten_attempt_after_a_failed_task_can_be_gone_back_to() {
    conform("reset-after-failure", async |peer| {
        peer.start().await;
        for _ in 0..3 {
            let task = peer.poll().await;
            peer.fail(&task).await.unwrap();
        }
        peer.signal("first").await.unwrap();
        peer.signal("second").await.unwrap();
        peer.reset(6).await.unwrap();
        let want = [
            E::WorkflowTaskFailed,
            E::WorkflowExecutionSignaled,
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
            E::WorkflowTaskFailed,
            E::WorkflowExecutionSignaled,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await[3..], want);
        let task = peer.poll().await;
        assert_eq!((task.attempt, task.previous_started_event_id), (1, 0));
        peer.fail(&task).await.unwrap();
        assert_eq!(peer.poll().await.attempt, 2);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_later_attempt_that_was_completed_can_be_gone_back_to() {
    conform("reset-later-attempt", async |peer| {
        let run_id = peer.start().await;
        let task = peer.poll().await;
        peer.fail(&task).await.unwrap();
        let task = peer.poll().await;
        let refused = peer.reset(5).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "nothing is written");
        peer.complete(&task, vec![]).await.unwrap();
        let refused = peer.reset(6).await.unwrap_err();
        assert_eq!(
            refused.code(),
            Code::InvalidArgument,
            "inside a transaction"
        );
        for finish_id in [5, 7] {
            let request = peer.reset_request(&run_id, finish_id);
            peer.reset_with(request).await.unwrap();
            let want = [E::WorkflowTaskFailed, E::WorkflowTaskScheduled];
            assert_eq!(peer.types().await[6..], want, "{finish_id}");
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_end_of_a_task_that_was_written_late_can_be_gone_back_to() {
    conform("reset-late-task", async |peer| {
        let run_id = peer.start().await;
        let task = peer.poll().await;
        let mut completion = completion(&task, vec![]);
        completion.force_create_new_workflow_task = true;
        completion.return_new_workflow_task = true;
        let returned = peer.complete_with(completion).await.unwrap();
        let task = returned.workflow_task.unwrap();
        peer.complete(&task, vec![]).await.unwrap();
        let (updated, ()) = tokio::join!(peer.update("u", Stage::Accepted), async {
            let task = peer.poll().await;
            let messages = vec![accept(&task.messages[0])];
            let commands = messages.iter().map(protocol_message).collect();
            peer.complete_with_messages(&task, commands, messages).await;
        });
        updated.unwrap();
        for finish_id in [5, 6, 9] {
            let refused = peer.reset(finish_id).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument, "{finish_id}");
        }
        for finish_id in [7, 10] {
            let request = peer.reset_request(&run_id, finish_id);
            peer.reset_with(request).await.unwrap();
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_attempt_after_a_timeout_can_be_gone_back_to() {
    conform("reset-after-timeout", async |peer| {
        let mut request = peer.start_request();
        request.workflow_task_timeout = seconds(1.0);
        peer.start_with(request).await.unwrap();
        peer.poll().await;
        // The next attempt is there as soon as the first one has timed out.
        assert_eq!(peer.poll().await.attempt, 2);
        peer.signal("later").await.unwrap();
        peer.poll().await;
        peer.reset(5).await.unwrap();
        let types = peer.types().await;
        assert_eq!(types[3], E::WorkflowTaskTimedOut);
        assert_eq!(types[6], E::WorkflowTaskFailed);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_closed_workflow_and_one_with_a_task_under_way_can_be_reset() {
    conform("reset-closed", async |peer| {
        let old = peer.start().await;
        let task = peer.poll().await;
        peer.signal("meanwhile").await.unwrap();
        peer.reset(3).await.unwrap();
        let want = [
            E::WorkflowExecutionStarted,
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
            E::WorkflowTaskFailed,
            E::WorkflowExecutionSignaled,
        ];
        let mut closed = want.to_vec();
        closed.push(E::WorkflowExecutionTerminated);
        assert_eq!(types(&peer.history_of(&old).await), closed);
        let mut open = want.to_vec();
        open.push(E::WorkflowTaskScheduled);
        assert_eq!(peer.types().await, open);
        let error = peer.complete(&task, vec![]).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);

        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        peer.reset(4).await.unwrap();
        assert_eq!(peer.types().await, open);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_reset_can_change_options_and_nothing_else() {
    conform("reset-options", async |peer| {
        let old = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let mut request = peer.reset_request("", 4);
        let signal = post_reset_operation::SignalWorkflow::default();
        request.post_reset_operations = vec![workflow::PostResetOperation {
            variant: Some(Variant::SignalWorkflow(signal)),
        }];
        let error = peer.reset_with(request.clone()).await.unwrap_err();
        let want = "unsupported post reset operation: *workflow.PostResetOperation_SignalWorkflow_";
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, want)
        );
        assert_eq!(
            peer.describe(&old)
                .await
                .workflow_execution_info
                .unwrap()
                .status,
            1
        );

        let update = post_reset_operation::UpdateWorkflowOptions {
            workflow_execution_options: Some(workflow::WorkflowExecutionOptions {
                priority: Some(Priority {
                    priority_key: 2,
                    ..Default::default()
                }),
                ..Default::default()
            }),
            update_mask: Some(FieldMask {
                paths: vec!["priority".to_owned()],
            }),
        };
        request.post_reset_operations[0].variant = Some(Variant::UpdateWorkflowOptions(update));
        peer.reset_with(request).await.unwrap();
        let want = [E::WorkflowExecutionOptionsUpdated, E::WorkflowTaskScheduled];
        assert_eq!(peer.types().await[4..], want);
        let info = peer.describe("").await.workflow_execution_info.unwrap();
        assert_eq!(info.priority.unwrap().priority_key, 2);
        peer.terminate("").await.unwrap();
    })
    .await;
}
