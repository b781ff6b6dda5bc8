//! The language of queries. Every text and every match here was seen on the real server.

mod made_up;
mod matches;
mod refusals;
mod syntax;

use std::collections::BTreeMap;

use outlast_proto::temporal::api::enums::v1::IndexedValueType as Type;

use super::{Attributes, Query, Record, Value, parse_datetime};

struct Types;

impl Attributes for Types {
    fn resolve(&self, name: &str) -> Option<(String, Type)> {
        let value_type = match name {
            "Day" => Type::Datetime,
            "ExecutionDuration" | "Count" => Type::Int,
            "ExecutionStatus" | "Name" | "RunId" | "a b" => Type::Keyword,
            "Flag" => Type::Bool,
            "Note" => Type::Text,
            "Ratio" => Type::Double,
            "Tags" => Type::KeywordList,
            _ => return None,
        };
        Some((name.to_owned(), value_type))
    }
}

struct Fields(BTreeMap<&'static str, Value>);

impl Record for Fields {
    fn attribute(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}

fn parsed(query: &str) -> Result<Query, String> {
    Query::parse(query, &Types).map_err(|error| {
        let message = error.message.strip_prefix("invalid query: ");
        message.expect("all refusals begin alike").to_owned()
    })
}

fn sample() -> Fields {
    Fields(BTreeMap::from([
        ("Count", Value::Int(5)),
        (
            "Day",
            Value::Datetime(parse_datetime("2030-01-02T03:04:05.678Z").unwrap()),
        ),
        ("ExecutionStatus", Value::Int(1)),
        ("Flag", Value::Bool(true)),
        ("Name", Value::Keyword("kw".to_owned())),
        ("Note", Value::Text("Hello big World".to_owned())),
        ("Ratio", Value::Double(1.5)),
        (
            "Tags",
            Value::KeywordList(vec!["a".to_owned(), "b c".to_owned()]),
        ),
    ]))
}
