//! Orders on a server in this process, and on a real one where `OUTLAST_TEST_ADDRESS` names it.

#![allow(
    clippy::disallowed_macros,
    reason = "clients and programs are waited for as the runtime does"
)]

mod compensation;
mod demo;
mod mocked;
mod outcomes;
mod program;
mod scene;
mod worker_and_client;
