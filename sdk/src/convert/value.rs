//! [`ToPayload`] and [`FromPayload`]: what a value must be able to do to travel.

use std::any::{Any, type_name};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::json;
use super::payload::{Payload, Raw};

/// A value that can be written as a payload; every serializable one can.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written as a payload",
    note = "derive `serde::Serialize` for it"
)]
pub trait ToPayload {
    /// Encodes the value.
    ///
    /// # Errors
    /// When the value's own `Serialize` fails, or a map has keys that JSON cannot hold.
    fn to_payload(&self) -> Result<Payload, EncodeError>;
}

/// A value that can be read from a payload; every deserializable one can.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a payload",
    note = "derive `serde::Deserialize` for it; borrowed types cannot be read"
)]
pub trait FromPayload: Sized {
    /// Decodes the value.
    ///
    /// # Errors
    /// When the encoding is unknown or the data is not such a value; the error names both.
    fn from_payload(payload: &Payload) -> Result<Self, DecodeError>;
}

/// A value that its own serialization refused.
#[derive(Debug, Error)]
#[error("cannot encode a `{type_name}` as JSON")]
pub struct EncodeError {
    type_name: &'static str,
    #[source]
    source: serde_json::Error,
}

/// A payload that is not what was expected.
#[derive(Debug, Error)]
#[error("cannot decode {found} as `{expected}`: {reason}")]
pub struct DecodeError {
    expected: &'static str,
    found: String,
    reason: String,
}

impl EncodeError {
    pub(crate) fn new<T>(source: serde_json::Error) -> Self {
        Self {
            type_name: type_name::<T>(),
            source,
        }
    }
}

impl DecodeError {
    pub(crate) fn new<T>(payload: &Payload, reason: impl Into<String>) -> Self {
        let encoding = payload.encoding().unwrap_or("no encoding");
        let found = format!("a payload of {} bytes ({encoding})", payload.data().len());
        Self {
            expected: type_name::<T>(),
            found,
            reason: reason.into(),
        }
    }

    pub(crate) fn missing<T>(position: usize, expected: usize, found: usize) -> Self {
        Self {
            expected: type_name::<T>(),
            found: format!("argument {}", position + 1),
            reason: format!("expected {expected} arguments, found {found}"),
        }
    }
}

impl<T: Serialize + 'static> ToPayload for T {
    fn to_payload(&self) -> Result<Payload, EncodeError> {
        json::encode(self)
    }
}

impl<T: DeserializeOwned + 'static> FromPayload for T {
    fn from_payload(payload: &Payload) -> Result<Self, DecodeError> {
        json::decode(payload)
    }
}

impl ToPayload for Raw {
    fn to_payload(&self) -> Result<Payload, EncodeError> {
        Ok(self.0.clone())
    }
}

impl FromPayload for Raw {
    fn from_payload(payload: &Payload) -> Result<Self, DecodeError> {
        Ok(Self(payload.clone()))
    }
}

/// The value as a `U`, if that is what it is.
pub(super) fn cast<T: Any, U: Any>(value: T) -> Result<U, T> {
    let mut slot = Some(value);
    match (&mut slot as &mut dyn Any).downcast_mut::<Option<U>>() {
        Some(same) => Ok(same.take().expect("the slot was filled above")),
        None => Err(slot.expect("the slot was filled above")),
    }
}
