//! Resetting a workflow: a new run goes on from an earlier point of an old one.

pub(super) mod branch;
mod open_task;
pub(super) mod reapply;

use outlast_proto::temporal::api::workflowservice::v1 as api;

use self::open_task::OpenTask;
use self::reapply::Exclusions;
use super::Engine;
use super::errors::{Error, Result};
use super::execution::options::OptionsChange;
use super::execution::{Execution, RunKey};
use super::limits::check_length;

/// What a reset does.
#[derive(Debug)]
pub(super) struct Reset {
    /// The event before which the new run goes on: the end, or the start, of a workflow task.
    pub(super) finish_id: i64,
    pub(super) reason: String,
    pub(super) excluded: Exclusions,
    pub(super) changes: Vec<OptionsChange>,
}

impl Engine {
    /// Starts a run with the events of another one up to a workflow task, and ends the current run.
    ///
    /// A second request with the same id resets once more, as on the real server.
    ///
    /// # Errors
    /// The workflow is unknown, or no workflow task was under way at that point.
    pub fn reset_workflow_execution(
        &mut self,
        request: api::ResetWorkflowExecutionRequest,
    ) -> Result<api::ResetWorkflowExecutionResponse> {
        let base = self.find(&request.namespace, request.workflow_execution.as_ref())?;
        if request.request_id.is_empty() {
            return Err(Error::invalid("RequestId is not set on request."));
        }
        check_length("RequestId", &request.request_id)?;
        let reset = Reset {
            finish_id: request.workflow_task_finish_event_id,
            excluded: Exclusions::new(
                request.reset_reapply_type(),
                &request.reset_reapply_exclude_types,
            ),
            reason: request.reason,
            changes: request
                .post_reset_operations
                .into_iter()
                .map(OptionsChange::after_reset)
                .collect::<Result<_>>()?,
        };
        let run_id = self.reset(base, &reset)?;
        self.settle();
        Ok(api::ResetWorkflowExecutionResponse { run_id })
    }

    /// Resets a workflow; returns the id of the new run.
    pub(super) fn reset(&mut self, base: RunKey, reset: &Reset) -> Result<String> {
        let task = self.task_at(base, reset.finish_id)?;
        let old = &self.runs[&base];
        let name = self.world.name_run(&old.namespace, &old.workflow_id);
        let run_id = name.id.clone();
        self.end_for_reset(base, &run_id, &reset.reason);
        let key = self.next_key();
        let events = (reset.finish_id - 1) as usize;
        let old = &self.runs[&base];
        let mut run = Execution::branch(key, name, old, events, &mut self.world);
        for child in run.children.values_mut() {
            child.key = self.by_run_id.get(&child.run_id).copied();
        }
        let base_run_id = self.runs[&base].run_id.clone();
        run.fail_task_for_reset(task, base_run_id, &reset.reason, &self.world);
        for event in self.events_to_reapply(base, events) {
            run.reapply(event, &reset.excluded, &mut self.world);
        }
        run.resend_operations(&mut self.world);
        for change in &reset.changes {
            run.change_options_after_reset(change, &self.world);
        }
        run.needs_task = true;
        self.add_run(run);
        Ok(run_id)
    }

    /// The workflow task that was under way before the event `finish_id`.
    fn task_at(&self, base: RunKey, finish_id: i64) -> Result<OpenTask> {
        let history = &self.runs[&base].history;
        if finish_id <= 1 || finish_id > history.last_id() {
            return Err(Error::invalid(
                "Workflow task finish ID must be > 1 && <= workflow last event ID.",
            ));
        }
        let last_id = finish_id - 1;
        if !history.ends_batch(last_id) {
            return Err(Error::invalid(format!(
                "StateRebuilder unable to Rebuild mutable state to event ID: {last_id}, version: 0, \
                 this event must be at the boundary"
            )));
        }
        OpenTask::after(&history.events()[..last_id as usize]).ok_or_else(|| {
            Error::invalid(format!(
                "Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, \
                 WorkflowTaskStarted + 1]: {finish_id}"
            ))
        })
    }

    /// Ends the workflow's current run, which need not be the one that the new run goes back to.
    fn end_for_reset(&mut self, base: RunKey, run_id: &str, reason: &str) {
        self.transact(base, |run, _| run.reset_run_id = run_id.to_owned());
        let run = &self.runs[&base];
        let id = (run.namespace.clone(), run.workflow_id.clone());
        let current = self.current.get(&id).copied();
        if let Some(current) = current.filter(|key| self.runs[key].is_open()) {
            self.transact(current, |run, world| {
                run.terminate(reason, None, "history-resetter", world);
            });
        }
    }

    /// The run that a run was reset to in the end.
    pub(super) fn latest_reset(&self, run_id: &str) -> Option<RunKey> {
        let mut key = *self.by_run_id.get(run_id)?;
        while let Some(next) = self.by_run_id.get(&self.runs[&key].reset_run_id) {
            key = *next;
        }
        Some(key)
    }
}
