//! Orders on a server in this process, and on a real one where `OUTLAST_TEST_ADDRESS` names it.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use outlast::client::ResultError;
use outlast::prelude::*;

use outlast_examples::order_processing::{
    Cents, Item, Order, OrderProcessing, Outcome, Payment, Reason, Shop, Status, Verdict,
};
use outlast_testing::{Server, ServerOptions, TestEnv};

/// A server with a worker and a shop.
struct World {
    client: Client,
    /// Absent for a real server.
    server: Option<Server>,
    shop: Arc<Shop>,
    task_queue: String,
}

impl World {
    /// Runs a test on the server in this process, and on a real one if there is one.
    async fn each(test: &str, run: impl AsyncFn(&Self)) {
        let server = Server::new(ServerOptions::default());
        let world = Self::new(test, server.client(), Some(server));
        world.with_worker(&run).await;
        if let Ok(address) = std::env::var("OUTLAST_TEST_ADDRESS") {
            let client = Client::connect(address).await.unwrap();
            Self::new(test, client, None).with_worker(&run).await;
            report(test);
        }
    }

    fn new(test: &str, client: Client, server: Option<Server>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        #[expect(
            clippy::disallowed_methods,
            reason = "tells this run of the tests from others"
        )]
        let run = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_nanos();
        let task_queue = format!("{test}-{run}-{number}");
        if let Some(server) = &server {
            server.expect_worker(&task_queue);
        }
        Self {
            client,
            server,
            shop: Arc::new(Shop::stocked()),
            task_queue,
        }
    }

    async fn with_worker(&self, run: impl AsyncFn(&Self)) {
        let worker = Worker::builder(self.client.clone(), &self.task_queue)
            .workflow(OrderProcessing::run)
            .activities(Arc::clone(&self.shop))
            .build()
            .unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let worker = worker.run_until(async move {
            let _ = stopped.await;
        });
        let test = async {
            run(self).await;
            drop(stop);
        };
        let (worked, ()) = tokio::join!(worker, test);
        worked.unwrap();
    }

    /// An order of a pen; the review takes a day, or two seconds on a real server.
    fn order(&self) -> Order {
        let review_window = match self.server {
            Some(_) => Duration::from_hours(24),
            None => Duration::from_secs(2),
        };
        Order {
            id: format!("order-{}", self.task_queue),
            customer: "ada@example.com".to_owned(),
            items: vec![Item {
                sku: "fountain-pen".to_owned(),
                count: 1,
            }],
            total: Cents(4200),
            card: "4242".to_owned(),
            review_window,
        }
    }

    async fn start(&self, order: Order) -> WorkflowHandle<OrderProcessing> {
        let id = order.id.clone();
        let start = self.client.start(OrderProcessing::run, order);
        start.id(id).task_queue(&self.task_queue).await.unwrap()
    }

    /// Whether the shop is as it was before the order.
    fn is_untouched(&self) -> bool {
        self.shop.left("fountain-pen") == 20 && self.shop.taken() == Cents(0)
    }
}

/// Tells the CI that a test ran on the real server.
fn report(test: &str) {
    if let Ok(path) = std::env::var("OUTLAST_TEST_REPORT") {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        writeln!(file.unwrap(), "order-processing: {test}").unwrap();
    }
}

async fn status_becomes(order: &WorkflowHandle<OrderProcessing>, wanted: Status) {
    while order.query(OrderProcessing::status, ()).await.unwrap() != wanted {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_approved_order_is_charged_and_shipped() {
    World::each("approved", async |world| {
        let order = world.start(world.order()).await;
        order
            .signal(OrderProcessing::review, Verdict::Approved)
            .await
            .unwrap();
        assert_eq!(order.result().await.unwrap(), Outcome::Completed);
        assert_eq!(world.shop.left("fountain-pen"), 19);
        assert_eq!(world.shop.taken(), Cents(4200));
        assert_eq!(
            order.query(OrderProcessing::status, ()).await.unwrap(),
            Status::Done
        );
    })
    .await;
}

#[tokio::test]
async fn a_declined_card_releases_the_items() {
    World::each("declined", async |world| {
        let order = world
            .start(Order {
                card: "declined".to_owned(),
                ..world.order()
            })
            .await;
        let error = order.result().await.unwrap_err();
        assert_eq!(error.application_kind(), Some("CardDeclined"));
        assert!(world.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn a_rejected_order_is_refunded() {
    World::each("rejected", async |world| {
        let order = world.start(world.order()).await;
        order
            .signal(OrderProcessing::review, Verdict::Rejected)
            .await
            .unwrap();
        assert_eq!(
            order.result().await.unwrap(),
            Outcome::GivenUp(Reason::Fraud)
        );
        assert!(world.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn an_order_that_nobody_reviews_in_time_is_refunded() {
    World::each("timed-out", async |world| {
        let order = world.start(world.order()).await;
        assert_eq!(
            order.result().await.unwrap(),
            Outcome::GivenUp(Reason::ReviewTimedOut)
        );
        assert!(world.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn an_order_of_what_is_not_there_is_given_up() {
    World::each("out-of-stock", async |world| {
        let items = vec![Item {
            sku: "unicorn".to_owned(),
            count: 1,
        }];
        let order = world
            .start(Order {
                items,
                ..world.order()
            })
            .await;
        assert_eq!(
            order.result().await.unwrap(),
            Outcome::GivenUp(Reason::OutOfStock)
        );
        assert!(world.is_untouched());
    })
    .await;
}

#[tokio::test]
async fn a_canceled_order_is_undone_and_ends_as_canceled() {
    World::each("canceled", async |world| {
        let order = world.start(world.order()).await;
        status_becomes(&order, Status::AwaitingReview).await;
        assert_eq!(world.shop.taken(), Cents(4200));
        order.cancel().reason("changed my mind").await.unwrap();
        let error = order.result().await.unwrap_err();
        assert!(matches!(error, ResultError::Canceled { .. }), "{error:?}");
        assert!(world.is_untouched());
    })
    .await;
}

/// An environment in which every activity succeeds.
fn happy_path() -> TestEnv {
    TestEnv::new()
        .mock(Shop::reserve_inventory, |_| Ok(true))
        .mock(Shop::release_inventory, |_| Ok(()))
        .mock(Shop::charge_payment, |(_card, amount)| {
            Ok(Payment {
                id: "p-1".to_owned(),
                amount,
            })
        })
        .mock(Shop::refund_payment, |_| Ok(()))
        .mock(Shop::send_email, |_| Ok(()))
        .mock(Shop::notify_warehouse, |_| Ok(()))
}

fn example() -> Order {
    World::new(
        "example",
        Server::new(ServerOptions::default()).client(),
        None,
    )
    .order()
}

#[tokio::test]
async fn with_mocks_a_gateway_that_is_down_is_tried_again() {
    let attempts = AtomicU32::new(0);
    let env = happy_path().mock(Shop::charge_payment, move |(_card, amount)| match attempts
        .fetch_add(1, Ordering::Relaxed)
    {
        0 | 1 => Err(ActivityError::application("GatewayDown", "no answer")),
        _ => Ok(Payment {
            id: "p-1".to_owned(),
            amount,
        }),
    });
    let order = Order {
        review_window: Duration::from_hours(24),
        ..example()
    };
    let order = env.start(OrderProcessing::run, order).await;
    order
        .signal(OrderProcessing::review, Verdict::Approved)
        .await
        .unwrap();
    assert_eq!(order.result().await.unwrap(), Outcome::Completed);
    assert_eq!(env.calls(Shop::charge_payment).len(), 3);
    assert!(env.calls(Shop::refund_payment).is_empty());
}

#[tokio::test]
async fn with_mocks_a_day_passes_in_no_time() {
    let env = happy_path();
    let day = Duration::from_hours(24);
    let order = Order {
        review_window: day,
        ..example()
    };
    let order = env.start(OrderProcessing::run, order).await;
    env.sleep(day - Duration::from_secs(1)).await;
    assert_eq!(
        order.query(OrderProcessing::status, ()).await.unwrap(),
        Status::AwaitingReview
    );
    env.sleep(Duration::from_secs(2)).await;
    assert_eq!(
        order.result().await.unwrap(),
        Outcome::GivenUp(Reason::ReviewTimedOut)
    );
    assert_eq!(env.calls(Shop::refund_payment).len(), 1);
    assert!(env.calls(Shop::notify_warehouse).is_empty());
}
