//! A raw client and worker: every call is spelled out, nothing is retried or replayed.

pub mod builders;
pub mod peer;
