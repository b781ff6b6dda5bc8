//! A raw client and worker: every call is spelled out, nothing is retried or replayed.

pub(crate) mod builders;
pub(crate) mod peer;
