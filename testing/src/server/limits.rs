//! How long names and ids may be.

use super::errors::{Error, Result};

/// The most bytes of an id or a name.
pub(super) const ID_LIMIT: usize = 1000;

/// Refuses a text that is too long; `what` is the server's name for it.
pub(super) fn check_length(what: &str, text: &str) -> Result<()> {
    if text.len() <= ID_LIMIT {
        Ok(())
    } else {
        Err(Error::invalid(format!("{what} length exceeds limit.")))
    }
}
