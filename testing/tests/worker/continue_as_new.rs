//! Workflows that go on in new runs.

use std::time::Duration;

use outlast::client::{ResultError, WorkflowStatus};
use outlast::prelude::*;

use crate::backend::on_each_backend;

/// Counts its signals, three in each run.
#[derive(Default)]
struct Tally {
    votes: Vec<u32>,
}

#[workflow]
impl Tally {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, rounds: u32, sum: u32) -> WorkflowResult<u32> {
        ctx.wait_until(|tally| tally.votes.len() >= 3).await?;
        let sum = sum + ctx.with_state(|tally| tally.votes.drain(..).sum::<u32>());
        if rounds > 1 {
            return ctx.continue_as_new((rounds - 1, sum));
        }
        Ok(sum)
    }

    #[signal]
    fn vote(&mut self, number: u32) {
        self.votes.push(number);
    }
}

#[workflow]
async fn counts_down(ctx: WorkflowContext, left: u32, total: u32) -> WorkflowResult<u32> {
    ctx.sleep(Duration::from_millis(1)).await?;
    if left == 0 {
        return Ok(total);
    }
    Err(ctx
        .continue_as_new_as(counts_down, (left - 1, total + left))
        .into())
}

#[test]
fn a_result_is_that_of_the_last_run() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(counts_down).run();
        let workflow = scene.start(counts_down, (2, 0)).await.unwrap();
        assert_eq!(workflow.result().await.unwrap(), 3);
        let error = workflow.result().of_this_run().await.unwrap_err();
        let ResultError::ContinuedAsNew { run_id } = error else {
            panic!("{error:?}")
        };
        let second = scene
            .client
            .workflow(counts_down, workflow.workflow_id().clone());
        let second = second.with_run_id(run_id);
        assert_eq!(second.result().await.unwrap(), 3);
        let seen = second.describe().await.unwrap();
        assert_eq!(seen.status, WorkflowStatus::ContinuedAsNew);
        assert_eq!(seen.first_run_id.as_ref(), workflow.run_id());
    });
}

#[test]
fn signals_reach_the_current_run() {
    on_each_backend(async |scene| {
        let _worker = scene.worker().workflow(Tally::run).run();
        let tally = scene.start(Tally::run, (2, 0)).await.unwrap();
        let first_run = tally.run_id().unwrap().clone();
        for number in [1, 2, 4] {
            tally.signal(Tally::vote, number).await.unwrap();
        }
        // No vote of the second round may reach the first run, which would lose it.
        let first = scene
            .client
            .workflow(Tally::run, tally.workflow_id().clone());
        let first = first.with_run_id(first_run);
        let ended = first.result().of_this_run().await.unwrap_err();
        assert!(
            matches!(ended, ResultError::ContinuedAsNew { .. }),
            "{ended:?}"
        );
        for number in [8, 16, 32] {
            tally.signal(Tally::vote, number).await.unwrap();
        }
        assert_eq!(tally.result().await.unwrap(), 63);
    });
}
