//! What workers and clients see on the wire, as the in-memory server and a real one both do it.
//!
//! Each scenario runs over TCP against the in-memory server. With `OUTLAST_TEST_ADDRESS` set (for
//! example to `127.0.0.1:7233`), it runs against the server at that address too, with the same
//! assertions: where the two differ, the in-memory server is wrong. Scenarios that passed there are
//! added to the file that `OUTLAST_TEST_REPORT` names.

mod activities;
mod activity_cancellation;
mod activity_timeouts;
mod bad_commands;
mod chains;
mod children;
mod closing;
mod cron;
mod errors;
mod externals;
mod queries;
mod reads;
mod signals;
mod starts;
mod timers;
mod update_with_start;
mod updates;
mod workflow_tasks;

#[path = "../support/mod.rs"]
mod support;

use std::fs::OpenOptions;
use std::io::Write;

use outlast_testing::{Server, ServerOptions, TimeMode};

use self::support::peer::Peer;

/// Runs a scenario against the in-memory server and, if there is one, a real server.
async fn conform(name: &str, scenario: impl AsyncFn(&Peer)) {
    let options = ServerOptions {
        time: TimeMode::Flowing,
        ..ServerOptions::default()
    };
    let bound = Server::new(options)
        .bind("127.0.0.1:0".parse().unwrap())
        .unwrap();
    let address = bound.local_address().unwrap().to_string();
    tokio::select! {
        served = bound.serve(std::future::pending()) => panic!("the server ended: {served:?}"),
        () = async { scenario(&Peer::connect(address, name).await).await } => {}
    }
    if let Ok(address) = std::env::var("OUTLAST_TEST_ADDRESS") {
        scenario(&Peer::connect(address, name).await).await;
        report(&format!("conformance::{name}"));
    }
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
