//! Tests that fail at once instead of hanging, and say why.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use outlast::prelude::*;
use outlast_testing::TestEnv;

use crate::scene::*;

#[workflow]
async fn panics(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.sleep(Duration::from_secs(1)).await?;
    panic!("out of ink")
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
#[should_panic(expected = "out of ink (at testing/tests/env/failing.rs:")]
async fn a_panic_in_a_workflow_fails_the_test_with_its_place() {
    let _ = TestEnv::new().execute(panics, ()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "out of ink (at testing/tests/env/failing.rs:")]
async fn a_panic_in_a_workflow_fails_the_test_on_several_threads_too() {
    let _ = TestEnv::new().execute(panics, ()).await;
}

#[test]
#[should_panic(expected = "out of ink (at testing/tests/env/failing.rs:")]
fn a_panic_in_a_workflow_fails_a_test_that_brings_its_own_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let env = TestEnv::new();
        let workflow = env.start(panics, ()).await;
        env.sleep(HOUR).await;
        drop(workflow);
    });
}

#[tokio::test]
async fn a_test_can_be_about_workflow_tasks_that_fail() {
    let env = TestEnv::new().tolerate_task_failures();
    let workflow = env.start(panics, ()).await;
    let failure = tokio::select! {
        result = workflow.result() => panic!("it cannot have ended: {result:?}"),
        failure = env.server().workflow_task_failure() => failure,
    };
    assert!(failure.to_string().contains("out of ink"), "{failure}");
    workflow.terminate("it has served").await.unwrap();
}

static SHEETS_LOST: AtomicU32 = AtomicU32::new(0);

/// Fails three times, whatever its history says.
#[workflow]
async fn jams(_ctx: WorkflowContext) -> WorkflowResult<()> {
    assert!(SHEETS_LOST.fetch_add(1, Ordering::SeqCst) >= 3, "paper jam");
    Ok(())
}

#[tokio::test]
async fn further_attempts_of_a_task_come_in_the_rhythm_of_its_timeout() {
    let env = TestEnv::new().tolerate_task_failures();
    let watch = Stopwatch::start(&env);
    env.execute(jams, ()).await.unwrap();
    assert_eq!(watch.elapsed(), Duration::from_secs(20));
}

/// Ends at once, but not before the test lets it.
#[derive(Default)]
struct Hasty {
    signals: u32,
}

static RUNNING: Barrier = Barrier::new(2);
static MAY_END: Barrier = Barrier::new(2);
static IS_FIRST: AtomicBool = AtomicBool::new(true);

#[workflow]
impl Hasty {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u32> {
        if IS_FIRST.swap(false, Ordering::SeqCst) {
            RUNNING.wait();
            MAY_END.wait();
        }
        let signals = ctx.state().signals;
        Ok(signals)
    }

    #[signal]
    fn ping(&mut self) {
        self.signals += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_that_comes_while_a_workflow_ends_fails_nothing() {
    let env = TestEnv::new();
    let hasty = env.start(Hasty::run, ()).await;
    RUNNING.wait();
    hasty.signal(Hasty::ping, ()).await.unwrap();
    MAY_END.wait();
    assert_eq!(hasty.result().await.unwrap(), 1);
}

#[tokio::test]
#[should_panic(expected = "last await at testing/tests/env/failing.rs")]
async fn a_workflow_that_waits_for_nothing_fails_the_test_and_says_where() {
    let _ = TestEnv::new().execute(Forever::run, ()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[should_panic(expected = "last await at testing/tests/env/failing.rs")]
async fn a_stall_is_told_on_several_threads_too() {
    let _ = TestEnv::new().execute(Forever::run, ()).await;
}

#[tokio::test]
#[should_panic(expected = "activity `charge` panicked: no paper (at testing/tests/env/failing.rs:")]
async fn a_panic_in_a_mock_fails_the_test_with_its_place() {
    let env = TestEnv::new().mock(charge, |_| panic!("no paper"));
    let _ = env.execute(buy, 1).await;
}

#[tokio::test]
async fn a_test_can_be_about_activities_that_panic() {
    let env = TestEnv::new().tolerate_activity_panics();
    env.on(charge).answers(|_| panic!("no paper")).returns(7);
    assert_eq!(env.execute(buy, 1).await.unwrap(), 7);
}

#[tokio::test]
#[should_panic(expected = "virtual time stood still for 50ms")]
async fn an_activity_that_hangs_fails_the_test() {
    let env = TestEnv::new()
        .real_time_limit(Duration::from_millis(50))
        .mock_async(charge, |_ctx, _| std::future::pending());
    let _ = env.execute(buy, 1).await;
}

#[tokio::test]
async fn who_waits_in_an_environment_that_has_ended_hears_so() {
    let env = TestEnv::new();
    let approval = env.start(Approval::run, 1).await;
    let begun = approval.clone();
    #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
    let wait = tokio::spawn(async move { begun.result().await });
    tokio::task::yield_now().await;
    drop(env);
    let panic = wait.await.unwrap_err().into_panic();
    let report = panic.downcast_ref::<String>().unwrap();
    assert!(report.contains("its environment has ended"), "{report}");
}

#[tokio::test]
async fn what_has_come_to_an_end_before_the_environment_is_still_told() {
    let env = TestEnv::new().mock(charge, |_| Ok(7));
    let buying = env.start(buy, 5).await;
    env.run_until_idle().await;
    env.verify();
    assert_eq!(buying.result().await.unwrap(), 7);
    assert!(buying.signal_by_name("more", ()).await.is_err());
}
