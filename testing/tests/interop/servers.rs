//! The servers that each test runs on.

use std::time::Duration;

use outlast_testing::{Server, ServerOptions, TimeMode};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use uuid::Uuid;

use crate::python::Python;
use crate::real_server;

/// A server with a port, and names on it that nobody else uses.
pub(crate) struct Served {
    pub(crate) address: String,
    /// Whether days pass in no time.
    pub(crate) skips: bool,
    name: String,
}

impl Served {
    fn new(address: String, skips: bool, test: &str) -> Self {
        let name = format!("interop-{test}-{}", Uuid::new_v4());
        Self {
            address,
            skips,
            name,
        }
    }

    pub(crate) fn rust_queue(&self) -> String {
        format!("{}-rust", self.name)
    }

    pub(crate) fn python_queue(&self) -> String {
        format!("{}-python", self.name)
    }

    pub(crate) fn id(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }
}

/// Runs a test on every server that there is, if there is a Python to test with.
pub(crate) fn on_each_server<F>(test: &str, run: F)
where
    F: AsyncFn(&Python, &Served) + Copy,
{
    let Some(python) = Python::find() else {
        return;
    };
    Runtime::new().unwrap().block_on(async {
        for time in [TimeMode::Flowing, TimeMode::Skipping] {
            in_memory(time, test, async |server| run(&python, server).await).await;
        }
        if let Some(address) = real_server::address() {
            in_time(run(&python, &Served::new(address, false, test))).await;
            real_server::report(&format!("interop::{test}"));
        }
    });
}

async fn in_memory(time: TimeMode, test: &str, run: impl AsyncFn(&Served)) {
    #[allow(
        clippy::disallowed_methods,
        reason = "Python looks at the wall's clock"
    )]
    let start_time = std::time::SystemTime::now();
    let options = ServerOptions {
        time,
        start_time,
        ..ServerOptions::default()
    };
    let bound = Server::new(options)
        .bind(([127, 0, 0, 1], 0).into())
        .unwrap();
    let address = bound.local_address().unwrap().to_string();
    let server = Served::new(address, time == TimeMode::Skipping, test);
    tokio::select! {
        served = bound.serve(std::future::pending()) => panic!("the server ended: {served:?}"),
        () = in_time(run(&server)) => {}
    }
}

pub(crate) async fn in_time(run: impl Future<Output = ()>) {
    let limit = Duration::from_secs(120);
    timeout(limit, run).await.expect("the test ends in time");
}
