//! The order in which activities were called.

use std::panic::{AssertUnwindSafe, catch_unwind};

use outlast::prelude::*;
use outlast_testing::TestEnv;

use crate::scene::*;

/// Copies, charges twice, and refunds.
#[workflow]
async fn undo(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.activity(copy, 1).await?;
    for cents in 1..=2 {
        ctx.activity(charge, ("pen".to_owned(), cents)).await?;
    }
    Ok(ctx.activity(refund, 3).await?)
}

async fn undone() -> TestEnv {
    let env = TestEnv::new();
    env.on(copy).returns(1);
    env.on(charge).fails(down()).returns(1);
    env.on(refund).returns(());
    env.execute(undo, ()).await.unwrap();
    env
}

#[tokio::test]
async fn activities_are_called_in_order() {
    let env = undone().await;
    env.assert_order((copy, charge, charge, refund));
    // Others do not matter, and neither do further attempts.
    env.assert_order((copy, refund));
}

#[tokio::test]
async fn another_order_is_shown_line_by_line() {
    let env = undone().await;
    let check = || env.assert_order((copy, refund, charge));
    let panic = catch_unwind(AssertUnwindSafe(check)).unwrap_err();
    let report = panic.downcast::<String>().unwrap();
    assert!(
        report.ends_with("\n  copy\n- refund\n  charge\n+ charge\n+ refund\n"),
        "{report}"
    );
}
