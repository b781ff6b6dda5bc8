//! Workflows that fail, and workflow tasks that do.

use std::time::Duration;

use outlast::client::{ResultError, StartCall, TaskQueueSet, WorkflowStatus};
use outlast::definition::Workflow;
use outlast::prelude::*;

use crate::backend::on_each_backend;
use crate::eventually::{event, events, eventually};
use crate::switches::{count_try, is_mended, is_undone, mend, tries, undo};

const SHORT: Duration = Duration::from_millis(10);

#[activity(start_to_close_timeout = "30s")]
async fn double(number: u32) -> Result<u32, ActivityError> {
    Ok(number * 2)
}

/// Lets the server try again soon where a task fails, but not before it could be reported.
fn impatient<K: Workflow>(call: StartCall<K, TaskQueueSet>) -> StartCall<K, TaskQueueSet> {
    call.task_timeout(Duration::from_secs(3))
}

#[test]
fn an_error_fails_the_workflow_with_its_kind_and_details() {
    #[workflow]
    async fn fails(_ctx: WorkflowContext, has_own_kind: bool) -> WorkflowResult<()> {
        if has_own_kind {
            return Err(WorkflowError::application("Broke", "no money").detail(&7));
        }
        u8::try_from(256)?;
        Ok(())
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(fails).run();
        let broke = scene.start(fails, true).await.unwrap().result().await;
        let broke = broke.unwrap_err();
        assert_eq!(broke.application_kind(), Some("Broke"));
        let application = broke.failure().and_then(Failure::as_application);
        assert_eq!(application.unwrap().detail::<u32>(0).unwrap(), 7);

        let any = scene.start(fails, false).await.unwrap().result().await;
        let any = any.unwrap_err();
        assert_eq!(any.application_kind(), Some("TryFromIntError"));
        let report = any.failure().unwrap().report();
        assert!(report.contains("out of range"), "{report}");
    });
}

#[test]
fn a_workflow_that_takes_too_long_times_out() {
    #[workflow]
    async fn dawdles(ctx: WorkflowContext) -> WorkflowResult<()> {
        Ok(ctx.sleep(Duration::from_hours(1)).await?)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(dawdles).run();
        let soon = Duration::from_secs(1);
        let workflow = scene.start(dawdles, ()).run_timeout(soon).await.unwrap();
        let error = workflow.result().await.unwrap_err();
        assert!(matches!(error, ResultError::TimedOut), "{error:?}");
        assert_eq!(
            workflow.describe().await.unwrap().status,
            WorkflowStatus::TimedOut
        );
    });
}

#[test]
fn a_retry_policy_runs_a_failed_workflow_again() {
    #[workflow]
    async fn persists(ctx: WorkflowContext) -> WorkflowResult<(u32, bool)> {
        let info = ctx.info();
        if info.attempt() < 3 {
            return Err(WorkflowError::application("NotYet", "try again"));
        }
        let is_told_why = info
            .last_failure()
            .is_some_and(|failure| failure.message() == "try again");
        Ok((info.attempt(), is_told_why))
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(persists).run();
        let policy = RetryPolicy::new()
            .initial_interval(SHORT)
            .backoff_coefficient(1.0);
        let workflow = scene.start(persists, ()).retry(policy).await.unwrap();
        assert_eq!(workflow.result().await.unwrap(), (3, true));
        let first = workflow.result().of_this_run().await.unwrap_err();
        assert_eq!(first.application_kind(), Some("NotYet"));
    });
}

#[test]
fn a_panic_fails_the_task_and_the_workflow_goes_on_when_the_code_is_mended() {
    #[workflow]
    async fn breaks(ctx: WorkflowContext) -> WorkflowResult<u32> {
        let doubled = ctx.activity(double, 21).await?;
        assert!(is_mended(&ctx), "out of ink");
        Ok(doubled)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(breaks).activity(double).run();
        let workflow = impatient(scene.start(breaks, ())).await.unwrap();
        event(&workflow, "WorkflowTaskFailed").await;
        assert_eq!(
            workflow.describe().await.unwrap().status,
            WorkflowStatus::Running
        );
        mend(workflow.workflow_id());
        assert_eq!(workflow.result().await.unwrap(), 42);
    });
}

#[test]
fn a_panic_in_the_first_task_does_no_harm_either() {
    #[workflow]
    async fn breaks(ctx: WorkflowContext) -> WorkflowResult<u32> {
        assert!(is_mended(&ctx), "out of ink");
        Ok(ctx.activity(double, 21).await?)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(breaks).activity(double).run();
        let workflow = impatient(scene.start(breaks, ())).await.unwrap();
        event(&workflow, "WorkflowTaskFailed").await;
        mend(workflow.workflow_id());
        assert_eq!(workflow.result().await.unwrap(), 42);
    });
}

#[test]
fn a_result_that_is_too_large_fails_the_task_until_it_is_smaller() {
    #[workflow]
    async fn returns_much(ctx: WorkflowContext) -> WorkflowResult<String> {
        let length = if is_mended(&ctx) { 10 } else { 3 << 20 };
        Ok("x".repeat(length))
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(returns_much).run();
        let workflow = impatient(scene.start(returns_much, ())).await.unwrap();
        event(&workflow, "WorkflowTaskFailed").await;
        mend(workflow.workflow_id());
        assert_eq!(workflow.result().await.unwrap().len(), 10);
    });
}

#[test]
fn code_that_disagrees_with_history_fails_the_task_until_it_agrees_again() {
    #[workflow]
    async fn changes(ctx: WorkflowContext) -> WorkflowResult<u32> {
        // The deployment that swaps the steps is undone by a second one.
        if is_mended(&ctx) && !is_undone(&ctx) {
            ctx.sleep(SHORT).await?;
        }
        let doubled = ctx.activity(double, 21).await?;
        ctx.sleep(Duration::from_secs(1)).await?;
        Ok(doubled)
    }
    on_each_backend(async |scene| {
        let worker = scene.worker().workflow(changes).activity(double);
        let _worker = worker.with(|builder| builder.max_cached_workflows(0)).run();
        let workflow = impatient(scene.start(changes, ())).await.unwrap();
        event(&workflow, "TimerStarted").await;
        mend(workflow.workflow_id());
        event(&workflow, "WorkflowTaskFailed").await;
        undo(workflow.workflow_id());
        assert_eq!(workflow.result().await.unwrap(), 42);
    });
}

#[test]
fn a_workflow_whose_code_disagrees_for_good_can_be_terminated() {
    #[workflow]
    async fn strays(ctx: WorkflowContext) -> WorkflowResult<u32> {
        if is_mended(&ctx) {
            ctx.activity(double, 1).await?;
        }
        ctx.sleep(SHORT).await?;
        ctx.sleep(Duration::from_secs(1)).await?;
        Ok(0)
    }
    on_each_backend(async |scene| {
        let worker = scene.worker().workflow(strays).activity(double);
        let _worker = worker.with(|builder| builder.max_cached_workflows(0)).run();
        let workflow = scene.start(strays, ()).await.unwrap();
        scene.leave_unreplayed(&workflow);
        event(&workflow, "TimerStarted").await;
        mend(workflow.workflow_id());
        event(&workflow, "WorkflowTaskFailed").await;
        let history = workflow.history().await.unwrap();
        let replayer = outlast::Replayer::new().workflow(strays);
        let error = replayer.replay(&history).unwrap_err();
        assert!(
            matches!(error, outlast::ReplayError::Nondeterminism(_)),
            "{error:?}"
        );
        workflow.terminate("beyond repair").await.unwrap();
        let error = workflow.result().await.unwrap_err();
        assert!(matches!(error, ResultError::Terminated { .. }), "{error:?}");
    });
}

#[test]
fn a_workflow_of_an_unknown_type_waits_for_a_worker_that_knows_it() {
    #[workflow]
    async fn known(_ctx: WorkflowContext) -> WorkflowResult<u32> {
        Ok(1)
    }
    #[workflow]
    async fn unknown(_ctx: WorkflowContext) -> WorkflowResult<u32> {
        Ok(2)
    }
    on_each_backend(async |scene| {
        let worker = scene.worker().workflow(known).run();
        let workflow = impatient(scene.start(unknown, ())).await.unwrap();
        event(&workflow, "WorkflowTaskFailed").await;
        worker.stop().await;
        let _worker = scene.worker().workflow(known).workflow(unknown).run();
        assert_eq!(workflow.result().await.unwrap(), 2);
    });
}

#[test]
fn arguments_that_cannot_be_read_fail_the_task_only() {
    #[workflow]
    async fn takes_number(_ctx: WorkflowContext, number: u32) -> WorkflowResult<u32> {
        Ok(number)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(takes_number).run();
        let call = scene.start_by_name("takes_number", ("seven".to_owned(),));
        let workflow = call.await.unwrap();
        event(&workflow, "WorkflowTaskFailed").await;
        assert!(workflow.describe().await.unwrap().status.is_open());
        workflow.terminate("odd arguments").await.unwrap();
    });
}

#[test]
fn a_failing_task_is_reported_once_and_not_again_and_again() {
    #[workflow]
    async fn breaks(ctx: WorkflowContext) -> WorkflowResult<u32> {
        count_try(&ctx);
        assert!(is_mended(&ctx), "out of ink");
        Ok(7)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(breaks).run();
        let workflow = impatient(scene.start(breaks, ())).await.unwrap();
        event(&workflow, "WorkflowTaskFailed").await;
        // The code runs for a second time, and later runs are as silent.
        let id = workflow.workflow_id();
        eventually("another try", async || (tries(id) >= 2).then_some(())).await;
        mend(workflow.workflow_id());
        assert_eq!(workflow.result().await.unwrap(), 7);
        let events = events(&workflow).await;
        let failed = events
            .iter()
            .filter(|event| event.starts_with("WorkflowTaskFailed"));
        assert_eq!(failed.count(), 1, "{events:?}");
    });
}
