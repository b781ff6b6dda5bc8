//! What a workflow can learn about itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::convert::{DecodeError, FromPayload};
use crate::engine::{CoreHandle, ExecutionStarted};
use crate::failure::Failure;
use crate::ids::{RunId, WorkflowExecution, WorkflowId};
use crate::retry_policy::RetryPolicy;

/// What is known of a workflow execution from its start.
///
/// # Examples
/// ```
/// # use outlast::prelude::*;
/// #[workflow]
/// async fn follows_up(ctx: WorkflowContext) -> WorkflowResult<String> {
///     let info = ctx.info();
///     // What the run before this one returned, for a cron workflow.
///     let last = info.last_result::<u32>()?.unwrap_or(0);
///     Ok(format!("{} on {}, after {last}", info.workflow_id(), info.task_queue()))
/// }
/// ```
#[derive(Clone)]
pub struct WorkflowInfo {
    execution: WorkflowExecution,
    namespace: Arc<str>,
    started: Arc<ExecutionStarted>,
}

impl WorkflowInfo {
    pub(super) fn new(core: &CoreHandle) -> Self {
        let core = core.lock();
        Self {
            execution: core.execution.clone(),
            namespace: Arc::clone(&core.namespace),
            started: Arc::clone(&core.started),
        }
    }

    /// The id that the starter chose.
    #[must_use]
    pub fn workflow_id(&self) -> &WorkflowId {
        &self.execution.workflow_id
    }

    /// This run.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.execution.run_id
    }

    /// The namespace it runs in.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The type's name on the wire.
    #[must_use]
    pub fn workflow_type(&self) -> &str {
        &self.started.workflow_type
    }

    /// The queue of its tasks.
    #[must_use]
    pub fn task_queue(&self) -> &str {
        &self.started.task_queue
    }

    /// 1, or more when the workflow's retry policy started this run.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.started.attempt
    }

    /// The first run of the chain of runs.
    #[must_use]
    pub fn first_run_id(&self) -> &str {
        &self.started.first_run
    }

    /// The run that this one continues.
    #[must_use]
    pub fn continued_run_id(&self) -> Option<&RunId> {
        self.started.continued_run.as_ref()
    }

    /// The workflow that started it as a child.
    #[must_use]
    pub fn parent(&self) -> Option<&WorkflowExecution> {
        self.started.parent.as_ref()
    }

    /// The longest time for this run, if there is a limit.
    #[must_use]
    pub fn run_timeout(&self) -> Option<Duration> {
        self.started.run_timeout
    }

    /// The longest time for the chain of runs, if there is a limit.
    #[must_use]
    pub fn execution_timeout(&self) -> Option<Duration> {
        self.started.execution_timeout
    }

    /// When the server retries the workflow.
    #[must_use]
    pub fn retry_policy(&self) -> Option<&RetryPolicy> {
        self.started.retry.as_ref()
    }

    /// The cron schedule, if the workflow has one.
    #[must_use]
    pub fn cron_schedule(&self) -> Option<&str> {
        self.started.cron.as_deref()
    }

    /// The result of the last successful run of a cron schedule.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn last_result<T: FromPayload>(&self) -> Result<Option<T>, DecodeError> {
        self.started
            .last_result
            .first()
            .map(T::from_payload)
            .transpose()
    }

    /// How the run before failed, in a chain of retries or a cron schedule.
    #[must_use]
    pub fn last_failure(&self) -> Option<&Failure> {
        self.started.last_failure.as_ref()
    }
}

impl fmt::Debug for WorkflowInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkflowInfo")
            .field("execution", &self.execution)
            .field("workflow_type", &self.workflow_type())
            .finish_non_exhaustive()
    }
}

/// What is known of a run's history, as of the workflow task that is under way.
///
/// # Examples
/// ```
/// # use outlast::prelude::*;
/// #[workflow]
/// async fn rounds(ctx: WorkflowContext, round: u32) -> WorkflowResult<u32> {
///     ctx.sleep(Duration::from_mins(1)).await?;
///     let history = ctx.history();
///     if history.continue_as_new_suggested() || history.events() > 5_000 {
///         let next = ctx.continue_as_new_as(rounds, round + 1).task_queue("quiet");
///         return Err(next.into());
///     }
///     Ok(round)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HistoryInfo {
    events: u64,
    bytes: u64,
    continue_as_new_suggested: bool,
}

impl HistoryInfo {
    pub(super) fn new(core: &CoreHandle) -> Self {
        let facts = core.lock().facts;
        Self {
            events: u64::try_from(facts.history_length).unwrap_or(0),
            bytes: facts.history_bytes,
            continue_as_new_suggested: facts.continue_as_new_suggested,
        }
    }

    /// The number of events.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The size in bytes, as the server counts it.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the server thinks that it is time to continue as new.
    #[must_use]
    pub fn continue_as_new_suggested(&self) -> bool {
        self.continue_as_new_suggested
    }
}
