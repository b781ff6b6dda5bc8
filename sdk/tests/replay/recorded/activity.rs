use outlast::Raw;
use outlast::prelude::*;
use serde_json::{Value, json};

use super::{add, echo, fail_type};
use crate::recording::{assert_replay, twin};

#[activity(start_to_close_timeout = "10s")]
async fn fail_n(times: u32) -> Result<u32, ActivityError> {
    Ok(times)
}

#[activity(start_to_close_timeout = "30s")]
async fn run_until_cancelled(how: String) -> Result<String, ActivityError> {
    Ok(how)
}

#[activity(start_to_close_timeout = "10s")]
async fn sleepy(milliseconds: u32) -> Result<u32, ActivityError> {
    Ok(milliseconds)
}

#[activity(start_to_close_timeout = "30s")]
async fn async_completer() -> Result<String, ActivityError> {
    Err(ActivityError::completes_later())
}

#[activity(start_to_close_timeout = "10s")]
async fn return_nothing() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(start_to_close_timeout = "10s")]
async fn return_bytes(bytes: Vec<u8>) -> Result<Vec<u8>, ActivityError> {
    Ok(bytes)
}

#[workflow(name = "ActSimple")]
pub(crate) async fn act_simple(ctx: WorkflowContext) -> WorkflowResult<Value> {
    let word = ctx.activity(echo, json!("hi")).await?;
    let sum = ctx.activity(add, (2, 3)).await?;
    Ok(json!([word, sum]))
}

#[workflow(name = "ActRetry")]
async fn act_retry(ctx: WorkflowContext) -> WorkflowResult<u32> {
    let policy = RetryPolicy::new()
        .initial_interval(Duration::from_millis(100))
        .max_attempts(5);
    Ok(ctx.activity(fail_n, 2).retry(policy).await?)
}

#[workflow(name = "ActCancelTry")]
async fn act_cancel_try(ctx: WorkflowContext) -> WorkflowResult<Value> {
    let running = ctx.activity(run_until_cancelled, "raise".to_owned());
    let running = running.retry(RetryPolicy::new().max_attempts(1)).start();
    ctx.sleep(Duration::from_millis(500)).await?;
    running.cancel();
    let outcome = match running.await {
        Ok(value) => json!(["ok", value]),
        Err(failure) if failure.is_canceled() => {
            json!(["error", {"kind": "ActivityError", "cause": {"kind": "CancelledError"}}])
        }
        Err(failure) => json!(["error", failure.to_string()]),
    };
    ctx.activity(echo, json!("after")).await?;
    Ok(outcome)
}

#[workflow(name = "ActParallel")]
async fn act_parallel(ctx: WorkflowContext) -> WorkflowResult<Vec<u32>> {
    let calls = (1..=5).rev().map(|i| ctx.activity(sleepy, 100 * i));
    Ok(outlast::join_all(calls)
        .await
        .into_iter()
        .collect::<Result<_, _>>()?)
}

#[workflow(name = "ActFailsWorkflow")]
pub(crate) async fn act_fails_workflow(ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(ctx.activity(fail_type, ("Fatal".to_owned(), true)).await?)
}

#[workflow(name = "ActAsyncComplete")]
async fn act_async_complete(ctx: WorkflowContext) -> WorkflowResult<String> {
    Ok(ctx.activity(async_completer, ()).await?)
}

#[workflow(name = "PayloadKinds")]
async fn payload_kinds(ctx: WorkflowContext) -> WorkflowResult<String> {
    ctx.activity(return_nothing, ()).await?;
    let bytes: Vec<u8> = (0..10).collect();
    assert_eq!(ctx.activity(return_bytes, bytes.clone()).await?, bytes);
    ctx.activity(return_nothing, ()).await?;
    let nested = json!({
        "s": "h\u{e9}llo \u{2713} \u{65e5}\u{672c}",
        "n": [1, -2.5, 1e300, null, true],
        "o": {"x": {}},
    });
    assert_eq!(ctx.activity(echo, nested.clone()).await?, nested);
    let long = json!("z".repeat(20_000));
    assert_eq!(ctx.activity(echo, long.clone()).await?, long);
    Ok("ok".to_owned())
}

/// Whatever has been done is undone in reverse order.
#[workflow(name = "Saga")]
async fn saga(ctx: WorkflowContext) -> WorkflowResult<()> {
    let mut done = Vec::new();
    for what in ["car", "hotel"] {
        ctx.activity(echo, json!(format!("book-{what}"))).await?;
        done.push(what);
    }
    let flight = ctx.activity(fail_type, ("NoFlight".to_owned(), true)).await;
    let Err(failure) = flight else { return Ok(()) };
    for what in done.into_iter().rev() {
        ctx.activity(echo, json!(format!("undo-{what}"))).await?;
    }
    let aborted = Failure::application("SagaAborted", "saga aborted").with_cause(failure);
    Err(WorkflowError::from(aborted).non_retryable())
}

/// The recorded run sent the bytes of its arguments unread.
#[workflow(name = "ActSimple")]
async fn raw_act_simple(ctx: WorkflowContext) -> WorkflowResult<Raw> {
    #[activity(name = "echo", start_to_close_timeout = "10s")]
    async fn raw_echo(word: Raw) -> Result<Raw, ActivityError> {
        Ok(word)
    }
    #[activity(name = "add", start_to_close_timeout = "10s")]
    async fn raw_add(a: Raw, b: Raw) -> Result<Raw, ActivityError> {
        Ok(if a == b { a } else { b })
    }
    let json = |text: &'static str| Raw(outlast::Payload::new("json/plain", text));
    let word = ctx.activity(raw_echo, json("\"hi\"")).await?;
    let sum = ctx.activity(raw_add, (json("2"), json("3"))).await?;
    let mut joined = b"[".to_vec();
    joined.extend_from_slice(word.0.data());
    joined.push(b',');
    joined.extend_from_slice(sum.0.data());
    joined.push(b']');
    Ok(Raw(outlast::Payload::new("json/plain", joined)))
}

#[test]
fn recordings_of_activities_replay() {
    assert_replay([
        ("py-ActSimple", twin(act_simple)),
        ("py-ActSimple", twin(raw_act_simple)),
        ("py-ActRetry", twin(act_retry)),
        ("py-ActCancelTry", twin(act_cancel_try)),
        ("py-ActParallel", twin(act_parallel)),
        ("py-ActFailsWorkflow", twin(act_fails_workflow)),
        ("py-ActAsyncComplete", twin(act_async_complete)),
    ]);
}

#[test]
fn payloads_of_all_encodings_replay() {
    assert_replay([("py-PayloadKinds", twin(payload_kinds))]);
}

#[test]
fn a_saga_that_compensates_replays() {
    assert_replay([("py-Saga", twin(saga))]);
}
