//! [`WorkerBuilder`].

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::Worker;
use super::error::BuildError;
use super::limits::Limits;
use super::programs::{AroundPrograms, Programs};
use super::settings::{Settings, Sticky, Throttle};
use crate::activity::{ActivityImpl, ActivityRegistry, ActivitySet};
use crate::client::Client;
use crate::definition::{ActivityFn, WorkflowFn};
use crate::engine::Program;
use crate::options::WorkflowOptions;
use crate::workflow::{WorkflowImpl, program_with};

/// Sets up a [`Worker`].
///
/// # Examples
/// ```no_run
/// use std::time::Duration;
///
/// use outlast::prelude::*;
/// use outlast::{Worker, WorkflowOptions};
///
/// struct Printer {
///     pages_per_minute: u32,
/// }
///
/// #[activities]
/// impl Printer {
///     #[activity(start_to_close_timeout = "1m")]
///     async fn print(&self, pages: u32) -> Result<u32, ActivityError> {
///         Ok(pages / self.pages_per_minute)
///     }
/// }
///
/// #[workflow]
/// async fn letters(ctx: WorkflowContext, pages: u32) -> WorkflowResult<u32> {
///     Ok(ctx.activity(Printer::print, pages).await?)
/// }
///
/// # async fn example(client: outlast::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let worker = Worker::builder(client, "letters")
///     .workflow_with(letters, WorkflowOptions::new().fail_on_panic())
///     .activities(Printer { pages_per_minute: 10 })
///     .max_concurrent_workflow_tasks(100)
///     .max_concurrent_activities(50)
///     .max_cached_workflows(1_000)
///     .graceful_shutdown_period(Duration::from_secs(30))
///     .identity("printer-7")
///     .build_id(env!("CARGO_PKG_VERSION"))
///     .build()?;
/// worker.run_until(outlast::shutdown_signal()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a worker is built by `.build()`"]
pub struct WorkerBuilder {
    client: Client,
    task_queue: String,
    identity: Option<String>,
    build_id: Option<String>,
    programs: Programs,
    workflow_options: WorkflowOptions,
    activities: ActivityRegistry,
    limits: Limits,
    sticky_schedule_to_start_timeout: Duration,
    throttle: Throttle,
}

impl WorkerBuilder {
    pub(super) fn new(client: Client, task_queue: String) -> Self {
        Self {
            client,
            task_queue,
            identity: None,
            build_id: None,
            programs: Programs::default(),
            workflow_options: WorkflowOptions::default(),
            activities: ActivityRegistry::default(),
            limits: Limits::default(),
            sticky_schedule_to_start_timeout: Duration::from_secs(10),
            throttle: Throttle {
                default: Duration::from_secs(30),
                max: Duration::from_secs(60),
            },
        }
    }

    /// Adds a workflow: a function annotated with `#[workflow]`, or the `#[run]` method of an
    /// annotated `impl`.
    pub fn workflow<M, F>(self, workflow: F) -> Self
    where
        F: WorkflowFn<M>,
        F::Workflow: WorkflowImpl,
    {
        let options = self.workflow_options;
        self.workflow_with(workflow, options)
    }

    /// Adds a workflow whose runs are to fail otherwise when they go wrong.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "functions are passed as they are"
    )]
    pub fn workflow_with<M, F>(mut self, workflow: F, options: WorkflowOptions) -> Self
    where
        F: WorkflowFn<M>,
        F::Workflow: WorkflowImpl,
    {
        let _ = workflow;
        self.programs.add(program_with::<F::Workflow>(options));
        self
    }

    /// Adds a workflow in the form that the engine runs.
    #[doc(hidden)]
    pub fn program(mut self, program: Arc<dyn Program>) -> Self {
        self.programs.add(program);
        self
    }

    /// Has somebody stand before the workflow types, who may know more of them.
    #[doc(hidden)]
    pub fn around_programs(mut self, around: Arc<dyn AroundPrograms>) -> Self {
        self.programs.around(around);
        self
    }

    /// What becomes of runs that go wrong, for the workflows that are added after this without
    /// options of their own.
    pub fn workflow_options(mut self, options: WorkflowOptions) -> Self {
        self.workflow_options = options;
        self
    }

    /// Adds an activity: a function annotated with `#[activity]`.
    ///
    /// Methods come with the value that they are called on: [`activities`](Self::activities).
    #[expect(
        clippy::needless_pass_by_value,
        reason = "functions are passed as they are"
    )]
    pub fn activity<M, F>(mut self, activity: F) -> Self
    where
        F: ActivityFn<M>,
        F::Activity: ActivityImpl<Receiver = ()>,
    {
        let _ = activity;
        self.activities.add::<F::Activity>(Arc::new(()));
        self
    }

    /// Adds all methods of a value that are annotated with `#[activity]`. They share the value.
    pub fn activities(mut self, set: impl ActivitySet) -> Self {
        Arc::new(set).register(&mut self.activities);
        self
    }

    /// Runs the activities of a registry that was put together elsewhere, and no others.
    pub fn activity_registry(mut self, registry: ActivityRegistry) -> Self {
        self.activities = registry;
        self
    }

    /// How many threads run workflow code. Default: as many as run at the same time.
    pub fn workflow_threads(mut self, threads: usize) -> Self {
        self.limits.workflow_threads = Some(threads);
        self
    }

    /// How many workflow tasks are worked on at the same time. Default: 100.
    ///
    /// More than [`max_cached_workflows`](Self::max_cached_workflows) are of no use.
    pub fn max_concurrent_workflow_tasks(mut self, tasks: usize) -> Self {
        self.limits.workflow_tasks = tasks;
        self
    }

    /// How many activities run at the same time. Default: 100.
    ///
    /// Each blocking activity takes a thread, of which the tokio runtime has 512 unless it was
    /// built with more.
    pub fn max_concurrent_activities(mut self, activities: usize) -> Self {
        self.limits.activities = activities;
        self
    }

    /// How many workflows stay in memory between their tasks. Default: 1000.
    ///
    /// A workflow that is not in memory is replayed from its history when its next task comes.
    /// 0 replays each workflow for each task, which finds nondeterminism early.
    pub fn max_cached_workflows(mut self, workflows: usize) -> Self {
        self.limits.cached_workflows = workflows;
        self
    }

    /// How many polls for workflow tasks are open at the same time. Default: 5.
    pub fn max_concurrent_workflow_task_polls(mut self, polls: usize) -> Self {
        self.limits.workflow_polls = polls;
        self
    }

    /// How many polls for activities are open at the same time. Default: 5.
    pub fn max_concurrent_activity_polls(mut self, polls: usize) -> Self {
        self.limits.activity_polls = polls;
        self
    }

    /// How long a task for a workflow that this worker has in memory waits for this worker
    /// alone. Default: 10 s.
    pub fn sticky_schedule_to_start_timeout(mut self, timeout: Duration) -> Self {
        self.sticky_schedule_to_start_timeout = timeout;
        self
    }

    /// How long activities may go on when the worker stops, before they are told to stop too.
    /// Default: until they are done.
    pub fn graceful_shutdown_period(mut self, period: Duration) -> Self {
        self.limits.grace = Some(period);
        self
    }

    /// How often heartbeats of activities without a heartbeat timeout are sent at the most.
    /// Default: every 30 s.
    pub fn default_heartbeat_throttle(mut self, interval: Duration) -> Self {
        self.throttle.default = interval;
        self
    }

    /// The longest time between two heartbeats that are sent. Default: 60 s.
    pub fn max_heartbeat_throttle(mut self, interval: Duration) -> Self {
        self.throttle.max = interval;
        self
    }

    /// Leaves each activity to its task queue, also where this worker could run it at once.
    pub fn disable_eager_activities(mut self) -> Self {
        self.limits.is_eager = false;
        self
    }

    /// How the worker names itself in histories. Default: as the client does.
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// Names the build of the program, for people who look at histories.
    pub fn build_id(mut self, build_id: impl Into<String>) -> Self {
        self.build_id = Some(build_id.into());
        self
    }

    /// Checks everything and makes the worker, which does nothing before it is run.
    ///
    /// # Errors
    /// When names collide or are reserved, when a limit is too small, when there is nothing to
    /// run, or when the program aborts on a panic.
    pub fn build(self) -> Result<Worker, BuildError> {
        check_panics(cfg!(panic = "abort"))?;
        self.check_names()?;
        self.limits.check()?;
        let identity = self
            .identity
            .unwrap_or_else(|| self.client.identity().to_owned());
        let keeps_runs = !self.programs.is_empty() && self.limits.cached_workflows > 0;
        let sticky = keeps_runs.then(|| Sticky {
            queue: format!("{identity}-{}", Uuid::new_v4().simple()),
            schedule_to_start_timeout: self.sticky_schedule_to_start_timeout,
        });
        let settings = Settings {
            namespace: self.client.namespace().to_owned(),
            identity,
            task_queue: self.task_queue,
            sticky,
            instance_key: Uuid::new_v4().to_string(),
            build_id: self.build_id,
            throttle: self.throttle,
        };
        Ok(Worker {
            client: self.client,
            settings: Arc::new(settings),
            programs: Arc::new(self.programs),
            activities: self.activities,
            limits: self.limits,
        })
    }

    fn check_names(&self) -> Result<(), BuildError> {
        if self.task_queue.is_empty() {
            return Err(BuildError::UnnamedTaskQueue);
        }
        if self.programs.is_empty() && self.activities.is_empty() {
            return Err(BuildError::NothingRegistered);
        }
        if let Some(name) = self.programs.duplicates().first() {
            return Err(BuildError::DuplicateWorkflow { name });
        }
        if let Some(name) = self.activities.duplicates().first() {
            return Err(BuildError::DuplicateActivity { name });
        }
        check_name("a task queue", &self.task_queue)?;
        let activities = self.activities.names().map(|name| ("an activity", name));
        activities
            .chain(self.programs.names())
            .try_for_each(|(what, name)| check_name(what, name))
    }
}

/// Refuses names that belong to the server, or to queries that every workflow answers.
fn check_name(what: &'static str, name: &str) -> Result<(), BuildError> {
    let is_query = matches!(name, "__stack_trace" | "__enhanced_stack_trace");
    if is_query || name.starts_with("__temporal_") {
        return Err(BuildError::ReservedName {
            what,
            name: name.to_owned(),
        });
    }
    Ok(())
}

/// One workflow that panics must not end the others.
fn check_panics(abort: bool) -> Result<(), BuildError> {
    if abort {
        return Err(BuildError::PanicAborts);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
