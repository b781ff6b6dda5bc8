//! Calls of activities with other arguments, and of functions that are none.

#![allow(unused)]

use outlast::prelude::*;

#[activity(start_to_close_timeout = "30s")]
async fn charge(order: String, cents: u64) -> Result<u64, ActivityError> {
    Ok(cents)
}

async fn plain(order: String) -> Result<u64, ActivityError> {
    Ok(1)
}

#[workflow]
async fn pay(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.activity(charge, ("pen".to_owned(), "a lot")).await?;
    ctx.activity(charge, "pen".to_owned()).await?;
    ctx.activity(charge, ("pen".to_owned(), 1, 2)).await?;
    ctx.activity(plain, "pen".to_owned()).await?;
    Ok(())
}

fn main() {}
