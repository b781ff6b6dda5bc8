//! What workers of activities ask for.

use outlast_proto::temporal::api::command::v1::ScheduleActivityTaskCommandAttributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Status;

use super::{Peer, Transport, with_timeout};
use crate::support::builders::{
    activity_in, application_failure, at_most, payloads, schedule_activity,
};

pub(crate) type ActivityTask = api::PollActivityTaskQueueResponse;

impl<T: Transport> Peer<T> {
    /// The next activity task. A busy server takes its time for what is due.
    pub(crate) async fn poll_activity(&self) -> ActivityTask {
        self.poll_activity_within(15.0).await
    }

    /// Whether no activity task comes within three seconds.
    pub(crate) async fn has_no_activity(&self) -> bool {
        let task = self.poll_activity_within(4.0).await;
        task.task_token.is_empty()
    }

    async fn poll_activity_within(&self, timeout: f64) -> ActivityTask {
        let request = api::PollActivityTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: self.normal_queue(),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        let request = with_timeout(request, timeout);
        self.client
            .clone()
            .poll_activity_task_queue(request)
            .await
            .unwrap()
            .into_inner()
    }

    pub(crate) fn activity(&self, activity_id: &str) -> ScheduleActivityTaskCommandAttributes {
        activity_in(&self.queue, activity_id)
    }

    /// Starts a workflow that schedules the activity `a`, which is tried again after so many
    /// seconds.
    pub(crate) async fn start_retried_activity(&self, interval: f64) {
        let mut activity = self.activity("a");
        activity.retry_policy = at_most(0, interval);
        self.start_activity(activity).await;
    }

    /// Starts a workflow that schedules an activity.
    pub(crate) async fn start_activity(&self, activity: ScheduleActivityTaskCommandAttributes) {
        self.start().await;
        let scheduled = vec![schedule_activity(activity)];
        self.complete(&self.poll().await, scheduled).await.unwrap();
    }

    pub(crate) async fn complete_activity(&self, task: &ActivityTask) -> Result<(), Status> {
        let request = api::RespondActivityTaskCompletedRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            result: payloads("charged"),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        self.client
            .clone()
            .respond_activity_task_completed(request)
            .await?;
        Ok(())
    }

    pub(crate) async fn fail_activity(
        &self,
        task: &ActivityTask,
        message: &str,
    ) -> Result<(), Status> {
        let request = api::RespondActivityTaskFailedRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            failure: Some(application_failure(message)),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        self.client
            .clone()
            .respond_activity_task_failed(request)
            .await?;
        Ok(())
    }

    pub(crate) async fn cancel_activity(&self, task: &ActivityTask) -> Result<(), Status> {
        let request = api::RespondActivityTaskCanceledRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            details: payloads("stopped"),
            identity: "worker".to_owned(),
            ..Default::default()
        };
        self.client
            .clone()
            .respond_activity_task_canceled(request)
            .await?;
        Ok(())
    }

    pub(crate) async fn heartbeat(
        &self,
        task: &ActivityTask,
        details: &str,
    ) -> Result<bool, Status> {
        let request = api::RecordActivityTaskHeartbeatRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            details: payloads(details),
            ..Default::default()
        };
        let response = self
            .client
            .clone()
            .record_activity_task_heartbeat(request)
            .await?;
        Ok(response.into_inner().cancel_requested)
    }
}
