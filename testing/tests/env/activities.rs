//! One activity by itself, and how much time activities take.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use outlast::prelude::*;
use outlast::{CancelReason, WorkflowExecution};
use outlast_testing::{ActivityEnv, ActivityTime, TestEnv};

use crate::scene::*;

#[activity]
async fn load(ctx: ActivityContext, rows: u64) -> Result<u64, ActivityError> {
    let first = ctx.last_heartbeat::<u64>()?.map_or(0, |row| row + 1);
    for row in first..rows {
        if let Some(reason) = ctx.cancel_reason() {
            return Err(ActivityError::application("Stopped", reason.to_string()));
        }
        ctx.heartbeat(&row);
        if row == 2 && ctx.info().attempt == 1 {
            return Err(ActivityError::application("Torn", "the tape is torn"));
        }
    }
    Ok(rows - first)
}

#[tokio::test]
async fn an_activity_sees_what_the_test_sets() {
    let execution = WorkflowExecution {
        workflow_id: "order-1".into(),
        run_id: "run-1".into(),
    };
    let env = ActivityEnv::new()
        .of(charge)
        .activity_id("7")
        .attempt(3)
        .task_queue("bulk")
        .namespace("shop")
        .workflow("Order", execution)
        .heartbeat_timeout(MINUTE)
        .set(|info| info.is_local = true);
    let info = env.context().info().clone();
    assert_eq!(info.activity_type, "charge");
    assert_eq!((info.attempt, info.is_local), (3, true));
    assert_eq!(
        (info.task_queue.as_str(), info.namespace.as_str()),
        ("bulk", "shop")
    );
    assert_eq!(info.heartbeat_timeout, Some(MINUTE));
    assert_eq!(info.scheduled_time, env.now());
    assert_eq!(env.context().idempotency_key(), "run-1/7");
    let alone = ActivityEnv::new().without_workflow();
    assert_eq!(alone.context().info().workflow, None);
}

#[tokio::test]
async fn attempts_carry_their_heartbeats_on() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    let env = ActivityEnv::new().on_heartbeat(move |row: u64| heard.lock().unwrap().push(row));
    let begun = env.now();
    let attempts = env
        .run_attempts(RetryPolicy::new(), async |ctx| load(ctx, 5).await)
        .await;
    assert_eq!(attempts.result.unwrap(), 2);
    assert_eq!(attempts.failed.len(), 1);
    let failure = attempts.failed[0].failure.clone().unwrap();
    assert_eq!(failure.application_kind(), Some("Torn"));
    assert_eq!(env.heartbeats::<u64>(), [0, 1, 2, 3, 4]);
    assert_eq!(*seen.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(env.now(), begun + Duration::from_secs(1));
}

#[tokio::test]
async fn attempts_end_when_the_policy_or_the_failure_says_so() {
    let fails = async |_: ActivityContext| -> Result<(), ActivityError> { Err(down()) };
    let tried = async |policy| {
        let attempts = ActivityEnv::new().run_attempts(policy, fails).await;
        assert!(attempts.result.is_err());
        attempts.failed.len()
    };
    assert_eq!(tried(RetryPolicy::new().max_attempts(3)).await, 3);
    assert_eq!(
        tried(RetryPolicy::new().non_retryable_error("Down")).await,
        1
    );

    let env = ActivityEnv::new().schedule_to_close_timeout(Duration::from_secs(4));
    let attempts = env.run_attempts(RetryPolicy::new(), fails).await;
    // At 0, 1 and 3 seconds; the next would begin at 7.
    assert_eq!(attempts.failed.len(), 3);

    let delay = ActivityEnv::new();
    let begun = delay.now();
    let delayed = async |_: ActivityContext| -> Result<(), ActivityError> {
        Err(down().next_retry_delay(HOUR))
    };
    delay
        .run_attempts(RetryPolicy::new().max_attempts(2), delayed)
        .await;
    assert_eq!(delay.now(), begun + HOUR);
}

#[tokio::test]
async fn an_activity_is_told_to_stop_and_why() {
    let env = ActivityEnv::new();
    let ctx = env.context();
    let (reason, ()) = tokio::join!(ctx.canceled(), async { env.shut_worker_down() });
    assert_eq!(reason, CancelReason::WorkerShutdown);

    let env = ActivityEnv::new();
    env.cancel(CancelReason::Paused);
    assert_eq!(env.context().cancel_reason(), Some(CancelReason::Paused));
    assert_eq!(
        env.context().cancel_reason(),
        None,
        "that was for one attempt"
    );

    let env = ActivityEnv::new().cancel_at_heartbeat(2, CancelReason::Requested);
    let error = load(env.context(), 5).await.unwrap_err();
    assert_eq!(
        error.as_failure().unwrap().message(),
        "the cancellation was requested"
    );
    assert_eq!(env.heartbeats::<u64>(), [0, 1]);
}

#[tokio::test]
async fn timeouts_run_out_in_virtual_time() {
    let env = ActivityEnv::new()
        .start_to_close_timeout(HOUR)
        .heartbeat_timeout(10 * MINUTE);
    let ctx = env.context();
    for _ in 0..5 {
        env.advance(9 * MINUTE);
        ctx.heartbeat(&());
    }
    assert!(!ctx.is_canceled());
    env.advance(10 * MINUTE);
    assert_eq!(ctx.cancel_reason(), Some(CancelReason::TimedOut));

    let ctx = env.context();
    for _ in 0..7 {
        env.advance(9 * MINUTE);
        ctx.heartbeat(&());
    }
    assert_eq!(ctx.cancel_reason(), Some(CancelReason::TimedOut));
}

#[tokio::test]
async fn an_activity_can_take_time() {
    let env = TestEnv::new()
        .activity(charge)
        .activity_time(charge, ActivityTime::Takes(Duration::from_secs(20)));
    let watch = Stopwatch::start(&env);
    assert_eq!(env.execute(buy, 4).await.unwrap(), 7);
    assert_eq!(watch.elapsed(), Duration::from_secs(20));
}

#[tokio::test]
async fn an_activity_that_takes_too_long_is_timed_out() {
    #[workflow]
    async fn once(ctx: WorkflowContext) -> WorkflowResult<u64> {
        let charging = ctx.activity(charge, ("pen".to_owned(), 1));
        Ok(charging.retry(RetryPolicy::new().max_attempts(1)).await?)
    }
    let env = TestEnv::new()
        .activity(charge)
        .activity_time(charge, ActivityTime::Takes(MINUTE));
    let watch = Stopwatch::start(&env);
    let error = env.execute(once, ()).await.unwrap_err();
    assert!(error.failure().unwrap().as_timeout().is_some(), "{error:?}");
    assert_eq!(watch.elapsed(), Duration::from_secs(30));
}

#[tokio::test]
async fn time_jumps_over_a_detached_activity() {
    #[workflow]
    async fn outlives(ctx: WorkflowContext) -> WorkflowResult<bool> {
        let charging = ctx.activity(charge, ("pen".to_owned(), 1));
        let policy = RetryPolicy::new().max_attempts(1);
        Ok(charging.retry(policy).await.is_err())
    }
    let env = TestEnv::new()
        .mock_async(charge, |_ctx, _| std::future::pending())
        .activity_time(charge, ActivityTime::Detached);
    assert!(env.execute(outlives, ()).await.unwrap());
}

#[tokio::test]
async fn time_can_flow_while_an_activity_runs() {
    let env = TestEnv::new()
        .mock_async(charge, |_ctx, _| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(7)
        })
        .activity_time(charge, ActivityTime::Flow);
    let watch = Stopwatch::start(&env);
    assert_eq!(env.execute(buy, 4).await.unwrap(), 7);
    assert!(watch.elapsed() >= Duration::from_millis(20));
    assert!(watch.elapsed() < MINUTE);
}
