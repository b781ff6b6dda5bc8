//! The answer to `DescribeWorkflowExecution`.

use std::collections::BTreeMap;

use outlast_proto::temporal::api::enums::v1::{
    EventType, PendingActivityState, PendingWorkflowTaskState,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflow::v1 as workflow;
use outlast_proto::temporal::api::workflow::v1::pending_activity_info::{
    PauseInfo,
    pause_info::{self, PausedBy},
};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::activities::control::Pause;
use crate::server::activities::{Activity, ActivityState};
use crate::server::deployments::Version;
use crate::server::errors::Result;
use crate::server::execution::Execution;
use crate::server::nexus::CompletionCallback;
use crate::server::relations::children::Child;
use crate::server::time::end::later;
use crate::server::wire::{NEVER, set_duration, system_time, timestamp, wire_duration};

impl Engine {
    /// Describes a run: its state, and what it waits for.
    ///
    /// # Errors
    /// The workflow is unknown.
    pub fn describe_workflow_execution(
        &self,
        request: &api::DescribeWorkflowExecutionRequest,
    ) -> Result<api::DescribeWorkflowExecutionResponse> {
        let key = self.find(&request.namespace, request.execution.as_ref())?;
        let run = &self.runs[&key];
        Ok(api::DescribeWorkflowExecutionResponse {
            execution_config: Some(config(run)),
            workflow_execution_info: Some(info(run)),
            pending_activities: run.activities.values().map(pending_activity).collect(),
            pending_children: pending_children(run),
            pending_workflow_task: pending_task(run),
            workflow_extended_info: Some(extended_info(run)),
            pending_nexus_operations: run
                .operations
                .iter()
                .map(|(id, operation)| operation.info(*id))
                .collect(),
            callbacks: run.callbacks.iter().map(CompletionCallback::info).collect(),
        })
    }
}

fn info(run: &Execution) -> workflow::WorkflowExecutionInfo {
    workflow::WorkflowExecutionInfo {
        start_time: timestamp(run.start_time),
        close_time: run.close_time.and_then(timestamp),
        execution_time: timestamp(run.execution_time()),
        history_length: run.history.last_id(),
        state_transition_count: run.state_transitions,
        history_size_bytes: run.history.size_bytes(),
        auto_reset_points: run.marks.reset_points(),
        most_recent_worker_version_stamp: run.marks.latest_stamp.clone(),
        first_run_id: run.started.first_execution_run_id.clone(),
        priority: run.started.priority.clone(),
        parent_namespace_id: run.started.parent_workflow_namespace_id.clone(),
        versioning_info: run.versioning_info(),
        worker_deployment_name: run.deployment_name(),
        ..run.list_info()
    }
}

fn config(run: &Execution) -> workflow::WorkflowExecutionConfig {
    workflow::WorkflowExecutionConfig {
        task_queue: run.started.task_queue.clone(),
        workflow_execution_timeout: run.started.workflow_execution_timeout,
        workflow_run_timeout: run.started.workflow_run_timeout,
        default_workflow_task_timeout: run.started.workflow_task_timeout,
        user_metadata: run.user_metadata.clone(),
    }
}

fn extended_info(run: &Execution) -> workflow::WorkflowExecutionExtendedInfo {
    let run_timeout = set_duration(run.started.workflow_run_timeout.as_ref());
    workflow::WorkflowExecutionExtendedInfo {
        execution_expiration_time: run.started.workflow_execution_expiration_time,
        run_expiration_time: match run_timeout {
            Some(timeout) => timestamp(later(run.execution_time(), timeout)),
            None => Some(NEVER),
        },
        cancel_requested: run.cancel_requested,
        original_start_time: timestamp(run.original_start_time),
        last_reset_time: run.is_reset.then(|| timestamp(run.start_time)).flatten(),
        reset_run_id: run.reset_run_id.clone(),
        request_id_infos: request_ids(run),
        ..Default::default()
    }
}

/// Which events the requests led to that started the run, or joined it.
fn request_ids(run: &Execution) -> BTreeMap<String, workflow::RequestIdInfo> {
    let joined = run.history.events().iter().filter_map(|event| {
        let Some(Attributes::WorkflowExecutionOptionsUpdatedEventAttributes(a)) = &event.attributes
        else {
            return None;
        };
        let is_named = !a.attached_request_id.is_empty();
        is_named.then(|| (a.attached_request_id.clone(), event.event_id))
    });
    let info = |event_type: EventType, event_id| workflow::RequestIdInfo {
        event_type: event_type as i32,
        event_id,
        buffered: false,
    };
    let start = info(EventType::WorkflowExecutionStarted, 1);
    let joined = joined.map(|(request_id, event_id)| {
        let joined = info(EventType::WorkflowExecutionOptionsUpdated, event_id);
        (request_id, joined)
    });
    joined
        .chain([(run.start_request_id.clone(), start)])
        .collect()
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
