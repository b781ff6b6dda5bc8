//! Batch operations: one request for many workflows.

use outlast_proto::temporal::api::batch::v1 as batch;
use outlast_proto::temporal::api::common::v1::{Execution, Priority, ResetOptions, reset_options};
use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::{BatchOperationState as State, ExecutionType};
use outlast_proto::temporal::api::workflow::v1::WorkflowExecutionOptions;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::start_batch_operation_request::Operation;
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::{Peer, conform};

fn job_id(peer: &Peer) -> String {
    format!("{}-job", peer.workflow_id)
}

fn request(peer: &Peer, others: &[&Peer], operation: Operation) -> api::StartBatchOperationRequest {
    let peers = std::iter::once(&peer).chain(others);
    api::StartBatchOperationRequest {
        namespace: "default".to_owned(),
        job_id: job_id(peer),
        reason: "once for all".to_owned(),
        target_executions: peers.map(|peer| target(peer)).collect(),
        operation: Some(operation),
        ..Default::default()
    }
}

fn target(peer: &Peer) -> Execution {
    Execution {
        r#type: ExecutionType::Workflow as i32,
        business_id: peer.workflow_id.clone(),
        run_id: String::new(),
    }
}

/// Starts a job. A real server does one at a time, so this is tried until it is this one's turn,
/// and left out of the transcript.
async fn start(peer: &Peer, request: api::StartBatchOperationRequest) -> Result<(), Status> {
    let mut quiet = peer.unrecorded().client;
    loop {
        match quiet.start_batch_operation(request.clone()).await {
            Err(error) if error.code() == Code::ResourceExhausted => {
                tokio::task::yield_now().await;
            }
            Err(error) => return Err(error),
            Ok(_) => return Ok(()),
        }
    }
}

/// Waits for the job to be over, and describes it.
async fn done(peer: &Peer) -> api::DescribeBatchOperationResponse {
    let request = api::DescribeBatchOperationRequest {
        namespace: "default".to_owned(),
        job_id: job_id(peer),
    };
    let mut quiet = peer.unrecorded().client;
    loop {
        // A job that has just been started may not be known yet.
        match quiet.describe_batch_operation(request.clone()).await {
            Ok(job) if job.get_ref().state() != State::Running => break,
            Ok(_) | Err(_) => tokio::task::yield_now().await,
        }
    }
    let response = peer.client.clone().describe_batch_operation(request).await;
    response.unwrap().into_inner()
}

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
        start(peer, request(peer, &[&other, &gone], signal("s")))
            .await
            .unwrap();
        let job = done(peer).await;
        assert_eq!(job.state(), State::Completed);
        assert_eq!(job.total_operation_count, 3);
        assert_eq!(job.complete_operation_count, 3);
        for peer in [peer, &other] {
            assert_eq!(peer.types().await[2], E::WorkflowExecutionSignaled);
            peer.terminate("").await.unwrap();
        }
        let error = start(peer, request(peer, &[], signal("s"))).await;
        let error = error.unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
        let want = format!(
            "Workflow execution already finished. WorkflowId: {}, ",
            job_id(peer)
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
        start(peer, request(peer, &[&other], operation))
            .await
            .unwrap();
        assert_eq!(done(peer).await.complete_operation_count, 2);
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
        start(peer, request(peer, &[], operation)).await.unwrap();
        assert_eq!(done(peer).await.state(), State::Completed);
        let types = peer.types().await;
        assert_eq!(types.last(), Some(&E::WorkflowExecutionOptionsUpdated));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn batches_that_do_not_say_what_and_why_are_refused() {
    conform("batch-refused", async |peer| {
        let good = || request(peer, &[], signal("s"));
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
            (request(peer, &[], signal("")), "must provide signal name"),
            (
                request(peer, &[], reset()),
                "unknown batch reset type Unspecified",
            ),
        ] {
            let error = start(peer, request).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, want)
            );
        }
        let describe = api::DescribeBatchOperationRequest {
            namespace: "default".to_owned(),
            job_id: job_id(peer),
        };
        let mut client = peer.client.clone();
        let error = client.describe_batch_operation(describe).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        let stop = api::StopBatchOperationRequest {
            namespace: "default".to_owned(),
            job_id: job_id(peer),
            reason: "enough".to_owned(),
            ..Default::default()
        };
        let error = client.stop_batch_operation(stop).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
    })
    .await;
}
