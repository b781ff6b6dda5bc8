//! Functions that cannot be workflows.

#![allow(unused)]

use outlast::{ActivityContext, WorkflowContext, WorkflowResult, workflow};

struct Order;

#[workflow]
fn not_async(ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(())
}

#[workflow]
async fn without_context(id: String) -> WorkflowResult<()> {
    Ok(())
}

#[workflow]
async fn context_borrowed(ctx: &WorkflowContext) -> WorkflowResult<()> {
    Ok(())
}

#[workflow]
async fn with_state(ctx: WorkflowContext<Order>) -> WorkflowResult<()> {
    Ok(())
}

#[workflow]
async fn context_of_an_activity(ctx: ActivityContext) -> WorkflowResult<()> {
    Ok(())
}

#[workflow(start_to_close_timeout = "5s")]
async fn misplaced_option(ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(())
}

#[workflow(name = "__temporal_order")]
async fn reserved(ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(())
}

impl Order {
    #[workflow]
    async fn method(&self) -> WorkflowResult<()> {
        Ok(())
    }
}

#[workflow]
struct NotAFunction;

fn main() {}
