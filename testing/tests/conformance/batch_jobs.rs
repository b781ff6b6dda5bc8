//! Batch jobs as scenarios start them, and wait for their end.

use std::time::Duration;

use outlast_proto::temporal::api::common::v1::Execution;
use outlast_proto::temporal::api::enums::v1::{BatchOperationState as State, ExecutionType};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::start_batch_operation_request::Operation;
use tonic::{Code, Status};

use crate::Peer;

impl Peer {
    pub(crate) fn job_id(&self) -> String {
        format!("{}-job", self.workflow_id)
    }

    /// A job for this workflow and others.
    pub(crate) fn job(
        &self,
        others: &[&Self],
        operation: Operation,
    ) -> api::StartBatchOperationRequest {
        let peers = std::iter::once(&self).chain(others);
        api::StartBatchOperationRequest {
            namespace: "default".to_owned(),
            job_id: self.job_id(),
            reason: "once for all".to_owned(),
            target_executions: peers.map(|peer| target(peer)).collect(),
            operation: Some(operation),
            ..Default::default()
        }
    }

    /// Starts a job. A real server does one at a time, so this is tried until it is this one's
    /// turn; the transcript has only the last try.
    pub(crate) async fn start_job(
        &self,
        request: api::StartBatchOperationRequest,
    ) -> Result<(), Status> {
        loop {
            match self.client().start_batch_operation(request.clone()).await {
                Err(error) if error.code() == Code::ResourceExhausted => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => return Err(error),
                Ok(_) => return Ok(()),
            }
        }
    }

    /// Waits for the job to be over, and describes it.
    pub(crate) async fn done(&self) -> api::DescribeBatchOperationResponse {
        let request = api::DescribeBatchOperationRequest {
            namespace: "default".to_owned(),
            job_id: self.job_id(),
        };
        let mut quiet = self.unrecorded().client;
        loop {
            // A job that has just been started may not be known yet.
            match quiet.describe_batch_operation(request.clone()).await {
                Ok(job) if job.get_ref().state() != State::Running => break,
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        let response = self.client().describe_batch_operation(request).await;
        response.unwrap().into_inner()
    }
}

fn target(peer: &Peer) -> Execution {
    Execution {
        r#type: ExecutionType::Workflow as i32,
        business_id: peer.workflow_id.clone(),
        run_id: String::new(),
    }
}
