//! Values of attributes, and how they compare.

use std::cmp::Ordering;

/// A value that a query can compare with.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::server) enum Value {
    Bool(bool),
    /// Microseconds since 1970; the server compares no finer.
    Datetime(i64),
    Double(f64),
    Int(i64),
    Keyword(String),
    KeywordList(Vec<String>),
    Text(String),
}

impl Value {
    /// How two values of one kind are ordered; nothing if they are of different kinds.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Datetime(a), Self::Datetime(b)) | (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Int(a), Self::Double(b)) => (*a as f64).partial_cmp(b),
            (Self::Double(a), Self::Int(b)) => a.partial_cmp(&(*b as f64)),
            (Self::Keyword(a), Self::Keyword(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// Whether this keyword begins with `prefix`, whatever the case of ASCII letters.
    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        match self {
            Self::Keyword(text) => text
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
            _ => false,
        }
    }

    /// Whether one of these keywords is `member`, whatever the case of letters.
    pub(super) fn contains(&self, member: &str) -> bool {
        match self {
            Self::KeywordList(members) => {
                let member = member.to_lowercase();
                !member.is_empty() && members.iter().any(|each| each.to_lowercase() == member)
            }
            _ => false,
        }
    }
}
