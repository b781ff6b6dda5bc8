//! Timers, conditions, and waiting for several things.

use std::time::Duration;

use outlast::prelude::*;

use crate::backend::on_each_backend;
use crate::eventually::events;

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(20);

#[activity(start_to_close_timeout = "30s")]
async fn double(number: u32) -> Result<u32, ActivityError> {
    Ok(number * 2)
}

#[test]
fn time_passes_in_a_sleep() {
    #[workflow]
    async fn naps(ctx: WorkflowContext) -> WorkflowResult<bool> {
        let before = ctx.now();
        ctx.sleep(SHORT).await?;
        ctx.sleep(Duration::ZERO).summary("hardly a nap").await?;
        Ok(ctx.now().duration_since(before)? >= SHORT)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(naps).run();
        assert!(scene.start(naps, ()).await.unwrap().result().await.unwrap());
    });
}

#[test]
fn a_race_is_won_by_the_first_and_cancels_the_others() {
    #[workflow]
    async fn races(ctx: WorkflowContext) -> WorkflowResult<String> {
        Ok(outlast::select! {
            _ = ctx.sleep(LONG) => "the long timer".to_owned(),
            doubled = ctx.activity(double, 21) => format!("the activity: {}", doubled?),
        })
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(races).activity(double).run();
        let workflow = scene.start(races, ()).await.unwrap();
        assert_eq!(workflow.result().await.unwrap(), "the activity: 42");
        // The end of the run is what cancels the timer; the code says nothing of it.
        let events = events(&workflow).await;
        assert!(
            !events
                .iter()
                .any(|event| event.starts_with("TimerCanceled")),
            "{events:?}"
        );
    });
}

#[test]
fn a_timer_that_is_canceled_does_not_fire() {
    #[workflow]
    async fn changes_its_mind(ctx: WorkflowContext) -> WorkflowResult<bool> {
        let timer = ctx.sleep(LONG).start();
        ctx.sleep(SHORT).await?;
        timer.cancel();
        let was_canceled = timer.await.is_err();
        ctx.sleep(SHORT).await?;
        Ok(was_canceled)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(changes_its_mind).run();
        let workflow = scene.start(changes_its_mind, ()).await.unwrap();
        assert!(workflow.result().await.unwrap());
        let events = events(&workflow).await;
        assert!(
            events
                .iter()
                .any(|event| event.starts_with("TimerCanceled")),
            "{events:?}"
        );
    });
}

#[test]
fn different_things_are_awaited_together() {
    #[workflow]
    async fn joins(ctx: WorkflowContext) -> WorkflowResult<u32> {
        let (nap, doubled, more) = outlast::join!(
            ctx.sleep(SHORT),
            ctx.activity(double, 4),
            outlast::join_all([1, 2, 3].map(|number| ctx.activity(double, number))),
        );
        nap?;
        more.into_iter()
            .try_fold(doubled?, |sum, doubled| Ok(sum + doubled?))
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(joins).activity(double).run();
        let sum = scene.start(joins, ()).await.unwrap().result().await;
        assert_eq!(sum.unwrap(), 20);
    });
}

#[test]
fn a_wait_ends_by_its_condition_or_by_its_timeout() {
    #[derive(Default)]
    struct Door {
        is_open: bool,
    }

    #[workflow]
    impl Door {
        #[run]
        async fn run(ctx: WorkflowContext<Self>, patience: Duration) -> WorkflowResult<bool> {
            Ok(ctx
                .wait_until(|door| door.is_open)
                .timeout(patience)
                .await?)
        }

        #[signal]
        fn open(&mut self) {
            self.is_open = true;
        }
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Door::run).run();
        let patient = scene.start(Door::run, LONG).await.unwrap();
        patient.signal(Door::open, ()).await.unwrap();
        assert!(patient.result().await.unwrap());
        let hasty = scene.start(Door::run, SHORT).await.unwrap();
        assert!(!hasty.result().await.unwrap());
    });
}

#[test]
fn random_numbers_are_the_same_in_every_replay() {
    #[workflow]
    async fn draws(ctx: WorkflowContext) -> WorkflowResult<(u64, String, u64, String)> {
        let first = (ctx.random_u64(), ctx.uuid().to_string());
        ctx.sleep(SHORT).await?;
        Ok((first.0, first.1, ctx.random_u64(), ctx.uuid().to_string()))
    }
    on_each_backend(async |scene| {
        let worker = scene.worker().workflow(draws);
        let _worker = worker.with(|builder| builder.max_cached_workflows(0)).run();
        let workflow = scene.start(draws, ()).await.unwrap();
        let drawn = workflow.result().await.unwrap();
        let replayer = outlast::Replayer::new().workflow(draws);
        let replay = replayer.replay(&workflow.history().await.unwrap()).unwrap();
        assert_eq!(replay.result().unwrap(), Some(drawn));
    });
}
