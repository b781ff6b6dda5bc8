//! How orders end.

use outlast::client::ResultError;
use outlast_examples::order_processing::{
    Cents, Item, Order, OrderProcessing, Outcome, Reason, Status, Verdict,
};

use crate::scene::{Scene, a_pen, status_becomes};

#[tokio::test]
async fn an_approved_order_is_charged_and_shipped() {
    Scene::each("approved", async |scene| {
        let order = scene.start(a_pen()).await;
        let review = order.signal(OrderProcessing::review, Verdict::Approved);
        review.await.unwrap();
        assert_eq!(order.result().await.unwrap(), Outcome::Completed);
        assert_eq!(scene.shop.left("fountain-pen"), 19);
        assert_eq!(scene.shop.taken(), Cents(4200));
        let mails = scene.shop.mails_to("ada@example.com");
        assert_eq!(mails, ["o-1 is on its way"]);
        let status = order.query(OrderProcessing::status, ()).await.unwrap();
        assert_eq!(status, Status::Done);
    })
    .await;
}

#[tokio::test]
async fn a_declined_card_releases_the_items() {
    Scene::each("declined", async |scene| {
        let card = "declined".to_owned();
        let order = scene.start(Order { card, ..a_pen() }).await;
        let error = order.result().await.unwrap_err();
        assert_eq!(error.application_kind(), Some("CardDeclined"));
        assert!(scene.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn a_rejected_order_is_refunded() {
    Scene::each("rejected", async |scene| {
        let order = scene.start(a_pen()).await;
        let review = order.signal(OrderProcessing::review, Verdict::Rejected);
        review.await.unwrap();
        let outcome = order.result().await.unwrap();
        assert_eq!(outcome, Outcome::GivenUp(Reason::Fraud));
        assert!(scene.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn an_order_that_nobody_reviews_in_time_is_refunded() {
    Scene::each("timed-out", async |scene| {
        let order = scene.start(a_pen()).await;
        let outcome = order.result().await.unwrap();
        assert_eq!(outcome, Outcome::GivenUp(Reason::ReviewTimedOut));
        assert!(scene.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn an_order_of_what_is_not_there_is_given_up() {
    Scene::each("out-of-stock", async |scene| {
        let items = vec![Item {
            sku: "unicorn".to_owned(),
            count: 1,
        }];
        let order = scene.start(Order { items, ..a_pen() }).await;
        let outcome = order.result().await.unwrap();
        assert_eq!(outcome, Outcome::GivenUp(Reason::OutOfStock));
        assert!(scene.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn a_canceled_order_is_undone_and_ends_as_canceled() {
    Scene::each("canceled", async |scene| {
        let order = scene.start(a_pen()).await;
        status_becomes(&order, Status::AwaitingReview).await;
        assert_eq!(scene.shop.taken(), Cents(4200));
        order.cancel().reason("changed my mind").await.unwrap();
        let error = order.result().await.unwrap_err();
        assert!(matches!(error, ResultError::Canceled { .. }), "{error:?}");
        assert!(scene.is_untouched());
    })
    .await;
}
