//! Batch operations on several workflows.

use outlast_proto::temporal::api::batch::v1 as batch;
use outlast_proto::temporal::api::common::v1::{ResetOptions, WorkflowExecution, reset_options};
use outlast_proto::temporal::api::enums::v1::BatchOperationState as State;
use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::start_batch_operation_request::Operation;

use super::builders::*;
use super::scene::*;
use crate::server::{Code, Result};

/// A scene with the workflows `w` and `v`.
fn scene() -> Scene {
    let mut scene = Scene::new();
    for id in ["w", "v"] {
        scene.start_with(|request| request.workflow_id = id.to_owned());
    }
    scene
}

fn batch(scene: &mut Scene, job_id: &str, query: &str, operation: Operation) -> Result<()> {
    let request = api::StartBatchOperationRequest {
        namespace: "default".to_owned(),
        job_id: job_id.to_owned(),
        reason: "cleaning up".to_owned(),
        visibility_query: query.to_owned(),
        operation: Some(operation),
        ..Default::default()
    };
    scene.engine.start_batch_operation(request).map(drop)
}

fn describe(scene: &Scene, job_id: &str) -> api::DescribeBatchOperationResponse {
    let request = api::DescribeBatchOperationRequest {
        namespace: "default".to_owned(),
        job_id: job_id.to_owned(),
    };
    scene.engine.describe_batch_operation(&request).unwrap()
}

fn terminate() -> Operation {
    Operation::TerminationOperation(batch::BatchOperationTermination::default())
}

#[test]
fn a_query_says_which_workflows_to_terminate() {
    let mut scene = scene();
    batch(&mut scene, "job", "WorkflowId = 'v'", terminate()).unwrap();
    assert_eq!(
        scene.types_of("v").last(),
        Some(&E::WorkflowExecutionTerminated)
    );
    assert_eq!(scene.types_of("w").last(), Some(&E::WorkflowTaskScheduled));
    let job = describe(&scene, "job");
    assert_eq!(job.state(), State::Completed);
    assert_eq!(
        (job.total_operation_count, job.complete_operation_count),
        (1, 1)
    );
    batch(&mut scene, "again", "WorkflowId = 'v'", terminate()).unwrap();
    assert_eq!(describe(&scene, "again").total_operation_count, 0);
}

#[test]
fn a_query_without_sense_fails_the_job_but_not_the_request() {
    let mut scene = scene();
    batch(&mut scene, "job", "Nonsense", terminate()).unwrap();
    assert_eq!(describe(&scene, "job").state(), State::Failed);
}

#[test]
fn workflows_that_are_gone_count_as_done_and_others_as_failed() {
    let mut scene = scene();
    let listed = |id: &str| WorkflowExecution {
        workflow_id: id.to_owned(),
        run_id: String::new(),
    };
    let reset = batch::BatchOperationReset {
        options: Some(ResetOptions {
            target: Some(reset_options::Target::WorkflowTaskId(99)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let request = api::StartBatchOperationRequest {
        namespace: "default".to_owned(),
        job_id: "job".to_owned(),
        reason: "again".to_owned(),
        executions: vec![listed("w"), listed("nobody")],
        operation: Some(Operation::ResetOperation(reset)),
        ..Default::default()
    };
    scene.engine.start_batch_operation(request).unwrap();
    let job = describe(&scene, "job");
    assert_eq!(
        (job.total_operation_count, job.failure_operation_count),
        (2, 1)
    );
}

#[test]
fn workflows_are_canceled_and_reset_to_their_first_task() {
    let mut scene = scene();
    let cancel = Operation::CancellationOperation(batch::BatchOperationCancellation::default());
    batch(&mut scene, "cancel", "WorkflowType = 'Order'", cancel).unwrap();
    for _ in 0..2 {
        let task = scene.poll();
        scene
            .complete(&task, vec![complete_workflow("done")])
            .unwrap();
    }
    let reset = batch::BatchOperationReset {
        reset_type: 1,
        ..Default::default()
    };
    let reset = Operation::ResetOperation(reset);
    batch(&mut scene, "reset", "WorkflowType = 'Order'", reset).unwrap();
    assert_eq!(describe(&scene, "reset").complete_operation_count, 2);
    for id in ["v", "w"] {
        let want = [E::WorkflowTaskFailed, E::WorkflowTaskScheduled];
        assert_eq!(scene.types_of(id)[4..], want, "{id}");
    }
}

#[test]
fn jobs_are_listed_latest_first_and_cannot_be_stopped() {
    let mut scene = scene();
    for job in ["one", "two", "three"] {
        batch(&mut scene, job, "WorkflowId = 'w'", terminate()).unwrap();
    }
    let mut request = api::ListBatchOperationsRequest {
        namespace: "default".to_owned(),
        page_size: 2,
        ..Default::default()
    };
    let mut ids = Vec::new();
    loop {
        let page = scene.engine.list_batch_operations(&request).unwrap();
        ids.extend(page.operation_info.into_iter().map(|job| job.job_id));
        request.next_page_token = page.next_page_token;
        if request.next_page_token.is_empty() {
            break;
        }
    }
    assert_eq!(ids, ["three", "two", "one"]);
    let stop = |job_id: &str| api::StopBatchOperationRequest {
        namespace: "default".to_owned(),
        job_id: job_id.to_owned(),
        reason: "enough".to_owned(),
        ..Default::default()
    };
    let error = scene.engine.stop_batch_operation(&stop("one")).unwrap_err();
    assert_eq!(error.message, "workflow execution already completed");
    let error = scene
        .engine
        .stop_batch_operation(&stop("four"))
        .unwrap_err();
    assert_eq!(error.code, Code::NotFound);
}
