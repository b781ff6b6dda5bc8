//! [`Scene`]: a client, and a worker on a task queue of its own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use outlast::client::{StartCall, TaskQueueSet};
use outlast::convert::{Args, InputOf};
use outlast::definition::{Workflow, WorkflowFn};
use outlast::{Client, Worker};

use super::Res;
use super::flags::Flags;
use super::workflows::{Acts, Fan, Hello, Parked, Seq, Signals, Sleeper, Timers};

/// What every benchmark on a server needs.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) client: Client,
    pub(crate) acts: Acts,
    /// The workflow's id where there is one, and where ids begin where there are many.
    pub(crate) tag: String,
    queue: String,
}

pub(crate) async fn connect(flags: &Flags) -> Res<Client> {
    let builder = Client::builder(flags.text("address", "127.0.0.1:7243"))
        .namespace(flags.text("namespace", "default"));
    let builder = match flags.text("gzip", "off") {
        "on" => builder.compress_requests(),
        "off" => builder,
        other => return Err(format!("--gzip {other}: expected on or off").into()),
    };
    Ok(builder.connect().await?)
}

/// Runs a worker for as long as `job` takes.
pub(crate) async fn with_worker<T, F>(flags: &Flags, job: impl FnOnce(Scene) -> F) -> Res<T>
where
    F: Future<Output = Res<T>> + Send,
    T: Send,
{
    let nonce = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let scene = Scene {
        client: connect(flags).await?,
        acts: Acts::default(),
        tag: flags.text("id", &format!("wf-{nonce}")).to_owned(),
        queue: format!("bench-{nonce}"),
    };
    let worker = worker(flags, &scene)?;
    let mut outcome = None;
    let job = job(scene);
    worker
        .run_until(async { outcome = Some(job.await) })
        .await?;
    outcome.unwrap_or_else(|| Err("the worker ended before the job".into()))
}

fn worker(flags: &Flags, scene: &Scene) -> Res<Worker> {
    let slots = flags.number("slots", 100)?;
    let mut builder = Worker::builder(scene.client.clone(), &scene.queue)
        .max_concurrent_workflow_tasks(slots)
        .max_concurrent_activities(slots)
        .max_cached_workflows(flags.number("cache", 10_000)?)
        .build_id("bench")
        .activities(scene.acts.clone())
        .workflow(Hello::run)
        .workflow(Seq::run)
        .workflow(Fan::run)
        .workflow(Timers::run)
        .workflow(Signals::run)
        .workflow(Parked::run)
        .workflow(Sleeper::run);
    if let polls @ 1.. = flags.number("pollers", 0)? {
        builder = builder
            .max_concurrent_workflow_task_polls(polls)
            .max_concurrent_activity_polls(polls);
    }
    // The number that may start at once is fixed: three for each task.
    if flags.number("eager", 3)? == 0 {
        builder = builder.disable_eager_activities();
    }
    Ok(builder.build()?)
}

impl Scene {
    /// A start of a workflow on the worker's queue.
    pub(crate) fn start<F, M>(
        &self,
        workflow: F,
        input: InputOf<<F::Workflow as Workflow>::Args>,
        id: String,
    ) -> StartCall<F::Workflow, TaskQueueSet>
    where
        F: WorkflowFn<M>,
        <F::Workflow as Workflow>::Args: Args,
    {
        self.client
            .start(workflow, input)
            .task_queue(&self.queue)
            .id(id)
            .execution_timeout(Duration::from_mins(30))
    }
}
