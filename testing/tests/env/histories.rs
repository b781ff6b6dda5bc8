//! The histories that a test produced: looked at, compared, replayed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use outlast::prelude::*;
use outlast_testing::{TestEnv, assert_snapshot};

use crate::scene::*;

#[tokio::test]
async fn a_history_reads_the_same_in_every_run() {
    let transcript = async || {
        let env = TestEnv::new();
        env.on(charge).fails(down()).returns(7);
        let approval = env.start(Approval::run, 2).await;
        let approve = approval.signal(Approval::approve, "ada".to_owned());
        env.after(HOUR, approve);
        let update = approval.update(Approval::approve_later, "bob".to_owned());
        assert_eq!(update.await.unwrap(), 2);
        assert_eq!(approval.result().await.unwrap(), 7);
        env.transcript(&approval)
    };
    let text = transcript().await;
    assert_eq!(text, transcript().await);
    assert_snapshot("tests/env/snapshots/approval.txt", &text);
}

#[tokio::test]
async fn a_text_that_has_changed_is_shown_line_by_line() {
    let changed = "+0s          1 WorkflowExecutionStarted\nan end\n";
    let compare = || assert_snapshot("tests/env/snapshots/short.txt", changed);
    let panic = catch_unwind(AssertUnwindSafe(compare)).unwrap_err();
    let report = panic.downcast::<String>().unwrap();
    assert!(report.contains("\n- another end\n+ an end\n"), "{report}");
}

#[tokio::test]
async fn the_histories_of_all_runs_can_be_kept() {
    #[workflow]
    async fn count_down(ctx: WorkflowContext, left: u32) -> WorkflowResult<u32> {
        match left {
            0 => Ok(0),
            _ => Err(ctx.continue_as_new_as(count_down, left - 1).into()),
        }
    }
    let env = TestEnv::new();
    let counting = env.start(count_down, 2).await;
    counting.result().await.unwrap();
    let lengths: Vec<usize> = env
        .histories()
        .iter()
        .map(|history| history.len())
        .collect();
    assert_eq!(lengths, [5, 5, 5]);
    let last = env.history(&counting);
    assert_eq!(last.workflow_type(), Some("count_down"));
    assert_eq!(last, env.histories()[2]);
}

/// Does something else each time.
#[workflow]
async fn fickle(ctx: WorkflowContext) -> WorkflowResult<()> {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let hours = RUNS.fetch_add(1, Ordering::Relaxed) % 7;
    for _ in 0..hours {
        ctx.sleep(HOUR).await?;
    }
    Ok(ctx.activity(refund, u64::from(hours)).await?)
}

#[tokio::test]
#[should_panic(expected = "the history of workflow `fickle-1` does not replay with the code")]
async fn code_that_decides_otherwise_the_next_time_fails_the_test() {
    let env = TestEnv::new().mock(refund, |_| Ok(()));
    env.execute(fickle, ()).await.unwrap();
}

#[tokio::test]
async fn a_test_can_be_about_code_that_decides_otherwise() {
    let env = TestEnv::new().mock(refund, |_| Ok(())).without_replays();
    env.execute(fickle, ()).await.unwrap();
}

#[tokio::test]
async fn runs_that_are_still_open_are_replayed_too() {
    let env = TestEnv::new();
    let approval = env.start(Approval::run, 2).await;
    let signal = approval.signal(Approval::approve, "ada".to_owned());
    signal.await.unwrap();
    env.sleep(Duration::from_mins(5)).await;
    let update = approval.start_update(Approval::approve_later, "bob".to_owned());
    update.await.unwrap();
    env.verify();
}

/// Notes how often its code begins.
#[workflow]
async fn counted(ctx: WorkflowContext) -> WorkflowResult<()> {
    BEGINNINGS.fetch_add(1, Ordering::Relaxed);
    ctx.sleep(HOUR).await?;
    Ok(ctx.sleep(HOUR).await?)
}

static BEGINNINGS: AtomicU32 = AtomicU32::new(0);

#[tokio::test]
async fn a_history_is_replayed_from_scratch_and_from_each_task() {
    let env = TestEnv::new();
    env.execute(counted, ()).await.unwrap();
    assert_eq!(BEGINNINGS.load(Ordering::Relaxed), 1);
    env.verify();
    assert_eq!(BEGINNINGS.load(Ordering::Relaxed), 1 + 1 + 3);
}
