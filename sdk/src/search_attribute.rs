//! [`SearchAttributeValue`]: what executions are found by.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::convert::Payload;

/// The value of a search attribute, by which executions are listed and found.
///
/// The attribute must be registered in the namespace with the same type.
///
/// # Examples
/// ```
/// use outlast::SearchAttributeValue;
///
/// assert_eq!(SearchAttributeValue::from("eu"), SearchAttributeValue::Keyword("eu".into()));
/// assert_eq!(SearchAttributeValue::from(3), SearchAttributeValue::Int(3));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SearchAttributeValue {
    /// True or false.
    Bool(bool),
    /// A moment.
    Datetime(SystemTime),
    /// A number with a fraction.
    Double(f64),
    /// A whole number.
    Int(i64),
    /// A text that is matched as a whole.
    Keyword(String),
    /// Several texts, each matched as a whole.
    KeywordList(Vec<String>),
    /// A text that is searched by words.
    Text(String),
}

impl SearchAttributeValue {
    /// JSON, with the type beside it.
    pub(crate) fn to_payload(&self) -> Payload {
        let (kind, value): (&'static str, Value) = match self {
            Self::Bool(value) => ("Bool", json!(value)),
            Self::Datetime(time) => {
                let time = prost_types::Timestamp::from(*time);
                ("Datetime", json!(time.to_string()))
            }
            Self::Double(value) => ("Double", json!(value)),
            Self::Int(value) => ("Int", json!(value)),
            Self::Keyword(text) => ("Keyword", json!(text)),
            Self::KeywordList(texts) => ("KeywordList", json!(texts)),
            Self::Text(text) => ("Text", json!(text)),
        };
        Payload::new("json/plain", value.to_string()).with_metadata("type", kind)
    }
}

impl From<bool> for SearchAttributeValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<SystemTime> for SearchAttributeValue {
    fn from(time: SystemTime) -> Self {
        Self::Datetime(time)
    }
}

impl From<f64> for SearchAttributeValue {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<i64> for SearchAttributeValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for SearchAttributeValue {
    fn from(text: &str) -> Self {
        Self::Keyword(text.to_owned())
    }
}

impl From<String> for SearchAttributeValue {
    fn from(text: String) -> Self {
        Self::Keyword(text)
    }
}

impl From<Vec<String>> for SearchAttributeValue {
    fn from(texts: Vec<String>) -> Self {
        Self::KeywordList(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_travels_beside_the_value() {
        let moment = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_500);
        for (value, kind, json) in [
            (true.into(), "Bool", "true"),
            (moment.into(), "Datetime", "\"1970-01-01T00:00:01.500Z\""),
            (1.5.into(), "Double", "1.5"),
            (7.into(), "Int", "7"),
            ("eu".into(), "Keyword", "\"eu\""),
            (vec!["a".to_owned()].into(), "KeywordList", "[\"a\"]"),
            (SearchAttributeValue::Text("a b".into()), "Text", "\"a b\""),
        ] {
            let payload = SearchAttributeValue::to_payload(&value);
            assert_eq!(payload.data(), json, "{value:?}");
            assert_eq!(payload.metadata("type"), Some(kind.as_bytes()), "{value:?}");
        }
    }
}
