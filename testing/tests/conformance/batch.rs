//! Batch operations: one request for many workflows.

use outlast_proto::temporal::api::batch::v1 as batch;
use outlast_proto::temporal::api::common::v1::{Priority, ResetOptions, reset_options};
use outlast_proto::temporal::api::enums::v1::BatchOperationState as State;
use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::workflow::v1::WorkflowExecutionOptions;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::start_batch_operation_request::Operation;
use prost_types::FieldMask;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;

fn signal(name: &str) -> Operation {
    Operation::SignalOperation(batch::BatchOperationSignal {
        signal: name.to_owned(),
        input: payloads(name),
        identity: "operator".to_owned(),
        ..Default::default()
    })
}

#[tokio::test]
async fn a_batch_signals_every_workflow_on_its_list() {
    conform("batch-signal", async |peer| {
        let (other, gone) = (peer.kin("other"), peer.kin("gone"));
        peer.start().await;
        other.start().await;
        let job = peer.job(&[&other, &gone], signal("s"));
        peer.start_job(job).await.unwrap();
        let job = peer.done().await;
        assert_eq!(job.state(), State::Completed);
        assert_eq!(job.total_operation_count, 3);
        assert_eq!(job.complete_operation_count, 3);
        for peer in [peer, &other] {
            assert_eq!(peer.types().await[2], E::WorkflowExecutionSignaled);
            peer.terminate("").await.unwrap();
        }
        let again = peer.job(&[], signal("s"));
        let error = peer.start_job(again).await.unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
        let want = format!(
            "Workflow execution already finished. WorkflowId: {}, ",
            peer.job_id()
        );
        assert!(error.message().starts_with(&want), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_batch_resets_workflows_to_their_last_task() {
    conform("batch-reset", async |peer| {
        let other = peer.kin("other");
        for peer in [peer, &other] {
            peer.start().await;
            peer.complete(&peer.poll().await, vec![]).await.unwrap();
            peer.signal("s").await.unwrap();
            peer.complete(&peer.poll().await, vec![]).await.unwrap();
        }
        let reset = batch::BatchOperationReset {
            identity: "operator".to_owned(),
            options: Some(ResetOptions {
                target: Some(reset_options::Target::LastWorkflowTask(())),
                ..Default::default()
            }),
            ..Default::default()
        };
        let operation = Operation::ResetOperation(reset);
        peer.start_job(peer.job(&[&other], operation))
            .await
            .unwrap();
        assert_eq!(peer.done().await.complete_operation_count, 2);
        for peer in [peer, &other] {
            let want = [E::WorkflowTaskFailed, E::WorkflowTaskScheduled];
            assert_eq!(peer.types().await[7..], want);
            peer.terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_changes_options() {
    conform("batch-options", async |peer| {
        peer.start().await;
        let update = batch::BatchOperationUpdateWorkflowExecutionOptions {
            identity: "operator".to_owned(),
            workflow_execution_options: Some(WorkflowExecutionOptions {
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
        let operation = Operation::UpdateWorkflowOptionsOperation(update);
        peer.start_job(peer.job(&[], operation)).await.unwrap();
        assert_eq!(peer.done().await.state(), State::Completed);
        let types = peer.types().await;
        assert_eq!(types.last(), Some(&E::WorkflowExecutionOptionsUpdated));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn batches_that_do_not_say_what_and_why_are_refused() {
    conform("batch-refused", async |peer| {
        let good = || peer.job(&[], signal("s"));
        let reset = || Operation::ResetOperation(batch::BatchOperationReset::default());
        let incomplete = "must provide required parameters: BatchType,Reason,Namespace, AND one of \
                          (Query OR Executions OR TargetExecutions)";
        for (request, want) in [
            (
                api::StartBatchOperationRequest {
                    job_id: String::new(),
                    ..good()
                },
                "JobId is not set on request.",
            ),
            (
                api::StartBatchOperationRequest {
                    reason: String::new(),
                    ..good()
                },
                incomplete,
            ),
            (
                api::StartBatchOperationRequest {
                    operation: None,
                    ..good()
                },
                incomplete,
            ),
            (
                api::StartBatchOperationRequest {
                    target_executions: vec![],
                    ..good()
                },
                incomplete,
            ),
            (
                api::StartBatchOperationRequest {
                    visibility_query: "WorkflowId = 'w'".to_owned(),
                    ..good()
                },
                "visibility query, executions, and target executions are mutually exclusive",
            ),
            (peer.job(&[], signal("")), "must provide signal name"),
            (
                peer.job(&[], reset()),
                "unknown batch reset type Unspecified",
            ),
        ] {
            let error = peer.start_job(request).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, want)
            );
        }
    })
    .await;
}
