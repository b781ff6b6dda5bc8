//! Activities: their results, failures and retries.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outlast::client::ResultError;
use outlast::prelude::*;
use outlast::{FailureKind, RetryState};

use crate::backend::on_each_backend;

#[activity(start_to_close_timeout = "30s")]
async fn add(a: u64, b: u64) -> Result<u64, ActivityError> {
    Ok(a + b)
}

#[activity(start_to_close_timeout = "30s")]
async fn nothing() -> Result<(), ActivityError> {
    Ok(())
}

/// Fails until the given attempt.
#[activity(start_to_close_timeout = "30s")]
async fn succeeds_at(ctx: ActivityContext, attempt: u32) -> Result<u32, ActivityError> {
    match ctx.info().attempt {
        now if now < attempt => Err(ActivityError::application("TooEarly", "not yet").detail(&now)),
        now => Ok(now),
    }
}

#[activity(start_to_close_timeout = "30s")]
async fn declines(is_final: bool) -> Result<(), ActivityError> {
    let declined = ActivityError::application("Declined", "no money");
    Err(if is_final {
        declined.non_retryable()
    } else {
        declined
    })
}

#[activity(start_to_close_timeout = "30s")]
async fn panics_at_first(ctx: ActivityContext) -> Result<u32, ActivityError> {
    assert!(ctx.info().attempt > 1, "the first attempt panics");
    Ok(ctx.info().attempt)
}

/// A megabyte more than a namespace takes in one value.
fn too_much() -> String {
    "x".repeat(3 << 20)
}

#[activity(start_to_close_timeout = "30s")]
async fn returns_too_much_at_first(ctx: ActivityContext) -> Result<String, ActivityError> {
    Ok(match ctx.info().attempt {
        1 => too_much(),
        attempt => format!("attempt {attempt}"),
    })
}

#[activity(start_to_close_timeout = "30s", heartbeat_timeout = "20s")]
async fn says_too_much_at_first(ctx: ActivityContext) -> Result<String, ActivityError> {
    if ctx.info().attempt == 1 {
        ctx.heartbeat(&too_much());
        ctx.canceled().await;
    }
    Ok(format!("attempt {}", ctx.info().attempt))
}

fn quickly() -> RetryPolicy {
    RetryPolicy::new()
        .initial_interval(Duration::from_millis(10))
        .backoff_coefficient(1.0)
}

fn activity_failure(error: &ResultError) -> &outlast::ActivityFailure {
    match error.failure().map(Failure::kind) {
        Some(FailureKind::Activity(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_activity_returns_its_result() {
    #[workflow]
    async fn adds(ctx: WorkflowContext, a: u64) -> WorkflowResult<u64> {
        ctx.activity(nothing, ()).await?;
        let sum = ctx.activity(add, (a, 1)).await?;
        Ok(ctx.activity(add, (sum, 1)).summary("once more").await?)
    }
    on_each_backend(async |scene| {
        let worker = scene
            .worker()
            .workflow(adds)
            .activity(add)
            .activity(nothing);
        let _worker = worker.run();
        let sum = scene.start(adds, 40).await.unwrap().result().await.unwrap();
        assert_eq!(sum, 42);
    });
}

#[test]
fn activities_run_at_the_same_time() {
    #[workflow]
    async fn adds_all(ctx: WorkflowContext, count: u64) -> WorkflowResult<u64> {
        let sums = outlast::join_all((0..count).map(|n| ctx.activity(add, (n, 1)))).await;
        sums.into_iter().try_fold(0, |total, sum| Ok(total + sum?))
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(adds_all).activity(add).run();
        let sum = scene.start(adds_all, 20).await.unwrap().result().await;
        assert_eq!(sum.unwrap(), 210);
    });
}

#[test]
fn an_activity_runs_whether_or_not_it_may_skip_the_queue() {
    #[workflow]
    async fn both_ways(ctx: WorkflowContext) -> WorkflowResult<u64> {
        let (eager, queued) = outlast::join!(
            ctx.activity(add, (20, 1)),
            ctx.activity(add, (20, 1)).disable_eager_execution(),
        );
        Ok(eager? + queued?)
    }
    on_each_backend(async |scene| {
        let worker = scene.worker().workflow(both_ways).activity(add);
        let worker = worker.run();
        let first = scene.start(both_ways, ()).await.unwrap().result().await;
        assert_eq!(first.unwrap(), 42);
        worker.stop().await;

        let worker = scene.worker().workflow(both_ways).activity(add);
        let _worker = worker
            .with(|builder| builder.disable_eager_activities())
            .run();
        let second = scene.start(both_ways, ()).await.unwrap().result().await;
        assert_eq!(second.unwrap(), 42);
    });
}

#[test]
fn a_failed_activity_is_tried_again_until_it_succeeds() {
    #[workflow]
    async fn patient(ctx: WorkflowContext) -> WorkflowResult<u32> {
        Ok(ctx.activity(succeeds_at, 3).retry(quickly()).await?)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(patient).activity(succeeds_at).run();
        let attempt = scene.start(patient, ()).await.unwrap().result().await;
        assert_eq!(attempt.unwrap(), 3);
    });
}

#[test]
fn the_last_attempts_failure_reaches_the_client() {
    #[workflow]
    async fn gives_up(ctx: WorkflowContext) -> WorkflowResult<u32> {
        let twice = quickly().max_attempts(2);
        Ok(ctx.activity(succeeds_at, 9).retry(twice).await?)
    }
    on_each_backend(async |scene| {
        let _worker = scene
            .worker()
            .workflow(gives_up)
            .activity(succeeds_at)
            .run();
        let error = scene.start(gives_up, ()).await.unwrap().result().await;
        let error = error.unwrap_err();
        assert_eq!(error.application_kind(), Some("TooEarly"));
        let failure = activity_failure(&error);
        assert_eq!(failure.activity_type, "succeeds_at");
        assert_eq!(failure.retry_state, RetryState::MaximumAttemptsReached);
        let cause = error.failure().unwrap().cause().unwrap();
        assert_eq!(cause.message(), "not yet");
        let cause = cause.as_application().unwrap();
        assert_eq!(cause.detail::<u32>(0).unwrap(), 2);
    });
}

#[test]
fn a_non_retryable_failure_is_final() {
    #[workflow]
    async fn pays(ctx: WorkflowContext, is_final: bool) -> WorkflowResult<()> {
        let policy = quickly().non_retryable_error("Declined");
        let policy = if is_final { quickly() } else { policy };
        Ok(ctx.activity(declines, is_final).retry(policy).await?)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(pays).activity(declines).run();
        for is_final in [true, false] {
            let error = scene.start(pays, is_final).await.unwrap().result().await;
            let error = error.unwrap_err();
            assert_eq!(error.application_kind(), Some("Declined"));
            let state = activity_failure(&error).retry_state;
            assert_eq!(state, RetryState::NonRetryableFailure, "{is_final}");
        }
    });
}

#[test]
fn a_panic_in_an_activity_is_tried_again() {
    #[workflow]
    async fn survives(ctx: WorkflowContext) -> WorkflowResult<u32> {
        Ok(ctx.activity(panics_at_first, ()).retry(quickly()).await?)
    }
    #[workflow]
    async fn panics_once(ctx: WorkflowContext) -> WorkflowResult<u32> {
        let once = RetryPolicy::new().max_attempts(1);
        Ok(ctx.activity(panics_at_first, ()).retry(once).await?)
    }
    on_each_backend(async |scene| {
        let worker = scene.worker().workflow(survives).workflow(panics_once);
        let _worker = worker.activity(panics_at_first).run();
        let attempt = scene.start(survives, ()).await.unwrap().result().await;
        assert_eq!(attempt.unwrap(), 2);
        let error = scene.start(panics_once, ()).await.unwrap().result().await;
        let report = error.unwrap_err().failure().unwrap().report();
        assert!(report.contains("the first attempt panics"), "{report}");
    });
}

#[test]
fn an_unknown_activity_fails_with_what_the_worker_knows() {
    #[workflow]
    async fn asks_a_stranger(ctx: WorkflowContext) -> WorkflowResult<()> {
        let once = RetryPolicy::new().max_attempts(1);
        Ok(ctx.activity(nothing, ()).retry(once).await?)
    }
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(asks_a_stranger).activity(add).run();
        let error = scene
            .start(asks_a_stranger, ())
            .await
            .unwrap()
            .result()
            .await;
        let error = error.unwrap_err();
        assert_eq!(error.application_kind(), Some("NotFoundError"));
        let report = error.failure().unwrap().report();
        assert!(report.contains("`nothing` is not registered"), "{report}");
        assert!(report.contains("`add`"), "{report}");
    });
}

#[test]
fn arguments_that_cannot_be_read_fail_the_attempt() {
    #[activity(name = "count_letters", start_to_close_timeout = "30s")]
    async fn takes_text(text: String) -> Result<u64, ActivityError> {
        Ok(text.len() as u64)
    }
    #[activity(name = "count_letters", start_to_close_timeout = "30s")]
    async fn takes_number(_number: u64) -> Result<u64, ActivityError> {
        unreachable!("only its name and types matter")
    }
    #[workflow]
    async fn mismatched(ctx: WorkflowContext) -> WorkflowResult<u64> {
        let once = RetryPolicy::new().max_attempts(1);
        Ok(ctx.activity(takes_number, 7).retry(once).await?)
    }
    on_each_backend(async |scene| {
        let _worker = scene
            .worker()
            .workflow(mismatched)
            .activity(takes_text)
            .run();
        let error = scene.start(mismatched, ()).await.unwrap().result().await;
        let error = error.unwrap_err();
        assert_eq!(error.application_kind(), Some("DecodeError"));
        let report = error.failure().unwrap().report();
        assert!(report.contains("`count_letters`"), "{report}");
    });
}

/// Two activities of which one blocks its thread until the other runs.
struct Relay {
    send: mpsc::Sender<u32>,
    receive: Arc<Mutex<mpsc::Receiver<u32>>>,
}

#[activities]
impl Relay {
    #[activity(blocking, start_to_close_timeout = "30s")]
    async fn takes(&self) -> Result<u32, ActivityError> {
        let receive = self.receive.lock().expect("nobody panics with it");
        Ok(receive.recv()?)
    }

    #[activity(start_to_close_timeout = "30s")]
    async fn gives(&self, number: u32) -> Result<(), ActivityError> {
        Ok(self.send.send(number)?)
    }
}

#[test]
fn a_blocking_activity_holds_up_nobody() {
    #[workflow]
    async fn passes_on(ctx: WorkflowContext) -> WorkflowResult<u32> {
        let taking = ctx.activity(Relay::takes, ()).start();
        ctx.sleep(Duration::from_millis(50)).await?;
        ctx.activity(Relay::gives, 42).await?;
        Ok(taking.await?)
    }
    on_each_backend(async |scene| {
        let (send, receive) = mpsc::channel();
        let receive = Arc::new(Mutex::new(receive));
        let worker = scene.worker().workflow(passes_on);
        let _worker = worker.activities(Relay { send, receive }).run();
        let number = scene.start(passes_on, ()).await.unwrap().result().await;
        assert_eq!(number.unwrap(), 42);
    });
}

#[test]
fn an_activity_that_returns_or_says_too_much_is_tried_again() {
    #[workflow]
    async fn tries(ctx: WorkflowContext) -> WorkflowResult<[String; 3]> {
        let returned = ctx.activity(returns_too_much_at_first, ());
        let returned = returned.retry(quickly()).await?;
        let said = ctx.activity(says_too_much_at_first, ());
        let said = said.retry(quickly()).await?;
        let once = ctx.activity(says_too_much_at_first, ());
        let failure = once.retry(quickly().max_attempts(1)).await.unwrap_err();
        Ok([returned, said, failure.report()])
    }
    on_each_backend(async |scene| {
        let worker = scene.worker().workflow(tries);
        let worker = worker.activity(returns_too_much_at_first);
        let _worker = worker.activity(says_too_much_at_first).run();
        let workflow = scene.start(tries, ()).await.unwrap();
        let [returned, said, failure] = workflow.result().await.unwrap();
        assert_eq!([returned, said], ["attempt 2", "attempt 2"]);
        let want = "the heartbeat of the activity of 3145764 bytes is too large";
        assert!(failure.contains(want), "{failure}");
    });
}
