//! What mocks expect, and what a test hears when that does not come.

use std::panic::{AssertUnwindSafe, catch_unwind};

use outlast::prelude::*;
use outlast_testing::TestEnv;

use crate::scene::*;

/// What the environment has to say at its end.
fn report_of(env: TestEnv) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| env.verify())).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

#[tokio::test]
async fn of_several_mocks_the_last_one_that_matches_answers() {
    let env = TestEnv::new().mock(charge, |(_, cents)| Ok(cents));
    env.on(charge).with_args(("pen".to_owned(), 2)).returns(200);
    env.on(charge).with(|(_, cents)| *cents == 3).returns(300);
    for (cents, want) in [(1, 1), (2, 200), (3, 300)] {
        assert_eq!(env.execute(buy, cents).await.unwrap(), want);
    }
}

#[tokio::test]
async fn a_mock_that_has_had_its_calls_leaves_the_rest_to_others() {
    let env = TestEnv::new().mock(charge, |_| Ok(0));
    env.on(charge).once().returns(1);
    assert_eq!(env.execute(buy, 5).await.unwrap(), 1);
    assert_eq!(env.execute(buy, 5).await.unwrap(), 0);
    env.verify();
}

#[tokio::test]
async fn a_mock_can_be_for_one_attempt_of_each_activity() {
    let env = TestEnv::new().mock(charge, |_| Ok(7));
    env.on(charge).on_attempt(1).times(2).fails(down());
    for _ in 0..2 {
        assert_eq!(env.execute(buy, 5).await.unwrap(), 7);
    }
    assert_eq!(env.calls(charge).len(), 4);
}

#[tokio::test]
async fn a_call_that_did_not_come_is_reported_at_the_end() {
    let env = TestEnv::new();
    env.on(charge)
        .with_args(("pen".to_owned(), 5))
        .times(2)
        .returns(1);
    env.on(refund).at_least(1).returns(());
    env.execute(buy, 5).await.unwrap();
    let report = report_of(env);
    let want = [
        "the mocks of `charge`:",
        "- calls with (\"pen\", 5): expected twice, called once (mocked at testing/tests/env/",
        "1. (\"pen\", 5), attempt 1, at +0s: 1",
        "- any call: expected once or more, not called",
        "`refund` was not called",
    ];
    for part in want {
        assert!(report.contains(part), "no {part:?} in:\n{report}");
    }
}

#[tokio::test]
async fn mocks_that_were_made_in_turn_are_reported_once_by_name() {
    let env = TestEnv::new();
    env.on(charge).once().returns(1);
    env.on(refund).once().returns(());
    env.on(charge).on_attempt(2).once().returns(2);
    let report = report_of(env);
    let headings = report.lines().filter(|line| line.contains("the mocks of"));
    let headings: Vec<&str> = headings.map(str::trim).collect();
    let want = ["the mocks of `charge`:", "the mocks of `refund`:"];
    assert_eq!(headings, want, "in:\n{report}");
}

#[tokio::test]
#[should_panic(expected = "expected once, not called")]
async fn dropping_the_environment_checks_the_mocks() {
    let env = TestEnv::new();
    env.on(charge).once().returns(1);
    drop(env);
}

#[tokio::test]
#[should_panic(expected = "the test's own reason")]
async fn a_test_that_fails_already_is_not_disturbed() {
    let env = TestEnv::new();
    env.on(charge).once().returns(1);
    panic!("the test's own reason");
}

#[tokio::test]
#[should_panic(expected = "`charge` was called with (\"pen\", 5), for which it is not mocked")]
async fn a_call_that_is_never_to_come_fails_the_test_at_once() {
    let env = TestEnv::new();
    env.on(charge).never();
    let _ = env.execute(buy, 5).await;
}

#[tokio::test]
#[should_panic(expected = "if the call is right, mock it too, or have a mock of it expect more")]
async fn a_call_that_no_mock_is_for_fails_the_test_at_once() {
    let env = TestEnv::new();
    env.on(charge).with(|(order, _)| order == "ink").returns(1);
    let _ = env.execute(buy, 5).await;
}

#[tokio::test]
#[should_panic(
    expected = "not called, and nothing was said of what a call comes to, as by `returns` or `fails` (mocked at"
)]
async fn a_mock_that_has_no_answer_fails_the_test_and_is_named() {
    let env = TestEnv::new();
    env.on(charge).once();
    let _ = env.execute(buy, 5).await;
}

#[tokio::test]
async fn expectations_can_be_ranges() {
    let env = TestEnv::new();
    env.on(charge).at_least(1).at_most(2).returns(1);
    env.execute(buy, 5).await.unwrap();
    env.execute(buy, 5).await.unwrap();
    env.verify();
    let env = TestEnv::new();
    env.on(charge).at_least(1).at_most(2).returns(1);
    let report = report_of(env);
    assert!(
        report.contains("expected once to twice, not called"),
        "{report}"
    );
}

#[tokio::test]
#[should_panic(expected = "`charge` was called with (\"pen\"), which its definition does not take")]
async fn a_caller_that_writes_other_arguments_fails_the_test() {
    #[activity(name = "charge", start_to_close_timeout = "30s")]
    async fn charged(order: String) -> Result<u64, ActivityError> {
        unreachable!("the definition of the mock has another argument than {order}")
    }
    #[workflow]
    async fn mistaken(ctx: WorkflowContext) -> WorkflowResult<u64> {
        Ok(ctx.activity(charged, "pen".to_owned()).await?)
    }
    let env = TestEnv::new().mock(charge, |(_, cents)| Ok(cents));
    let _ = env.execute(mistaken, ()).await;
}
