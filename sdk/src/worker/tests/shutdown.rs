//! How workers end.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::fake::{FakeServer, Queue, Said};
use super::history::*;
use super::{Working, start};
use crate::prelude::*;

#[workflow]
async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.sleep(Duration::from_hours(1)).await?;
    Ok(())
}

#[activity]
async fn nothing() -> Result<(), ActivityError> {
    Ok(())
}

/// More than any of these workers needs: nothing is under way that could take it.
const GRACE: Duration = Duration::from_secs(60);

/// Stops the worker, for which it must not need its period of grace.
async fn stop_without_grace(worker: Working) {
    let began = Instant::now();
    worker.stop().await;
    let took = began.elapsed();
    assert!(took < GRACE, "{took:?}");
}

fn farewell(
    server: &mut FakeServer,
) -> outlast_proto::temporal::api::workflowservice::v1::ShutdownWorkerRequest {
    let said = server.said_already().pop();
    match said {
        Some(Said::Shutdown(request)) => request,
        other => panic!("no farewell but {other:?}"),
    }
}

#[tokio::test]
async fn gotcha_37_a_worker_that_never_polled_ends() {
    let mut server = FakeServer::new();
    let worker = start(&server, |builder| {
        let builder = builder.graceful_shutdown_period(GRACE);
        builder.workflow(nap).activity(nothing)
    });
    stop_without_grace(worker).await;
    let request = farewell(&mut server);
    assert_eq!(
        (&*request.task_queue, &*request.identity),
        ("orders", "tester")
    );
    assert_eq!(request.task_queue_types, [1, 2]);
    assert!(request.sticky_task_queue.starts_with("tester-"));
    assert!(!request.worker_instance_key.is_empty());
}

#[tokio::test]
async fn gotcha_37_a_worker_of_activities_alone_ends() {
    let mut server = FakeServer::new();
    let worker = start(&server, |builder| {
        builder.graceful_shutdown_period(GRACE).activity(nothing)
    });
    server.polled(Queue::Activity, 5).await;
    stop_without_grace(worker).await;
    let request = farewell(&mut server);
    assert_eq!(
        (request.task_queue_types, &*request.sticky_task_queue),
        (vec![2], "")
    );
    server.polled(Queue::Activity, 0).await;
}

#[tokio::test]
async fn gotcha_37_a_worker_with_runs_in_its_cache_ends() {
    let mut server = FakeServer::new();
    for run in ["a", "b", "c"] {
        server.workflow_task(Queue::Normal, of_run(first_task("nap", None), run));
    }
    let worker = start(&server, |builder| {
        let builder = builder.graceful_shutdown_period(GRACE);
        builder.workflow(nap).max_cached_workflows(1)
    });
    for _ in 0..3 {
        let Said::TaskCompleted(_) = server.said().await else {
            panic!("no completion")
        };
    }
    stop_without_grace(worker).await;
    farewell(&mut server);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_open_polls_itself_is_given_the_time() {
    let mut server = FakeServer::new();
    server.ends_polls();
    let worker = start(&server, |builder| builder.activity(nothing));
    server.polled(Queue::Activity, 5).await;
    let began = Instant::now();
    worker.stop().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    farewell(&mut server);
}

#[tokio::test]
async fn a_worker_that_stops_lets_its_runs_go_elsewhere() {
    let mut server = FakeServer::new();
    let worker = start(&server, |builder| builder.workflow(nap));
    server.polled(Queue::Normal, 1).await;
    server.workflow_task(Queue::Normal, first_task("nap", None));
    // The task is worked on whether or not it was polled before the end.
    worker.stop().await;
    let sticky = server
        .said_already()
        .into_iter()
        .find_map(|said| match said {
            Said::TaskCompleted(request) => Some(request.sticky_attributes),
            _ => None,
        });
    assert_eq!(sticky.flatten(), None);
}

#[tokio::test(start_paused = true)]
async fn run_goes_on_until_it_is_dropped() {
    let server = FakeServer::new();
    let worker = start(&server, |builder| builder.activity(nothing));
    assert!(
        timeout(Duration::from_hours(1), worker.ended)
            .await
            .is_err()
    );
    drop(worker.stop);
}
