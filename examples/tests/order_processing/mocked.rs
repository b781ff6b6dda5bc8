//! The workflow alone, with all its activities mocked.

use std::time::Duration;

use outlast::prelude::*;
use outlast_examples::order_processing::{OrderProcessing, Outcome, Reason, Shop, Status, Verdict};
use outlast_testing::TestEnv;

use crate::scene::a_pen;

/// An environment in which every activity succeeds.
fn happy_path() -> TestEnv {
    TestEnv::new()
        .mock(Shop::reserve_inventory, |_| Ok(true))
        .mock(Shop::release_inventory, |_| Ok(()))
        .mock(Shop::charge_payment, |_| Ok(()))
        .mock(Shop::refund_payment, |_| Ok(()))
        .mock(Shop::send_email, |_| Ok(()))
        .mock(Shop::notify_warehouse, |_| Ok(()))
}

#[tokio::test]
async fn a_gateway_that_is_down_is_tried_again() {
    let env = happy_path();
    let down = || ActivityError::application("GatewayDown", "no answer");
    env.on(Shop::charge_payment)
        .fails(down())
        .fails(down())
        .returns(());
    let order = env.start(OrderProcessing::run, a_pen()).await;
    let review = order.signal(OrderProcessing::review, Verdict::Approved);
    review.await.unwrap();
    assert_eq!(order.result().await.unwrap(), Outcome::Completed);
    assert_eq!(env.calls(Shop::charge_payment).len(), 3);
    assert!(env.calls(Shop::refund_payment).is_empty());
}

#[tokio::test]
async fn a_day_passes_in_no_time() {
    let env = happy_path();
    let order = env.start(OrderProcessing::run, a_pen()).await;
    env.sleep(Duration::from_hours(24) - Duration::from_secs(1))
        .await;
    let status = order.query(OrderProcessing::status, ()).await.unwrap();
    assert_eq!(status, Status::AwaitingReview);
    env.sleep(Duration::from_secs(2)).await;
    let outcome = order.result().await.unwrap();
    assert_eq!(outcome, Outcome::GivenUp(Reason::ReviewTimedOut));
    assert_eq!(env.calls(Shop::refund_payment).len(), 1);
    assert!(env.calls(Shop::notify_warehouse).is_empty());
}
