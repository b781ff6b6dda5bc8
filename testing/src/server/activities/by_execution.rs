//! What operators do to one activity, by the newer calls, which name it in fields of their own.
//!
//! These calls are also for activities without a workflow, of which this server has none.

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::activities::control::Pause;
use crate::server::activities::options::is_option;
use crate::server::activities::selection::Selection;
use crate::server::errors::{Error, Result};
use crate::server::ids::is_uuid;
use crate::server::wire::workflow_execution;

/// The activity of a request, and who made it.
struct Target<'a> {
    namespace: &'a str,
    workflow_id: &'a str,
    run_id: &'a str,
    activity_id: &'a str,
    identity: &'a str,
    request_id: &'a str,
}

/// The target of a request, whose fields have the same names in all requests.
macro_rules! target_of {
    ($request:expr) => {
        Target {
            namespace: &$request.namespace,
            workflow_id: &$request.workflow_id,
            run_id: &$request.run_id,
            activity_id: &$request.activity_id,
            identity: &$request.identity,
            request_id: &$request.request_id,
        }
    };
}

impl Engine {
    /// As [`Self::pause_activity`], but an activity can be paused once only.
    ///
    /// # Errors
    /// The workflow is unknown or closed, has no such activity, or it is paused already.
    pub fn pause_activity_execution(
        &mut self,
        request: &api::PauseActivityExecutionRequest,
    ) -> Result<api::PauseActivityExecutionResponse> {
        let target = target_of!(request);
        let (execution, selection) = self.check_target(&target)?;
        let (key, ids) = self.select_activities(target.namespace, Some(&execution), &selection)?;
        let activities = &self.runs[&key].activities;
        let mut pauses = ids.iter().filter_map(|id| activities[id].pause.as_ref());
        if pauses.any(|pause| pause.request_id.is_empty() || pause.request_id != request.request_id)
        {
            return Err(Error::failed_precondition("activity is already paused"));
        }
        let pause = Pause {
            at: self.world.now,
            identity: request.identity.clone(),
            reason: request.reason.clone(),
            request_id: request.request_id.clone(),
        };
        self.pause_activities(target.namespace, &execution, &selection, &pause)?;
        Ok(api::PauseActivityExecutionResponse {})
    }

    /// As [`Self::unpause_activity`].
    ///
    /// # Errors
    /// The workflow is unknown or closed, or has no such activity.
    pub fn unpause_activity_execution(
        &mut self,
        request: &api::UnpauseActivityExecutionRequest,
    ) -> Result<api::UnpauseActivityExecutionResponse> {
        let (execution, _) = self.check_target(&target_of!(request))?;
        self.unpause_activity(&api::UnpauseActivityRequest {
            namespace: request.namespace.clone(),
            execution: Some(execution),
            identity: request.identity.clone(),
            jitter: request.jitter,
            activity: Some(api::unpause_activity_request::Activity::Id(
                request.activity_id.clone(),
            )),
            ..Default::default()
        })?;
        Ok(api::UnpauseActivityExecutionResponse {})
    }

    /// As [`Self::reset_activity`].
    ///
    /// # Errors
    /// The workflow is unknown or closed, or has no such activity.
    pub fn reset_activity_execution(
        &mut self,
        request: &api::ResetActivityExecutionRequest,
    ) -> Result<api::ResetActivityExecutionResponse> {
        let (execution, _) = self.check_target(&target_of!(request))?;
        self.reset_activity(&api::ResetActivityRequest {
            namespace: request.namespace.clone(),
            execution: Some(execution),
            identity: request.identity.clone(),
            reset_heartbeat: request.reset_heartbeat,
            keep_paused: request.keep_paused,
            jitter: request.jitter,
            restore_original_options: request.restore_original_options,
            activity: Some(api::reset_activity_request::Activity::Id(
                request.activity_id.clone(),
            )),
        })?;
        Ok(api::ResetActivityExecutionResponse {})
    }

    /// As [`Self::update_activity_options`].
    ///
    /// # Errors
    /// The workflow is unknown or closed, has no such activity, or the options make no sense.
    pub fn update_activity_execution_options(
        &mut self,
        request: api::UpdateActivityExecutionOptionsRequest,
    ) -> Result<api::UpdateActivityExecutionOptionsResponse> {
        let (execution, _) = self.check_target(&target_of!(request))?;
        if let Some(mask) = request
            .update_mask
            .as_ref()
            .filter(|_| !request.restore_original)
        {
            if mask.paths.is_empty() {
                let text = "UpdateMask must specify at least one path";
                return Err(Error::invalid(text));
            }
            if let Some(path) = mask.paths.iter().find(|path| !is_option(path)) {
                let text = format!("unsupported update_mask path: {path:?}");
                return Err(Error::invalid(text));
            }
        }
        let updated = self.update_activity_options(api::UpdateActivityOptionsRequest {
            namespace: request.namespace,
            execution: Some(execution),
            identity: request.identity,
            activity_options: request.activity_options,
            update_mask: request.update_mask,
            restore_original: request.restore_original,
            activity: Some(api::update_activity_options_request::Activity::Id(
                request.activity_id,
            )),
        })?;
        Ok(api::UpdateActivityExecutionOptionsResponse {
            activity_options: updated.activity_options,
        })
    }

    fn check_target(&self, target: &Target<'_>) -> Result<(WorkflowExecution, Selection)> {
        self.check_namespace(target.namespace)?;
        if target.activity_id.is_empty() {
            return Err(Error::invalid("activity ID is required"));
        }
        let lengths = [
            ("activity ID", target.activity_id),
            ("request ID", target.request_id),
            ("identity", target.identity),
        ];
        if let Some((what, text)) = lengths.iter().find(|(_, text)| text.len() > ID_LIMIT) {
            let length = text.len();
            return Err(Error::invalid(format!(
                "{what} exceeds length limit. Length={length} Limit={ID_LIMIT}"
            )));
        }
        if !target.run_id.is_empty() && !is_uuid(target.run_id) {
            return Err(Error::invalid("invalid run id: must be a valid UUID"));
        }
        if target.workflow_id.is_empty() {
            let id = target.activity_id;
            return Err(Error::not_found(format!("activity not found for ID: {id}")));
        }
        let execution = workflow_execution(target.workflow_id, target.run_id);
        Ok((execution, Selection::Id(target.activity_id.to_owned())))
    }
}

/// How long names can be.
const ID_LIMIT: usize = 1000;
