//! A raw client and worker: every call is spelled out, nothing is retried or replayed.

#![allow(dead_code, unused_imports, reason = "each test uses a part of it")]

pub(crate) mod builders;
pub(crate) mod dice;
pub(crate) mod peer;
pub(crate) mod real_server;
