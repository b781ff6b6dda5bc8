//! [`Target`]: the execution that a call is about.

use outlast_proto::temporal::api::common::v1 as wire;

use super::Client;
use crate::ids::{RunId, WorkflowId};

/// The execution that a call is about, and the client to call with.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) client: Client,
    pub(super) workflow_id: WorkflowId,
    /// The one run that is meant; without it, whichever is current when the server is asked.
    pub(super) run_id: Option<RunId>,
    /// The first run of the chain. The server then refuses to end a chain that merely has the
    /// same workflow id.
    pub(super) first_run_id: Option<RunId>,
}

impl Target {
    pub(super) fn namespace(&self) -> String {
        self.client.namespace().to_owned()
    }

    pub(super) fn identity(&self) -> String {
        self.client.identity().to_owned()
    }

    pub(super) fn execution(&self) -> Option<wire::WorkflowExecution> {
        execution(&self.workflow_id, self.run_id.as_ref())
    }

    pub(super) fn first_run_id(&self) -> String {
        text(self.first_run_id.as_ref())
    }
}

/// A reference on the wire, where an empty run id means the current run.
pub(super) fn execution(
    workflow_id: &WorkflowId,
    run_id: Option<&RunId>,
) -> Option<wire::WorkflowExecution> {
    Some(wire::WorkflowExecution {
        workflow_id: workflow_id.to_string(),
        run_id: text(run_id),
    })
}

/// A run id from the wire, where an empty one is none.
pub(super) fn run_id(text: String) -> Option<RunId> {
    (!text.is_empty()).then(|| text.into())
}

fn text(run_id: Option<&RunId>) -> String {
    run_id.map(RunId::to_string).unwrap_or_default()
}
