//! A test's own signal never loses a race against the clock.

use std::future::IntoFuture;
use std::time::Duration;

use outlast_testing::{TestEnv, TestHandle};

use crate::scene::*;

const ROUNDS: usize = 200;

async fn waiting(env: &TestEnv) -> TestHandle<Approval> {
    env.start(Approval::run, 1).await
}

fn env() -> TestEnv {
    TestEnv::new().mock(charge, |_| Ok(7))
}

/// Approves after asking for something, which takes a turn of the workflow.
async fn ask_and_approve(approval: &TestHandle<Approval>) {
    let count = approval.query(Approval::count, ()).await.unwrap();
    let by = format!("number {count}");
    approval.signal(Approval::approve, by).await.unwrap();
}

#[tokio::test]
async fn a_signal_beside_the_wait_for_the_result_comes_before_time_passes() {
    for _ in 0..ROUNDS {
        let env = env();
        let watch = Stopwatch::start(&env);
        let approval = waiting(&env).await;
        let signal = approval.signal(Approval::approve, "ada".to_owned());
        let (result, signal) = tokio::join!(approval.result(), signal.into_future());
        signal.unwrap();
        assert_eq!((result.unwrap(), watch.elapsed()), (7, Duration::ZERO));
    }
}

#[tokio::test]
async fn so_does_one_that_comes_after_a_query() {
    for _ in 0..ROUNDS {
        let env = env();
        let watch = Stopwatch::start(&env);
        let approval = waiting(&env).await;
        let (result, ()) = tokio::join!(approval.result(), ask_and_approve(&approval));
        assert_eq!((result.unwrap(), watch.elapsed()), (7, Duration::ZERO));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_one_where_the_workflow_has_threads_of_its_own() {
    for _ in 0..ROUNDS {
        let env = env();
        let watch = Stopwatch::start(&env);
        let approval = waiting(&env).await;
        let (result, ()) = tokio::join!(approval.result(), ask_and_approve(&approval));
        assert_eq!((result.unwrap(), watch.elapsed()), (7, Duration::ZERO));
    }
}

#[tokio::test]
async fn so_does_one_from_another_task() {
    for _ in 0..ROUNDS {
        let env = env();
        let watch = Stopwatch::start(&env);
        let approval = waiting(&env).await;
        let other = approval.clone();
        #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
        let task = tokio::spawn(async move { ask_and_approve(&other).await });
        assert_eq!(approval.result().await.unwrap(), 7);
        assert_eq!(watch.elapsed(), Duration::ZERO);
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_one_from_another_thread_that_holds_the_time_until_then() {
    for _ in 0..ROUNDS {
        let env = env();
        let watch = Stopwatch::start(&env);
        let approval = waiting(&env).await;
        let (other, hold) = (approval.clone(), env.hold("the approval is on its way"));
        #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
        let task = tokio::spawn(async move {
            ask_and_approve(&other).await;
            drop(hold);
        });
        assert_eq!(approval.result().await.unwrap(), 7);
        assert_eq!(watch.elapsed(), Duration::ZERO);
        task.await.unwrap();
    }
}
