//! Tests of whole workers against a scripted server.

mod activities;
mod fake;
mod history;
mod sharding;
mod shutdown;
mod workflows;

use std::future::Future;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::fake::FakeServer;
use super::{Worker, WorkerBuilder, WorkerError};

/// A worker at work, which a test can stop.
struct Working {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), WorkerError>>,
}

fn start(server: &FakeServer, set_up: impl FnOnce(WorkerBuilder) -> WorkerBuilder) -> Working {
    let worker = set_up(Worker::builder(server.client(), "orders"))
        .build()
        .unwrap();
    let (stop, stopped) = oneshot::channel();
    let stopped = async {
        let _ = stopped.await;
    };
    Working {
        stop,
        ended: spawn(worker.run_until(stopped)),
    }
}

impl Working {
    async fn stop(self) {
        let _ = self.stop.send(());
        self.ended.await.unwrap().unwrap();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "applications spawn workers like this"
)]
fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(future)
}
