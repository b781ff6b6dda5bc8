//! What mocked workflows come to, and what a test expects of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use outlast::CanceledFailure;
use outlast::client::ResultError;
use outlast::prelude::*;
use outlast_testing::TestEnv;

use crate::scene::*;

#[workflow]
async fn ship(ctx: WorkflowContext, order: String, count: u32) -> WorkflowResult<String> {
    ctx.sleep(count * HOUR).await?;
    Ok(format!("{count} {order}, really"))
}

/// Starts a mock, and waits for its end.
async fn shipped(env: &TestEnv, count: u32) -> Result<String, ResultError> {
    let shipping = env.start_mocked(ship, ("pen".to_owned(), count)).await;
    shipping.result().await
}

fn sent(text: &str) -> String {
    text.to_owned()
}

#[tokio::test]
async fn a_closure_takes_time_and_may_fail() {
    let env = TestEnv::new().mock_workflow_async(ship, |ctx, (order, count)| async move {
        ctx.sleep(count * HOUR).await?;
        match count {
            0 => Err(WorkflowError::application("Nothing", "nothing to ship")),
            _ => Ok(order),
        }
    });
    let watch = Stopwatch::start(&env);
    assert_eq!(shipped(&env, 3).await.unwrap(), "pen");
    assert_eq!(watch.elapsed(), 3 * HOUR);
    let error = shipped(&env, 0).await.unwrap_err();
    assert_eq!(error.application_kind(), Some("Nothing"));
}

#[tokio::test]
async fn answers_come_one_after_the_other_and_the_last_one_stays() {
    let env = TestEnv::new();
    env.on_workflow(ship)
        .fails(WorkflowError::application("NoPaper", "none is left"))
        .after(HOUR)
        .returns(sent("late"))
        .answers(|(order, count)| Ok(format!("{count} {order}")));
    let watch = Stopwatch::start(&env);
    let error = shipped(&env, 1).await.unwrap_err();
    assert_eq!(error.application_kind(), Some("NoPaper"));
    assert_eq!(watch.elapsed(), Duration::ZERO);
    assert_eq!(shipped(&env, 2).await.unwrap(), "late");
    assert_eq!(watch.elapsed(), HOUR);
    for count in [3, 4] {
        assert_eq!(shipped(&env, count).await.unwrap(), format!("{count} pen"));
    }
}

#[tokio::test]
async fn of_several_mocks_the_last_one_that_matches_answers() {
    let env = TestEnv::new().mock_workflow(ship, |_| Ok(sent("any")));
    env.on_workflow(ship)
        .with(|(_, count)| *count == 2)
        .returns(sent("two"));
    env.on_workflow(ship)
        .with_args((sent("pen"), 3))
        .returns(sent("three"));
    env.on_workflow(ship)
        .with_id("ship-4")
        .returns(sent("fourth"));
    for (count, want) in [(1, "any"), (2, "two"), (3, "three"), (5, "fourth")] {
        assert_eq!(shipped(&env, count).await.unwrap(), want);
    }
}

#[tokio::test]
async fn calls_tell_what_a_workflow_was_started_with_and_came_to() {
    let env = TestEnv::new();
    env.on_workflow(ship)
        .after(HOUR)
        .fails(WorkflowError::application("NoPaper", "none is left"))
        .returns(sent("done"));
    let watch = Stopwatch::start(&env);
    let _ = shipped(&env, 1).await;
    shipped(&env, 2).await.unwrap();
    let calls = env.workflow_calls(ship);
    let failure = calls[0].result.clone().unwrap().unwrap_err();
    assert_eq!(failure.application_kind(), Some("NoPaper"));
    assert_eq!(calls[1].result.clone().unwrap().unwrap(), "done");
    assert_eq!(
        (&calls[1].input, watch.at(calls[1].at)),
        (&(sent("pen"), 2), HOUR)
    );
    assert_eq!(calls[1].workflow_id.as_str(), "ship-2");
    assert!(calls[0].run_id.is_some() && calls[0].parent.is_none());
}

#[tokio::test]
async fn each_attempt_of_a_workflow_that_is_retried_is_a_call() {
    let env = TestEnv::new().workflow(ship);
    env.on_workflow(ship).returns(sent("done"));
    env.on_workflow(ship)
        .on_attempt(1)
        .once()
        .fails(WorkflowError::application("NoPaper", "none is left"));
    let start = env
        .client()
        .start(ship, (sent("pen"), 1))
        .task_queue("ship");
    let start = start
        .id("pen")
        .retry(RetryPolicy::new().initial_interval(HOUR));
    let shipping = start.await.unwrap();
    let watch = Stopwatch::start(&env);
    env.sleep(2 * HOUR).await;
    assert_eq!(shipping.result().await.unwrap(), "done");
    let calls = env.workflow_calls(ship);
    let attempts: Vec<_> = calls
        .iter()
        .map(|call| (call.attempt, watch.at(call.at)))
        .collect();
    assert_eq!(attempts, [(1, Duration::ZERO), (2, HOUR)]);
}

#[tokio::test]
async fn a_run_that_is_canceled_while_it_takes_its_time_ends_so() {
    let env = TestEnv::new();
    env.on_workflow(ship).after(24 * HOUR).returns(sent("late"));
    let shipping = env.start_mocked(ship, (sent("pen"), 1)).await;
    env.after(HOUR, shipping.cancel());
    let watch = Stopwatch::start(&env);
    let end = shipping.result().await.unwrap_err();
    assert!(matches!(end, ResultError::Canceled(_)), "{end:?}");
    assert_eq!(watch.elapsed(), HOUR);
}

#[tokio::test]
async fn somebody_else_ends_a_run() {
    let env = TestEnv::new();
    env.on_workflow(ship)
        .after(HOUR)
        .gets_canceled()
        .after(HOUR)
        .gets_terminated("a flood");
    let canceled = shipped(&env, 1).await.unwrap_err();
    assert!(matches!(canceled, ResultError::Canceled(_)), "{canceled:?}");
    let watch = Stopwatch::start(&env);
    let end = shipped(&env, 1).await.unwrap_err();
    assert!(
        matches!(&end, ResultError::Terminated { reason, .. } if reason == "a flood"),
        "{end:?}"
    );
    assert_eq!(watch.elapsed(), HOUR);
    let calls = env.workflow_calls(ship);
    assert!(calls[0].result.clone().unwrap().unwrap_err().is_canceled());
    assert!(calls[1].result.is_none());
}

#[tokio::test]
async fn a_canceled_failure_without_a_request_is_a_failure() {
    let env = TestEnv::new();
    env.on_workflow(ship).fails(CanceledFailure::default());
    let end = shipped(&env, 1).await.unwrap_err();
    assert!(end.failure().is_some_and(Failure::is_canceled), "{end:?}");
}

#[tokio::test]
async fn a_spy_runs_the_real_workflow_and_counts() {
    let env = TestEnv::new().workflow(ship);
    env.on_workflow(ship).times(2).calls_real();
    env.on_workflow(ship)
        .with(|(_, count)| *count > 8)
        .returns(sent("many"));
    let watch = Stopwatch::start(&env);
    assert_eq!(shipped(&env, 1).await.unwrap(), "1 pen, really");
    assert_eq!(shipped(&env, 9).await.unwrap(), "many");
    assert_eq!(shipped(&env, 2).await.unwrap(), "2 pen, really");
    assert_eq!(watch.elapsed(), 3 * HOUR);
    assert_eq!(env.workflow_calls(ship).len(), 3);
    env.verify();
}

#[tokio::test]
async fn a_spy_takes_the_messages_of_the_real_workflow() {
    let env = TestEnv::new()
        .workflow(Approval::run)
        .mock(charge, |_| Ok(7));
    env.on_workflow(Approval::run).once().calls_real();
    let approval = env.start_mocked(Approval::run, 1).await;
    assert_eq!(approval.query(Approval::count, ()).await.unwrap(), 0);
    approval
        .signal(Approval::approve, sent("ada"))
        .await
        .unwrap();
    assert_eq!(approval.result().await.unwrap(), 7);
    env.assert_order((Approval::run, charge));
}

#[tokio::test]
async fn a_mock_answers_alike_when_its_worker_has_forgotten_the_run() {
    let builder = TestEnv::builder().worker(|worker| worker.max_cached_workflows(0));
    let env = builder.build();
    env.on_workflow(ship)
        .once()
        .after(HOUR)
        .returns(sent("first"));
    env.on_workflow(ship).on_attempt(2).never();
    assert_eq!(shipped(&env, 1).await.unwrap(), "first");
    assert_eq!(env.workflow_calls(ship).len(), 1);
    env.verify();
}

#[tokio::test]
async fn what_a_mock_did_not_get_is_reported_at_the_end() {
    let env = TestEnv::new();
    env.on_workflow(ship)
        .with_args((sent("pen"), 2))
        .times(2)
        .after(HOUR)
        .returns(sent("x"));
    env.on_workflow(buy).at_least(1).returns(1);
    shipped(&env, 2).await.unwrap();
    let report = catch_unwind(AssertUnwindSafe(|| env.verify())).unwrap_err();
    let report = *report.downcast::<String>().unwrap();
    let want = [
        "- calls with (\"pen\", 2): expected twice, called once (mocked at testing/tests/env/",
        "1. (\"pen\", 2) as `ship-1`, attempt 1, at +0s: \"x\"",
        "- any call: expected once or more, not called",
        "`buy` was not called",
    ];
    for part in want {
        assert!(report.contains(part), "no {part:?} in:\n{report}");
    }
}

#[tokio::test]
#[should_panic(expected = "`ship` was called with (\"pen\", 1), for which it is not mocked")]
async fn a_start_that_is_never_to_come_fails_the_test_at_once() {
    let env = TestEnv::new();
    env.on_workflow(ship).never();
    let _ = shipped(&env, 1).await;
}

#[tokio::test]
#[should_panic(expected = "`ship-1` was started without a timeout")]
async fn a_run_without_a_timeout_cannot_run_out_of_time() {
    let env = TestEnv::new();
    env.on_workflow(ship).times_out();
    let _ = shipped(&env, 1).await;
}

#[tokio::test]
#[should_panic(expected = "the real workflow, which is not registered")]
async fn a_spy_needs_the_real_workflow() {
    let env = TestEnv::new();
    env.on_workflow(ship).calls_real();
    let _ = shipped(&env, 1).await;
}

#[tokio::test]
#[should_panic(expected = "keeps it from starting as a child, but this run was started")]
async fn a_client_starts_what_cannot_start_as_a_child() {
    let env = TestEnv::new();
    env.on_workflow(ship).cannot_start();
    let _ = shipped(&env, 1).await;
}

#[tokio::test]
#[should_panic(expected = "a matcher of `ship` panicked: what is this?")]
async fn a_matcher_that_panics_fails_the_test() {
    let env = TestEnv::new();
    env.on_workflow(ship)
        .with(|_| panic!("what is this?"))
        .returns(sent("x"));
    let _ = shipped(&env, 1).await;
}

#[tokio::test]
#[should_panic(expected = "`ship` is not mocked: mock it with `TestEnv::on_workflow`")]
async fn a_workflow_that_is_not_mocked_is_not_started_as_a_mock() {
    let env = TestEnv::new();
    env.start_mocked(ship, ("pen".to_owned(), 3)).await;
}
