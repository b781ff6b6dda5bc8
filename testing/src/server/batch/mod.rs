//! Batch operations: one request for many workflows.
//!
//! A job is done before the request that starts it is answered, so it can be described, but never
//! be stopped.

mod operation;
mod reset_points;

use std::time::SystemTime;

use outlast_proto::temporal::api::batch::v1::BatchOperationInfo;
use outlast_proto::temporal::api::common::v1::{Execution as Target, WorkflowExecution};
use outlast_proto::temporal::api::enums::v1::{
    BatchOperationState as State, BatchOperationType, ExecutionType,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use self::operation::Operation;
use super::Engine;
use super::errors::{Code, Error, Result, StartedRun};
use super::oracle::{Site, Subject};
use super::wire::{timestamp, workflow_execution};

/// A batch operation that has been done.
#[derive(Debug)]
pub(super) struct BatchJob {
    namespace: String,
    id: String,
    /// The run id that the job would have if it were a workflow, as it is on a real server.
    run_id: String,
    /// The same for the request id.
    request_id: String,
    operation_type: BatchOperationType,
    identity: String,
    reason: String,
    query: String,
    executions: Vec<WorkflowExecution>,
    at: SystemTime,
    state: State,
    total: i64,
    failed: i64,
}

impl Engine {
    /// Does the same to all workflows that are listed, or that a query finds.
    ///
    /// # Errors
    /// There was such a job already, or the request does not say what to do, to which workflows or
    /// why.
    pub fn start_batch_operation(
        &mut self,
        request: api::StartBatchOperationRequest,
    ) -> Result<api::StartBatchOperationResponse> {
        self.check_namespace(&request.namespace)?;
        check_job_id(&request.job_id)?;
        let executions = listed(&request);
        let query = request.visibility_query;
        let operation = match request.operation {
            Some(operation) if !request.reason.is_empty() => operation,
            _ => return Err(Error::invalid(INCOMPLETE)),
        };
        match (query.is_empty(), executions.is_empty()) {
            (true, true) => return Err(Error::invalid(INCOMPLETE)),
            (false, false) => return Err(Error::invalid(AMBIGUOUS)),
            (true, false) | (false, true) => {}
        }
        let operation = Operation::check(operation, &request.namespace, &request.reason)?;
        if let Ok(job) = self.batch_job(&request.namespace, &request.job_id) {
            return Err(already_finished(job));
        }
        let found = match query.is_empty() {
            true => Ok(executions.clone()),
            false => self.found_by(&request.namespace, &query, &operation),
        };
        let targets = found.clone().unwrap_or_default();
        let total = targets.len() as i64;
        let at = self.world.now;
        let done = |result: &Result<()>| match result {
            Ok(()) => true,
            // Whoever is gone needs nothing done.
            Err(error) => error.code == Code::NotFound,
        };
        let subject = Subject::named(&request.namespace, &request.job_id).at(at);
        let targets = (self.world.decisions).arrange(Site::Batch, subject, targets);
        let results = targets.into_iter().map(|target| {
            let request_id = (self.world).next_uuid(Site::Batch, subject.namespace, subject.name);
            self.apply(&operation, target, request_id)
        });
        let failed = results.filter(|result| !done(result)).count() as i64;
        let mut id = || (self.world).next_uuid(Site::Batch, subject.namespace, subject.name);
        let (run_id, request_id) = (id(), id());
        let job = BatchJob {
            namespace: request.namespace,
            id: request.job_id,
            run_id,
            request_id,
            operation_type: operation.operation_type(),
            identity: operation.identity().to_owned(),
            reason: request.reason,
            query,
            executions,
            at,
            state: if found.is_ok() {
                State::Completed
            } else {
                State::Failed
            },
            total,
            failed,
        };
        self.batch_jobs.push(job);
        Ok(api::StartBatchOperationResponse::default())
    }

    /// Refuses to stop a job, because every job is over.
    ///
    /// # Errors
    /// Always: the job is unknown, or over.
    pub fn stop_batch_operation(
        &self,
        request: &api::StopBatchOperationRequest,
    ) -> Result<api::StopBatchOperationResponse> {
        self.check_namespace(&request.namespace)?;
        check_job_id(&request.job_id)?;
        if request.reason.is_empty() {
            return Err(Error::invalid("Reason is not set on request."));
        }
        self.batch_job(&request.namespace, &request.job_id)?;
        Err(Error::workflow_completed())
    }

    /// Describes a job.
    ///
    /// # Errors
    /// The job is unknown.
    pub fn describe_batch_operation(
        &self,
        request: &api::DescribeBatchOperationRequest,
    ) -> Result<api::DescribeBatchOperationResponse> {
        self.check_namespace(&request.namespace)?;
        check_job_id(&request.job_id)?;
        let job = self.batch_job(&request.namespace, &request.job_id)?;
        Ok(api::DescribeBatchOperationResponse {
            operation_type: job.operation_type as i32,
            job_id: job.id.clone(),
            state: job.state as i32,
            start_time: timestamp(job.at),
            close_time: timestamp(job.at),
            total_operation_count: job.total,
            complete_operation_count: job.total - job.failed,
            failure_operation_count: job.failed,
            identity: job.identity.clone(),
            reason: job.reason.clone(),
            query: job.query.clone(),
            executions: job.executions.iter().map(target).collect(),
        })
    }

    /// Lists the jobs of a namespace, the latest first.
    ///
    /// # Errors
    /// The namespace is unknown, or the page token is none of this server's.
    pub fn list_batch_operations(
        &self,
        request: &api::ListBatchOperationsRequest,
    ) -> Result<api::ListBatchOperationsResponse> {
        self.check_namespace(&request.namespace)?;
        let skipped = match request.next_page_token.is_empty() {
            true => 0,
            false => std::str::from_utf8(&request.next_page_token)
                .ok()
                .and_then(|token| token.parse().ok())
                .ok_or_else(|| Error::invalid("Invalid NextPageToken."))?,
        };
        let size = usize::try_from(request.page_size).unwrap_or_default();
        let size = if size == 0 {
            MAX_PAGE
        } else {
            size.min(MAX_PAGE)
        };
        let jobs = self.batch_jobs.iter().rev();
        let of_namespace = jobs.filter(|job| job.namespace == request.namespace);
        let page: Vec<BatchOperationInfo> =
            of_namespace.skip(skipped).take(size).map(info).collect();
        let next_page_token = match page.len() == size {
            true => (skipped + size).to_string().into(),
            false => bytes::Bytes::new(),
        };
        Ok(api::ListBatchOperationsResponse {
            operation_info: page,
            next_page_token,
        })
    }

    fn batch_job(&self, namespace: &str, id: &str) -> Result<&BatchJob> {
        let mut jobs = self.batch_jobs.iter();
        jobs.find(|job| job.namespace == namespace && job.id == id)
            .ok_or_else(|| Error::workflow_not_found(id))
    }

    /// The workflows that a query finds, as far as the operation makes sense for them.
    fn found_by(
        &self,
        namespace: &str,
        query: &str,
        operation: &Operation,
    ) -> Result<Vec<WorkflowExecution>> {
        let found = self.find_runs(namespace, query)?.into_iter();
        let runs = found.map(|key| &self.runs[&key]);
        Ok(runs
            .filter(|run| run.is_open() || operation.is_for_closed_runs())
            .map(|run| workflow_execution(&run.workflow_id, &run.run_id))
            .collect())
    }
}

/// The workflows that a request lists, in either way.
fn listed(request: &api::StartBatchOperationRequest) -> Vec<WorkflowExecution> {
    let targets = request.target_executions.iter();
    let targets = targets.map(|target| workflow_execution(&target.business_id, &target.run_id));
    request.executions.iter().cloned().chain(targets).collect()
}

fn target(execution: &WorkflowExecution) -> Target {
    Target {
        r#type: ExecutionType::Workflow as i32,
        business_id: execution.workflow_id.clone(),
        run_id: execution.run_id.clone(),
    }
}

fn info(job: &BatchJob) -> BatchOperationInfo {
    BatchOperationInfo {
        job_id: job.id.clone(),
        state: job.state as i32,
        start_time: timestamp(job.at),
        close_time: timestamp(job.at),
        operation_type: job.operation_type as i32,
    }
}

/// Jobs are workflows on a real server, and say so when their ids clash.
fn already_finished(job: &BatchJob) -> Error {
    let message = format!(
        "Workflow execution already finished. WorkflowId: {}, RunId: {}. Workflow Id reuse policy: \
         reject duplicate workflow Id.",
        job.id, job.run_id
    );
    let started = StartedRun {
        request_id: &job.request_id,
        run_id: &job.run_id,
        first_run_id: &job.run_id,
    };
    Error::already_started(message, &started)
}

fn check_job_id(id: &str) -> Result<()> {
    match id.is_empty() {
        true => Err(Error::invalid("JobId is not set on request.")),
        false => Ok(()),
    }
}

const INCOMPLETE: &str = "must provide required parameters: BatchType,Reason,Namespace, AND one of \
                          (Query OR Executions OR TargetExecutions)";
const AMBIGUOUS: &str =
    "visibility query, executions, and target executions are mutually exclusive";
const MAX_PAGE: usize = 1000;
