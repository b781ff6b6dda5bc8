//! Running a scenario against two servers at once, and holding their transcripts together.

use std::fs::OpenOptions;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use outlast_testing::{Server, ServerOptions, TimeMode};
use similar::TextDiff;
use tonic::transport::Endpoint;

use crate::Peer;
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
    let in_memory = named("the in-memory server", scenario(&here));
    let Ok(address) = std::env::var("OUTLAST_TEST_ADDRESS") else {
        return in_memory.await;
    };
    let there = connect(&address, name).await;
    let real = named("the real server", scenario(&there));
    tokio::join!(in_memory, real);
    if let Err(difference) = settle(&here, &there).await {
        panic!("in-memory server (-) and real server (+) differ:\n{difference}");
    }
    report(&format!("conformance::{name}"));
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

/// Says which of the servers a failed assertion is about.
async fn named(server: &str, scenario: impl Future<Output = ()>) {
    let mut scenario = Box::pin(scenario);
    std::future::poll_fn(|context| {
        let polled = AssertUnwindSafe(|| scenario.as_mut().poll(context));
        std::panic::catch_unwind(polled).unwrap_or_else(|panic| {
            #[allow(clippy::print_stderr, reason = "next to the panic's own message")]
            {
                eprintln!("this was {server}");
            }
            std::panic::resume_unwind(panic)
        })
    })
    .await
}

/// Notes that the real server was there.
fn report(name: &str) {
    let Ok(path) = std::env::var("OUTLAST_TEST_REPORT") else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    // One write, so that the lines of several tests do not mix.
    let written = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
    written.expect("the report can be written");
}
