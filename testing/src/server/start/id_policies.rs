//! Who gets a workflow id: the policies on its reuse and on conflicts.

use outlast_proto::temporal::api::enums::v1::{
    WorkflowExecutionStatus, WorkflowIdConflictPolicy as Conflict, WorkflowIdReusePolicy as Reuse,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::errors::{Error, Result, StartedRun};
use crate::server::execution::{Execution, RunKey};

/// What a start does about the run that has the id already.
pub(in crate::server) enum Verdict {
    /// It stays the answer.
    Existing(RunKey, Joined),
    /// A new run takes its place; an open one is terminated first.
    New { terminate: Option<RunKey> },
}

/// Why an existing run is the answer.
#[derive(PartialEq, Eq)]
pub(in crate::server) enum Joined {
    /// The same request came twice.
    Retried,
    /// The caller asked to use an existing run.
    UsedExisting,
}

impl Engine {
    pub(in crate::server) fn judge_start(
        &self,
        request: &api::StartWorkflowExecutionRequest,
        reuse: Reuse,
        conflict: Conflict,
    ) -> Result<Verdict> {
        let id = (request.namespace.clone(), request.workflow_id.clone());
        let Some(run) = self.current.get(&id).and_then(|key| self.runs.get(key)) else {
            return Ok(Verdict::New { terminate: None });
        };
        if !request.request_id.is_empty() && run.start_request_id == request.request_id {
            return Ok(Verdict::Existing(run.key, Joined::Retried));
        }
        if run.is_open() {
            return match conflict {
                Conflict::UseExisting => Ok(Verdict::Existing(run.key, Joined::UsedExisting)),
                Conflict::TerminateExisting => Ok(Verdict::New {
                    terminate: Some(run.key),
                }),
                Conflict::Fail | Conflict::Unspecified => Err(already_started(
                    run,
                    format!(
                        "Workflow execution is already running. WorkflowId: {}, RunId: {}.",
                        run.workflow_id, run.run_id
                    ),
                )),
            };
        }
        let ended_well = run.status == WorkflowExecutionStatus::Completed;
        let (how, policy) = match reuse {
            Reuse::RejectDuplicate => ("", "reject duplicate workflow Id."),
            Reuse::AllowDuplicateFailedOnly if ended_well => (
                " successfully",
                "allow duplicate workflow Id if last run failed.",
            ),
            Reuse::AllowDuplicate
            | Reuse::AllowDuplicateFailedOnly
            | Reuse::TerminateIfRunning
            | Reuse::Unspecified => return Ok(Verdict::New { terminate: None }),
        };
        Err(already_started(
            run,
            format!(
                "Workflow execution already finished{how}. WorkflowId: {}, RunId: {}. Workflow Id \
                 reuse policy: {policy}",
                run.workflow_id, run.run_id
            ),
        ))
    }
}

fn already_started(run: &Execution, message: String) -> Error {
    let started = StartedRun {
        request_id: &run.start_request_id,
        run_id: &run.run_id,
        first_run_id: &run.started.first_execution_run_id,
    };
    Error::already_started(message, &started)
}

/// The policies with their defaults; combinations that contradict themselves are refused.
pub(in crate::server) fn policies(
    reuse: i32,
    conflict: i32,
    default: Conflict,
) -> Result<(Reuse, Conflict)> {
    let reuse = Reuse::try_from(reuse).unwrap_or_default();
    let conflict = Conflict::try_from(conflict).unwrap_or_default();
    match (reuse, conflict) {
        (Reuse::TerminateIfRunning, Conflict::Unspecified) => {
            Ok((Reuse::AllowDuplicate, Conflict::TerminateExisting))
        }
        (Reuse::TerminateIfRunning, _) => Err(Error::invalid(
            "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING cannot \
             be used together with a WorkflowIDConflictPolicy",
        )),
        (Reuse::RejectDuplicate, Conflict::TerminateExisting) => Err(Error::invalid(
            "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE cannot be \
             used together with WorkflowIdConflictPolicy \
             WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING",
        )),
        (reuse, Conflict::Unspecified) => Ok((reuse, default)),
        (reuse, conflict) => Ok((reuse, conflict)),
    }
}
