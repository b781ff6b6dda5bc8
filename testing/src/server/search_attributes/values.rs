//! The values of search attributes, as payloads carry them.

use outlast_proto::temporal::api::common::v1::Payload;
use outlast_proto::temporal::api::enums::v1::IndexedValueType as Type;
use serde_json::Value as Json;

use crate::server::visibility::{Value, parse_datetime};

/// Reads a payload as a value of a type; nothing if it unsets the attribute.
///
/// # Errors
/// The value is of another type; the text is how the real server shows it.
pub(super) fn decode(payload: &Payload, value_type: Type) -> Result<Option<Value>, String> {
    match payload.metadata.get("encoding").map(|e| &e[..]) {
        Some(b"binary/null") => return Ok(None),
        Some(b"json/plain") => {}
        Some(b"binary/plain") => {
            let bytes: Vec<String> = payload.data.iter().map(u8::to_string).collect();
            return Err(format!("[{}]", bytes.join(" ")));
        }
        _ => return Err(undecodable(payload)),
    }
    let json = serde_json::from_slice(&payload.data).map_err(|_| undecodable(payload))?;
    let shown = || shown(&json);
    match (&json, value_type) {
        (Json::Null, _) => Ok(None),
        (Json::Array(list), _) if list.is_empty() => Ok(None),
        (Json::Array(list), Type::KeywordList) => {
            let keywords = list.iter().map(|each| each.as_str().map(str::to_owned));
            let keywords = keywords.collect::<Option<Vec<_>>>().ok_or_else(shown)?;
            Ok(Some(Value::KeywordList(keywords)))
        }
        // Lists of one are what SDKs of old sent for single values.
        (Json::Array(list), _) if list.len() == 1 => {
            scalar(&list[0], value_type).map(Some).ok_or_else(shown)
        }
        (json, _) => scalar(json, value_type).map(Some).ok_or_else(shown),
    }
}

fn scalar(json: &Json, value_type: Type) -> Option<Value> {
    match value_type {
        Type::Bool => json.as_bool().map(Value::Bool),
        Type::Datetime => json.as_str().and_then(parse_datetime).map(Value::Datetime),
        Type::Double => json.as_f64().map(Value::Double),
        Type::Int => json.as_i64().map(Value::Int),
        Type::Keyword => json.as_str().map(|text| Value::Keyword(text.to_owned())),
        Type::Text => json.as_str().map(|text| Value::Text(text.to_owned())),
        Type::KeywordList | Type::Unspecified => None,
    }
}

/// The type that a value of an unknown attribute most likely has: the one that its payload names,
/// or one that takes the value.
pub(super) fn guess_type(payload: &Payload) -> Option<Type> {
    let named = payload.metadata.get("type").and_then(|name| {
        let name = std::str::from_utf8(name).ok()?;
        GUESSES
            .into_iter()
            .chain([Type::Text])
            .find(|t| super::super::visibility::type_name(*t) == name)
    });
    let fits = |value_type: &Type| matches!(decode(payload, *value_type), Ok(Some(_)));
    named.or_else(|| GUESSES.into_iter().find(fits))
}

/// In which order types are tried: the narrower one first.
const GUESSES: [Type; 6] = [
    Type::Bool,
    Type::Int,
    Type::Double,
    Type::Datetime,
    Type::Keyword,
    Type::KeywordList,
];

fn undecodable(payload: &Payload) -> String {
    let metadata: Vec<String> = payload
        .metadata
        .iter()
        .map(|(key, value)| {
            let value = String::from_utf8_lossy(value);
            format!("metadata:{{key:{key:?} value:{value:?}}}")
        })
        .collect();
    let data = String::from_utf8_lossy(&payload.data);
    let data = (!data.is_empty()).then(|| format!("data:{data:?}"));
    let fields: Vec<String> = metadata.into_iter().chain(data).collect();
    format!("value from <{}>", fields.join(" "))
}

/// A value as the real server prints it.
fn shown(json: &Json) -> String {
    match json {
        Json::Null => "<nil>".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => match number.as_f64() {
            Some(float) => float.to_string(),
            None => number.to_string(),
        },
        Json::String(text) => text.clone(),
        Json::Array(list) => {
            let each: Vec<String> = list.iter().map(shown).collect();
            format!("[{}]", each.join(" "))
        }
        Json::Object(fields) => {
            let each: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}:{}", shown(value)))
                .collect();
            format!("map[{}]", each.join(" "))
        }
    }
}
