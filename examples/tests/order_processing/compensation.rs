//! What was done is undone, at whatever point an order fails.

use std::sync::Arc;

use outlast::client::ResultError;
use outlast::prelude::*;
use outlast_examples::order_processing::{Cents, OrderProcessing, Shop, Status, Verdict};
use outlast_testing::TestHandle;
use tokio::sync::Notify;

use crate::scene::{Scene, a_pen};

/// Lets the shop do what it is asked for, but keeps its answer back for ever.
macro_rules! never_answers {
    ($scene:expr, $activity:ident($($arg:ident),*)) => {{
        let (shop, done) = (Arc::clone(&$scene.shop), Arc::new(Notify::new()));
        let told = Arc::clone(&done);
        $scene.env.on(Shop::$activity).answers_async(move |_, ($($arg),*)| {
            let (shop, told) = (Arc::clone(&shop), Arc::clone(&told));
            async move {
                shop.$activity($($arg),*).await?;
                told.notify_one();
                Err(ActivityError::completes_later())
            }
        });
        done
    }};
}

fn for_good(kind: &str) -> ActivityError {
    ActivityError::application(kind, "for good").non_retryable()
}

async fn reviewed(scene: &Scene, verdict: Verdict) -> TestHandle<OrderProcessing> {
    let order = scene.start(a_pen()).await;
    let review = order.signal(OrderProcessing::review, verdict);
    review.await.unwrap();
    order
}

async fn ends_as_canceled(order: &TestHandle<OrderProcessing>) {
    order.cancel().await.unwrap();
    let error = order.result().await.unwrap_err();
    assert!(matches!(error, ResultError::Canceled { .. }), "{error:?}");
}

#[tokio::test]
async fn an_order_that_is_canceled_while_reserving_is_released() {
    Scene::each("canceled-while-reserving", async |scene| {
        let reserved = never_answers!(scene, reserve_inventory(order, items));
        let order = scene.start(a_pen()).await;
        reserved.notified().await;
        assert_eq!(scene.shop.left("fountain-pen"), 19);
        ends_as_canceled(&order).await;
        assert!(scene.is_untouched());
        assert!(scene.env.calls(Shop::charge_payment).is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_order_that_is_canceled_while_charging_is_refunded() {
    Scene::each("canceled-while-charging", async |scene| {
        let charged = never_answers!(scene, charge_payment(order, card, amount));
        let order = scene.start(a_pen()).await;
        charged.notified().await;
        assert_eq!(scene.shop.taken(), Cents(4200));
        ends_as_canceled(&order).await;
        assert!(scene.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn what_is_done_after_it_was_undone_is_refused() {
    Scene::each("too-late", async |scene| {
        let asked = Arc::new(Notify::new());
        let told = Arc::clone(&asked);
        scene.env.on(Shop::charge_payment).answers(move |_| {
            told.notify_one();
            Err(ActivityError::completes_later())
        });
        let order = scene.start(a_pen()).await;
        asked.notified().await;
        ends_as_canceled(&order).await;

        let (id, card) = ("o-1".to_owned(), "4242".to_owned());
        let late = scene.shop.charge_payment(id, card, Cents(4200)).await;
        let error = late.unwrap_err();
        let kind = error.as_failure().unwrap().application_kind();
        assert_eq!(kind, Some("OrderGivenUp"));
        assert!(scene.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn a_charge_that_times_out_is_refunded() {
    Scene::each("charge-times-out", async |scene| {
        let _charged = never_answers!(scene, charge_payment(order, card, amount));
        let order = scene.start(a_pen()).await;
        let error = order.result().await.unwrap_err();
        assert!(error.failure().unwrap().as_timeout().is_some(), "{error:?}");
        assert_eq!(scene.env.calls(Shop::charge_payment).len(), 3);
        assert_eq!(scene.env.calls(Shop::refund_payment).len(), 1);
        assert!(scene.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_undoes_the_order() {
    Scene::each("no-mail", async |scene| {
        scene
            .env
            .on(Shop::send_email)
            .fails(for_good("NoSuchAddress"));
        let order = reviewed(scene, Verdict::Approved).await;
        let error = order.result().await.unwrap_err();
        assert_eq!(error.application_kind(), Some("NoSuchAddress"));
        assert!(scene.is_untouched());
        assert!(scene.env.calls(Shop::notify_warehouse).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_warehouse_that_takes_no_orders_undoes_the_order() {
    Scene::each("no-warehouse", async |scene| {
        let mut warehouse = scene.env.on(Shop::notify_warehouse);
        warehouse.fails(for_good("WarehouseClosed"));
        let order = reviewed(scene, Verdict::Approved).await;
        let error = order.result().await.unwrap_err();
        assert_eq!(error.application_kind(), Some("WarehouseClosed"));
        assert!(scene.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn a_refund_is_tried_until_it_succeeds() {
    Scene::each("refund-again", async |scene| {
        let down = ActivityError::application("GatewayDown", "no answer");
        scene.env.on(Shop::refund_payment).fails(down).calls_real();
        let order = reviewed(scene, Verdict::Rejected).await;
        order.result().await.unwrap();
        assert!(scene.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_fails_for_good_is_told_and_the_items_are_released() {
    Scene::each("no-refund", async |scene| {
        scene
            .env
            .on(Shop::refund_payment)
            .fails(for_good("GatewayGone"));
        let order = reviewed(scene, Verdict::Rejected).await;
        let error = order.result().await.unwrap_err();
        assert_eq!(error.application_kind(), Some("NotUndone"));
        assert_eq!(scene.shop.left("fountain-pen"), 20);
        assert_eq!(scene.shop.taken(), Cents(4200));

        let status = order.query(OrderProcessing::status, ()).await.unwrap();
        assert_eq!(status, Status::Compensating);
        let timeline = order.query(OrderProcessing::timeline, ()).await.unwrap();
        assert_eq!(
            timeline.last().unwrap().text,
            "o-1 is not undone: activity `refund_payment`: activity failed: for good"
        );
    })
    .await;
}

#[tokio::test]
async fn all_that_cannot_be_undone_is_told_also_of_a_canceled_order() {
    Scene::each("nothing-undone", async |scene| {
        scene
            .env
            .on(Shop::refund_payment)
            .fails(for_good("GatewayGone"));
        scene
            .env
            .on(Shop::release_inventory)
            .fails(for_good("Burnt"));
        let charged = never_answers!(scene, charge_payment(order, card, amount));
        let order = scene.start(a_pen()).await;
        charged.notified().await;
        order.cancel().await.unwrap();
        let error = order.result().await.unwrap_err();
        let failure = error.failure().unwrap();
        assert_eq!(failure.application_kind(), Some("NotUndone"));
        for activity in ["refund_payment", "release_inventory"] {
            assert!(failure.message().contains(activity), "{failure}");
        }
    })
    .await;
}
