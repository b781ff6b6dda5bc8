//! Options of a workflow that can be changed while it runs.

use outlast_proto::temporal::api::common::v1::Priority;
use outlast_proto::temporal::api::history::v1::WorkflowExecutionOptionsUpdatedEventAttributes as Updated;
use outlast_proto::temporal::api::workflow::v1::{
    PostResetOperation, VersioningOverride, WorkflowExecutionOptions, post_reset_operation::Variant,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use prost_types::FieldMask;

use crate::server::Engine;
use crate::server::deployments::{Deployments, overrides};
use crate::server::errors::{Error, Result};
use crate::server::execution::Execution;
use crate::server::history::Draft;
use crate::server::start::check::check_priority;
use crate::server::world::World;

use super::option_paths::{VERSIONING_OVERRIDE, check_parts, check_paths};
use super::requests::check_run_id;

impl Engine {
    /// Changes the options of a workflow that the mask names; tells what they are now.
    ///
    /// # Errors
    /// The workflow is unknown or closed, or an option or its value makes no sense.
    pub fn update_workflow_execution_options(
        &mut self,
        request: api::UpdateWorkflowExecutionOptionsRequest,
    ) -> Result<api::UpdateWorkflowExecutionOptionsResponse> {
        self.check_namespace(&request.namespace)?;
        let execution = request.workflow_execution.unwrap_or_default();
        if execution.workflow_id.is_empty() {
            return Err(Error::invalid("WorkflowId is not set on request."));
        }
        let required = |what| Error::invalid(format!("{what} is required"));
        let mask = request.update_mask.ok_or_else(|| required("UpdateMask"))?;
        let options = request
            .workflow_execution_options
            .ok_or_else(|| required("WorkflowExecutionOptions"))?;
        let change = OptionsChange { options, mask };
        change.check()?;
        check_run_id(&execution.run_id)?;
        let key = self.find_open(&request.namespace, Some(&execution))?;
        change.check_for(&self.runs[&key], &self.world.deployments)?;
        let mut options = self.in_run(key, |run, world| {
            if let Some(updated) = run.change_options(&change, &request.identity) {
                run.follow_override(world);
                run.record_silently(Draft::new(world.now, updated));
            }
            run.changeable_options()
        });
        if let Some(imposed) = change.imposed() {
            // As it was asked for, though it is kept in its modern form.
            options.versioning_override = Some(imposed.clone());
        }
        Ok(api::UpdateWorkflowExecutionOptionsResponse {
            workflow_execution_options: Some(options),
            ..Default::default()
        })
    }
}

/// New values of some options.
#[derive(Clone, Debug)]
pub(in crate::server) struct OptionsChange {
    options: WorkflowExecutionOptions,
    mask: FieldMask,
}

impl OptionsChange {
    /// The change that a reset makes to its new run.
    pub(in crate::server) fn after_reset(operation: PostResetOperation) -> Result<Self> {
        let change = match operation.variant {
            Some(Variant::UpdateWorkflowOptions(update)) => Self {
                options: update.workflow_execution_options.unwrap_or_default(),
                mask: update.update_mask.unwrap_or_default(),
            },
            Some(Variant::SignalWorkflow(_)) => {
                return Err(unsupported("*workflow.PostResetOperation_SignalWorkflow_"));
            }
            None => return Err(unsupported("<nil>")),
        };
        change.check()?;
        Ok(change)
    }

    fn names(&self, path: &str) -> bool {
        self.mask.paths.iter().any(|named| named == path)
    }

    fn check(&self) -> Result<()> {
        check_paths(&self.mask.paths)?;
        check_priority(self.options.priority.as_ref())?;
        if self.options.time_skipping_config.is_some() {
            return Err(Error::unimplemented(
                "The Time-Skipping feature is not enabled for namespace.",
            ));
        }
        let versioning = self.options.versioning_override.as_ref();
        overrides::check_shape(versioning)
    }

    /// The override that the change imposes on a run.
    fn imposed(&self) -> Option<&VersioningOverride> {
        let imposed = self.options.versioning_override.as_ref();
        imposed.filter(|_| self.names(VERSIONING_OVERRIDE))
    }

    /// Whether the change can be made to this run.
    fn check_for(&self, run: &Execution, deployments: &Deployments) -> Result<()> {
        check_parts(&self.mask.paths)?;
        let versioning = self.options.versioning_override.as_ref();
        let stays = versioning.is_some_and(overrides::is_unspecific);
        if !stays {
            let queue = run.queue_key(run.normal_queue_name());
            return overrides::check(versioning, &queue, deployments);
        }
        if run.pinned_version().is_some() {
            return Ok(());
        }
        Err(Error::failed_precondition(format!(
            "must specify a specific pinned override version because workflow with id {} has \
             behavior {} and is not yet pinned to any version",
            run.workflow_id,
            run.behavior_name()
        )))
    }

    fn changed_priority(&self, priority: Option<Priority>) -> Option<Priority> {
        let new = self.options.priority.as_ref();
        if self.names("priority") {
            return new.cloned();
        }
        let mut changed = priority.clone().unwrap_or_default();
        let new = new.cloned().unwrap_or_default();
        if self.names("priority.priority_key") {
            changed.priority_key = new.priority_key;
        }
        if self.names("priority.fairness_key") {
            changed.fairness_key = new.fairness_key;
        }
        if self.names("priority.fairness_weight") {
            changed.fairness_weight = new.fairness_weight;
        }
        if changed == Priority::default() {
            priority
        } else {
            Some(changed)
        }
    }
}

impl Execution {
    /// Changes options; returns the event that says so if they are not what they were.
    pub(in crate::server) fn change_options(
        &mut self,
        change: &OptionsChange,
        identity: &str,
    ) -> Option<Updated> {
        let before = self.changeable_options();
        if change.names(VERSIONING_OVERRIDE) {
            let imposed = change.options.versioning_override.clone();
            let imposed = imposed.map(overrides::modern);
            self.started.versioning_override =
                imposed.map(|imposed| overrides::specific(imposed, self.pinned_version().as_ref()));
        }
        self.started.priority = change.changed_priority(before.priority.clone());
        let after = self.changeable_options();
        (before != after).then(|| Updated {
            unset_versioning_override: after.versioning_override.is_none(),
            versioning_override: after.versioning_override,
            priority: after.priority,
            identity: identity.to_owned(),
            ..Default::default()
        })
    }

    /// Takes in the change that an event of the past made.
    pub(in crate::server) fn replay_options(&mut self, updated: &Updated) {
        if updated.unset_versioning_override {
            self.started.versioning_override = None;
        } else if updated.versioning_override.is_some() {
            self.started.versioning_override = updated.versioning_override.clone();
        }
        if updated.priority.is_some() {
            self.started.priority = updated.priority.clone();
        }
    }

    /// Changes the options of a run that a reset is just about to open.
    pub(in crate::server) fn change_options_after_reset(
        &mut self,
        change: &OptionsChange,
        world: &World,
    ) {
        if let Some(updated) = self.change_options(change, "") {
            self.history.append(Draft::new(world.now, updated));
        }
    }

    fn changeable_options(&self) -> WorkflowExecutionOptions {
        WorkflowExecutionOptions {
            versioning_override: self.started.versioning_override.clone(),
            priority: self.started.priority.clone(),
            ..Default::default()
        }
    }
}

fn unsupported(operation: &str) -> Error {
    Error::invalid(format!("unsupported post reset operation: {operation}"))
}
