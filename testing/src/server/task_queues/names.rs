//! What a task queue may be called.

use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;

use crate::server::errors::{Error, Result};
use crate::server::limits::ID_LIMIT;

/// Refuses queues that no worker can have.
pub(in crate::server) fn check_queue(queue: Option<&TaskQueue>) -> Result<()> {
    match queue_flaw(queue) {
        Some(flaw) => Err(Error::invalid(flaw)),
        None => Ok(()),
    }
}

/// What is wrong with the name of a task queue, if anything.
pub(in crate::server) fn queue_flaw(queue: Option<&TaskQueue>) -> Option<&'static str> {
    match queue.map(|queue| queue.name.as_str()) {
        None => Some("taskQueue is not set"),
        Some("") => Some("missing task queue name"),
        Some(name) if name.len() > ID_LIMIT => Some("taskQueue length exceeds limit"),
        Some(name) if name.starts_with("/_sys/") => {
            Some("task queue name cannot start with reserved prefix /_sys/")
        }
        Some(_) => None,
    }
}
