//! The default encodings: `binary/null`, `binary/plain`, `json/plain`.

use std::any::Any;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::payload::Payload;
use super::value::{DecodeError, EncodeError, cast};

const NULL: &str = "binary/null";
const PLAIN: &str = "binary/plain";
const JSON: &str = "json/plain";
const PROTO_JSON: &str = "json/protobuf";

pub(super) fn encode<T: Serialize + 'static>(value: &T) -> Result<Payload, EncodeError> {
    let any = value as &dyn Any;
    if let Some(raw) = any.downcast_ref::<Vec<u8>>() {
        return Ok(Payload::new(PLAIN, Bytes::copy_from_slice(raw)));
    }
    let text = serde_json::to_vec(value).map_err(EncodeError::new::<T>)?;
    if text == b"null" {
        return Ok(Payload::new(NULL, Bytes::new()));
    }
    Ok(Payload::new(JSON, text))
}

pub(super) fn decode<T: DeserializeOwned + 'static>(payload: &Payload) -> Result<T, DecodeError> {
    match payload.encoding() {
        Some(JSON | PROTO_JSON) => serde_json::from_slice(payload.data())
            .map_err(|error| DecodeError::new::<T>(payload, error.to_string())),
        Some(NULL) => serde_json::from_value(serde_json::Value::Null)
            .map_err(|_| DecodeError::new::<T>(payload, "the value is null")),
        Some(PLAIN) => cast(payload.data().to_vec())
            .map_err(|_| DecodeError::new::<T>(payload, "raw bytes are read as `Vec<u8>`")),
        Some(other) => {
            let reason = format!("the encoding `{other}` is unknown; known are {KNOWN}");
            Err(DecodeError::new::<T>(payload, reason))
        }
        None => {
            let reason = format!("the payload names no encoding; known are {KNOWN}");
            Err(DecodeError::new::<T>(payload, reason))
        }
    }
}

const KNOWN: &str = "json/plain, json/protobuf, binary/plain, binary/null";

#[cfg(test)]
mod tests {
    use super::super::{FromPayload, ToPayload};
    use super::*;

    #[test]
    fn nothing_is_written_as_binary_null() {
        for payload in [().to_payload().unwrap(), None::<u32>.to_payload().unwrap()] {
            assert_eq!(payload, Payload::new("binary/null", Bytes::new()));
        }
    }

    #[test]
    fn whole_bytes_are_raw_and_nested_bytes_are_json() {
        assert_eq!(
            vec![1u8, 2].to_payload().unwrap(),
            Payload::new("binary/plain", vec![1, 2])
        );
        assert_eq!(
            (vec![1u8],).to_payload().unwrap(),
            Payload::new("json/plain", "[[1]]")
        );
        let raw = Payload::new("binary/plain", vec![7]);
        assert_eq!(Vec::<u8>::from_payload(&raw).unwrap(), vec![7]);
    }

    #[test]
    fn json_null_and_binary_null_are_both_none() {
        for payload in [
            Payload::new("json/plain", "null"),
            Payload::new("binary/null", ""),
        ] {
            assert_eq!(Option::<u32>::from_payload(&payload).unwrap(), None);
            assert_eq!(<()>::from_payload(&payload).unwrap(), ());
        }
    }

    #[test]
    fn a_decode_error_names_what_was_expected_and_what_came() {
        let error = u32::from_payload(&Payload::new("json/plain", "\"x\"")).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("`u32`") && text.contains("json/plain"),
            "{text}"
        );
        let error = u32::from_payload(&Payload::new("binary/encrypted", "x")).unwrap_err();
        assert!(
            error.to_string().contains("`binary/encrypted` is unknown"),
            "{error}"
        );
    }
}
