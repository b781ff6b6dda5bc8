//! Virtual time in the hands of a test.

use std::time::Duration;

use outlast::prelude::*;
use outlast_testing::TestEnv;

use crate::scene::*;

/// Sleeps for an hour, then for two, and so on.
#[workflow]
async fn naps(ctx: WorkflowContext, count: u32) -> WorkflowResult<u32> {
    for number in 1..=count {
        ctx.sleep(number * HOUR).await?;
    }
    Ok(count)
}

#[tokio::test]
async fn skipping_tells_what_was_due() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    let napping = env.start(naps, 2).id("n").run_timeout(100 * HOUR).await;
    let fired = env.skip_to_next().await.unwrap();
    assert_eq!(
        (fired.what.as_str(), fired.workflow_id.as_str()),
        ("timer \"1\"", "n")
    );
    assert_eq!(watch.elapsed(), HOUR);
    let pending: Vec<String> = env.pending_timers().into_iter().map(|t| t.what).collect();
    assert_eq!(pending, ["timer \"2\"", "workflow run timeout"]);
    env.skip_to_next().await.unwrap();
    assert_eq!(napping.result().await.unwrap(), 2);
    assert_eq!(env.skip_to_next().await, None);
}

#[tokio::test]
async fn running_until_idle_leaves_only_what_no_time_can_change() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    let approval = env.start(Approval::run, 1).run_timeout(100 * HOUR).await;
    let napping = env.start(naps, 3).await;
    env.run_until_idle().await;
    assert_eq!(watch.elapsed(), 24 * HOUR);
    assert_eq!(napping.result().await.unwrap(), 3);
    assert!(approval.result().await.is_err());
    assert_eq!(watch.elapsed(), 24 * HOUR);
}

#[tokio::test]
async fn running_until_idle_does_not_wait_for_crons() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    env.start(naps, 1).await;
    let cron = env.start(naps, 1).with(|call| call.cron("0 */6 * * *"));
    let cron = cron.id("cron").await;
    env.run_until_idle().await;
    assert_eq!(watch.elapsed(), HOUR);
    let runs = || {
        env.histories()
            .iter()
            .filter(|run| run.workflow_id() == Some("cron".into()))
            .count()
    };
    env.run_until(async || runs() == 3).await;
    assert_eq!(watch.elapsed(), 13 * HOUR);
    cron.terminate("it has no end").await.unwrap();
}

#[tokio::test]
async fn running_until_something_holds_goes_no_further() {
    let env = TestEnv::new().mock(charge, |_| Ok(1));
    let watch = Stopwatch::start(&env);
    let approval = env.start(Approval::run, 5).await;
    let update = approval.start_update(Approval::approve_later, "ada".to_owned());
    update.await.unwrap();
    env.run_until(async || approval.query(Approval::count, ()).await.unwrap() == 1)
        .await;
    assert_eq!(watch.elapsed(), 2 * HOUR);
}

#[tokio::test]
#[should_panic(expected = "the condition at testing/tests/env/timing.rs")]
async fn running_until_something_that_never_holds_fails_the_test() {
    let env = TestEnv::new();
    env.start(naps, 1).await;
    env.run_until(async || false).await;
}

#[tokio::test]
#[should_panic(expected = "time cannot be set back by 3600s")]
async fn time_does_not_go_back() {
    let env = TestEnv::new();
    let earlier = env.now() - HOUR;
    env.set_time(earlier).await;
}

#[tokio::test]
async fn time_can_be_set_ahead() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    let napping = env.start(naps, 1).await;
    env.set_time(env.now() + 5 * HOUR).await;
    assert_eq!(napping.result().await.unwrap(), 1);
    assert_eq!(watch.elapsed(), 5 * HOUR);
}

#[tokio::test]
async fn a_hold_keeps_time_from_passing_and_is_seen() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    let napping = env.start(naps, 1).await;
    let hold = env.hold("the fixture is being read");
    let waiting = tokio::time::timeout(Duration::from_millis(20), napping.result());
    assert!(waiting.await.is_err());
    let diagnostics = env.diagnostics();
    assert!(
        diagnostics.contains("held: the fixture is being read"),
        "{diagnostics}"
    );
    drop(hold);
    napping.result().await.unwrap();
    assert_eq!(watch.elapsed(), HOUR);
}

#[tokio::test]
async fn real_time_is_no_virtual_time() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    let napping = env.start(naps, 1).await;
    let work = env.real_time(async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        watch.elapsed()
    });
    let (elapsed, result) = tokio::join!(work, napping.result());
    assert_eq!((elapsed, result.unwrap()), (Duration::ZERO, 1));
}

#[tokio::test]
async fn an_ordinary_client_skips_time_too() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    env.start(naps, 2).id("n").await;
    let handle = env.client().workflow(naps, "n");
    assert_eq!(handle.result().await.unwrap(), 2);
    assert_eq!(watch.elapsed(), 3 * HOUR);
}

#[tokio::test]
async fn what_is_due_at_once_happens_in_the_order_in_which_it_was_set() {
    #[workflow]
    async fn together(ctx: WorkflowContext) -> WorkflowResult<Vec<u32>> {
        let order = std::sync::Mutex::new(Vec::new());
        let timer = async |number: u32| {
            ctx.sleep(HOUR).await?;
            order.lock().unwrap().push(number);
            WorkflowResult::Ok(())
        };
        let (a, b, c) = outlast::join!(timer(1), timer(2), timer(3));
        a.and(b).and(c)?;
        Ok(order.into_inner().unwrap())
    }
    for _ in 0..10 {
        let env = TestEnv::new();
        assert_eq!(env.execute(together, ()).await.unwrap(), [1, 2, 3]);
    }
}
