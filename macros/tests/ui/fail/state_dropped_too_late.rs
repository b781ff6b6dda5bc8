//! The compiler counts a borrow as held across the wait although it is dropped before: a block
//! ends it.

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
        state.cents += 1;
        drop(state);
        ctx.sleep(Duration::from_secs(1)).await?;
        Ok(ctx.state().cents)
    }
}

fn main() {}
