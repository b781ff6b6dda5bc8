//! Connections that break.

use std::time::Duration;

use outlast::Client;
use outlast::prelude::*;

use crate::backend::on_each_port;
use crate::desk::{Desk, Note};
use crate::eventually::{event, events, eventually};
use crate::proxy::Proxy;
use crate::scene::Scene;
use crate::switches::{on_trip, trip};

const SOON: Duration = Duration::from_secs(1);

#[activity(start_to_close_timeout = "30s")]
async fn double(number: u32) -> Result<u32, ActivityError> {
    Ok(number * 2)
}

#[workflow]
async fn waits_and_doubles(ctx: WorkflowContext) -> WorkflowResult<u32> {
    let attempt = ctx.activity(Desk::waits, ()).await?;
    Ok(ctx.activity(double, 20 + attempt).await?)
}

/// Waits for its numbers, one after the other.
#[derive(Default)]
struct Steps {
    taken: u32,
}

#[workflow]
impl Steps {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, wanted: u32) -> WorkflowResult<u32> {
        for step in 1..=wanted {
            ctx.wait_until(move |steps| steps.taken >= step).await?;
            trip(&ctx);
            ctx.sleep(Duration::from_millis(1)).await?;
        }
        Ok(ctx.state().taken)
    }

    #[signal]
    fn step(&mut self) {
        self.taken += 1;
    }
}

/// A bad connection to the scene's server.
async fn bad_connection(scene: &Scene) -> (Proxy, Client) {
    let address = scene.address.as_deref().expect("the server has a port");
    let proxy = Proxy::to(address).await;
    let client = Client::connect_lazy(proxy.address()).expect("the address is one");
    (proxy, client)
}

#[test]
fn polls_go_on_over_a_new_connection() {
    on_each_port(async |scene| {
        let (proxy, client) = bad_connection(scene).await;
        let worker = scene.worker_over(&client).workflow(Steps::run);
        let _worker = worker.run();
        let steps = scene.start(Steps::run, 3).task_timeout(SOON).await.unwrap();
        for _ in 0..3 {
            let connections = eventually("the worker connects", async || {
                Some(proxy.accepted()).filter(|accepted| *accepted > 0)
            });
            let connections = connections.await;
            proxy.cut();
            eventually("the worker connects again", async || {
                (proxy.accepted() > connections).then_some(())
            })
            .await;
            steps.signal(Steps::step, ()).await.unwrap();
        }
        assert_eq!(steps.result().await.unwrap(), 3);
    });
}

#[test]
fn the_outcome_of_an_activity_outlives_an_outage() {
    on_each_port(async |scene| {
        let (proxy, client) = bad_connection(scene).await;
        let (desk, notes) = Desk::new();
        let worker = scene.worker_over(&client).workflow(waits_and_doubles);
        let _worker = worker.activities(desk).activity(double).run();
        let workflow = scene.start(waits_and_doubles, ()).await.unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        proxy.refuse();
        notes.open_gate();
        eventually("the worker tries again", async || {
            (proxy.refused() >= 2).then_some(())
        })
        .await;
        proxy.accept();
        assert_eq!(workflow.result().await.unwrap(), 42);
    });
}

#[test]
fn an_outcome_whose_receipt_is_lost_counts_once() {
    on_each_port(async |scene| {
        let (proxy, client) = bad_connection(scene).await;
        let (desk, notes) = Desk::new();
        let worker = scene.worker_over(&client).workflow(waits_and_doubles);
        let worker = worker.activities(desk).activity(double);
        let _worker = worker
            .with(|builder| builder.sticky_schedule_to_start_timeout(SOON))
            .run();
        let call = scene.start(waits_and_doubles, ()).task_timeout(SOON);
        let workflow = call.await.unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        proxy.hold_answers();
        notes.open_gate();
        // The server has the outcome, and the worker does not know.
        event(&workflow, "ActivityTaskCompleted").await;
        proxy.lose_answers();
        assert_eq!(workflow.result().await.unwrap(), 42);
        let events = events(&workflow).await;
        let completed = events
            .iter()
            .filter(|event| event.starts_with("ActivityTaskCompleted"));
        assert_eq!(completed.count(), 2, "{events:?}");
    });
}

#[test]
fn a_workflow_task_whose_receipt_is_lost_is_replayed() {
    on_each_port(async |scene| {
        let (proxy, client) = bad_connection(scene).await;
        let worker = scene.worker_over(&client).workflow(Steps::run);
        let _worker = worker
            .with(|builder| builder.sticky_schedule_to_start_timeout(SOON))
            .run();
        let steps = scene.start(Steps::run, 2).task_timeout(SOON).await.unwrap();
        event(&steps, "WorkflowTaskCompleted").await;
        let connection = proxy.clone();
        on_trip(steps.workflow_id(), move || connection.hold_answers());
        steps.signal(Steps::step, ()).await.unwrap();
        // The server has what the task came to, and the worker does not know.
        event(&steps, "TimerStarted").await;
        proxy.lose_answers();
        steps.signal(Steps::step, ()).await.unwrap();
        assert_eq!(steps.result().await.unwrap(), 2);
    });
}

#[test]
fn a_worker_waits_for_a_server_that_is_not_there_yet() {
    on_each_port(async |scene| {
        let (proxy, client) = bad_connection(scene).await;
        proxy.refuse();
        let worker = scene.worker_over(&client).workflow(Steps::run);
        let _worker = worker.run();
        let steps = scene.start(Steps::run, 1).await.unwrap();
        steps.signal(Steps::step, ()).await.unwrap();
        eventually("the worker tries", async || {
            (proxy.refused() >= 3).then_some(())
        })
        .await;
        proxy.accept();
        assert_eq!(steps.result().await.unwrap(), 1);
    });
}

#[test]
fn a_client_that_waits_for_a_result_connects_again() {
    on_each_port(async |scene| {
        let (proxy, client) = bad_connection(scene).await;
        let _worker = scene.worker().workflow(Steps::run).run();
        let steps = scene.start(Steps::run, 1).await.unwrap();
        let waiting = client.workflow(Steps::run, steps.workflow_id().clone());
        let (result, ()) = tokio::join!(waiting.result(), async {
            eventually("the client waits", async || {
                (proxy.accepted() > 0).then_some(())
            })
            .await;
            proxy.cut();
            eventually("the client waits again", async || {
                (proxy.accepted() > 1).then_some(())
            })
            .await;
            steps.signal(Steps::step, ()).await.unwrap();
        });
        assert_eq!(result.unwrap(), 1);
    });
}

#[test]
fn a_worker_stops_without_its_server() {
    on_each_port(async |scene| {
        let (proxy, client) = bad_connection(scene).await;
        let worker = scene.worker_over(&client).workflow(Steps::run);
        let worker = worker.run();
        let steps = scene.start(Steps::run, 1).await.unwrap();
        eventually("the worker connects", async || {
            (proxy.accepted() > 0).then_some(())
        })
        .await;
        proxy.refuse();
        worker.stop().await;
        steps.terminate("nobody is left").await.unwrap();
    });
}
