//! Ordinary workers and clients against whole servers.
//!
//! Each test runs on the in-memory server, in this process and over TCP, and on the real one
//! that `OUTLAST_TEST_ADDRESS` (`host:port`) names, with the same assertions. The histories that
//! it leaves behind are then replayed. The names of tests that passed on the real server are
//! added to the file that `OUTLAST_TEST_REPORT` names.

#![allow(
    clippy::disallowed_macros,
    reason = "clients and workers wait as the runtime does"
)]

mod backend;
mod desk;
mod eventually;
mod proxy;
mod running;
mod scene;
mod switches;

mod activities;
mod activity_cancellation;
mod activity_timeouts;
mod async_completion;
mod caching;
mod cancellation;
mod client;
mod continue_as_new;
mod failures;
mod faults;
mod queries;
mod shutdown;
mod signals;
mod updates;
mod waiting;

#[path = "../support/real_server.rs"]
mod real_server;
