//! Workflows under test: mocks, virtual time, and tests that fail instead of hanging.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use outlast::prelude::*;
use outlast::{CancelReason, RetryPolicy};
use outlast_testing::TestEnv;

#[activity(start_to_close_timeout = "30s")]
async fn charge(order: String, cents: u64) -> Result<u64, ActivityError> {
    Ok(cents + order.len() as u64)
}

#[activity(start_to_close_timeout = "30s")]
async fn refund(cents: u64) -> Result<(), ActivityError> {
    unreachable!("no test refunds {cents} for real")
}

#[derive(Default)]
struct Approval {
    approvals: Vec<String>,
}

#[workflow]
impl Approval {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, needed: usize) -> WorkflowResult<u64> {
        let in_time = ctx.wait_until(|a| a.approvals.len() >= needed);
        if !in_time.timeout(Duration::from_hours(24)).await? {
            return Err(WorkflowError::application(
                "TooLate",
                "nobody approved in time",
            ));
        }
        Ok(ctx.activity(charge, ("pen".to_owned(), 39)).await?)
    }

    #[signal]
    fn approve(&mut self, by: String) {
        self.approvals.push(by);
    }

    #[query]
    fn count(&self) -> usize {
        self.approvals.len()
    }

    #[update]
    async fn approve_later(ctx: WorkflowContext<Self>, by: String) -> WorkflowResult<usize> {
        ctx.sleep(Duration::from_hours(2)).await?;
        ctx.state().approvals.push(by);
        let count = ctx.state().approvals.len();
        Ok(count)
    }

    #[validate(approve_later)]
    fn check_name(&self, by: String) -> WorkflowResult<()> {
        match by.as_str() {
            "" => Err(WorkflowError::application("Nameless", "who are you?")),
            _ => Ok(()),
        }
    }
}

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
async fn retries_back_off_in_virtual_time() {
    #[workflow]
    async fn tries(ctx: WorkflowContext) -> WorkflowResult<u64> {
        let policy = RetryPolicy::new()
            .initial_interval(Duration::from_mins(1))
            .max_attempts(3);
        Ok(ctx
            .activity(charge, ("pen".to_owned(), 1))
            .retry(policy)
            .await?)
    }
    let attempts = AtomicU32::new(0);
    let env = TestEnv::new().mock(charge, move |_| {
        match attempts.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(ActivityError::application("Down", "no line")),
            _ => Ok(7),
        }
    });
    let begun = env.now();
    assert_eq!(env.execute(tries, ()).await.unwrap(), 7);
    let after = |call: &outlast_testing::Call<_>| call.at.duration_since(begun).unwrap().as_secs();
    let calls = env.calls(charge);
    let when: Vec<_> = calls
        .iter()
        .map(|call| (call.attempt, after(call)))
        .collect();
    assert_eq!(when, [(1, 0), (2, 60), (3, 180)]);
}

#[tokio::test]
async fn a_failed_activity_fails_the_workflow_with_its_kind() {
    #[workflow]
    async fn once(ctx: WorkflowContext) -> WorkflowResult<u64> {
        Ok(ctx.activity(charge, ("pen".to_owned(), 1)).await?)
    }
    let env = TestEnv::new().mock(charge, |_| {
        Err(ActivityError::application("Declined", "no").non_retryable())
    });
    let error = env.execute(once, ()).await.unwrap_err();
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
    assert!(
        matches!(error, outlast::client::ResultError::Canceled { .. }),
        "{error:?}"
    );
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
            .cancellation(outlast::ActivityCancellation::WaitCompleted)
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
#[should_panic(expected = "out of ink")]
async fn a_panic_in_a_workflow_fails_the_test_with_its_message() {
    #[workflow]
    async fn panics(ctx: WorkflowContext) -> WorkflowResult<()> {
        ctx.sleep(Duration::from_secs(1)).await?;
        panic!("out of ink")
    }
    let _ = TestEnv::new().execute(panics, ()).await;
}

#[derive(Default)]
struct Forever;

#[workflow]
impl Forever {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(ctx.wait_until(|_| false).await?)
    }
}

#[tokio::test]
#[should_panic(expected = "last await at testing/tests/env.rs")]
async fn a_workflow_that_waits_for_nothing_fails_the_test_and_says_where() {
    let _ = TestEnv::new().execute(Forever::run, ()).await;
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
