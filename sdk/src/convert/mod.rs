//! Values to payloads and back.
//!
//! A payload is bytes and a note how they are encoded. Everything that serde can serialize is
//! written as compact JSON, except that `()`, `None` and `null` become an empty `binary/null`,
//! and a `Vec<u8>` as a whole value, in an `Option` or not, becomes raw `binary/plain`, as in
//! the other Temporal SDKs. [`Raw`] passes a payload through untouched.

mod args;
mod failure;
mod json;
mod payload;
mod retry;
mod value;

pub use args::{Args, InputOf};
pub(crate) use failure::wire_duration;
pub use payload::{Payload, Raw};
pub(crate) use payload::{from_wire, to_wire};
pub use value::{DecodeError, EncodeError, FromPayload, ToPayload};
