//! Batch operations that end workflows, and lists of jobs.

use std::time::Duration;

use outlast_proto::temporal::api::batch::v1 as batch;
use outlast_proto::temporal::api::batch::v1::BatchOperationInfo;
use outlast_proto::temporal::api::enums::v1::BatchOperationState as State;
use outlast_proto::temporal::api::enums::v1::BatchOperationType as Type;
use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::start_batch_operation_request::Operation;
use tonic::{Code, Status};

use crate::support::builders::{cancel_workflow, payloads};
use crate::{Peer, conform};

impl Peer {
    /// Starts two workflows, and a job that does the same to both.
    async fn two_by(&self, operation: Operation) -> [Self; 2] {
        let both = [self.clone(), self.kin("other")];
        for peer in &both {
            peer.start().await;
        }
        let job = self.job(&[&both[1]], operation);
        self.start_job(job).await.unwrap();
        assert_eq!(self.done().await.complete_operation_count, 2);
        both
    }

    async fn stop_job(&self, job_id: &str, reason: &str) -> Status {
        let request = api::StopBatchOperationRequest {
            namespace: "default".to_owned(),
            job_id: job_id.to_owned(),
            reason: reason.to_owned(),
            identity: "operator".to_owned(),
        };
        let stopped = self.client().stop_batch_operation(request).await;
        stopped.expect_err("it is no job that goes on")
    }

    /// This scenario's entry in the list of jobs once the job is over, without a record: the list has
    /// jobs of others, and a real server's index lags behind.
    async fn listed_job(&self) -> BatchOperationInfo {
        let mut request = api::ListBatchOperationsRequest {
            namespace: "default".to_owned(),
            page_size: 2,
            ..Default::default()
        };
        let mut client = self.unrecorded().client;
        loop {
            let page = client.list_batch_operations(request.clone()).await;
            let page = page.unwrap().into_inner();
            let mut jobs = page.operation_info.into_iter();
            let is_over = |job: &BatchOperationInfo| job.state() != State::Running;
            if let Some(job) = jobs.find(|job| job.job_id == self.job_id() && is_over(job)) {
                return job;
            }
            request.next_page_token = page.next_page_token;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn cancellation() -> Operation {
    Operation::CancellationOperation(batch::BatchOperationCancellation {
        identity: "operator".to_owned(),
    })
}

#[tokio::test]
async fn a_batch_terminates_workflows() {
    conform("batch-terminate", async |peer| {
        let terminate = batch::BatchOperationTermination {
            identity: "operator".to_owned(),
            details: payloads("details"),
        };
        let both = peer
            .two_by(Operation::TerminationOperation(terminate))
            .await;
        for peer in both {
            assert_eq!(peer.types().await[2], E::WorkflowExecutionTerminated);
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_asks_workflows_to_cancel_themselves() {
    conform("batch-cancel", async |peer| {
        for peer in peer.two_by(cancellation()).await {
            let task = peer.poll().await;
            let cancel = vec![cancel_workflow()];
            peer.complete(&task, cancel).await.unwrap();
            assert_eq!(peer.close_event().await.event_id, 6);
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_deletes_workflows() {
    conform("batch-delete", async |peer| {
        let delete = batch::BatchOperationDeletion {
            identity: "operator".to_owned(),
        };
        let both = peer.two_by(Operation::DeletionOperation(delete)).await;
        for peer in both {
            assert_eq!(peer.is_gone("").await.code(), Code::NotFound);
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_is_listed_with_its_state() {
    conform("batch-list", async |peer| {
        peer.two_by(cancellation()).await;
        let listed = peer.listed_job().await;
        assert_eq!(listed.state(), State::Completed);
        assert_eq!(listed.operation_type(), Type::CancelWorkflow);
        assert!(listed.close_time.is_some());
        let request = api::ListBatchOperationsRequest::default();
        let refused = peer.client().list_batch_operations(request).await;
        assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
        for name in ["", "-other"] {
            let workflow = peer.of(&format!("{}{name}", peer.workflow_id));
            workflow.terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn jobs_that_are_over_or_unknown_cannot_be_stopped() {
    conform("batch-stop", async |peer| {
        let job_id = peer.job_id();
        for [id, reason] in [["", "enough"], [&job_id, ""]] {
            let refused = peer.stop_job(id, reason).await;
            assert_eq!(refused.code(), Code::InvalidArgument);
        }
        let unknown = peer.stop_job(&job_id, "enough").await;
        assert_eq!(unknown.code(), Code::NotFound);
        for id in ["", &job_id] {
            let request = api::DescribeBatchOperationRequest {
                namespace: "default".to_owned(),
                job_id: id.to_owned(),
            };
            let described = peer.client().describe_batch_operation(request).await;
            described.unwrap_err();
        }
        peer.start().await;
        peer.start_job(peer.job(&[], cancellation())).await.unwrap();
        peer.done().await;
        let over = peer.stop_job(&job_id, "enough").await;
        assert_eq!(over.message(), "workflow execution already completed");
        peer.terminate("").await.unwrap();
    })
    .await;
}
