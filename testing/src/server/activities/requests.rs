//! What workers, and whoever completes activities for them, report about activities.

use outlast_proto::temporal::api::common::v1::{Payloads, WorkerVersionStamp};
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::activities::HeartbeatReply;
use crate::server::errors::{Error, Result};
use crate::server::execution::RunKey;
use crate::server::limits::check_identity;
use crate::server::tokens::TaskToken;
use crate::server::wire::workflow_execution;

impl Engine {
    /// Records that an activity is alive; tells whether it should stop.
    ///
    /// # Errors
    /// The activity is not under way any more.
    pub fn record_activity_task_heartbeat(
        &mut self,
        request: api::RecordActivityTaskHeartbeatRequest,
    ) -> Result<api::RecordActivityTaskHeartbeatResponse> {
        let activity = self.activity_run(&request.task_token)?;
        let reply = self.take_heartbeat(activity, request.details, &request.identity)?;
        Ok(api::RecordActivityTaskHeartbeatResponse {
            cancel_requested: reply.cancel_requested,
            activity_paused: reply.paused,
            activity_reset: reply.reset,
        })
    }

    /// As [`Self::record_activity_task_heartbeat`], for an activity named by its id.
    ///
    /// # Errors
    /// The activity is not under way.
    pub fn record_activity_task_heartbeat_by_id(
        &mut self,
        request: api::RecordActivityTaskHeartbeatByIdRequest,
    ) -> Result<api::RecordActivityTaskHeartbeatByIdResponse> {
        check_activity_id(&request.activity_id)?;
        let activity = self.find_activity(
            &request.namespace,
            &request.workflow_id,
            &request.run_id,
            &request.activity_id,
        )?;
        let reply = self.take_heartbeat(activity, request.details, &request.identity)?;
        Ok(api::RecordActivityTaskHeartbeatByIdResponse {
            cancel_requested: reply.cancel_requested,
            activity_paused: reply.paused,
            activity_reset: reply.reset,
        })
    }

    /// Takes in an activity's result.
    ///
    /// # Errors
    /// The activity is not under way any more.
    pub fn respond_activity_task_completed(
        &mut self,
        request: api::RespondActivityTaskCompletedRequest,
    ) -> Result<api::RespondActivityTaskCompletedResponse> {
        check_identity(&request.identity)?;
        let activity = self.activity_run(&request.task_token)?;
        self.note_build(&activity, request.worker_version);
        self.take_result(activity, request.result, &request.identity)?;
        Ok(api::RespondActivityTaskCompletedResponse::default())
    }

    /// As [`Self::respond_activity_task_completed`], for an activity named by its id.
    ///
    /// # Errors
    /// The activity is not under way.
    pub fn respond_activity_task_completed_by_id(
        &mut self,
        request: api::RespondActivityTaskCompletedByIdRequest,
    ) -> Result<api::RespondActivityTaskCompletedByIdResponse> {
        check_activity_id(&request.activity_id)?;
        check_identity(&request.identity)?;
        let activity = self.find_activity(
            &request.namespace,
            &request.workflow_id,
            &request.run_id,
            &request.activity_id,
        )?;
        self.take_result(activity, request.result, &request.identity)?;
        Ok(api::RespondActivityTaskCompletedByIdResponse::default())
    }

    /// Takes in that an activity's attempt failed.
    ///
    /// # Errors
    /// The activity is not under way any more.
    pub fn respond_activity_task_failed(
        &mut self,
        request: api::RespondActivityTaskFailedRequest,
    ) -> Result<api::RespondActivityTaskFailedResponse> {
        let is_application_failure = |failure: &Failure| {
            matches!(
                failure.failure_info,
                Some(FailureInfo::ApplicationFailureInfo(_))
            )
        };
        if !request.failure.as_ref().is_none_or(is_application_failure) {
            return Err(Error::invalid("Failure must have ApplicationFailureInfo."));
        }
        check_identity(&request.identity)?;
        let activity = self.activity_run(&request.task_token)?;
        self.note_build(&activity, request.worker_version.clone());
        let failures = self.take_failure(activity, request)?;
        Ok(api::RespondActivityTaskFailedResponse { failures })
    }

    /// As [`Self::respond_activity_task_failed`], for an activity named by its id.
    ///
    /// # Errors
    /// The activity is not under way.
    pub fn respond_activity_task_failed_by_id(
        &mut self,
        request: api::RespondActivityTaskFailedByIdRequest,
    ) -> Result<api::RespondActivityTaskFailedByIdResponse> {
        check_activity_id(&request.activity_id)?;
        check_identity(&request.identity)?;
        let activity = self.find_activity(
            &request.namespace,
            &request.workflow_id,
            &request.run_id,
            &request.activity_id,
        )?;
        let request = api::RespondActivityTaskFailedRequest {
            failure: request.failure,
            identity: request.identity,
            last_heartbeat_details: request.last_heartbeat_details,
            ..Default::default()
        };
        let failures = self.take_failure(activity, request)?;
        Ok(api::RespondActivityTaskFailedByIdResponse { failures })
    }

    /// Takes in that an activity stopped because it was asked to.
    ///
    /// # Errors
    /// The activity is not under way any more, or was never asked to stop.
    pub fn respond_activity_task_canceled(
        &mut self,
        request: api::RespondActivityTaskCanceledRequest,
    ) -> Result<api::RespondActivityTaskCanceledResponse> {
        check_identity(&request.identity)?;
        let activity = self.activity_run(&request.task_token)?;
        self.note_build(&activity, request.worker_version);
        self.take_cancellation(activity, request.details, &request.identity)?;
        Ok(api::RespondActivityTaskCanceledResponse::default())
    }

    /// As [`Self::respond_activity_task_canceled`], for an activity named by its id.
    ///
    /// # Errors
    /// The activity is not under way, or was never asked to stop.
    pub fn respond_activity_task_canceled_by_id(
        &mut self,
        request: api::RespondActivityTaskCanceledByIdRequest,
    ) -> Result<api::RespondActivityTaskCanceledByIdResponse> {
        check_activity_id(&request.activity_id)?;
        check_identity(&request.identity)?;
        let activity = self.find_activity(
            &request.namespace,
            &request.workflow_id,
            &request.run_id,
            &request.activity_id,
        )?;
        self.take_cancellation(activity, request.details, &request.identity)?;
        Ok(api::RespondActivityTaskCanceledByIdResponse::default())
    }

    fn note_build(
        &mut self,
        (key, token): &(RunKey, TaskToken),
        build: Option<WorkerVersionStamp>,
    ) {
        if let Some(run) = self.runs.get_mut(key) {
            run.note_build(token, build);
        }
    }

    fn take_heartbeat(
        &mut self,
        (key, token): (RunKey, TaskToken),
        details: Option<Payloads>,
        identity: &str,
    ) -> Result<HeartbeatReply> {
        self.in_run(key, |run, world| {
            run.heartbeat(&token, details, identity, world)
        })
    }

    fn take_result(
        &mut self,
        (key, token): (RunKey, TaskToken),
        result: Option<Payloads>,
        identity: &str,
    ) -> Result<()> {
        self.in_run_with_room(key, |run, world| {
            run.complete_activity(&token, result, identity, world)
        })
    }

    fn take_failure(
        &mut self,
        (key, token): (RunKey, TaskToken),
        request: api::RespondActivityTaskFailedRequest,
    ) -> Result<Vec<Failure>> {
        self.in_run_with_room(key, |run, world| run.fail_activity(&token, request, world))
    }

    fn take_cancellation(
        &mut self,
        (key, token): (RunKey, TaskToken),
        details: Option<Payloads>,
        identity: &str,
    ) -> Result<()> {
        self.in_run_with_room(key, |run, world| {
            run.cancel_activity(&token, details, identity, world)
        })
    }

    pub(in crate::server) fn activity_run(
        &self,
        token: &bytes::Bytes,
    ) -> Result<(RunKey, TaskToken)> {
        let token = TaskToken::parse(token)?;
        let key = RunKey(token.run);
        if self.runs.contains_key(&key) {
            Ok((key, token))
        } else {
            Err(Error::activity_not_found())
        }
    }

    fn find_activity(
        &self,
        namespace: &str,
        workflow_id: &str,
        run_id: &str,
        activity_id: &str,
    ) -> Result<(RunKey, TaskToken)> {
        if workflow_id.is_empty() {
            // It would be an activity without a workflow, of which there are none.
            return Err(Error::not_found(format!(
                "activity not found for ID: {activity_id}"
            )));
        }
        let execution = workflow_execution(workflow_id, run_id);
        let key = self.find(namespace, Some(&execution))?;
        Ok((key, self.runs[&key].activity_token(activity_id)?))
    }
}

fn check_activity_id(activity_id: &str) -> Result<()> {
    match activity_id.is_empty() {
        true => Err(Error::invalid("ActivityId is not set on request.")),
        false => Ok(()),
    }
}
