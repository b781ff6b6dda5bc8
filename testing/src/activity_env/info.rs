//! What a server would say about an attempt.

use std::time::{Duration, SystemTime};

use outlast::activity::TaskToken;
use outlast::convert::ToPayload;
use outlast::definition::{Activity, ActivityFn};
use outlast::{ActivityId, ActivityInfo, RetryPolicy, WorkflowExecution};

use super::ActivityEnv;

/// The first attempt of the first activity of a workflow.
pub(super) fn first_attempt(now: SystemTime) -> ActivityInfo {
    let mut info = ActivityInfo::default();
    info.activity_id = "1".into();
    info.activity_type = "activity".to_owned();
    info.namespace = "default".to_owned();
    info.task_queue = "test".to_owned();
    info.workflow = Some(WorkflowExecution {
        workflow_id: "workflow".into(),
        run_id: "run".into(),
    });
    info.workflow_type = "Workflow".to_owned();
    info.scheduled_time = now;
    info.attempt_scheduled_time = now;
    info.started_time = now;
    info
}

impl ActivityEnv {
    /// The activity's name, as its definition has it.
    #[must_use]
    pub fn of<F, M>(self, _activity: F) -> Self
    where
        F: ActivityFn<M>,
    {
        self.set(|info| info.activity_type = F::Activity::NAME.to_owned())
    }

    /// Sets any field of what the activity is told.
    ///
    /// # Examples
    /// ```
    /// # use outlast_testing::ActivityEnv;
    /// let env = ActivityEnv::new().set(|info| info.is_local = true);
    /// assert!(env.context().info().is_local);
    /// ```
    #[must_use]
    pub fn set(mut self, change: impl FnOnce(&mut ActivityInfo)) -> Self {
        change(&mut self.info);
        self
    }

    /// The id within the workflow. Default: `1`.
    #[must_use]
    pub fn activity_id(self, id: impl Into<ActivityId>) -> Self {
        self.set(|info| info.activity_id = id.into())
    }

    /// The name on the wire. Default: `activity`.
    #[must_use]
    pub fn activity_type(self, name: impl Into<String>) -> Self {
        self.set(|info| info.activity_type = name.into())
    }

    /// Which attempt it is. Default: 1, the first.
    #[must_use]
    pub fn attempt(self, attempt: u32) -> Self {
        self.set(|info| info.attempt = attempt)
    }

    /// The namespace. Default: `default`.
    #[must_use]
    pub fn namespace(self, namespace: impl Into<String>) -> Self {
        self.set(|info| info.namespace = namespace.into())
    }

    /// The task queue. Default: `test`.
    #[must_use]
    pub fn task_queue(self, name: impl Into<String>) -> Self {
        self.set(|info| info.task_queue = name.into())
    }

    /// The workflow that scheduled it: its type, its id and its run. Default: `Workflow`,
    /// `workflow` and `run`.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast::CancelReason;
    /// # use outlast_testing::ActivityEnv;
    /// # use outlast::WorkflowExecution;
    /// let execution = WorkflowExecution { workflow_id: "order-7".into(), run_id: "first".into() };
    /// let env = ActivityEnv::new().activity_id("3").workflow("Order", execution);
    /// assert_eq!(env.context().idempotency_key(), "first/3");
    /// ```
    #[must_use]
    pub fn workflow(self, workflow_type: impl Into<String>, execution: WorkflowExecution) -> Self {
        self.set(|info| {
            info.workflow_type = workflow_type.into();
            info.workflow = Some(execution);
        })
    }

    /// No workflow scheduled it.
    #[must_use]
    pub fn without_workflow(self) -> Self {
        self.set(|info| {
            info.workflow_type.clear();
            info.workflow = None;
        })
    }

    /// When the first attempt was scheduled. Default: now.
    #[must_use]
    pub fn scheduled_time(self, time: SystemTime) -> Self {
        self.set(|info| info.scheduled_time = time)
    }

    /// When this attempt was scheduled. Default: now.
    #[must_use]
    pub fn attempt_scheduled_time(self, time: SystemTime) -> Self {
        self.set(|info| info.attempt_scheduled_time = time)
    }

    /// The longest time for all attempts together. Default: none.
    #[must_use]
    pub fn schedule_to_close_timeout(self, timeout: Duration) -> Self {
        self.set(|info| info.schedule_to_close_timeout = Some(timeout))
    }

    /// The longest time for one attempt. Default: none.
    #[must_use]
    pub fn start_to_close_timeout(self, timeout: Duration) -> Self {
        self.set(|info| info.start_to_close_timeout = Some(timeout))
    }

    /// The longest time between two heartbeats. Default: none.
    #[must_use]
    pub fn heartbeat_timeout(self, timeout: Duration) -> Self {
        self.set(|info| info.heartbeat_timeout = Some(timeout))
    }

    /// What the last heartbeat of the attempt before said. Default: there was none.
    ///
    /// # Panics
    /// When the value cannot be encoded.
    #[must_use]
    #[track_caller]
    pub fn heartbeat_details(self, progress: &impl ToPayload) -> Self {
        let details = progress.to_payload();
        let details = details.unwrap_or_else(|error| panic!("the heartbeat details: {error}"));
        self.set(|info| info.heartbeat_details = vec![details])
    }

    /// When it is tried again. Default: nothing is known of that.
    #[must_use]
    pub fn retry_policy(self, policy: RetryPolicy) -> Self {
        self.set(|info| info.retry_policy = Some(policy))
    }

    /// The token by which another program would report how the attempt ends.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast::CancelReason;
    /// # use outlast_testing::ActivityEnv;
    /// # use outlast::activity::TaskToken;
    /// /// Leaves it to somebody else to report how it ends.
    /// #[activity]
    /// async fn delegate(ctx: ActivityContext) -> Result<(), ActivityError> {
    ///     # let desk = |_token: TaskToken| ();
    ///     desk(ctx.task_token());
    ///     Err(ActivityError::completes_later())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = ActivityEnv::new().task_token(TaskToken::new("order-7"));
    /// let context = env.context();
    /// assert_eq!(context.task_token().as_bytes(), b"order-7");
    /// let later = delegate(context).await.unwrap_err();
    /// assert!(later.as_failure().is_none(), "it has not failed");
    /// # }
    /// ```
    #[must_use]
    pub fn task_token(mut self, token: TaskToken) -> Self {
        self.token = token;
        self
    }
}
