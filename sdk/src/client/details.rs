//! What a refusal carries beside its text: typed details in `grpc-status-details-bin`.

use outlast_proto::google::rpc;
use outlast_proto::temporal::api::errordetails::v1::{
    NamespaceNotFoundFailure, QueryFailedFailure, WorkflowExecutionAlreadyStartedFailure,
    WorkflowNotReadyFailure,
};
use prost::Message;
use tonic::{Code, Status};

use crate::failure::Failure;
use crate::ids::RunId;

/// The package of the messages that servers put into details.
const PACKAGE: &str = "temporal.api.errordetails.v1.";

/// The run that holds the workflow id that was asked for.
pub(super) fn already_started(status: &Status) -> Option<RunId> {
    let name = "WorkflowExecutionAlreadyStartedFailure";
    let found: WorkflowExecutionAlreadyStartedFailure = detail(status, name)?;
    Some(found.run_id.into())
}

/// Why the handler of a query failed.
pub(super) fn query_failed(status: &Status) -> Option<Failure> {
    let found: QueryFailedFailure = detail(status, "QueryFailedFailure")?;
    let unsaid = || Failure::application("", status.message());
    Some(found.failure.map_or_else(unsaid, Failure::from))
}

/// Whether the execution is missing (not the namespace). So says the server also of an execution
/// that has ended, when it is asked to do something to it.
pub(super) fn not_found(status: &Status) -> bool {
    let name = "NamespaceNotFoundFailure";
    status.code() == Code::NotFound && detail::<NamespaceNotFoundFailure>(status, name).is_none()
}

/// Whether the workflow closed before it could answer anything.
pub(super) fn not_ready(status: &Status) -> bool {
    detail::<WorkflowNotReadyFailure>(status, "WorkflowNotReadyFailure").is_some()
}

/// The first detail of the name. One that cannot be read is as good as none.
fn detail<T: Message + Default>(status: &Status, name: &str) -> Option<T> {
    let details = rpc::Status::decode(status.details()).ok()?.details;
    let found = details.iter().find(|any| {
        let full_name = any.type_url.rsplit('/').next().unwrap_or_default();
        full_name.strip_prefix(PACKAGE) == Some(name)
    })?;
    T::decode(&*found.value).ok()
}
