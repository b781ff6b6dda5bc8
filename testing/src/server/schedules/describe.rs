//! What a schedule tells about itself.

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::schedule::v1::{self as api, ScheduleInfo, ScheduleListInfo};
use outlast_proto::temporal::api::workflowservice::v1::{
    DescribeScheduleRequest, DescribeScheduleResponse,
};
use prost_types::Timestamp;

use super::Schedule;
use super::requests::conflict_token;
use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::wire::{timestamp, workflow_execution};

impl Engine {
    /// Describes a schedule: what it does, what it did, and what it is about to do.
    ///
    /// # Errors
    /// The schedule is unknown.
    pub fn describe_schedule(
        &self,
        request: &DescribeScheduleRequest,
    ) -> Result<DescribeScheduleResponse> {
        self.check_namespace(&request.namespace)?;
        let key = self.find_schedule(&request.namespace, &request.schedule_id)?;
        let schedule = &self.schedules.all[&key];
        if schedule.is_deleted {
            return Err(Error::not_found("schedule not found"));
        }
        Ok(DescribeScheduleResponse {
            schedule: Some(api::Schedule {
                spec: Some(schedule.spec.clone()),
                action: schedule.action.clone(),
                policies: Some(schedule.policies),
                state: Some(schedule.state.clone()),
            }),
            info: Some(schedule.info()),
            memo: schedule.memo.clone(),
            search_attributes: schedule.search_attributes.clone(),
            conflict_token: conflict_token(schedule.version),
        })
    }
}

impl Schedule {
    fn info(&self) -> ScheduleInfo {
        let running = self.running.iter();
        ScheduleInfo {
            action_count: self.action_count,
            overlap_skipped: self.overlap_skipped,
            buffer_size: self.buffer.len() as i64,
            running_workflows: running
                .map(|running| workflow_execution(&running.workflow_id, &running.run_id))
                .collect::<Vec<WorkflowExecution>>(),
            recent_actions: self.recent.iter().cloned().collect(),
            future_action_times: self.future_times(FUTURE_TIMES),
            create_time: timestamp(self.created_at),
            update_time: self.updated_at.and_then(timestamp),
            ..Default::default()
        }
    }

    /// The short form, for lists.
    pub(super) fn list_info(&self) -> ScheduleListInfo {
        let skipped = self.recent.len().saturating_sub(LISTED);
        ScheduleListInfo {
            spec: Some(self.spec.clone()),
            workflow_type: self.workflow().and_then(|w| w.workflow_type.clone()),
            notes: self.state.notes.clone(),
            paused: self.state.paused,
            recent_actions: self.recent.iter().skip(skipped).cloned().collect(),
            future_action_times: self.future_times(LISTED),
            ..Default::default()
        }
    }

    fn future_times(&self, count: usize) -> Vec<Timestamp> {
        self.future(count)
            .into_iter()
            .filter_map(timestamp)
            .collect()
    }
}

/// How many moments of action a description foretells.
const FUTURE_TIMES: usize = 10;
/// How many of a schedule's last actions, and of its next, a list shows.
const LISTED: usize = 5;
