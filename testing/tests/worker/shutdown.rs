//! Workers that stop.

use std::time::Duration;

use outlast::CancelReason;
use outlast::prelude::*;

use crate::backend::on_each_backend;
use crate::desk::{Desk, Note};
use crate::eventually::event;

#[workflow]
async fn winds_it_up(ctx: WorkflowContext) -> WorkflowResult<u32> {
    Ok(ctx.activity(Desk::winds_up, ()).await?)
}

#[workflow]
async fn listens_to_it(ctx: WorkflowContext) -> WorkflowResult<String> {
    let soon = RetryPolicy::new().initial_interval(Duration::from_millis(10));
    Ok(ctx.activity(Desk::listens, true).retry(soon).await?)
}

#[test]
fn a_worker_that_stops_waits_for_its_activities() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let worker = scene.worker().workflow(winds_it_up).activities(desk);
        let grace = Duration::from_millis(10);
        let worker = worker.with(|builder| builder.graceful_shutdown_period(grace));
        let mut worker = worker.run();
        let workflow = scene.start(winds_it_up, ()).await.unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        worker.ask_to_stop();
        let told = Note::Stopped(CancelReason::WorkerShutdown);
        assert_eq!(notes.next().await, told);
        assert!(!worker.has_stopped());
        notes.open_gate();
        worker.stopped().await.unwrap();
        event(&workflow, "ActivityTaskCompleted").await;
        let _another = scene.worker().workflow(winds_it_up).run();
        assert_eq!(workflow.result().await.unwrap(), 1);
    });
}

#[test]
fn without_a_grace_activities_are_not_told_that_their_worker_stops() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let worker = scene.worker().workflow(listens_to_it).activities(desk);
        let mut worker = worker.run();
        let workflow = scene.start(listens_to_it, ()).await.unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        worker.ask_to_stop();
        notes.open_gate();
        worker.stopped().await.unwrap();
        event(&workflow, "ActivityTaskCompleted").await;
        assert_eq!(notes.rest().await, []);
    });
}

#[test]
fn activities_that_take_longer_than_the_grace_are_told_and_tried_elsewhere() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let worker = || {
            scene
                .worker()
                .workflow(listens_to_it)
                .activities(desk.clone())
        };
        let grace = Duration::from_millis(50);
        let first = worker()
            .with(|builder| builder.graceful_shutdown_period(grace))
            .run();
        let workflow = scene.start(listens_to_it, ()).await.unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        first.stop().await;
        assert_eq!(
            notes.next().await,
            Note::Stopped(CancelReason::WorkerShutdown)
        );
        let _second = worker().run();
        assert_eq!(notes.next().await, Note::Began(2));
        notes.open_gate();
        assert_eq!(workflow.result().await.unwrap(), "passed");
    });
}

#[test]
fn a_worker_that_stopped_leaves_its_workflows_to_the_next_at_once() {
    #[workflow]
    async fn naps(ctx: WorkflowContext) -> WorkflowResult<u32> {
        for _ in 0..3 {
            ctx.sleep(Duration::from_millis(1)).await?;
        }
        Ok(3)
    }
    on_each_backend(async |scene| {
        let mut naps_left = Vec::new();
        for _ in 0..3 {
            naps_left.push(scene.start(naps, ()).await.unwrap());
        }
        for nap in naps_left {
            let worker = scene.worker().workflow(naps).run();
            event(&nap, "TimerStarted").await;
            worker.stop().await;
            let _next = scene.worker().workflow(naps).run();
            assert_eq!(nap.result().await.unwrap(), 3);
        }
    });
}

#[test]
fn a_worker_without_work_stops_at_once() {
    on_each_backend(async |scene| {
        let (desk, _notes) = Desk::new();
        scene.worker().workflow(winds_it_up).run().stop().await;
        scene.worker().activities(desk).run().stop().await;
    });
}
