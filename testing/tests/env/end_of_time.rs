//! What a test hears that waits for longer than virtual time goes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use outlast::prelude::*;
use outlast_testing::{ActivityTime, TestEnv};

use crate::scene::*;

/// The first moment that never comes.
fn end() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(253_370_764_800)
}

/// An environment whose time ends in an hour.
fn last_hour() -> TestEnv {
    TestEnv::starting_at(end() - HOUR)
}

#[workflow]
async fn waits(ctx: WorkflowContext, hours: u32) -> WorkflowResult<()> {
    Ok(ctx.sleep(hours * HOUR).await?)
}

#[tokio::test]
#[should_panic(expected = "the sleep at testing/tests/env/end_of_time.rs")]
async fn a_sleep_beyond_the_end_fails_the_test_at_once() {
    TestEnv::new().sleep(Duration::MAX).await;
}

#[tokio::test]
#[should_panic(expected = "virtual time ends with the year 9998")]
async fn so_does_an_advance() {
    last_hour().advance(HOUR).await;
}

#[tokio::test]
#[should_panic(expected = "virtual time ends with the year 9998")]
async fn so_does_an_advance_of_a_handle() {
    let env = last_hour();
    env.start(waits, 2).await.advance(HOUR).await;
}

#[tokio::test]
#[should_panic(expected = "virtual time ends with the year 9998")]
async fn so_does_setting_the_clock_to_the_end() {
    TestEnv::new().set_time(end()).await;
}

#[tokio::test]
#[should_panic(expected = "a sleep is to come after")]
async fn so_does_a_sleep_of_the_server() {
    last_hour().server().sleep(2 * HOUR).await;
}

#[tokio::test]
#[should_panic(expected = "the callback at testing/tests/env/end_of_time.rs")]
async fn so_does_a_callback() {
    TestEnv::new().after(Duration::MAX, async {});
}

#[tokio::test]
async fn time_passes_until_just_before_the_end() {
    let env = last_hour();
    let last = HOUR - Duration::from_nanos(1);
    env.sleep(last).await;
    assert_eq!(env.now(), end() - Duration::from_nanos(1));
}

#[tokio::test]
async fn what_is_due_beyond_the_end_is_not_due() {
    let env = last_hour();
    let watch = Stopwatch::start(&env);
    let waiting = env.start(waits, 2).await;
    env.run_until_idle().await;
    assert_eq!(env.pending_timers(), []);
    assert_eq!(env.skip_to_next().await, None);
    assert_eq!(watch.elapsed(), Duration::ZERO);
    waiting.terminate("it has no end").await.unwrap();
}

#[tokio::test]
#[should_panic(expected = "nothing is due any more, and the condition at testing/tests/env/")]
async fn a_condition_that_comes_true_beyond_the_end_fails_the_test_at_once() {
    let env = last_hour();
    let waiting = env.start(waits, 2).await;
    let closed = async || waiting.describe().await.unwrap().close_time.is_some();
    env.run_until(closed).await;
}

#[tokio::test]
#[should_panic(expected = "never comes, because virtual time ends before: timer \"1\"")]
async fn a_result_that_comes_beyond_the_end_fails_the_test_at_once() {
    let env = last_hour();
    let _ = env.execute(waits, 2).await;
}

#[tokio::test]
#[should_panic(expected = "virtual time ends before: end of the time that an activity takes")]
async fn so_does_one_that_waits_for_a_mock_without_end() {
    let env = TestEnv::new();
    env.on(copy).after(Duration::MAX).returns(1);
    let _ = env.execute(endless, ()).await;
}

#[tokio::test]
#[should_panic(expected = "virtual time ends before: end of the time that an activity takes")]
async fn so_does_one_that_waits_for_an_activity_without_end() {
    let env = TestEnv::new()
        .mock(copy, |_| Ok(1))
        .activity_time(copy, ActivityTime::Takes(Duration::MAX));
    let _ = env.execute(endless, ()).await;
}

/// Copies, however long that takes.
#[workflow]
async fn endless(ctx: WorkflowContext) -> WorkflowResult<u64> {
    let ever = Duration::from_secs(u64::MAX >> 2);
    let copying = ctx.activity(copy, 100).start_to_close_timeout(ever);
    Ok(copying.heartbeat_timeout(ever).await?)
}
