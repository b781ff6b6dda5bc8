//! Running a scenario against two servers at once, and holding their transcripts together.

use std::panic::AssertUnwindSafe;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use outlast_testing::{Server, ServerOptions, TimeMode};
use similar::TextDiff;
use tonic::transport::Endpoint;

use crate::Peer;
use crate::support::real_server;
use crate::transcript::{Recorder, transcript};

/// Runs a scenario against the in-memory server and, if there is one, a real server, which must
/// answer alike.
pub(crate) async fn conform(name: &str, scenario: impl AsyncFn(&Peer)) {
    let options = ServerOptions {
        time: TimeMode::Flowing,
        minimal_run_interval: Duration::from_secs(1),
        ..ServerOptions::default()
    };
    let bound = Server::new(options)
        .bind("127.0.0.1:0".parse().unwrap())
        .unwrap();
    let address = bound.local_address().unwrap().to_string();
    tokio::select! {
        served = bound.serve(std::future::pending()) => panic!("the server ended: {served:?}"),
        () = compare(name, &address, scenario) => {}
    }
}

async fn compare(name: &str, address: &str, scenario: impl AsyncFn(&Peer)) {
    let here = connect(address, name).await;
    let in_memory = catch(scenario(&here));
    let Some(address) = real_server::address() else {
        return resume(in_memory.await);
    };
    let there = connect(&address, name).await;
    let real = catch(scenario(&there));
    let (in_memory, real) = tokio::join!(in_memory, real);
    let difference = settle(&here, &there).await.err();
    let failed = in_memory.is_err() || real.is_err();
    if let Some(difference) = &difference {
        say(&format!(
            "the in-memory server (-) and the real one (+) differ:\n{difference}"
        ));
    }
    if failed {
        let whose = |failed| if failed { "failed" } else { "passed" };
        say(&format!(
            "in memory, the scenario {}; on the real server, it {}",
            whose(in_memory.is_err()),
            whose(real.is_err())
        ));
    }
    resume(in_memory);
    resume(real);
    assert!(difference.is_none(), "the servers differ");
    real_server::report(&format!("conformance::{name}"));
}

async fn connect(address: &str, name: &str) -> Peer {
    let endpoint = Endpoint::new(format!("http://{address}")).unwrap();
    let channel = endpoint.connect().await.unwrap();
    Peer::new(Recorder::new(channel), &format!("conformance-{name}"))
}

/// Compares transcripts until they agree: what a server does by itself, such as closing the
/// children of a closed workflow, takes a moment.
async fn settle(here: &Peer, there: &Peer) -> Result<(), String> {
    let mut difference = String::new();
    for _ in 0..20 {
        let ours = transcript(&here.transport, &here.uuid).await;
        let theirs = transcript(&there.transport, &there.uuid).await;
        if ours == theirs {
            return Ok(());
        }
        let diff = TextDiff::from_lines(&ours, &theirs);
        difference = diff.unified_diff().context_radius(8).to_string();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(difference)
}

/// Runs a scenario to its end or its panic.
async fn catch(scenario: impl Future<Output = ()>) -> thread::Result<()> {
    let mut scenario = Box::pin(scenario);
    std::future::poll_fn(|context| {
        let polled = AssertUnwindSafe(|| scenario.as_mut().poll(context));
        match std::panic::catch_unwind(polled) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

fn resume(result: thread::Result<()>) {
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

#[allow(clippy::print_stderr, reason = "next to the message of a panic")]
fn say(text: &str) {
    eprintln!("{text}");
}
