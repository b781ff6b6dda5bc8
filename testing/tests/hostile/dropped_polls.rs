//! Callers that go away at the very moment when they are answered.

use std::pin::Pin;
use std::sync::Barrier;
use std::task::Poll;
use std::thread;

use outlast_testing::{InProcessServer, Server, ServerOptions};
use tokio::runtime::Handle;

use crate::support::builders::*;
use crate::support::peer::Peer;

const ROUNDS: usize = 300;

fn peer() -> Peer<InProcessServer> {
    Peer::new(Server::new(ServerOptions::default()).service(), "dropped")
}

/// Polls a future, and drops it while another thread does something else.
fn race(future: impl Future + Send, other: impl Future + Send) {
    let (runtime, barrier) = (Handle::current(), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut future = Box::pin(future);
            runtime.block_on(poll_once(future.as_mut()));
            barrier.wait();
            drop(future);
        });
        scope.spawn(|| {
            barrier.wait();
            runtime.block_on(other);
        });
    });
}

async fn poll_once<F: Future>(mut future: Pin<&mut F>) {
    let polled = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context)));
    assert!(polled.await.is_pending());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_workflow_task_is_lost() {
    for round in 0..ROUNDS {
        let peer = peer();
        race(peer.poll(), peer.start());
        let task = peer.poll().await;
        let got = (task.attempt, task.started_event_id);
        assert_eq!(got, (1, 3), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_activity_task_is_lost() {
    for round in 0..ROUNDS {
        let peer = peer();
        peer.start().await;
        let task = peer.poll().await;
        let activity = schedule_activity(activity_in(&peer.queue, "a"));
        race(peer.poll_activity(), peer.complete(&task, vec![activity]));
        let task = peer.poll_activity().await;
        assert_eq!(task.activity_id, "a", "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_is_gone_holds_no_time() {
    for round in 0..ROUNDS {
        let server = Server::new(ServerOptions::default());
        let peer = Peer::new(server.service(), "dropped");
        peer.start().await;
        let task = peer.poll().await;
        race(peer.query("state"), peer.complete(&task, vec![]));
        server.idle().await;
        assert!(server.stalled().is_none(), "round {round}");
    }
}
