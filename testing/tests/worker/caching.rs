//! Workers that keep few workflows in memory, or lose them.

use std::time::Duration;

use outlast::prelude::*;

use crate::backend::on_each_backend;
use crate::desk::{Desk, Note};
use crate::eventually::event;
use crate::scene::Scene;

const SOON: Duration = Duration::from_secs(1);

#[activity(start_to_close_timeout = "30s")]
async fn double(number: u32) -> Result<u32, ActivityError> {
    Ok(number * 2)
}

/// Adds what it is told, with a little of everything in between.
#[derive(Default)]
struct Sum {
    numbers: Vec<u32>,
}

#[workflow]
impl Sum {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, wanted: usize) -> WorkflowResult<u32> {
        let mut sum = 0;
        for index in 0..wanted {
            ctx.wait_until(move |sum| sum.numbers.len() > index).await?;
            let number = ctx.state().numbers[index];
            sum += ctx.activity(double, number).await?;
            ctx.sleep(Duration::from_millis(1)).await?;
        }
        Ok(sum)
    }

    #[signal]
    fn add(&mut self, number: u32) {
        self.numbers.push(number);
    }

    #[query]
    fn count(&self) -> usize {
        self.numbers.len()
    }
}

/// Runs workflows at the same time in a worker that keeps a few.
async fn workflows_fit_into(workflows: usize, cached: usize, scene: &Scene) {
    let worker = scene.worker().workflow(Sum::run).activity(double);
    let _worker = worker
        .with(|builder| builder.max_cached_workflows(cached))
        .run();
    let mut sums = Vec::new();
    for _ in 0..workflows {
        sums.push(scene.start(Sum::run, 2).await.unwrap());
    }
    for number in [1, 20] {
        for sum in &sums {
            sum.signal(Sum::add, number).await.unwrap();
        }
    }
    for sum in &sums {
        assert_eq!(sum.result().await.unwrap(), 42);
        assert_eq!(sum.query(Sum::count, ()).await.unwrap(), 2);
    }
}

#[test]
fn ten_workflows_share_a_cache_for_two() {
    on_each_backend(async |scene| workflows_fit_into(10, 2, scene).await);
}

#[test]
fn workflows_share_a_cache_for_one() {
    on_each_backend(async |scene| workflows_fit_into(4, 1, scene).await);
}

#[test]
fn workflows_run_without_a_cache() {
    on_each_backend(async |scene| workflows_fit_into(4, 0, scene).await);
}

#[test]
fn two_workers_share_a_queue() {
    on_each_backend(async |scene| {
        let worker = || scene.worker().workflow(Sum::run).activity(double).run();
        let _workers = (worker(), worker());
        let mut sums = Vec::new();
        for _ in 0..10 {
            let sum = scene.start(Sum::run, 2).await.unwrap();
            sum.signal(Sum::add, 20).await.unwrap();
            sum.signal(Sum::add, 1).await.unwrap();
            sums.push(sum);
        }
        for sum in sums {
            assert_eq!(sum.result().await.unwrap(), 42);
        }
    });
}

#[test]
fn another_worker_takes_over_from_one_that_was_killed() {
    on_each_backend(async |scene| {
        let worker = || {
            let worker = scene.worker().workflow(Sum::run).activity(double);
            worker
                .with(|builder| builder.sticky_schedule_to_start_timeout(SOON))
                .run()
        };
        let first = worker();
        let sum = scene.start(Sum::run, 2).task_timeout(SOON).await.unwrap();
        sum.signal(Sum::add, 1).await.unwrap();
        event(&sum, "TimerFired").await;
        first.kill().await;
        sum.signal(Sum::add, 20).await.unwrap();
        let _second = worker();
        assert_eq!(sum.result().await.unwrap(), 42);
    });
}

#[test]
fn a_task_that_waits_for_a_worker_that_is_gone_goes_to_another() {
    on_each_backend(async |scene| {
        let worker = || {
            let worker = scene.worker().workflow(Sum::run).activity(double);
            worker
                .with(|builder| builder.sticky_schedule_to_start_timeout(SOON))
                .run()
        };
        // Both are there all the time, so that nobody takes the sticky queue for given up.
        let (first, second) = (worker(), worker());
        let mut sums = Vec::new();
        for _ in 0..6 {
            let sum = scene.start(Sum::run, 1).task_timeout(SOON).await.unwrap();
            assert_eq!(sum.query(Sum::count, ()).await.unwrap(), 0);
            sums.push(sum);
        }
        first.kill().await;
        for sum in &sums {
            sum.signal(Sum::add, 21).await.unwrap();
        }
        for sum in &sums {
            assert_eq!(sum.result().await.unwrap(), 42);
        }
        second.stop().await;
    });
}

#[test]
fn an_activity_of_a_killed_worker_is_tried_again_elsewhere() {
    #[workflow]
    async fn survives(ctx: WorkflowContext) -> WorkflowResult<u32> {
        let soon = RetryPolicy::new().initial_interval(Duration::from_millis(10));
        let call = ctx.activity(Desk::waits, ()).retry(soon);
        Ok(call.start_to_close_timeout(SOON).await?)
    }
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let worker = || {
            let worker = scene.worker().workflow(survives).activities(desk.clone());
            worker
                .with(|builder| builder.sticky_schedule_to_start_timeout(SOON))
                .run()
        };
        let first = worker();
        let workflow = scene.start(survives, ()).task_timeout(SOON).await.unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        first.kill().await;
        let _second = worker();
        assert_eq!(notes.next().await, Note::Began(2));
        // The first attempt passes too, and the server wants to hear nothing of it any more.
        notes.open_gate();
        notes.open_gate();
        assert_eq!(workflow.result().await.unwrap(), 2);
    });
}
