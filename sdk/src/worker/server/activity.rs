//! Activity tasks, and what is said of them.

use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::enums::v1::ActivityTaskFailedCause;
use outlast_proto::temporal::api::workflowservice::v1::{
    PollActivityTaskQueueRequest, PollActivityTaskQueueResponse,
    RecordActivityTaskHeartbeatRequest, RespondActivityTaskCanceledRequest,
    RespondActivityTaskCompletedRequest, RespondActivityTaskFailedRequest,
};
use tonic::{Code, Status};

use super::{Refusal, Server};
use crate::activity::{ActivityInfo, CancelReason, TaskToken};
use crate::client::retry::Patience;
use crate::convert::{Payload, from_wire, to_wire};
use crate::failure::Failure;
use crate::ids::WorkflowExecution;

/// One attempt of an activity, as it came.
#[derive(Debug)]
pub(in crate::worker) struct ActivityTask {
    pub(in crate::worker) info: ActivityInfo,
    pub(in crate::worker) token: TaskToken,
    pub(in crate::worker) input: Vec<Payload>,
}

/// What the server says to a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::worker) enum Progress {
    /// Go on.
    Noted,
    /// Stop.
    Stop(CancelReason),
}

impl Server {
    /// Asks for an activity, for as long as the server likes to wait for one.
    pub(in crate::worker) async fn poll_activity_task(
        &self,
    ) -> Result<Option<ActivityTask>, Status> {
        let request = PollActivityTaskQueueRequest {
            namespace: self.settings.namespace.clone(),
            task_queue: Some(self.normal_queue()),
            identity: self.settings.identity.clone(),
            worker_instance_key: self.settings.instance_key.clone(),
            ..PollActivityTaskQueueRequest::default()
        };
        let request = self.client.request(request, Patience::LongPoll.deadline());
        let response = self
            .client
            .service()
            .poll_activity_task_queue(request)
            .await?
            .into_inner();
        // A poll that found nothing is answered with nothing.
        let is_found = !response.task_token.is_empty();
        Ok(is_found.then(|| self.read_activity_task(response)))
    }

    /// Says that an attempt succeeded.
    pub(in crate::worker) async fn complete_activity(
        &self,
        token: TaskToken,
        result: Payload,
    ) -> Result<(), Status> {
        match self.send_result(token.clone(), result).await {
            Ok(()) => Ok(()),
            Err(refusal) => {
                let message = refusal.too_large()?;
                self.fail_for_size(token, message).await
            }
        }
    }

    /// Says that an attempt failed.
    pub(in crate::worker) async fn fail_activity(
        &self,
        token: TaskToken,
        failure: Failure,
        last_heartbeat: Option<Payload>,
    ) -> Result<(), Status> {
        let cause = ActivityTaskFailedCause::Unspecified;
        self.send_failed_activity(token, failure, last_heartbeat, cause)
            .await
    }

    /// Says that an attempt stopped because it was to be canceled.
    #[expect(
        deprecated,
        reason = "the build id has no other place without deployments"
    )]
    pub(in crate::worker) async fn cancel_activity(
        &self,
        token: TaskToken,
        details: Vec<Payload>,
    ) -> Result<(), Status> {
        let request = RespondActivityTaskCanceledRequest {
            namespace: self.settings.namespace.clone(),
            identity: self.settings.identity.clone(),
            task_token: token.into_bytes(),
            details: to_wire(details),
            worker_version: self.version_stamp(),
            ..RespondActivityTaskCanceledRequest::default()
        };
        self.client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.respond_activity_task_canceled(request).await
                },
            )
            .await?;
        Ok(())
    }

    /// Says that an attempt goes on. One that says so with too large a value fails.
    pub(in crate::worker) async fn heartbeat(
        &self,
        token: TaskToken,
        progress: Payload,
    ) -> Result<Progress, Status> {
        match self.send_heartbeat(token.clone(), progress).await {
            Ok(progress) => Ok(progress),
            Err(refusal) => {
                let message = refusal.too_large()?;
                self.fail_for_size(token, message).await?;
                Ok(Progress::Stop(CancelReason::NotFound))
            }
        }
    }

    pub(super) fn read_activity_task(
        &self,
        response: PollActivityTaskQueueResponse,
    ) -> ActivityTask {
        let workflow = response
            .workflow_execution
            .filter(|run| !run.run_id.is_empty());
        let info = ActivityInfo {
            activity_id: response.activity_id.into(),
            activity_type: response.activity_type.unwrap_or_default().name,
            attempt: u32::try_from(response.attempt).unwrap_or(1),
            namespace: self.settings.namespace.clone(),
            task_queue: self.settings.task_queue.clone(),
            workflow: workflow.map(|run| WorkflowExecution {
                workflow_id: run.workflow_id.into(),
                run_id: run.run_id.into(),
            }),
            workflow_type: response.workflow_type.unwrap_or_default().name,
            activity_run_id: response.activity_run_id,
            scheduled_time: time(response.scheduled_time),
            attempt_scheduled_time: time(response.current_attempt_scheduled_time),
            started_time: time(response.started_time),
            schedule_to_close_timeout: timeout(response.schedule_to_close_timeout),
            start_to_close_timeout: timeout(response.start_to_close_timeout),
            heartbeat_timeout: timeout(response.heartbeat_timeout),
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
    async fn send_result(&self, token: TaskToken, result: Payload) -> Result<(), Refusal> {
        let result = to_wire(vec![result]);
        self.check_size(&result, "the activity's result").await?;
        let request = RespondActivityTaskCompletedRequest {
            namespace: self.settings.namespace.clone(),
            identity: self.settings.identity.clone(),
            task_token: token.into_bytes(),
            result,
            worker_version: self.version_stamp(),
            ..RespondActivityTaskCompletedRequest::default()
        };
        self.client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.respond_activity_task_completed(request).await
                },
            )
            .await?;
        Ok(())
    }

    async fn send_heartbeat(
        &self,
        token: TaskToken,
        progress: Payload,
    ) -> Result<Progress, Refusal> {
        let details = to_wire(vec![progress]);
        self.check_size(&details, "the heartbeat of the activity")
            .await?;
        let request = RecordActivityTaskHeartbeatRequest {
            namespace: self.settings.namespace.clone(),
            identity: self.settings.identity.clone(),
            task_token: token.into_bytes(),
            details,
            ..RecordActivityTaskHeartbeatRequest::default()
        };
        let answer = self
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.record_activity_task_heartbeat(request).await
                },
            )
            .await;
        match answer {
            Ok(response) if response.cancel_requested => {
                Ok(Progress::Stop(CancelReason::Requested))
            }
            Ok(response) if response.activity_reset => Ok(Progress::Stop(CancelReason::Reset)),
            Ok(response) if response.activity_paused => Ok(Progress::Stop(CancelReason::Paused)),
            Ok(_) => Ok(Progress::Noted),
            Err(status) if status.code() == Code::NotFound => {
                Ok(Progress::Stop(CancelReason::NotFound))
            }
            Err(status) => Err(status.into()),
        }
    }

    /// Says that an attempt failed because a value of its was too large. That may be another
    /// time.
    async fn fail_for_size(&self, token: TaskToken, message: String) -> Result<(), Status> {
        let failure = Failure::application("PayloadsTooLarge", message);
        let cause = ActivityTaskFailedCause::PayloadsTooLarge;
        self.send_failed_activity(token, failure, None, cause).await
    }

    #[expect(
        deprecated,
        reason = "the build id has no other place without deployments"
    )]
    async fn send_failed_activity(
        &self,
        token: TaskToken,
        failure: Failure,
        last_heartbeat: Option<Payload>,
        cause: ActivityTaskFailedCause,
    ) -> Result<(), Status> {
        let request = RespondActivityTaskFailedRequest {
            namespace: self.settings.namespace.clone(),
            identity: self.settings.identity.clone(),
            task_token: token.into_bytes(),
            failure: Some(failure.into()),
            last_heartbeat_details: to_wire(last_heartbeat.into_iter().collect()),
            cause: cause as i32,
            worker_version: self.version_stamp(),
            ..RespondActivityTaskFailedRequest::default()
        };
        self.client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.respond_activity_task_failed(request).await
                },
            )
            .await?;
        Ok(())
    }
}

fn time(time: Option<prost_types::Timestamp>) -> SystemTime {
    time.and_then(|time| time.try_into().ok())
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A timeout; the server writes zero for one that is not set.
fn timeout(timeout: Option<prost_types::Duration>) -> Option<Duration> {
    let timeout: Duration = timeout?.try_into().ok()?;
    Some(timeout).filter(|timeout| !timeout.is_zero())
}
