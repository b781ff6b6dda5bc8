//! What an activity and its workflow see when the activity is canceled.

use std::time::Duration;

use outlast::prelude::*;
use outlast::{ActivityCancellation, CancelReason};

use crate::backend::on_each_backend;
use crate::desk::{Desk, Note};
use crate::eventually::events;
use crate::running::WorkerSetup;

/// Cancels its activity when told to, and then waits to be told to end.
#[derive(Default)]
struct Canceler {
    is_to_cancel: bool,
    is_to_end: bool,
    seen: Option<String>,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
enum Way {
    Abandon,
    TryCancel,
    WaitCompleted,
}

#[workflow]
impl Canceler {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, way: Way, gives_in: bool) -> WorkflowResult<String> {
        let way = match way {
            Way::Abandon => ActivityCancellation::Abandon,
            Way::TryCancel => ActivityCancellation::TryCancel,
            Way::WaitCompleted => ActivityCancellation::WaitCompleted,
        };
        let activity = ctx
            .activity(Desk::listens, gives_in)
            .cancellation(way)
            .start();
        ctx.wait_until(|canceler| canceler.is_to_cancel).await?;
        activity.cancel();
        let seen = match activity.await {
            Ok(result) => result,
            Err(failure) if failure.is_canceled() => "canceled".to_owned(),
            Err(failure) => return Err(failure.into()),
        };
        ctx.state().seen = Some(seen.clone());
        ctx.wait_until(|canceler| canceler.is_to_end).await?;
        Ok(seen)
    }

    #[signal]
    fn cancel(&mut self) {
        self.is_to_cancel = true;
    }

    #[signal]
    fn end(&mut self) {
        self.is_to_end = true;
    }

    #[update]
    async fn seen(ctx: WorkflowContext<Self>) -> WorkflowResult<String> {
        ctx.wait_until(|canceler| canceler.seen.is_some()).await?;
        let seen = ctx.state().seen.clone();
        Ok(seen.expect("it was waited for"))
    }
}

fn attentive(worker: WorkerSetup<'_>) -> WorkerSetup<'_> {
    worker.with(|builder| builder.max_heartbeat_throttle(Duration::from_millis(50)))
}

#[test]
fn a_caller_that_tries_to_cancel_goes_on_at_once_and_the_activity_hears_of_it() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let worker = scene.worker().workflow(Canceler::run).activities(desk);
        let _worker = attentive(worker).run();
        let workflow = scene
            .start(Canceler::run, (Way::TryCancel, true))
            .await
            .unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        workflow.signal(Canceler::cancel, ()).await.unwrap();
        assert_eq!(
            workflow.update(Canceler::seen, ()).await.unwrap(),
            "canceled"
        );
        assert_eq!(notes.next().await, Note::Stopped(CancelReason::Requested));
        workflow.signal(Canceler::end, ()).await.unwrap();
        assert_eq!(workflow.result().await.unwrap(), "canceled");
    });
}

#[test]
fn a_caller_that_waits_gets_what_the_activity_made_of_it() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let worker = scene.worker().workflow(Canceler::run).activities(desk);
        let _worker = attentive(worker).run();
        for (gives_in, want) in [(true, "canceled"), (false, "cleaned up")] {
            let args = (Way::WaitCompleted, gives_in);
            let workflow = scene.start(Canceler::run, args).await.unwrap();
            assert_eq!(notes.next().await, Note::Began(1));
            workflow.signal(Canceler::cancel, ()).await.unwrap();
            assert_eq!(notes.next().await, Note::Stopped(CancelReason::Requested));
            workflow.signal(Canceler::end, ()).await.unwrap();
            assert_eq!(workflow.result().await.unwrap(), want);
        }
    });
}

#[test]
fn an_abandoned_activity_is_not_told() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let worker = scene.worker().workflow(Canceler::run).activities(desk);
        let _worker = attentive(worker).run();
        let workflow = scene
            .start(Canceler::run, (Way::Abandon, true))
            .await
            .unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        workflow.signal(Canceler::cancel, ()).await.unwrap();
        assert_eq!(
            workflow.update(Canceler::seen, ()).await.unwrap(),
            "canceled"
        );
        notes.open_gate();
        crate::eventually::event(&workflow, "ActivityTaskCompleted").await;
        workflow.signal(Canceler::end, ()).await.unwrap();
        assert_eq!(workflow.result().await.unwrap(), "canceled");
        assert_eq!(notes.rest().await, []);
        let asked = "ActivityTaskCancelRequested";
        let events = events(&workflow).await;
        assert!(
            !events.iter().any(|event| event.starts_with(asked)),
            "{events:?}"
        );
    });
}

#[test]
fn a_dropped_activity_is_canceled() {
    #[workflow]
    async fn hurries(ctx: WorkflowContext) -> WorkflowResult<String> {
        outlast::select! {
            _ = ctx.activity(Desk::listens, true) => Ok("the activity".to_owned()),
            _ = ctx.sleep(Duration::from_millis(50)) => {
                // The activity hears of it only while the workflow is open.
                ctx.sleep(Duration::from_secs(2)).await?;
                Ok("the timer".to_owned())
            }
        }
    }
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let worker = scene.worker().workflow(hurries).activities(desk);
        let _worker = attentive(worker).run();
        let workflow = scene.start(hurries, ()).await.unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        assert_eq!(notes.next().await, Note::Stopped(CancelReason::Requested));
        assert_eq!(workflow.result().await.unwrap(), "the timer");
    });
}

#[test]
fn an_activity_of_a_workflow_that_is_gone_is_told_to_stop() {
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let worker = scene.worker().workflow(Canceler::run).activities(desk);
        let _worker = attentive(worker).run();
        let workflow = scene
            .start(Canceler::run, (Way::TryCancel, true))
            .await
            .unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        workflow.terminate("enough").await.unwrap();
        assert_eq!(notes.next().await, Note::Stopped(CancelReason::NotFound));
    });
}
