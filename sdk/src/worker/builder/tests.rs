use outlast_proto::temporal::api::workflowservice::v1::workflow_service_server::{
    WorkflowService, WorkflowServiceServer,
};

use super::*;
use crate::definition::{Activity, ActivityFuture, MissingTimeout};
use crate::prelude::*;

#[workflow]
async fn ship(_ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(())
}

#[activity]
async fn pack() -> Result<(), ActivityError> {
    Ok(())
}

/// The attribute refuses such a name before the builder can.
struct Reserved;

impl Activity for Reserved {
    const NAME: &'static str = "__temporal_pack";
    type Args = ();
    type Return = Result<(), ActivityError>;
    type Timeout = MissingTimeout;
}

impl ActivityImpl for Reserved {
    type Receiver = ();

    fn call(_: Arc<()>, _: ActivityContext, (): ()) -> ActivityFuture<'static, Self> {
        ActivityFuture::new(async { Ok(()) })
    }
}

struct Unreached;

impl WorkflowService for Unreached {}

fn builder(task_queue: &str) -> WorkerBuilder {
    let service = WorkflowServiceServer::new(Unreached);
    let client = Client::from_service(service, "default".to_owned(), "tester".to_owned());
    Worker::builder(client, task_queue)
}

fn refusal(builder: WorkerBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn a_worker_without_anything_to_run_is_refused() {
    assert!(refusal(builder("orders")).contains("add what the worker is to run"));
}

#[test]
fn a_task_queue_needs_a_name() {
    assert!(refusal(builder("").workflow(ship)).contains("no name"));
}

#[test]
fn names_that_collide_are_refused() {
    let twice = builder("orders").workflow(ship).workflow(ship);
    assert!(refusal(twice).contains("workflow `ship` is registered twice"));
    let twice = builder("orders").activity(pack).activity(pack);
    assert!(refusal(twice).contains("activity `pack` is registered twice"));
}

#[test]
fn names_of_the_server_are_refused() {
    let mut reserved = builder("orders").workflow(ship);
    reserved.activities.add::<Reserved>(Arc::new(()));
    let message = refusal(reserved);
    assert!(
        message.contains("`__temporal_pack` of an activity is reserved"),
        "{message}"
    );
    let message = refusal(builder("__temporal_orders").workflow(ship));
    assert!(message.contains("of a task queue is reserved"), "{message}");
}

#[test]
fn limits_that_are_too_small_are_refused() {
    for (builder, want) in [
        (
            builder("orders").max_concurrent_activities(0),
            "`max_concurrent_activities` is 0",
        ),
        (
            builder("orders").max_concurrent_activity_polls(0),
            "has to be at least 1",
        ),
        (
            builder("orders").max_concurrent_workflow_tasks(1),
            "set `max_cached_workflows` to 0",
        ),
        (
            builder("orders").max_concurrent_workflow_task_polls(1),
            "has to be at least 2",
        ),
    ] {
        let message = refusal(builder.workflow(ship));
        assert!(message.contains(want), "{message}");
    }
}

#[test]
fn without_a_cache_one_slot_is_enough() {
    let worker = builder("orders")
        .workflow(ship)
        .max_cached_workflows(0)
        .max_concurrent_workflow_tasks(1)
        .max_concurrent_workflow_task_polls(1)
        .build()
        .unwrap();
    assert!(worker.settings.sticky.is_none());
}

#[test]
fn the_identity_is_that_of_the_client_unless_another_is_set() {
    let worker = builder("orders").workflow(ship).build().unwrap();
    assert_eq!(worker.settings.identity, "tester");
    let worker = builder("orders")
        .workflow(ship)
        .identity("till")
        .build()
        .unwrap();
    let sticky = worker.settings.sticky.as_ref().unwrap();
    assert!(sticky.queue.starts_with("till-"), "{}", sticky.queue);
}

#[test]
fn a_running_worker_can_be_spawned() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let worker = builder("orders").workflow(ship).build().unwrap();
    drop(is_send(worker.run()));
}

#[test]
fn a_program_that_aborts_on_a_panic_is_refused() {
    let error = check_panics(true).unwrap_err();
    assert!(error.to_string().contains("`panic = \"abort\"`"), "{error}");
    assert!(check_panics(cfg!(panic = "abort")).is_ok());
}
