//! The answer to `DescribeWorkflowExecution`.

use std::collections::BTreeMap;

use outlast_proto::temporal::api::enums::v1::EventType;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflow::v1 as workflow;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::errors::Result;
use crate::server::execution::Execution;
use crate::server::nexus::CompletionCallback;
use crate::server::time::end::later;
use crate::server::wire::{NEVER, set_duration, timestamp};

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
        let pending = run.pending();
        Ok(api::DescribeWorkflowExecutionResponse {
            execution_config: Some(config(run)),
            workflow_execution_info: Some(info(run)),
            pending_activities: pending.activities,
            pending_children: pending.children,
            pending_workflow_task: pending.task,
            workflow_extended_info: Some(extended_info(run)),
            pending_nexus_operations: pending.operations,
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
        auto_reset_points: Some(run.marks.reset_points()),
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

/// The event that the start's request led to: of a signal-with-start, which has one id for both,
/// it is the signal.
fn start_event_id(run: &Execution) -> i64 {
    let second = run.history.events().get(1);
    match second.and_then(|event| event.attributes.as_ref()) {
        Some(Attributes::WorkflowExecutionSignaledEventAttributes(a))
            if a.request_id == run.start_request_id =>
        {
            2
        }
        _ => 1,
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
    let start = info(EventType::WorkflowExecutionStarted, start_event_id(run));
    let joined = joined.map(|(request_id, event_id)| {
        let joined = info(EventType::WorkflowExecutionOptionsUpdated, event_id);
        (request_id, joined)
    });
    joined
        .chain([(run.start_request_id.clone(), start)])
        .collect()
}
