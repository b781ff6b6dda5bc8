//! [`TaskToken`].

use std::fmt;

use bytes::Bytes;

/// The server's name for one attempt of an activity, by which another program can report how
/// it ends.
///
/// Its bytes mean something to the server only; store and send them as they are.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct TaskToken(Bytes);

impl TaskToken {
    /// Wraps the bytes of a token that was stored or sent.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The bytes to store or send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store or send.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl fmt::Debug for TaskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskToken({} bytes)", self.0.len())
    }
}
