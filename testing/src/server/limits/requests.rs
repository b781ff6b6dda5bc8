//! Names and ids that are too long for a request.

use super::ID_LIMIT;
use crate::server::errors::{Error, Result};

/// Refuses a text that is too long; `what` is the server's name for it.
pub(in crate::server) fn check_length(what: &str, text: &str) -> Result<()> {
    if text.len() <= ID_LIMIT {
        Ok(())
    } else {
        Err(Error::invalid(format!("{what} length exceeds limit.")))
    }
}

/// Refuses a caller whose name for itself is too long.
pub(in crate::server) fn check_identity(identity: &str) -> Result<()> {
    check_length("Identity", identity)
}

/// Refuses a text that is too long in the words of newer checks, which say by how much.
pub(in crate::server) fn check_name(what: &str, text: &str) -> Result<()> {
    let length = text.len();
    if length <= ID_LIMIT {
        Ok(())
    } else {
        Err(Error::invalid(format!(
            "{what} exceeds maximum allowed length ({length}/{ID_LIMIT})"
        )))
    }
}
