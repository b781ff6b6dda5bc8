//! Activities that nobody waits for.

#![deny(unused_must_use)]
#![allow(dead_code)]

use outlast::prelude::*;

#[activity(start_to_close_timeout = "30s")]
async fn charge(cents: u64) -> Result<u64, ActivityError> {
    Ok(cents)
}

#[workflow]
async fn pay(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.activity(charge, 1);
    ctx.activity(charge, 2).start();
    ctx.activity(charge, 3).await;
    ctx.sleep(Duration::from_secs(1));
    Ok(())
}

fn main() {}
