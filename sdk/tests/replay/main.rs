//! Replay: recorded histories with twins of the workflows that made them, and made-up ones.
//!
//! A twin is a workflow in Rust that does what its namesake in another SDK did when the history
//! was recorded.

#![allow(missing_docs, reason = "tests are named for what they claim")]

mod generated;
mod outcome;
mod recorded;
mod recording;
mod refused;
mod story;
