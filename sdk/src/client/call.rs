//! What the calls of this module have in common.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::convert::{Args, DecodeError, EncodeError, FromPayload, Payload};
use crate::definition::NotAHandler;

/// The future of a call to the server.
#[must_use = "futures do nothing unless awaited"]
pub struct CallFuture<T, E>(Pin<Box<dyn Future<Output = Result<T, E>> + Send>>);

impl<T, E> CallFuture<T, E> {
    pub(super) fn new(call: impl Future<Output = Result<T, E>> + Send + 'static) -> Self {
        Self(Box::pin(call))
    }
}

impl<T, E> Future for CallFuture<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<T, E> fmt::Debug for CallFuture<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").finish_non_exhaustive()
    }
}

/// A signal, query or update, ready to be sent.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) input: Vec<Payload>,
}

/// Why there is nothing to send.
#[derive(Debug)]
pub(super) enum Unsendable {
    Encode(EncodeError),
    NotAHandler(NotAHandler),
}

impl Message {
    /// What is sent to the handler of the given name, if there is one.
    pub(super) fn new(
        name: Result<impl Into<String>, NotAHandler>,
        args: impl Args,
    ) -> Result<Self, Unsendable> {
        Ok(Self {
            name: name.map_err(Unsendable::NotAHandler)?.into(),
            input: args.encode().map_err(Unsendable::Encode)?,
        })
    }
}

/// Reads the one value of an answer; no value at all is read as null, which is also `()`.
pub(super) fn decode_value<T: FromPayload>(payloads: &[Payload]) -> Result<T, DecodeError> {
    match payloads.first() {
        Some(payload) => T::from_payload(payload),
        None => T::from_payload(&Payload::new("binary/null", "")),
    }
}

/// An id that no other request has.
pub(super) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
