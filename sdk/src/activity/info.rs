//! [`ActivityInfo`].

use std::time::{Duration, SystemTime};

use crate::convert::Payload;
use crate::ids::{ActivityId, WorkflowExecution};
use crate::retry_policy::RetryPolicy;

/// What the server says about one attempt of an activity.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ActivityInfo {
    /// The id within its run, the same in all attempts.
    pub activity_id: ActivityId,
    /// The name on the wire.
    pub activity_type: String,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The namespace that it belongs to.
    pub namespace: String,
    /// The task queue that it came from.
    pub task_queue: String,
    /// The workflow run that scheduled it; `None` if no workflow did.
    pub workflow: Option<WorkflowExecution>,
    /// The type of that workflow, or nothing.
    pub workflow_type: String,
    /// The run of an activity that no workflow scheduled, or nothing.
    pub activity_run_id: String,
    /// When the first attempt was scheduled.
    pub scheduled_time: SystemTime,
    /// When this attempt was scheduled.
    pub attempt_scheduled_time: SystemTime,
    /// When this attempt was handed to the worker.
    pub started_time: SystemTime,
    /// The longest time for all attempts together.
    pub schedule_to_close_timeout: Option<Duration>,
    /// The longest time for one attempt.
    pub start_to_close_timeout: Option<Duration>,
    /// The longest time between two heartbeats.
    pub heartbeat_timeout: Option<Duration>,
    /// What the last heartbeat of the attempt before said.
    pub heartbeat_details: Vec<Payload>,
    /// When it is tried again.
    pub retry_policy: Option<RetryPolicy>,
    /// Whether it runs inside a workflow task, without being recorded by the server first.
    pub is_local: bool,
}

/// The first attempt of nothing in particular, to be filled in by tests.
impl Default for ActivityInfo {
    fn default() -> Self {
        Self {
            activity_id: ActivityId::new(""),
            activity_type: String::new(),
            attempt: 1,
            namespace: String::new(),
            task_queue: String::new(),
            workflow: None,
            workflow_type: String::new(),
            activity_run_id: String::new(),
            scheduled_time: SystemTime::UNIX_EPOCH,
            attempt_scheduled_time: SystemTime::UNIX_EPOCH,
            started_time: SystemTime::UNIX_EPOCH,
            schedule_to_close_timeout: None,
            start_to_close_timeout: None,
            heartbeat_timeout: None,
            heartbeat_details: Vec::new(),
            retry_policy: None,
            is_local: false,
        }
    }
}

impl ActivityInfo {
    /// The run whose activity it is.
    pub(super) fn run_id(&self) -> &str {
        match &self.workflow {
            Some(workflow) => workflow.run_id.as_str(),
            None => &self.activity_run_id,
        }
    }
}
