//! The state stays borrowed while the workflow waits.

#![allow(unused)]

use outlast::{WorkflowContext, WorkflowResult, workflow};

#[derive(Default)]
struct Counter {
    count: u32,
}

#[workflow]
impl Counter {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u32> {
        let mut state = ctx.state();
        std::future::ready(()).await;
        state.count += 1;
        Ok(state.count)
    }
}

fn main() {}
