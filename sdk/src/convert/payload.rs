//! [`Payload`]: one encoded value.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1 as wire;

/// The metadata key that names how the data is encoded.
const ENCODING: &str = "encoding";

/// One encoded value: bytes, and metadata that says how to read them.
///
/// It keeps everything that came over the wire, also what Outlast does not read.
#[derive(Clone, Default, PartialEq)]
pub struct Payload(wire::Payload);

impl Payload {
    /// Makes a payload of the given encoding, such as `json/plain`.
    #[must_use]
    pub fn new(encoding: &'static str, data: impl Into<Bytes>) -> Self {
        let encoding = Bytes::from_static(encoding.as_bytes());
        Self(wire::Payload {
            metadata: BTreeMap::from([(ENCODING.to_owned(), encoding)]),
            data: data.into(),
            external_payloads: Vec::new(),
        })
    }

    /// Adds one entry to the metadata, replacing one of the same key.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<Bytes>) -> Self {
        self.0.metadata.insert(key.into(), value.into());
        self
    }

    /// How the data is encoded, if the payload says so in readable text.
    #[must_use]
    pub fn encoding(&self) -> Option<&str> {
        self.0
            .metadata
            .get(ENCODING)
            .and_then(|name| std::str::from_utf8(name).ok())
    }

    /// One entry of the metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&[u8]> {
        self.0.metadata.get(key).map(|value| &**value)
    }

    /// The encoded bytes.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.0.data
    }
}

/// Shows JSON as it is and everything else by its size.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoding = self.encoding().unwrap_or("unknown encoding");
        match std::str::from_utf8(&self.0.data) {
            Ok(text) if encoding.starts_with("json/") && text.len() <= 256 => {
                write!(f, "Payload({encoding}: {text})")
            }
            _ => write!(f, "Payload({encoding}: {} bytes)", self.0.data.len()),
        }
    }
}

/// A payload that is handed through as it is, neither encoded nor decoded.
///
/// # Examples
/// ```
/// use outlast::{Payload, Raw, convert::{FromPayload, ToPayload}};
///
/// let payload = Payload::new("json/plain", "42");
/// assert_eq!(Raw(payload.clone()).to_payload()?, payload);
/// assert_eq!(Raw::from_payload(&payload)?.0, payload);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raw(pub Payload);

impl From<wire::Payload> for Payload {
    fn from(payload: wire::Payload) -> Self {
        Self(payload)
    }
}

impl From<Payload> for wire::Payload {
    fn from(payload: Payload) -> Self {
        payload.0
    }
}

/// Takes the payloads out of the wire's list, which is absent when there are none.
pub(crate) fn from_wire(payloads: Option<wire::Payloads>) -> Vec<Payload> {
    let payloads = payloads.map(|list| list.payloads).unwrap_or_default();
    payloads.into_iter().map(Payload::from).collect()
}

/// Puts payloads into the wire's list, which is absent when there are none.
pub(crate) fn to_wire(payloads: Vec<Payload>) -> Option<wire::Payloads> {
    let payloads: Vec<_> = payloads.into_iter().map(wire::Payload::from).collect();
    (!payloads.is_empty()).then_some(wire::Payloads { payloads })
}
