//! What mocks answer: values, failures, timeouts, heartbeats, in virtual time.

use outlast::client::ResultError;
use outlast::prelude::*;
use outlast::{ActivityCancellation, RetryPolicy, TimeoutKind};
use outlast_testing::TestEnv;

use crate::scene::*;

#[tokio::test]
async fn answers_come_one_after_the_other_and_the_last_one_stays() {
    let env = TestEnv::new();
    env.on(charge).fails(down()).returns(7).returns(8);
    for want in [7, 8, 8] {
        assert_eq!(env.execute(buy, 1).await.unwrap(), want);
    }
    assert_eq!(env.calls(charge).len(), 4);
}

#[tokio::test]
async fn retries_back_off_in_virtual_time() {
    #[workflow]
    async fn tries(ctx: WorkflowContext) -> WorkflowResult<u64> {
        let policy = RetryPolicy::new().initial_interval(MINUTE).max_attempts(3);
        let charging = ctx.activity(charge, ("pen".to_owned(), 1)).retry(policy);
        Ok(charging.await?)
    }
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    env.on(charge).fails(down()).fails(down()).returns(7);
    assert_eq!(env.execute(tries, ()).await.unwrap(), 7);
    let calls = env.calls(charge);
    let when: Vec<_> = calls
        .iter()
        .map(|call| (call.attempt, watch.at(call.at)))
        .collect();
    assert_eq!(when, [(1, Duration::ZERO), (2, MINUTE), (3, 3 * MINUTE)]);
}

#[tokio::test]
async fn calls_tell_what_came_of_them() {
    let env = TestEnv::new();
    env.on(charge).fails(down()).returns(7);
    env.execute(buy, 1).await.unwrap();
    let calls = env.calls(charge);
    let failure = calls[0].result.clone().unwrap().unwrap_err();
    assert_eq!(failure.application_kind(), Some("Down"));
    assert_eq!(calls[1].result.clone().unwrap().unwrap(), 7);
    assert_eq!(calls[1].input, ("pen".to_owned(), 1));
    assert_eq!(calls[0].activity_id, calls[1].activity_id);
    assert_eq!(
        calls[0].workflow.as_ref().unwrap().workflow_id.as_str(),
        "buy-1"
    );
}

#[tokio::test]
async fn a_non_retryable_failure_is_final() {
    let env = TestEnv::new();
    let declined = ActivityError::application("Declined", "no funds").non_retryable();
    env.on(charge).once().fails(declined);
    let error = env.execute(buy, 1).await.unwrap_err();
    assert_eq!(error.application_kind(), Some("Declined"));
}

#[tokio::test]
async fn an_answer_takes_virtual_time() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    env.on(copy)
        .heartbeats(every(5 * MINUTE, 12))
        .after(HOUR)
        .returns(100);
    assert_eq!(env.execute(backup, ()).await.unwrap(), 100);
    assert_eq!(watch.elapsed(), HOUR);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_times_out() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    env.on(charge).after(HOUR).returns(1).returns(2);
    assert_eq!(env.execute(buy, 1).await.unwrap(), 2);
    // The start-to-close timeout, and the pause before the second attempt.
    assert_eq!(watch.elapsed().as_secs(), 31);
    assert!(env.calls(charge)[0].result.is_some(), "it gave up");
}

#[tokio::test]
async fn several_attempts_take_their_time_side_by_side() {
    #[workflow]
    async fn race(ctx: WorkflowContext) -> WorkflowResult<Vec<u64>> {
        let call = |rows| {
            ctx.activity(copy, rows)
                .heartbeat_timeout(10 * HOUR)
                .start()
        };
        let copies = outlast::join_all(vec![call(3), call(1), call(2)]).await;
        Ok(copies.into_iter().collect::<Result<_, _>>()?)
    }
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    for rows in 1..=3u32 {
        let rows = u64::from(rows);
        env.on(copy)
            .with_args(rows)
            .after(rows as u32 * HOUR)
            .returns(rows);
    }
    assert_eq!(env.execute(race, ()).await.unwrap(), [3, 1, 2]);
    assert_eq!(watch.elapsed(), 3 * HOUR);
}

#[tokio::test]
async fn a_mock_can_run_into_a_timeout() {
    let env = TestEnv::new();
    env.on(charge)
        .times_out(TimeoutKind::StartToClose)
        .returns(7);
    assert_eq!(env.execute(buy, 1).await.unwrap(), 7);

    #[workflow]
    async fn bounded(ctx: WorkflowContext) -> WorkflowResult<u64> {
        let charging = ctx.activity(charge, ("pen".to_owned(), 1));
        Ok(charging.schedule_to_close_timeout(HOUR).await?)
    }
    let env = TestEnv::new();
    env.on(charge).times_out(TimeoutKind::ScheduleToClose);
    let error = env.execute(bounded, ()).await.unwrap_err();
    let timeout = error.failure().unwrap().as_timeout().unwrap().timeout;
    assert_eq!(timeout, TimeoutKind::ScheduleToClose);
}

#[tokio::test]
#[should_panic(expected = "is to run into its ScheduleToClose timeout, but the call has none")]
async fn a_timeout_that_the_call_does_not_have_fails_the_test() {
    let env = TestEnv::new();
    env.on(charge).times_out(TimeoutKind::ScheduleToClose);
    let _ = env.execute(buy, 1).await;
}

#[tokio::test]
async fn heartbeats_come_by_script_and_are_carried_to_the_next_attempt() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    env.on(copy)
        .heartbeats(every(5 * MINUTE, 3))
        .times_out(TimeoutKind::Heartbeat)
        .answers_async(|ctx: ActivityContext, rows| async move {
            Ok(rows + ctx.last_heartbeat::<u64>()?.unwrap_or(0))
        });
    assert_eq!(env.execute(backup, ()).await.unwrap(), 103);
    // Three heartbeats, the timeout after the last, and the pause before the next attempt.
    assert_eq!(watch.elapsed().as_secs(), 3 * 300 + 600 + 1);
}

#[tokio::test]
async fn a_heartbeat_hears_of_the_cancellation() {
    #[workflow]
    async fn copies(ctx: WorkflowContext) -> WorkflowResult<u64> {
        let copying = ctx.activity(copy, 100);
        let copying = copying.cancellation(ActivityCancellation::WaitCompleted);
        Ok(copying.await?)
    }
    let env = TestEnv::new();
    env.on(copy).heartbeats(every(5 * MINUTE, 100)).returns(100);
    let copying = env.start(copies, ()).await;
    env.sleep(12 * MINUTE).await;
    let watch = Stopwatch::start(&env);
    copying.cancel().await.unwrap();
    let error = copying.result().await.unwrap_err();
    assert!(matches!(error, ResultError::Canceled { .. }), "{error:?}");
    assert_eq!(watch.elapsed(), 3 * MINUTE);
}

#[tokio::test]
async fn an_activity_that_completes_later_lets_time_pass() {
    #[workflow]
    async fn patient(ctx: WorkflowContext) -> WorkflowResult<bool> {
        let charging = ctx.activity(charge, ("pen".to_owned(), 1));
        let charging = charging.start_to_close_timeout(HOUR).start();
        ctx.sleep(MINUTE).await?;
        charging.cancel();
        Ok(charging.await.is_err())
    }
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    env.on(charge).completes_later();
    assert!(env.execute(patient, ()).await.unwrap());
    assert_eq!(watch.elapsed(), MINUTE);
    assert!(env.calls(charge)[0].result.is_none());
}

#[tokio::test]
async fn a_spy_calls_the_real_activity() {
    let env = TestEnv::new().activity(charge);
    env.on(charge).with(|(_, cents)| *cents > 10).returns(0);
    env.on(charge)
        .with(|(_, cents)| *cents <= 10)
        .once()
        .calls_real();
    assert_eq!(env.execute(buy, 10).await.unwrap(), 13);
    assert_eq!(env.execute(buy, 11).await.unwrap(), 0);
}

#[tokio::test]
async fn activities_that_nobody_mocked_can_be_answered_all_at_once() {
    use outlast::convert::ToPayload;
    let env = TestEnv::new().mock_others(|ctx, arguments| {
        assert_eq!(ctx.info().activity_type, "charge");
        Ok((arguments.len() as u64).to_payload()?)
    });
    assert_eq!(env.execute(buy, 1).await.unwrap(), 2);
    assert_eq!(env.activities_called(), ["charge"]);
}

/// Heartbeats at the same distance, each with its number.
fn every(distance: Duration, count: u32) -> impl Iterator<Item = (Duration, u64)> {
    (1..=count).map(move |number| (number * distance, u64::from(number)))
}
