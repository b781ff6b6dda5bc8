//! [`WorkflowDescription`]: what the server knows about an execution.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1 as common;
use outlast_proto::temporal::api::enums::v1::PendingActivityState as WireState;
use outlast_proto::temporal::api::workflow::v1 as wire;
use outlast_proto::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse,
};

use super::control::RequestError;
use super::retry::Patience;
use super::status::WorkflowStatus;
use super::target::{Target, run_id};
use crate::convert::{FromPayload, Payload, from_wire};
use crate::failure::Failure;
use crate::ids::{ActivityId, RunId, WorkflowExecution, WorkflowId};

/// What the server knows about one run of a workflow.
///
/// # Examples
/// ```no_run
/// # async fn example(client: outlast::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let order = client.workflow_by_id("order-42").describe().await?;
/// println!("{} is {:?}", order.workflow_type, order.status);
/// for activity in &order.pending_activities {
///     println!("{activity:?}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorkflowDescription {
    /// The execution and its run.
    pub execution: WorkflowExecution,
    /// The first run of the execution.
    pub first_run_id: Option<RunId>,
    /// The workflow's type name.
    pub workflow_type: String,
    /// Where it is in its life.
    pub status: WorkflowStatus,
    /// The task queue whose workers run it.
    pub task_queue: String,
    /// When the run was started.
    pub start_time: Option<SystemTime>,
    /// When its first task was or is due, after a start delay or by a cron schedule.
    pub execution_time: Option<SystemTime>,
    /// When it ended.
    pub close_time: Option<SystemTime>,
    /// The longest time for the execution with all its runs.
    pub execution_timeout: Option<Duration>,
    /// The longest time for one run.
    pub run_timeout: Option<Duration>,
    /// How many events its history has.
    pub history_length: i64,
    /// How large its history is, in bytes.
    pub history_size: i64,
    /// Whether it was asked to stop.
    pub cancel_requested: bool,
    /// The workflow that started it as a child.
    pub parent: Option<WorkflowExecution>,
    /// Values noted by whoever started it, and by itself.
    pub memo: BTreeMap<String, Payload>,
    /// What it is found by.
    pub search_attributes: BTreeMap<String, Payload>,
    /// A line for people.
    pub summary: Option<String>,
    /// A longer text for people.
    pub details: Option<String>,
    /// Activities that have not ended.
    pub pending_activities: Vec<PendingActivity>,
    /// Child workflows that have not ended.
    pub pending_children: Vec<PendingChild>,
}

/// An activity that has not ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PendingActivity {
    /// Its id within the run.
    pub activity_id: ActivityId,
    /// Its type name.
    pub activity_type: String,
    /// What it waits for.
    pub state: PendingActivityState,
    /// Which attempt it is, from 1.
    pub attempt: i32,
    /// When it was or will be scheduled.
    pub scheduled_time: Option<SystemTime>,
    /// When its last attempt was started.
    pub last_started_time: Option<SystemTime>,
    /// When it gave its last heartbeat.
    pub last_heartbeat_time: Option<SystemTime>,
    /// What its last heartbeat said.
    pub last_heartbeat: Vec<Payload>,
    /// Why its last attempt failed.
    pub last_failure: Option<Failure>,
    /// The worker that took its last attempt.
    pub last_worker_identity: String,
}

/// What an activity that has not ended waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PendingActivityState {
    /// It runs and was asked to stop.
    CancelRequested,
    /// It runs and is to be held afterwards.
    PauseRequested,
    /// It is held until somebody lets it go on.
    Paused,
    /// No worker has taken it yet, or the next attempt is not due.
    Scheduled,
    /// It runs.
    Started,
    /// The server did not say.
    #[default]
    Unspecified,
}

/// A child workflow that has not ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PendingChild {
    /// Its workflow id.
    pub workflow_id: WorkflowId,
    /// Its run, if it was started.
    pub run_id: Option<RunId>,
    /// Its type name.
    pub workflow_type: String,
}

impl WorkflowDescription {
    /// The memo of the key, if there is one of the type `T`.
    #[must_use]
    pub fn memo<T: FromPayload>(&self, key: &str) -> Option<T> {
        T::from_payload(self.memo.get(key)?).ok()
    }
}

pub(super) async fn describe(target: &Target) -> Result<WorkflowDescription, RequestError> {
    let request = DescribeWorkflowExecutionRequest {
        namespace: target.namespace(),
        execution: target.execution(),
    };
    let answer = target
        .client
        .call(Patience::Unary, &request, |mut service, request| async move {
            service.describe_workflow_execution(request).await
        })
        .await
        .map_err(|status| RequestError::of(target, status))?;
    Ok(read(answer))
}

fn read(answer: DescribeWorkflowExecutionResponse) -> WorkflowDescription {
    let info = answer.workflow_execution_info.unwrap_or_default();
    let config = answer.execution_config.unwrap_or_default();
    let extended = answer.workflow_extended_info.unwrap_or_default();
    let user_metadata = config.user_metadata.unwrap_or_default();
    WorkflowDescription {
        execution: execution(info.execution.unwrap_or_default()),
        first_run_id: run_id(info.first_run_id),
        workflow_type: info.r#type.unwrap_or_default().name,
        status: WorkflowStatus::from_wire(info.status),
        task_queue: info.task_queue,
        start_time: time(info.start_time),
        execution_time: time(info.execution_time),
        close_time: time(info.close_time),
        execution_timeout: duration(config.workflow_execution_timeout),
        run_timeout: duration(config.workflow_run_timeout),
        history_length: info.history_length,
        history_size: info.history_size_bytes,
        cancel_requested: extended.cancel_requested,
        parent: info.parent_execution.map(execution),
        memo: payloads(info.memo.unwrap_or_default().fields),
        search_attributes: payloads(info.search_attributes.unwrap_or_default().indexed_fields),
        summary: text(user_metadata.summary),
        details: text(user_metadata.details),
        pending_activities: answer
            .pending_activities
            .into_iter()
            .map(activity)
            .collect(),
        pending_children: answer.pending_children.into_iter().map(child).collect(),
    }
}

fn activity(info: wire::PendingActivityInfo) -> PendingActivity {
    PendingActivity {
        activity_id: info.activity_id.into(),
        activity_type: info.activity_type.unwrap_or_default().name,
        state: PendingActivityState::from_wire(info.state),
        attempt: info.attempt,
        scheduled_time: time(info.scheduled_time),
        last_started_time: time(info.last_started_time),
        last_heartbeat_time: time(info.last_heartbeat_time),
        last_heartbeat: from_wire(info.heartbeat_details),
        last_failure: info.last_failure.map(Failure::from),
        last_worker_identity: info.last_worker_identity,
    }
}

fn child(info: wire::PendingChildExecutionInfo) -> PendingChild {
    PendingChild {
        workflow_id: info.workflow_id.into(),
        run_id: run_id(info.run_id),
        workflow_type: info.workflow_type_name,
    }
}

impl PendingActivityState {
    fn from_wire(value: i32) -> Self {
        match WireState::try_from(value).unwrap_or_default() {
            WireState::CancelRequested => Self::CancelRequested,
            WireState::PauseRequested => Self::PauseRequested,
            WireState::Paused => Self::Paused,
            WireState::Scheduled => Self::Scheduled,
            WireState::Started => Self::Started,
            WireState::Unspecified => Self::Unspecified,
        }
    }
}

fn execution(wire: common::WorkflowExecution) -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: wire.workflow_id.into(),
        run_id: wire.run_id.into(),
    }
}

fn payloads(fields: BTreeMap<String, common::Payload>) -> BTreeMap<String, Payload> {
    fields
        .into_iter()
        .map(|(key, value)| (key, value.into()))
        .collect()
}

fn text(payload: Option<common::Payload>) -> Option<String> {
    String::from_payload(&payload?.into()).ok()
}

fn time(time: Option<prost_types::Timestamp>) -> Option<SystemTime> {
    time?.try_into().ok()
}

/// A limit, where zero is none.
fn duration(duration: Option<prost_types::Duration>) -> Option<Duration> {
    let limit = Duration::try_from(duration?).ok()?;
    (!limit.is_zero()).then_some(limit)
}
