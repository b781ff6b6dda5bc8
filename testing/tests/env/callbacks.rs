//! What a test does at some time, or when something happens.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use outlast_testing::TestEnv;

use crate::scene::*;

#[tokio::test]
async fn a_signal_comes_when_it_is_due() {
    let env = TestEnv::new().mock(charge, |_| Ok(7));
    let watch = Stopwatch::start(&env);
    let approval = env.start(Approval::run, 2).await;
    env.after(
        5 * HOUR,
        approval.signal(Approval::approve, "ada".to_owned()),
    );
    env.after(
        3 * HOUR,
        approval.signal(Approval::approve, "bob".to_owned()),
    );
    assert_eq!(approval.result().await.unwrap(), 7);
    assert_eq!(watch.elapsed(), 5 * HOUR);
}

#[tokio::test]
async fn callbacks_run_in_order_and_let_no_time_pass() {
    let env = TestEnv::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    for name in ["a", "b", "c"] {
        let seen = Arc::clone(&seen);
        env.after(HOUR, async move {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            seen.lock().unwrap().push(name);
        });
    }
    let due: Vec<String> = env.pending_timers().into_iter().map(|t| t.what).collect();
    assert!(
        due[0].starts_with("the callback at testing/tests/env/callbacks.rs"),
        "{due:?}"
    );
    env.sleep(HOUR).await;
    assert_eq!(*seen.lock().unwrap(), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_timer_that_is_due_at_the_same_time_comes_first() {
    let env = TestEnv::new();
    let approval = env.start(Approval::run, 1).await;
    env.after(24 * HOUR, async {});
    let late = approval.clone();
    env.after(24 * HOUR, async move {
        // The workflow has given up by now.
        let signal = late.signal(Approval::approve, "ada".to_owned()).await;
        assert!(signal.is_err());
    });
    let error = approval.result().await.unwrap_err();
    assert_eq!(error.application_kind(), Some("TooLate"));
    env.sleep(HOUR).await;
}

#[tokio::test]
async fn a_callback_at_an_event_comes_before_time_passes() {
    let env = TestEnv::new().mock(charge, |_| Ok(7));
    let watch = Stopwatch::start(&env);
    let approval = env.start(Approval::run, 1).await;
    let approve = approval.signal(Approval::approve, "ada".to_owned());
    env.at_event(&approval, "TimerStarted", 1, approve);
    assert_eq!(approval.result().await.unwrap(), 7);
    assert_eq!(watch.elapsed(), Duration::ZERO);
}

#[tokio::test]
#[should_panic(expected = "there is no event type \"TimerStopped\"")]
async fn a_callback_at_an_event_that_does_not_exist_is_refused() {
    let env = TestEnv::new();
    let approval = env.start(Approval::run, 1).await;
    env.at_event(&approval, "TimerStopped", 1, async {});
}

#[tokio::test]
#[should_panic(expected = "panicked: assertion `left == right` failed: nobody is there")]
async fn a_callback_that_panics_fails_the_test() {
    let env = TestEnv::new();
    env.after(HOUR, async { assert_eq!(1, 2, "nobody is there") });
    env.sleep(2 * HOUR).await;
}

#[tokio::test]
#[should_panic(expected = "failed: NotFound")]
async fn a_callback_that_fails_fails_the_test() {
    let env = TestEnv::new();
    let approval = env.start(Approval::run, 1).await;
    approval.terminate("to be gone").await.unwrap();
    env.after(HOUR, approval.signal(Approval::approve, "ada".to_owned()));
    env.sleep(2 * HOUR).await;
}
