//! Commands that reach for other workflows.

use outlast_proto::temporal::api::command::v1::{
    RequestCancelExternalWorkflowExecutionCommandAttributes,
    SignalExternalWorkflowExecutionCommandAttributes,
};
use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;

use crate::server::ids::is_uuid;
use crate::server::workflow_task::check::{Checker, Flaw, Refusal, excess};

impl Checker<'_> {
    pub(super) fn check_signal(
        &self,
        a: &SignalExternalWorkflowExecutionCommandAttributes,
    ) -> Result<(), Refusal> {
        let cause = Cause::BadSignalWorkflowExecutionAttributes;
        self.is_own(&a.namespace)?;
        let Some(target) = &a.execution else {
            let text = format!("Execution is not set on {SIGNAL}.");
            return Err(Flaw::new(cause, text).into());
        };
        self.check_namespace(cause, &a.namespace)?;
        match signal_flaw(a, target) {
            Some(text) => Err(Flaw::new(cause, text).into()),
            None => Ok(()),
        }
    }

    pub(super) fn check_cancel(
        &self,
        a: &RequestCancelExternalWorkflowExecutionCommandAttributes,
    ) -> Result<(), Refusal> {
        let cause = Cause::BadRequestCancelExternalWorkflowExecutionAttributes;
        self.check_namespace(cause, &a.namespace)?;
        match cancel_flaw(a) {
            Some(text) => Err(Flaw::new(cause, text).into()),
            None if self.new_children.contains(a.workflow_id.as_str()) => {
                Err(Flaw::new(cause, new_child(a)).into())
            }
            None => Ok(()),
        }
    }
}

fn signal_flaw(
    a: &SignalExternalWorkflowExecutionCommandAttributes,
    target: &WorkflowExecution,
) -> Option<String> {
    let (namespace, signal_name) = (&a.namespace, &a.signal_name);
    let (workflow_id, run_id) = (&target.workflow_id, &target.run_id);
    let rest = format!("Namespace={namespace} RunId={run_id} SignalName={signal_name}");
    if workflow_id.is_empty() {
        return Some(format!("WorkflowId is not set on {SIGNAL}. {rest}"));
    }
    if let Some(excess) = excess(workflow_id) {
        return Some(format!(
            "WorkflowId on {SIGNAL} exceeds length limit. WorkflowId={workflow_id} {excess} {rest}"
        ));
    }
    if !run_id.is_empty() && !is_uuid(run_id) {
        return Some(format!(
            "Invalid RunId set on {SIGNAL}. WorkflowId={workflow_id} {rest}"
        ));
    }
    signal_name.is_empty().then(|| {
        format!(
            "SignalName is not set on {SIGNAL}. WorkflowId={workflow_id} Namespace={namespace} \
             RunId={run_id}"
        )
    })
}

fn cancel_flaw(a: &RequestCancelExternalWorkflowExecutionCommandAttributes) -> Option<String> {
    let (namespace, workflow_id, run_id) = (&a.namespace, &a.workflow_id, &a.run_id);
    if workflow_id.is_empty() {
        return Some(format!(
            "WorkflowId is not set on {CANCEL}. Namespace={namespace} RunId={run_id}"
        ));
    }
    if let Some(excess) = excess(workflow_id) {
        return Some(format!(
            "WorkflowId on {CANCEL} exceeds length limit. WorkflowId={workflow_id} {excess} \
             RunId={run_id} Namespace={namespace}"
        ));
    }
    (!run_id.is_empty() && !is_uuid(run_id)).then(|| {
        format!(
            "Invalid RunId set on {CANCEL}. WorkflowId={workflow_id} RunId={run_id} \
             Namespace={namespace}"
        )
    })
}

fn new_child(a: &RequestCancelExternalWorkflowExecutionCommandAttributes) -> String {
    let (namespace, workflow_id, run_id) = (&a.namespace, &a.workflow_id, &a.run_id);
    format!(
        "Start and RequestCancel for child workflow is not allowed in same workflow task. \
         WorkflowId={workflow_id} RunId={run_id} Namespace={namespace}"
    )
}

const CANCEL: &str = "RequestCancelExternalWorkflowExecutionCommand";
const SIGNAL: &str = "SignalExternalWorkflowExecutionCommand";
