//! [`Scene`]: a shop, and what a test needs around it.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use outlast::prelude::*;
use outlast_examples::order_processing::{Cents, Item, Order, OrderProcessing, Shop, Status};
use outlast_testing::{TestEnv, TestHandle};

/// A test's environment, whose activities are those of a shop.
pub(crate) struct Scene {
    pub(crate) env: TestEnv,
    pub(crate) shop: Arc<Shop>,
    review_window: Duration,
}

impl Scene {
    /// Runs a test on the server in this process, and on a real one if there is one. The review
    /// may take a day here and two seconds there.
    pub(crate) async fn each(test: &str, run: impl AsyncFn(&Self)) {
        run(&Self::new(TestEnv::new(), Duration::from_hours(24))).await;
        if let Some(address) = real_server(test) {
            let env = TestEnv::attach(Client::connect(address).await.unwrap());
            run(&Self::new(env, Duration::from_secs(2))).await;
        }
    }

    fn new(env: TestEnv, review_window: Duration) -> Self {
        let shop = Arc::new(Shop::stocked());
        Self {
            env: env.activities(Arc::clone(&shop)),
            shop,
            review_window,
        }
    }

    pub(crate) async fn start(&self, order: Order) -> TestHandle<OrderProcessing> {
        let review_window = self.review_window;
        let order = Order {
            review_window,
            ..order
        };
        self.env.start(OrderProcessing::run, order).await
    }

    /// Whether the shop is as it was before the order.
    pub(crate) fn is_untouched(&self) -> bool {
        self.shop.left("fountain-pen") == 20 && self.shop.taken() == Cents(0)
    }
}

/// An order of a pen.
pub(crate) fn a_pen() -> Order {
    Order {
        id: "o-1".to_owned(),
        customer: "ada@example.com".to_owned(),
        items: vec![Item {
            sku: "fountain-pen".to_owned(),
            count: 1,
        }],
        total: Cents(4200),
        card: "4242".to_owned(),
        review_window: Duration::from_hours(24),
    }
}

pub(crate) async fn status_becomes(order: &WorkflowHandle<OrderProcessing>, wanted: Status) {
    while order.query(OrderProcessing::status, ()).await.unwrap() != wanted {
        tokio::task::yield_now().await;
    }
}

/// The address of the real server, if there is one. The CI is told that the test used it.
pub(crate) fn real_server(test: &str) -> Option<String> {
    let address = std::env::var("OUTLAST_TEST_ADDRESS").ok()?;
    if let Ok(path) = std::env::var("OUTLAST_TEST_REPORT") {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        writeln!(file.unwrap(), "order-processing: {test}").unwrap();
    }
    Some(address)
}
