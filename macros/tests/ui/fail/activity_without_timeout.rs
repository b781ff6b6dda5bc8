//! An activity that could run forever.

#![allow(unused)]

use outlast::prelude::*;

#[activity]
async fn charge(cents: u64) -> Result<u64, ActivityError> {
    Ok(cents)
}

#[workflow]
async fn pay(ctx: WorkflowContext) -> WorkflowResult<u64> {
    Ok(ctx.activity(charge, 42).await?)
}

#[workflow]
async fn pay_later(ctx: WorkflowContext) -> WorkflowResult<u64> {
    let charging = ctx.activity(charge, 42).summary("the card").start();
    Ok(charging.await?)
}

fn main() {}
