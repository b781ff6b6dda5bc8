//! The state is borrowed to the end of the statement, which waits.

#![allow(unused)]

use outlast::prelude::*;

#[activity(start_to_close_timeout = "30s")]
async fn charge(cents: u64) -> Result<u64, ActivityError> {
    Ok(cents)
}

#[derive(Default)]
struct Order {
    cents: u64,
}

#[workflow]
impl Order {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u64> {
        Ok(ctx.activity(charge, ctx.state().cents).await?)
    }
}

fn main() {}
