use outlast::prelude::*;
use serde_json::json;

use super::{add, echo};
use crate::recording::{assert_replay, twin};

#[derive(Default)]
struct CanChain;

#[workflow]
impl CanChain {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, n: i64, sum: i64) -> WorkflowResult<i64> {
        let sum = ctx.activity(add, (sum, n)).await?;
        if n > 0 {
            return ctx.continue_as_new((n - 1, sum));
        }
        Ok(sum)
    }
}

#[workflow(name = "WfCancelCleanup")]
async fn wf_cancel_cleanup(ctx: WorkflowContext) -> WorkflowResult<()> {
    let Err(canceled) = ctx.sleep(Duration::from_hours(1)).await else {
        return Ok(());
    };
    let cleanup = ctx.shield(async { ctx.activity(echo, json!("cleanup")).await });
    cleanup.await?;
    Err(canceled.into())
}

#[workflow(name = "WfFails")]
async fn wf_fails(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.sleep(Duration::from_millis(50)).await?;
    Err(WorkflowError::application("WfBoom", "wf boom")
        .detail(&json!({"a": 1}))
        .detail(&"two")
        .non_retryable())
}

#[workflow(name = "WftFails")]
async fn wft_fails(ctx: WorkflowContext) -> WorkflowResult<String> {
    ctx.sleep(Duration::from_millis(100)).await?;
    ctx.activity(echo, json!("fixed")).await?;
    Ok("fixed".to_owned())
}

#[test]
fn recordings_of_continued_runs_replay() {
    assert_replay([
        ("py-CanChain.1", twin(CanChain::run)),
        ("py-CanChain.3", twin(CanChain::run)),
    ]);
}

#[test]
fn recordings_of_ends_replay() {
    assert_replay([
        ("py-WfCancelCleanup", twin(wf_cancel_cleanup)),
        ("py-WfFails", twin(wf_fails)),
        ("py-WftFails", twin(wft_fails)),
    ]);
}
