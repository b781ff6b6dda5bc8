//! Schedules of the peer's own: the schedule has the peer's workflow id, and so has what it starts.

use outlast_proto::temporal::api::common::v1::WorkflowType;
use outlast_proto::temporal::api::enums::v1::ScheduleOverlapPolicy as Overlap;
use outlast_proto::temporal::api::schedule::v1::schedule_action::Action;
use outlast_proto::temporal::api::schedule::v1::{
    IntervalSpec, Schedule, ScheduleAction, ScheduleInfo, SchedulePatch, SchedulePolicies,
    ScheduleSpec, ScheduleState, TriggerImmediatelyRequest,
};
use outlast_proto::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use prost_types::Timestamp;
use tonic::Status;

use super::{Peer, Transport, uuid};
use crate::support::builders::{payloads, seconds};

impl<T: Transport> Peer<T> {
    /// A schedule that starts `Order` workflows at no time of its own.
    pub(crate) fn schedule(&self) -> Schedule {
        let workflow = NewWorkflowExecutionInfo {
            workflow_id: self.workflow_id.clone(),
            workflow_type: Some(WorkflowType {
                name: "Order".to_owned(),
            }),
            task_queue: self.normal_queue(),
            input: payloads("input"),
            ..Default::default()
        };
        Schedule {
            spec: Some(ScheduleSpec::default()),
            action: Some(ScheduleAction {
                action: Some(Action::StartWorkflow(workflow)),
            }),
            policies: Some(SchedulePolicies::default()),
            state: Some(ScheduleState::default()),
        }
    }

    pub(crate) fn schedule_by(&self, spec: ScheduleSpec) -> Schedule {
        Schedule {
            spec: Some(spec),
            ..self.schedule()
        }
    }

    pub(crate) fn create_schedule_request(&self, schedule: Schedule) -> api::CreateScheduleRequest {
        api::CreateScheduleRequest {
            namespace: "default".to_owned(),
            schedule_id: self.workflow_id.clone(),
            schedule: Some(schedule),
            identity: "client".to_owned(),
            request_id: uuid(),
            ..Default::default()
        }
    }

    pub(crate) async fn create_schedule(
        &self,
        schedule: Schedule,
    ) -> Result<api::CreateScheduleResponse, Status> {
        self.create_schedule_with(self.create_schedule_request(schedule))
            .await
    }

    pub(crate) async fn create_schedule_with(
        &self,
        request: api::CreateScheduleRequest,
    ) -> Result<api::CreateScheduleResponse, Status> {
        let response = self.client.clone().create_schedule(request).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn describe_schedule(&self) -> Result<api::DescribeScheduleResponse, Status> {
        let request = api::DescribeScheduleRequest {
            namespace: "default".to_owned(),
            schedule_id: self.workflow_id.clone(),
        };
        let response = self.client.clone().describe_schedule(request).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn update_schedule(
        &self,
        schedule: Option<Schedule>,
        conflict_token: Vec<u8>,
    ) -> Result<(), Status> {
        let request = api::UpdateScheduleRequest {
            namespace: "default".to_owned(),
            schedule_id: self.workflow_id.clone(),
            schedule,
            conflict_token: conflict_token.into(),
            identity: "client".to_owned(),
            request_id: uuid(),
            ..Default::default()
        };
        self.client.clone().update_schedule(request).await?;
        Ok(())
    }

    pub(crate) async fn patch_schedule(&self, patch: Option<SchedulePatch>) -> Result<(), Status> {
        let request = api::PatchScheduleRequest {
            namespace: "default".to_owned(),
            schedule_id: self.workflow_id.clone(),
            patch,
            identity: "client".to_owned(),
            request_id: uuid(),
        };
        self.client.clone().patch_schedule(request).await?;
        Ok(())
    }

    /// Triggers the action of the n-th second of 2020, whose workflow is named after it.
    pub(crate) async fn trigger(&self, second: i64, overlap_policy: Overlap) {
        let trigger = TriggerImmediatelyRequest {
            overlap_policy: overlap_policy as i32,
            scheduled_time: Some(second_of_2020(second)),
        };
        let patch = SchedulePatch {
            trigger_immediately: Some(trigger),
            ..Default::default()
        };
        self.patch_schedule(Some(patch)).await.unwrap();
    }

    /// The workflow that the n-th second of 2020 starts.
    pub(crate) fn scheduled(&self, second: i64) -> String {
        format!("{}-2020-01-01T00:00:{second:02}Z", self.workflow_id)
    }

    pub(crate) async fn delete_schedule(&self) -> Result<(), Status> {
        let request = api::DeleteScheduleRequest {
            namespace: "default".to_owned(),
            schedule_id: self.workflow_id.clone(),
            identity: "client".to_owned(),
        };
        self.client.clone().delete_schedule(request).await?;
        Ok(())
    }

    /// The seconds after `from` and up to `to` at which the schedule would act.
    pub(crate) async fn matching_times(&self, from: i64, to: i64) -> Result<Vec<i64>, Status> {
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let request = api::ListScheduleMatchingTimesRequest {
            namespace: "default".to_owned(),
            schedule_id: self.workflow_id.clone(),
            start_time: at(from),
            end_time: at(to),
        };
        let response = self
            .client
            .clone()
            .list_schedule_matching_times(request)
            .await?;
        let times = response.into_inner().start_time;
        Ok(times.into_iter().map(|time| time.seconds).collect())
    }
}

pub(crate) fn info(described: &api::DescribeScheduleResponse) -> &ScheduleInfo {
    described.info.as_ref().unwrap()
}

pub(crate) fn second_of_2020(second: i64) -> Timestamp {
    Timestamp {
        // 2020-01-01T00:00:00Z
        seconds: 1_577_836_800 + second,
        nanos: 0,
    }
}

pub(crate) fn every(interval: f64) -> ScheduleSpec {
    ScheduleSpec {
        interval: vec![IntervalSpec {
            interval: seconds(interval),
            phase: None,
        }],
        ..Default::default()
    }
}

pub(crate) fn by_cron(text: &str) -> ScheduleSpec {
    ScheduleSpec {
        cron_string: vec![text.to_owned()],
        ..Default::default()
    }
}
