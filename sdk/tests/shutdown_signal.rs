//! [`shutdown_signal`](outlast::shutdown_signal) and the signals of an operating system.

#![cfg(unix)]
#![allow(missing_docs, reason = "tests are named for what they claim")]

use std::pin::pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};

// One test: all futures of a process hear its signals.
#[tokio::test]
async fn ctrl_c_and_sigterm_end_the_wait_and_not_the_program() {
    for signal in ["INT", "TERM", "INT"] {
        let mut waiting = pin!(outlast::shutdown_signal());
        let first = waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(first, Poll::Pending);
        let this = std::process::id().to_string();
        let kill = Command::new("kill").args(["-s", signal, &this]).status();
        assert!(kill.unwrap().success());
        waiting.await;
    }
}
