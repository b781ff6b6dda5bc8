//! Options of a workflow that can be changed while it runs.

use outlast_proto::temporal::api::common::v1::Priority;
use outlast_proto::temporal::api::history::v1::WorkflowExecutionOptionsUpdatedEventAttributes as Updated;
use outlast_proto::temporal::api::workflow::v1::{
    PostResetOperation, WorkflowExecutionOptions, post_reset_operation::Variant,
    versioning_override::Override,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use prost_types::FieldMask;

use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::execution::Execution;
use crate::server::history::Draft;
use crate::server::wire::timestamp;
use crate::server::world::World;

impl Engine {
    /// Changes the options of a workflow that the mask names; tells what they are now.
    ///
    /// # Errors
    /// The workflow is unknown or closed, or an option or its value makes no sense.
    pub fn update_workflow_execution_options(
        &mut self,
        request: api::UpdateWorkflowExecutionOptionsRequest,
    ) -> Result<api::UpdateWorkflowExecutionOptionsResponse> {
        let change = OptionsChange {
            options: request.workflow_execution_options.unwrap_or_default(),
            mask: request.update_mask.unwrap_or_default(),
        };
        change.check()?;
        let key = self.find_open(&request.namespace, request.workflow_execution.as_ref())?;
        change.check_version(self.runs[&key].normal_queue_name())?;
        let options = self.in_run(key, |run, world| {
            if let Some(updated) = run.change_options(&change, &request.identity) {
                run.record_silently(Draft::new(world.now, updated));
            }
            run.changeable_options()
        });
        Ok(api::UpdateWorkflowExecutionOptionsResponse {
            workflow_execution_options: Some(options),
            update_time: timestamp(self.world.now),
        })
    }

    /// Refuses to pause a workflow, as a server does by default.
    ///
    /// # Errors
    /// Always.
    pub fn pause_workflow_execution(
        &self,
        request: &api::PauseWorkflowExecutionRequest,
    ) -> Result<api::PauseWorkflowExecutionResponse> {
        self.check_namespace(&request.namespace)?;
        let namespace = &request.namespace;
        Err(Error::unimplemented(format!(
            "workflow pause is not enabled for namespace: {namespace}"
        )))
    }

    /// Refuses to go on with a workflow, because none is ever paused.
    ///
    /// # Errors
    /// Always.
    pub fn unpause_workflow_execution(
        &self,
        request: &api::UnpauseWorkflowExecutionRequest,
    ) -> Result<api::UnpauseWorkflowExecutionResponse> {
        self.check_namespace(&request.namespace)?;
        Err(Error::failed_precondition("workflow is not paused."))
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
        for path in &self.mask.paths {
            if !PATHS.contains(&path.as_str()) {
                // The space behind the colon is a non-breaking one there, too.
                return Err(Error::invalid(format!(
                    "error parsing UpdateMask: proto:\u{a0}invalid path \"{path}\" for message \
                     \"temporal.api.workflow.v1.WorkflowExecutionOptions\""
                )));
            }
        }
        let priority = self.options.priority.as_ref();
        if priority.is_some_and(|priority| priority.priority_key < 0) {
            return Err(Error::invalid("priority key can't be negative"));
        }
        Ok(())
    }

    /// Runs can be pinned only to versions whose workers have been seen, and none ever is.
    pub(in crate::server) fn check_version(&self, queue: &str) -> Result<()> {
        let pinned = self
            .options
            .versioning_override
            .as_ref()
            .filter(|_| self.names(VERSIONING_OVERRIDE))
            .and_then(|versioning| versioning.r#override.as_ref());
        let Some(Override::Pinned(pinned)) = pinned else {
            return Ok(());
        };
        let version = pinned.version.clone().unwrap_or_default();
        Err(Error::failed_precondition(format!(
            "Pinned version '{}:{}' is not present in task queue '{queue}' of type 'Workflow'",
            version.deployment_name, version.build_id
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
            self.started.versioning_override = change.options.versioning_override.clone();
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

const VERSIONING_OVERRIDE: &str = "versioning_override";
const PATHS: [&str; 5] = [
    VERSIONING_OVERRIDE,
    "priority",
    "priority.fairness_key",
    "priority.fairness_weight",
    "priority.priority_key",
];
