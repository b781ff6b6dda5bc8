//! Outlast and the Python SDK, working on each other's workflows.
//!
//! `OUTLAST_TEST_PYTHON` names a Python interpreter that has the package `temporalio`; without it
//! there is nothing to test with. Each test runs on the in-memory server, with a clock that follows
//! the wall's and with one that skips, and, if `OUTLAST_TEST_ADDRESS` is set, on the server there.

#![allow(
    clippy::disallowed_macros,
    reason = "clients and workers wait as the runtime does"
)]

mod mocks;
mod python;
mod repairs;
mod servers;
mod shop;

#[path = "../support/real_server.rs"]
mod real_server;

use std::time::Duration;

use outlast::convert::FromPayload;
use outlast::{Client, Worker};

use self::python::Python;
use self::repairs::{RustRepair, mend, refuse, watch};
use self::servers::{Served, on_each_server};
use self::shop::{Parcel, Receipt, RustOrder, price};

/// A worker in Rust, which ends when `work` is done.
async fn beside_rust_worker(server: &Served, work: impl Future<Output = ()>) {
    let client = Client::connect(&server.address).await.unwrap();
    let worker = Worker::builder(client, server.rust_queue())
        .workflow(RustOrder::run)
        .workflow(Parcel::run)
        .workflow(RustRepair::run)
        .activity(price)
        .activity(mend)
        .activity(refuse)
        .activity(watch)
        .max_heartbeat_throttle(Duration::from_millis(50))
        .build()
        .unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (ended, ()) = tokio::join!(
        worker.run_until(async {
            let _ = stopped.await;
        }),
        async {
            work.await;
            drop(stop);
        }
    );
    ended.unwrap();
}

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn a_rust_client_works_with_a_python_worker() {
    on_each_server("rust-client", async |python, server| {
        let mut worker = python.worker(server).await;
        beside_rust_worker(server, async {
            let client = Client::connect(&server.address).await.unwrap();
            let order = client
                .start_by_name("PythonOrder", (text("Ada"),))
                .task_queue(server.python_queue())
                .id(server.id("order"))
                .await
                .unwrap();
            order.signal_by_name("add", (text("tea"),)).await.unwrap();
            order.signal_by_name("add", (text("milk"),)).await.unwrap();
            let count = order.query_by_name::<u32>("count", ()).await;
            assert_eq!(count.unwrap(), 2);
            let refused = order.update_by_name::<u32>("close", (text("now"),)).await;
            assert_eq!(refused.unwrap_err().application_kind(), Some("Rude"));
            let closed = order
                .update_by_name::<u32>("close", (text("please"),))
                .await;
            assert_eq!(closed.unwrap(), 2);
            let result = order.result().await.unwrap();
            let receipt = Receipt::from_payload(&result.0).unwrap();
            assert_eq!(receipt.customer, "Ada");
            assert_eq!(receipt.total, 7, "three letters and four");
        })
        .await;
        worker.stop().await;
    });
}

#[test]
fn a_python_client_works_with_a_rust_worker() {
    on_each_server("python-client", async |python, server| {
        let mut worker = python.worker(server).await;
        beside_rust_worker(server, python.client("client.py", server)).await;
        worker.stop().await;
    });
}

#[test]
fn a_rust_client_sees_what_becomes_of_work_in_python() {
    on_each_server("rust-repairs", async |python, server| {
        let mut worker = python.worker(server).await;
        beside_rust_worker(server, async {
            repairs::an_interrupted_activity_goes_on_from_its_heartbeat(server).await;
            repairs::failures_come_whole(server).await;
            repairs::a_cancellation_reaches_an_activity(server).await;
            if server.skips {
                repairs::a_month_passes(server).await;
            }
        })
        .await;
        worker.stop().await;
    });
}

#[test]
fn a_python_client_sees_what_becomes_of_work_in_rust() {
    on_each_server("python-repairs", async |python, server| {
        let mut worker = python.worker(server).await;
        beside_rust_worker(server, python.client("repairs_client.py", server)).await;
        worker.stop().await;
    });
}

#[test]
fn a_python_client_arranges_and_replays_work() {
    on_each_server("python-arrangements", async |python, server| {
        let mut worker = python.worker(server).await;
        beside_rust_worker(server, python.client("arrangements.py", server)).await;
        worker.stop().await;
    });
}

#[test]
fn pythons_time_skipping_environment_takes_our_server() {
    let Some(python) = Python::find() else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = env!("CARGO_BIN_EXE_outlast-server");
    runtime.block_on(python.run("skipping.py", &[server]));
}
