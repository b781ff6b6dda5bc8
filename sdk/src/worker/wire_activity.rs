//! Activity tasks and their answers in the wire's form.

use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::enums::v1::ActivityTaskFailedCause;
use outlast_proto::temporal::api::workflowservice::v1::{
    PollActivityTaskQueueRequest, PollActivityTaskQueueResponse,
    RecordActivityTaskHeartbeatRequest, RespondActivityTaskCanceledRequest,
    RespondActivityTaskCompletedRequest, RespondActivityTaskFailedRequest,
};

use super::settings::Settings;
use crate::activity::{ActivityInfo, TaskToken};
use crate::convert::{Payload, from_wire, to_wire};
use crate::failure::Failure;
use crate::ids::WorkflowExecution;

/// One attempt of an activity, as it came.
#[derive(Debug)]
pub(super) struct ActivityTask {
    pub(super) info: ActivityInfo,
    pub(super) token: TaskToken,
    pub(super) input: Vec<Payload>,
}

impl Settings {
    pub(super) fn poll_activity_tasks(&self) -> PollActivityTaskQueueRequest {
        PollActivityTaskQueueRequest {
            namespace: self.namespace.clone(),
            task_queue: Some(self.normal_queue()),
            identity: self.identity.clone(),
            worker_instance_key: self.instance_key.clone(),
            ..PollActivityTaskQueueRequest::default()
        }
    }

    pub(super) fn activity_task(&self, response: PollActivityTaskQueueResponse) -> ActivityTask {
        let workflow = response
            .workflow_execution
            .filter(|run| !run.run_id.is_empty());
        let info = ActivityInfo {
            activity_id: response.activity_id.into(),
            activity_type: response.activity_type.unwrap_or_default().name,
            attempt: u32::try_from(response.attempt).unwrap_or(1),
            namespace: self.namespace.clone(),
            task_queue: self.task_queue.clone(),
            workflow: workflow.map(|run| WorkflowExecution {
                workflow_id: run.workflow_id.into(),
                run_id: run.run_id.into(),
            }),
            workflow_type: response.workflow_type.unwrap_or_default().name,
            activity_run_id: response.activity_run_id,
            scheduled_time: time(response.scheduled_time),
            attempt_scheduled_time: time(response.current_attempt_scheduled_time),
            started_time: time(response.started_time),
            schedule_to_close_timeout: duration(response.schedule_to_close_timeout),
            start_to_close_timeout: duration(response.start_to_close_timeout),
            heartbeat_timeout: duration(response.heartbeat_timeout),
            heartbeat_details: from_wire(response.heartbeat_details),
            retry_policy: response.retry_policy.map(Into::into),
            is_local: false,
        };
        ActivityTask {
            info,
            token: TaskToken::new(response.task_token),
            input: from_wire(response.input),
        }
    }

    #[expect(
        deprecated,
        reason = "the build id has no other place without deployments"
    )]
    pub(super) fn activity_completed(
        &self,
        token: TaskToken,
        result: Payload,
    ) -> RespondActivityTaskCompletedRequest {
        RespondActivityTaskCompletedRequest {
            namespace: self.namespace.clone(),
            identity: self.identity.clone(),
            task_token: token.into_bytes(),
            result: to_wire(vec![result]),
            worker_version: self.version_stamp(),
            ..RespondActivityTaskCompletedRequest::default()
        }
    }

    #[expect(
        deprecated,
        reason = "the build id has no other place without deployments"
    )]
    pub(super) fn activity_failed(
        &self,
        token: TaskToken,
        failure: Failure,
        last_heartbeat: Option<Payload>,
        cause: ActivityTaskFailedCause,
    ) -> RespondActivityTaskFailedRequest {
        RespondActivityTaskFailedRequest {
            namespace: self.namespace.clone(),
            identity: self.identity.clone(),
            task_token: token.into_bytes(),
            failure: Some(failure.into()),
            last_heartbeat_details: to_wire(last_heartbeat.into_iter().collect()),
            cause: cause as i32,
            worker_version: self.version_stamp(),
            ..RespondActivityTaskFailedRequest::default()
        }
    }

    #[expect(
        deprecated,
        reason = "the build id has no other place without deployments"
    )]
    pub(super) fn activity_canceled(
        &self,
        token: TaskToken,
        details: Vec<Payload>,
    ) -> RespondActivityTaskCanceledRequest {
        RespondActivityTaskCanceledRequest {
            namespace: self.namespace.clone(),
            identity: self.identity.clone(),
            task_token: token.into_bytes(),
            details: to_wire(details),
            worker_version: self.version_stamp(),
            ..RespondActivityTaskCanceledRequest::default()
        }
    }

    pub(super) fn heartbeat(
        &self,
        token: TaskToken,
        progress: Payload,
    ) -> RecordActivityTaskHeartbeatRequest {
        RecordActivityTaskHeartbeatRequest {
            namespace: self.namespace.clone(),
            identity: self.identity.clone(),
            task_token: token.into_bytes(),
            details: to_wire(vec![progress]),
            ..RecordActivityTaskHeartbeatRequest::default()
        }
    }
}

fn time(time: Option<prost_types::Timestamp>) -> SystemTime {
    time.and_then(|time| time.try_into().ok())
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A timeout; the server writes zero for one that is not set.
fn duration(duration: Option<prost_types::Duration>) -> Option<Duration> {
    let duration: Duration = duration?.try_into().ok()?;
    Some(duration).filter(|duration| !duration.is_zero())
}
