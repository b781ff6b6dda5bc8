//! Several sleeps, tasks, threads and environments at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use outlast::prelude::*;
use outlast_testing::TestEnv;

use crate::scene::*;

/// Sleeps for an hour, again and again.
#[workflow]
async fn naps(ctx: WorkflowContext, count: u32) -> WorkflowResult<u32> {
    for _ in 0..count {
        ctx.sleep(HOUR).await?;
    }
    Ok(count)
}

/// Lets ten environments do their work, each on its own clock.
async fn ten_environments() {
    let works = |hours| async move {
        let env = TestEnv::new();
        let watch = Stopwatch::start(&env);
        assert_eq!(env.execute(naps, hours).await.unwrap(), hours);
        assert_eq!(watch.elapsed(), hours * HOUR);
    };
    #[expect(clippy::disallowed_methods, reason = "the test waits for it")]
    let tasks: Vec<_> = (0..10).map(|hours| tokio::spawn(works(hours))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn sleeps_end_in_their_order_each_at_its_time() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    let ends = Mutex::new(Vec::new());
    let napping = env.start(naps, 3).await;
    let nap = async |minutes: u32| {
        env.sleep(minutes * MINUTE).await;
        ends.lock().unwrap().push((minutes, watch.elapsed()));
    };
    tokio::join!(nap(90), nap(30), nap(300), nap(30), nap(60));
    let ends = ends.into_inner().unwrap();
    let in_time = [30, 30, 60, 90, 300].map(|minutes| (minutes, minutes * MINUTE));
    assert_eq!(ends, in_time);
    assert_eq!(napping.result().await.unwrap(), 3);
}

#[tokio::test]
async fn a_sleep_that_is_dropped_lets_no_more_time_pass() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    let napping = env.start(naps, 3).await;
    tokio::select! {
        biased;
        () = env.sleep(HOUR) => panic!("the other branch is ready"),
        () = async {} => {}
    }
    let hold = env.hold("the result is not to come");
    let waiting = tokio::time::timeout(Duration::from_millis(1), napping.result());
    assert!(waiting.await.is_err());
    drop(hold);
    assert_eq!(watch.elapsed(), Duration::ZERO);
    env.sleep(30 * MINUTE).await;
    assert_eq!(watch.elapsed(), 30 * MINUTE);
}

#[tokio::test]
async fn environments_on_one_runtime_do_not_hinder_each_other() {
    ten_environments().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_do_they_on_several_threads() {
    ten_environments().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_may_wait_in_one_environment() {
    let env = Arc::new(TestEnv::new());
    let runtime = tokio::runtime::Handle::current();
    let threads = (0..4).map(|hours| {
        let (env, runtime) = (Arc::clone(&env), runtime.clone());
        std::thread::spawn(move || {
            let begun = env.now();
            let result = runtime.block_on(async { env.execute(naps, hours).await });
            assert_eq!(result.unwrap(), hours);
            assert!(env.now() >= begun + hours * HOUR);
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
}
