//! Orders that a real server may come to, and that a seed decides here.

use std::collections::BTreeSet;

use outlast::prelude::*;
use outlast_testing::TestEnv;

use crate::scene::*;

/// Charges a customer an hour later.
#[workflow]
async fn charge_later(ctx: WorkflowContext, customer: String) -> WorkflowResult<u64> {
    ctx.sleep(HOUR).await?;
    Ok(ctx.activity(charge, (customer, 1)).await?)
}

/// The customers of two workflows that wake at the same moment, in the order of their charges.
async fn charged(env: TestEnv) -> Vec<String> {
    let env = env.mock(charge, |_| Ok(1));
    let ada = env.start(charge_later, "ada".to_owned()).await;
    let bob = env.start(charge_later, "bob".to_owned()).await;
    ada.result().await.unwrap();
    bob.result().await.unwrap();
    let calls = env.calls(charge).into_iter();
    calls.map(|call| call.input.0).collect()
}

#[tokio::test]
async fn seeds_show_the_orders_in_which_two_workflows_may_wake() {
    let mut seen = BTreeSet::new();
    for seed in 0..40 {
        seen.insert(charged(TestEnv::builder().shuffled(seed).build()).await);
    }
    let orders = [["ada", "bob"], ["bob", "ada"]];
    assert_eq!(
        seen,
        orders.map(|order| order.map(str::to_owned).to_vec()).into()
    );
}

#[tokio::test]
async fn one_workflow_sees_its_own_timers_in_their_order_whatever_the_seed() {
    #[workflow]
    async fn together(ctx: WorkflowContext) -> WorkflowResult<Vec<u32>> {
        let fired = std::sync::Mutex::new(Vec::new());
        let timer = async |number: u32| {
            ctx.sleep(HOUR).await?;
            fired.lock().unwrap().push(number);
            WorkflowResult::Ok(())
        };
        let (first, second) = outlast::join!(timer(1), timer(2));
        first.and(second)?;
        Ok(fired.into_inner().unwrap())
    }
    for seed in 0..10 {
        let env = TestEnv::builder().shuffled(seed).build();
        let fired = env.execute(together, ()).await.unwrap();
        assert_eq!(fired, [1, 2], "seed {seed}");
    }
}
