//! Who takes a workflow task.

use outlast_proto::temporal::api::common::v1::{WorkerVersionCapabilities, WorkerVersionStamp};
use outlast_proto::temporal::api::workflowservice::v1::RespondWorkflowTaskCompletedRequest;

/// A worker, as the event of the task that it takes shows it.
#[derive(Clone, Debug, Default)]
pub(in crate::server) struct Taker {
    pub(in crate::server) identity: String,
    /// The build of the worker, if it says so.
    pub(in crate::server) build: Option<WorkerVersionStamp>,
}

impl Taker {
    /// The worker that completes a task, and takes the next one.
    pub(super) fn of(request: &RespondWorkflowTaskCompletedRequest) -> Self {
        Self {
            identity: request.identity.clone(),
            build: request.worker_version_stamp.clone(),
        }
    }

    /// A worker that says nothing of its build.
    pub(in crate::server) fn named(identity: &str) -> Self {
        Self {
            identity: identity.to_owned(),
            build: None,
        }
    }
}

/// The build that a worker polls for.
pub(super) fn polling_build(
    capabilities: Option<WorkerVersionCapabilities>,
) -> Option<WorkerVersionStamp> {
    let named = capabilities.filter(|capabilities| !capabilities.build_id.is_empty())?;
    Some(WorkerVersionStamp {
        build_id: named.build_id,
        use_versioning: named.use_versioning,
    })
}
