//! Every way a request can be refused: code, message and detail, in one place.
//!
//! SDKs and applications match on these texts, so they are kept as the real server words them.

use outlast_proto::temporal::api::enums::v1::{
    NamespaceState, ResourceExhaustedCause, ResourceExhaustedScope,
};
use outlast_proto::temporal::api::errordetails::v1 as details;
use outlast_proto::temporal::api::errordetails::v1::multi_operation_execution_failure::OperationStatus;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{ApplicationFailureInfo, Failure};
use prost::Message;
use prost_types::Any;

/// The gRPC status codes that the server uses, with their numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are gRPC's own")]
pub enum Code {
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Unimplemented = 12,
    Internal = 13,
}

/// A refused request.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// The gRPC status code.
    pub code: Code,
    /// The text that SDKs show, and sometimes match on.
    pub message: String,
    /// The typed detail, if this error carries one.
    pub detail: Option<Any>,
}

/// What a request handler returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            detail: None,
        }
    }

    fn with_detail(mut self, name: &str, detail: &impl Message) -> Self {
        self.detail = Some(Any {
            type_url: format!("type.googleapis.com/temporal.api.errordetails.v1.{name}"),
            value: detail.encode_to_vec(),
        });
        self
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub(super) fn blob_too_large() -> Self {
        Self::invalid("Blob data size exceeds limit.")
    }

    pub(super) fn unimplemented(message: impl Into<String>) -> Self {
        Self::new(Code::Unimplemented, message)
    }

    /// What a real server says when one of its handlers panics; the number stands for the panic.
    pub(super) fn broken_handler() -> Self {
        Self::new(
            Code::Internal,
            "something went wrong, please retry (c033b06a)",
        )
    }

    /// A part of a served call that this server lacks.
    pub(super) fn unsupported(what: &str) -> Self {
        Self::unimplemented(format!(
            "{what} are not supported by this server; docs/test-server.md says what is"
        ))
    }

    pub(super) fn endpoint_exists(name: &str) -> Self {
        Self::new(
            Code::AlreadyExists,
            format!("error creating Nexus endpoint. Endpoint with name {name} already registered"),
        )
    }

    /// A deployment or a version that cannot be created twice.
    pub(super) fn deployment_exists(message: impl Into<String>) -> Self {
        Self::new(Code::AlreadyExists, message)
    }

    pub(super) fn deployment_not_found(name: &str) -> Self {
        Self::not_found(format!(
            "no Worker Deployment found with name '{name}'; does your Worker Deployment have \
             pollers?"
        ))
    }

    /// A deployment as the workflow that it is on a real server.
    pub(super) fn deployment_workflow_not_found(name: &str) -> Self {
        Self::workflow_not_found(&format!("temporal-sys-worker-deployment:{name}"))
    }

    /// A version as the workflow that it is on a real server.
    pub(super) fn version_workflow_not_found(version: &str) -> Self {
        Self::workflow_not_found(&format!("temporal-sys-worker-deployment-version:{version}"))
    }

    pub(super) fn too_many_deployments(limit: usize) -> Self {
        let message = format!("reached maximum deployments in namespace ({limit})");
        Self::exhausted(message, ResourceExhaustedCause::WorkerDeploymentLimits)
    }

    pub(super) fn too_many_versions(version: &str, limit: usize) -> Self {
        let message = format!(
            "cannot add version {version} since maximum number of versions ({limit}) have been \
             registered in the deployment"
        );
        Self::exhausted(message, ResourceExhaustedCause::WorkerDeploymentLimits)
    }

    pub(super) fn too_many_version_queues(queue: &str, limit: usize) -> Self {
        let message = format!(
            "cannot add task queue {queue} since maximum number of task queues ({limit}) have \
             been registered in deployment"
        );
        Self::exhausted(message, ResourceExhaustedCause::WorkerDeploymentLimits)
    }

    pub(super) fn failed_precondition(message: impl Into<String>) -> Self {
        Self::new(Code::FailedPrecondition, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
            .with_detail("NotFoundFailure", &details::NotFoundFailure::default())
    }

    pub(super) fn namespace_not_found(name: &str) -> Self {
        let detail = details::NamespaceNotFoundFailure {
            namespace: name.to_owned(),
        };
        Self::new(Code::NotFound, format!("Namespace {name} is not found."))
            .with_detail("NamespaceNotFoundFailure", &detail)
    }

    pub(super) fn namespace_exists(name: &str) -> Self {
        Self::new(
            Code::AlreadyExists,
            format!("Namespace \"{name}\" already exists"),
        )
        .with_detail(
            "NamespaceAlreadyExistsFailure",
            &details::NamespaceAlreadyExistsFailure::default(),
        )
    }

    pub(super) fn namespace_state(name: &str, state: NamespaceState) -> Self {
        let detail = details::NamespaceInvalidStateFailure {
            namespace: name.to_owned(),
            state: state as i32,
            allowed_states: vec![NamespaceState::Registered as i32],
        };
        Self::failed_precondition(format!(
            "Namespace has invalid state: {state:?}. Must be Registered."
        ))
        .with_detail("NamespaceInvalidStateFailure", &detail)
    }

    pub(super) fn bad_uuid(text: &str) -> Self {
        Self::new(
            Code::Unknown,
            format!("invalid UUID length: {}", text.len()),
        )
    }

    pub(super) fn workflow_not_found(workflow_id: &str) -> Self {
        Self::not_found(format!("workflow not found for ID: {workflow_id}"))
    }

    pub(super) fn run_not_found(workflow_id: &str, run_id: &str) -> Self {
        Self::not_found(format!(
            "workflow execution not found for workflow ID \"{workflow_id}\" and run ID \"{run_id}\""
        ))
    }

    pub(super) fn foreign_chain() -> Self {
        Self::not_found("workflow execution not found")
    }

    pub(super) fn workflow_completed() -> Self {
        Self::not_found("workflow execution already completed")
    }

    pub(super) fn workflow_task_not_found() -> Self {
        Self::not_found("Workflow task not found.")
    }

    pub(super) fn activity_not_found() -> Self {
        Self::not_found(
            "invalid activityID or activity already timed out or invoking workflow is completed",
        )
    }

    pub(super) fn pending_activity_not_found(activity_id: &str) -> Self {
        Self::not_found(format!(
            "cannot find pending activity with ActivityID {activity_id}, check workflow execution \
             history for more details"
        ))
    }

    pub(super) fn no_such_activity() -> Self {
        Self::not_found(
            "Can't find pending activity with such ID. Invalid activityID or activity already \
             completed",
        )
    }

    pub(super) fn no_activity_chosen() -> Self {
        Self::invalid("Either Activity.Id or Activity.Type should be set on request.")
    }

    pub(super) fn update_not_found(update_id: &str) -> Self {
        Self::not_found(format!("update \"{update_id}\" not found"))
    }

    pub(super) fn update_aborted() -> Self {
        Self::not_found("workflow update was aborted by closing workflow")
    }

    pub(super) fn already_started(message: String, run: &StartedRun<'_>) -> Self {
        let detail = details::WorkflowExecutionAlreadyStartedFailure {
            start_request_id: run.request_id.to_owned(),
            run_id: run.run_id.to_owned(),
            first_execution_run_id: run.first_run_id.to_owned(),
        };
        Self::new(Code::AlreadyExists, message)
            .with_detail("WorkflowExecutionAlreadyStartedFailure", &detail)
    }

    pub(super) fn schedule_exists(schedule_id: &str) -> Self {
        Self::new(
            Code::AlreadyExists,
            format!("schedule {schedule_id:?} is already registered"),
        )
        .with_detail(
            "WorkflowExecutionAlreadyStartedFailure",
            &details::WorkflowExecutionAlreadyStartedFailure::default(),
        )
    }

    /// A question about a schedule that lacks its range, in the words of the SDK that real
    /// schedules are written with.
    pub(super) fn invalid_schedule_query() -> Self {
        let message = "missing or invalid query";
        let failure = Failure {
            message: message.to_owned(),
            source: "GoSDK".to_owned(),
            failure_info: Some(FailureInfo::ApplicationFailureInfo(
                ApplicationFailureInfo::default(),
            )),
            ..Default::default()
        };
        Self::query_failed(message, Some(failure))
    }

    pub(super) fn query_failed(message: &str, failure: Option<Failure>) -> Self {
        let detail = details::QueryFailedFailure { failure };
        Self::invalid(message).with_detail("QueryFailedFailure", &detail)
    }

    pub(super) fn workflow_not_ready(message: &str) -> Self {
        Self::failed_precondition(message).with_detail(
            "WorkflowNotReadyFailure",
            &details::WorkflowNotReadyFailure::default(),
        )
    }

    pub(super) fn no_poller() -> Self {
        Self::failed_precondition("no poller seen for task queue recently, worker may be down")
    }

    pub(super) fn query_deadline() -> Self {
        Self::new(
            Code::DeadlineExceeded,
            "query timed out before a worker could process it",
        )
    }

    pub(super) fn deadline_exceeded() -> Self {
        Self::new(Code::DeadlineExceeded, "context deadline exceeded")
    }

    pub(super) fn poll_deadline_not_set() -> Self {
        Self::invalid("Context timeout is not set.")
    }

    pub(super) fn poll_deadline_too_near() -> Self {
        Self::failed_precondition("Context timeout is too short.")
    }

    pub(super) fn update_wait_admitted() -> Self {
        Self::new(
            Code::PermissionDenied,
            "UpdateWorkflowExecution issued asynchronously and waiting on update admitted is not \
             supported.",
        )
        .with_detail(
            "PermissionDeniedFailure",
            &details::PermissionDeniedFailure::default(),
        )
    }

    pub(super) fn update_task_failed() -> Self {
        Self::workflow_not_ready(
            "Unable to perform workflow execution update due to unexpected workflow task failure.",
        )
    }

    pub(super) fn too_many_updates_in_total(limit: usize) -> Self {
        Self::failed_precondition(format!(
            "The limit on the total number of distinct updates in this workflow has been reached \
             ({limit}). Make sure any duplicate updates share an Update ID so the server can \
             deduplicate them, and consider rejecting updates that you aren't going to process. You \
             can also Continue-as-New to avoid this; we recommend you check Continue-as-New \
             Suggested in your Workflow."
        ))
    }

    pub(super) fn too_many_updates(limit: usize) -> Self {
        let message =
            format!("limit on number of concurrent in-flight updates has been reached ({limit})");
        Self::exhausted(message, ResourceExhaustedCause::ConcurrentLimit)
    }

    pub(super) fn closing() -> Self {
        Self::exhausted(
            "workflow operation can not be applied because workflow is closing",
            ResourceExhaustedCause::BusyWorkflow,
        )
    }

    pub(super) fn too_many_queries() -> Self {
        Self::exhausted(
            "consistent query buffer is full, this may be caused by too many queries and workflow not \
             able to process query fast enough",
            ResourceExhaustedCause::BusyWorkflow,
        )
    }

    /// This error of a start as one of the whole request: the update is aborted.
    #[must_use]
    pub fn of_first_operation(self) -> Self {
        let (failed, aborted) = (self.operation_status(), aborted_operation());
        self.of_operations(vec![failed, aborted])
    }

    /// This error of an update as one of the whole request: the start is aborted.
    #[must_use]
    pub fn of_second_operation(self) -> Self {
        let (failed, aborted) = (self.operation_status(), aborted_operation());
        self.of_operations(vec![aborted, failed])
    }

    fn of_operations(&self, statuses: Vec<OperationStatus>) -> Self {
        let detail = details::MultiOperationExecutionFailure { statuses };
        Self::new(self.code, "Update-with-Start could not be executed.")
            .with_detail("MultiOperationExecutionFailure", &detail)
    }

    fn operation_status(&self) -> OperationStatus {
        OperationStatus {
            code: self.code as i32,
            message: self.message.clone(),
            details: self.detail.iter().cloned().collect(),
        }
    }

    fn exhausted(message: impl Into<String>, cause: ResourceExhaustedCause) -> Self {
        let detail = details::ResourceExhaustedFailure {
            cause: cause as i32,
            scope: ResourceExhaustedScope::Namespace as i32,
        };
        Self::new(Code::ResourceExhausted, message).with_detail("ResourceExhaustedFailure", &detail)
    }
}

fn aborted_operation() -> OperationStatus {
    OperationStatus {
        code: ABORTED,
        message: "Operation was aborted.".to_owned(),
        details: vec![Any {
            type_url: "type.googleapis.com/temporal.api.failure.v1.MultiOperationExecutionAborted"
                .to_owned(),
            value: Vec::new(),
        }],
    }
}

/// gRPC's code of an operation that another one took down with it.
const ABORTED: i32 = 10;

/// The run that stands in the way of a start.
pub(super) struct StartedRun<'a> {
    pub(super) request_id: &'a str,
    pub(super) run_id: &'a str,
    pub(super) first_run_id: &'a str,
}
