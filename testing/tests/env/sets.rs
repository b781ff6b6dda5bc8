//! The real activities of a type, which share its state.

use std::sync::atomic::{AtomicU64, Ordering};

use outlast::prelude::*;
use outlast_testing::TestEnv;

/// Sells things at one price, with a number for each receipt.
struct Shop {
    cents: u64,
    receipts: AtomicU64,
}

#[activities]
impl Shop {
    #[activity(start_to_close_timeout = "30s")]
    async fn price(&self, pieces: u64) -> Result<u64, ActivityError> {
        Ok(pieces * self.cents)
    }

    #[activity(start_to_close_timeout = "30s")]
    async fn sell(&self, cents: u64) -> Result<String, ActivityError> {
        let number = self.receipts.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(format!("receipt {number}: {cents}"))
    }
}

#[workflow]
async fn sale(ctx: WorkflowContext, pieces: u64) -> WorkflowResult<String> {
    let cents = ctx.activity(Shop::price, pieces).await?;
    Ok(ctx.activity(Shop::sell, cents).await?)
}

fn shop() -> TestEnv {
    TestEnv::new().activities(Shop {
        cents: 30,
        receipts: AtomicU64::new(0),
    })
}

#[tokio::test]
async fn the_activities_of_a_type_run_with_its_state() {
    let env = shop();
    assert_eq!(env.execute(sale, 2).await.unwrap(), "receipt 1: 60");
    assert_eq!(env.execute(sale, 3).await.unwrap(), "receipt 2: 90");
}

#[tokio::test]
async fn one_activity_of_a_type_is_mocked_and_the_others_run() {
    let env = shop();
    env.on(Shop::price).returns(5);
    assert_eq!(env.execute(sale, 2).await.unwrap(), "receipt 1: 5");
    assert_eq!(env.activities_called(), ["price", "sell"]);
}
