//! The state stays borrowed while the workflow sleeps.

#![allow(unused)]

use outlast::prelude::*;

#[derive(Default)]
struct Order {
    cents: u64,
}

#[workflow]
impl Order {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u64> {
        let mut state = ctx.state();
        ctx.sleep(Duration::from_secs(1)).await?;
        state.cents += 1;
        Ok(state.cents)
    }
}

fn main() {}
