//! What a run waits for, as descriptions show it. A closed run shows for good what it waited for
//! when it closed.

use outlast_proto::temporal::api::enums::v1::{PendingActivityState, PendingWorkflowTaskState};
use outlast_proto::temporal::api::workflow::v1 as workflow;
use outlast_proto::temporal::api::workflow::v1::pending_activity_info::{
    PauseInfo,
    pause_info::{self, PausedBy},
};

use crate::server::activities::control::Pause;
use crate::server::activities::{Activity, ActivityState};
use crate::server::deployments::Version;
use crate::server::execution::Execution;
use crate::server::relations::children::Child;
use crate::server::wire::{system_time, timestamp, wire_duration};

/// What a run waits for.
#[derive(Clone, Debug, Default)]
pub(in crate::server) struct Pending {
    pub(super) activities: Vec<workflow::PendingActivityInfo>,
    pub(super) children: Vec<workflow::PendingChildExecutionInfo>,
    pub(super) operations: Vec<workflow::PendingNexusOperationInfo>,
    pub(super) task: Option<workflow::PendingWorkflowTaskInfo>,
}

impl Execution {
    pub(super) fn pending(&self) -> Pending {
        if let Some(pending) = &self.left_pending {
            return pending.clone();
        }
        let operations = self.operations.iter();
        Pending {
            activities: self.activities.values().map(pending_activity).collect(),
            children: pending_children(self),
            operations: operations
                .map(|(id, operation)| operation.info(*id))
                .collect(),
            task: pending_task(self),
        }
    }
}

fn pending_children(run: &Execution) -> Vec<workflow::PendingChildExecutionInfo> {
    let describe = |(initiated_id, child): (&i64, &Child)| workflow::PendingChildExecutionInfo {
        workflow_id: child.initiated.workflow_id.clone(),
        run_id: child.run_id.clone(),
        workflow_type_name: child
            .initiated
            .workflow_type
            .as_ref()
            .map(|t| t.name.clone())
            .unwrap_or_default(),
        initiated_id: *initiated_id,
        parent_close_policy: child.initiated.parent_close_policy,
    };
    run.children.iter().map(describe).collect()
}

fn pending_task(run: &Execution) -> Option<workflow::PendingWorkflowTaskInfo> {
    let task = run.task.as_ref()?;
    let state = match task.is_started() {
        true => PendingWorkflowTaskState::Started,
        false => PendingWorkflowTaskState::Scheduled,
    };
    Some(workflow::PendingWorkflowTaskInfo {
        state: state as i32,
        scheduled_time: timestamp(task.scheduled_at),
        original_scheduled_time: timestamp(task.scheduled_at),
        started_time: task
            .is_started()
            .then(|| timestamp(task.started_at))
            .flatten(),
        attempt: task.attempt,
    })
}

fn pending_activity(activity: &Activity) -> workflow::PendingActivityInfo {
    let state = match activity.state {
        ActivityState::Started if activity.cancel_requested_event_id.is_some() => {
            PendingActivityState::CancelRequested
        }
        ActivityState::Started if activity.pause.is_some() => PendingActivityState::PauseRequested,
        ActivityState::Started => PendingActivityState::Started,
        ActivityState::Paused => PendingActivityState::Paused,
        ActivityState::Queued | ActivityState::BackingOff { .. } => PendingActivityState::Scheduled,
    };
    let next_attempt = match activity.state {
        ActivityState::BackingOff { until } => timestamp(until),
        ActivityState::Paused | ActivityState::Queued | ActivityState::Started => None,
    };
    let started_at = activity.started_at.filter(|_| activity.is_started());
    let version = activity.worker_version.as_ref();
    workflow::PendingActivityInfo {
        activity_id: activity.id().to_owned(),
        activity_type: activity.scheduled.activity_type.clone(),
        state: state as i32,
        heartbeat_details: activity.heartbeat_details.clone(),
        last_heartbeat_time: activity.last_heartbeat_at.and_then(timestamp),
        last_started_time: started_at.and_then(timestamp),
        attempt: activity.attempt,
        maximum_attempts: activity
            .scheduled
            .retry_policy
            .as_ref()
            .map_or(0, |p| p.maximum_attempts),
        scheduled_time: next_attempt.or_else(|| timestamp(activity.attempt_scheduled_at)),
        expiration_time: activity.expires_at.and_then(timestamp),
        last_failure: activity.last_failure.clone(),
        last_worker_identity: activity.identity.clone(),
        next_attempt_schedule_time: next_attempt,
        current_retry_interval: next_attempt.and_then(|until| {
            let since = activity.last_failed_at?;
            wire_duration(system_time(&until).duration_since(since).ok()?)
        }),
        last_attempt_complete_time: activity.last_failed_at.and_then(timestamp),
        priority: activity.scheduled.priority.clone(),
        paused: activity.pause.is_some(),
        pause_info: activity.pause.as_ref().map(pause_info),
        activity_options: Some(activity.options()),
        last_worker_deployment_version: version.map(Version::dotted).unwrap_or_default(),
        last_deployment_version: version.map(Version::to_wire),
        ..Default::default()
    }
}

fn pause_info(pause: &Pause) -> PauseInfo {
    PauseInfo {
        pause_time: timestamp(pause.at),
        paused_by: Some(PausedBy::Manual(pause_info::Manual {
            identity: pause.identity.clone(),
            reason: pause.reason.clone(),
        })),
    }
}
