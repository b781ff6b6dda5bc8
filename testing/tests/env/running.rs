//! Workflows that run, with real and with mocked activities.

use std::time::Duration;

use outlast::client::ResultError;
use outlast::prelude::*;
use outlast::{ActivityCancellation, CancelReason};
use outlast_testing::TestEnv;

use crate::scene::*;

#[tokio::test]
async fn a_workflow_runs_with_mocked_activities() {
    let env = TestEnv::new().mock(charge, |(_order, cents)| Ok(cents * 2));
    let order = env.start(Approval::run, 1).await;
    order
        .signal(Approval::approve, "ada".to_owned())
        .await
        .unwrap();
    assert_eq!(order.result().await.unwrap(), 78);
    let calls = env.calls(charge);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].input, ("pen".to_owned(), 39));
    assert!(env.calls(refund).is_empty());
}

#[tokio::test]
async fn a_workflow_runs_with_real_activities() {
    let env = TestEnv::new().activity(charge);
    let order = env.start(Approval::run, 1).await;
    order
        .signal(Approval::approve, "ada".to_owned())
        .await
        .unwrap();
    assert_eq!(order.result().await.unwrap(), 42);
    assert_eq!(env.calls(charge).len(), 1);
}

#[tokio::test]
async fn time_stands_still_between_statements_and_jumps_when_waited_for() {
    let env = TestEnv::new();
    let begun = env.now();
    let order = env.start(Approval::run, 1).await;
    order.advance(Duration::from_hours(23)).await;
    assert_eq!(order.query(Approval::count, ()).await.unwrap(), 0);
    assert_eq!(env.now(), begun + Duration::from_hours(23));
    let error = order.result().await.unwrap_err();
    assert_eq!(error.application_kind(), Some("TooLate"));
    assert_eq!(env.now(), begun + Duration::from_hours(24));
}

#[tokio::test]
async fn an_update_skips_time_until_it_is_done() {
    let env = TestEnv::new().mock(charge, |_| Ok(1));
    let begun = env.now();
    let order = env.start(Approval::run, 1).await;
    let refused = order
        .update(Approval::approve_later, String::new())
        .await
        .unwrap_err();
    assert_eq!(refused.application_kind(), Some("Nameless"));
    let count = order
        .update(Approval::approve_later, "bob".to_owned())
        .await
        .unwrap();
    assert_eq!(count, 1);
    assert_eq!(env.now(), begun + Duration::from_hours(2));
    assert_eq!(order.result().await.unwrap(), 1);
}

#[tokio::test]
async fn a_failed_activity_fails_the_workflow_with_its_kind() {
    let env = TestEnv::new().mock(charge, |_| {
        Err(ActivityError::application("Declined", "no").non_retryable())
    });
    let error = env.execute(buy, 1).await.unwrap_err();
    assert_eq!(error.application_kind(), Some("Declined"));
}

#[tokio::test]
async fn an_activity_that_nobody_mocked_fails_at_once_and_is_named() {
    #[workflow]
    async fn forgets(ctx: WorkflowContext) -> WorkflowResult<()> {
        Ok(ctx.activity(refund, 5).await?)
    }
    let error = TestEnv::new().execute(forgets, ()).await.unwrap_err();
    assert_eq!(error.application_kind(), Some("NotFoundError"));
    assert!(
        error
            .failure()
            .unwrap()
            .report()
            .contains("`refund` is not registered"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_cancellation_reaches_the_workflow() {
    let env = TestEnv::new();
    let order = env.start(Approval::run, 1).await;
    order.cancel().await.unwrap();
    let error = order.result().await.unwrap_err();
    assert!(matches!(error, ResultError::Canceled { .. }), "{error:?}");
}

#[tokio::test]
async fn a_running_activity_hears_of_its_cancellation_by_heartbeat() {
    #[activity(start_to_close_timeout = "1h", heartbeat_timeout = "10s")]
    async fn copy(_ctx: ActivityContext) -> Result<String, ActivityError> {
        unreachable!("mocked")
    }
    #[workflow]
    async fn copies(ctx: WorkflowContext) -> WorkflowResult<String> {
        let copying = ctx
            .activity(copy, ())
            .cancellation(ActivityCancellation::WaitCompleted)
            .start();
        outlast::select! {
            _ = ctx.canceled() => {}
        }
        Ok(copying.await?)
    }
    let env = TestEnv::new().mock_async(copy, |ctx: ActivityContext, ()| async move {
        while !ctx.is_canceled() {
            ctx.heartbeat(&1);
            tokio::task::yield_now().await;
        }
        assert_eq!(ctx.cancel_reason(), Some(CancelReason::Requested));
        Ok("stopped in time".to_owned())
    });
    let copying = env.start(copies, ()).await;
    while env.calls(copy).is_empty() {
        tokio::task::yield_now().await;
    }
    copying.cancel().await.unwrap();
    assert_eq!(copying.result().await.unwrap(), "stopped in time");
}

#[tokio::test]
async fn a_workflow_continues_as_new_until_it_is_done() {
    #[workflow]
    async fn count_down(ctx: WorkflowContext, left: u32, total: u32) -> WorkflowResult<u32> {
        if left == 0 {
            return Ok(total);
        }
        Err(ctx
            .continue_as_new_as(count_down, (left - 1, total + left))
            .into())
    }
    assert_eq!(
        TestEnv::new().execute(count_down, (4, 0)).await.unwrap(),
        10
    );
}

#[tokio::test]
async fn environments_are_independent() {
    let (one, other) = (TestEnv::new(), TestEnv::new());
    one.sleep(Duration::from_hours(5)).await;
    assert_eq!(one.now(), other.now() + Duration::from_hours(5));
}
