//! Workflows that are canceled or terminated.

use std::time::Duration;

use outlast::client::{ResultError, WorkflowStatus};
use outlast::prelude::*;

use crate::backend::on_each_backend;
use crate::desk::{Desk, Note};

const LONG: Duration = Duration::from_hours(1);

#[activity(start_to_close_timeout = "30s")]
async fn refund(cents: u64) -> Result<u64, ActivityError> {
    Ok(cents)
}

#[test]
fn a_canceled_workflow_ends_as_canceled() {
    #[workflow]
    async fn sleeps(ctx: WorkflowContext) -> WorkflowResult<()> {
        Ok(ctx.sleep(LONG).await?)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(sleeps).run();
        let workflow = scene.start(sleeps, ()).await.unwrap();
        workflow.cancel().await.unwrap();
        let error = workflow.result().await.unwrap_err();
        assert!(matches!(error, ResultError::Canceled(_)), "{error:?}");
        let seen = workflow.describe().await.unwrap();
        assert_eq!(seen.status, WorkflowStatus::Canceled);
        workflow.cancel().await.unwrap();
    });
}

#[test]
fn cleanup_in_a_shield_runs_to_its_end() {
    #[workflow]
    async fn cleans_up(ctx: WorkflowContext) -> WorkflowResult<u64> {
        let Err(canceled) = ctx.sleep(LONG).await else {
            return Ok(0);
        };
        let refunded = ctx.shield(async {
            ctx.sleep(Duration::from_millis(10)).await?;
            Ok::<_, WorkflowError>(ctx.activity(refund, 42).await?)
        });
        assert_eq!(refunded.await?, 42);
        Err(canceled.into())
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(cleans_up).activity(refund).run();
        let workflow = scene.start(cleans_up, ()).await.unwrap();
        workflow.cancel().await.unwrap();
        let error = workflow.result().await.unwrap_err();
        assert!(matches!(error, ResultError::Canceled(_)), "{error:?}");
        let events = crate::eventually::events(&workflow).await;
        assert!(
            events
                .iter()
                .any(|event| event.starts_with("ActivityTaskCompleted"))
        );
    });
}

#[test]
fn a_workflow_may_complete_although_it_was_canceled_and_knows_why() {
    #[workflow]
    async fn stays(ctx: WorkflowContext) -> WorkflowResult<String> {
        let reason = ctx.canceled().await;
        assert_eq!(ctx.cancel_reason().as_deref(), Some(reason.as_str()));
        Ok(reason)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(stays).run();
        let workflow = scene.start(stays, ()).await.unwrap();
        workflow.cancel().reason("too slow").await.unwrap();
        assert_eq!(workflow.result().await.unwrap(), "too slow");
    });
}

#[test]
fn a_workflow_that_is_canceled_before_its_first_task_ends_as_canceled() {
    #[workflow]
    async fn sleeps(ctx: WorkflowContext) -> WorkflowResult<()> {
        Ok(ctx.sleep(LONG).await?)
    }
    on_each_backend(async |scene| {
        let workflow = scene.start(sleeps, ()).await.unwrap();
        workflow.cancel().await.unwrap();
        let _worker = scene.worker().workflow(sleeps).run();
        let error = workflow.result().await.unwrap_err();
        assert!(matches!(error, ResultError::Canceled(_)), "{error:?}");
    });
}

#[test]
fn a_canceled_workflow_cancels_its_activity() {
    #[workflow]
    async fn copies(ctx: WorkflowContext) -> WorkflowResult<String> {
        let wait = outlast::ActivityCancellation::WaitCompleted;
        Ok(ctx
            .activity(Desk::listens, false)
            .cancellation(wait)
            .await?)
    }
    on_each_backend(async |scene| {
        let (desk, notes) = Desk::new();
        let worker = scene.worker().workflow(copies).activities(desk);
        let soon = Duration::from_millis(50);
        let _worker = worker
            .with(|builder| builder.max_heartbeat_throttle(soon))
            .run();
        let workflow = scene.start(copies, ()).await.unwrap();
        assert_eq!(notes.next().await, Note::Began(1));
        workflow.cancel().await.unwrap();
        assert_eq!(workflow.result().await.unwrap(), "cleaned up");
    });
}

#[test]
fn a_terminated_workflow_is_gone_at_once() {
    #[workflow]
    async fn sleeps(ctx: WorkflowContext) -> WorkflowResult<()> {
        Ok(ctx.sleep(LONG).await?)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(sleeps).run();
        let workflow = scene.start(sleeps, ()).await.unwrap();
        crate::eventually::event(&workflow, "TimerStarted").await;
        workflow.terminate("enough").detail(&7).await.unwrap();
        let error = workflow.result().await.unwrap_err();
        let ResultError::Terminated { reason, identity } = error else {
            panic!("{error:?}")
        };
        assert_eq!(reason, "enough");
        assert_eq!(identity, scene.client.identity());
    });
}
