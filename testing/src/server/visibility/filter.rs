//! Conditions that hold for some records and not for others.

use std::cmp::Ordering;

use super::text;
use super::value::Value;

/// Something that queries can find.
pub(in crate::server) trait Record {
    /// The value of an attribute, by the name that [`Attributes`](super::Attributes) gave it;
    /// nothing where it is not set.
    fn attribute(&self, name: &str) -> Option<Value>;
}

/// A checked condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    And(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Or(Box<Self>, Box<Self>),
    Test { attribute: String, test: Test },
}

/// What is asked of one attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Between(Value, Value),
    /// One of these keywords is in the list.
    Contains(Vec<String>),
    Order(Order, Value),
    Null,
    OneOf(Vec<Value>),
    StartsWith(String),
    /// One of these words is in the text.
    Words(String),
}

/// A comparison of values that have an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

impl Filter {
    pub(super) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// The keyword that an attribute has to be for the condition to hold, if there is just one.
    pub(super) fn required(&self, name: &str) -> Option<&str> {
        match self {
            Self::And(left, right) => left.required(name).or_else(|| right.required(name)),
            Self::Test {
                attribute,
                test: Test::Order(Order::Equal, Value::Keyword(word)),
            } if attribute == name => Some(word),
            Self::Not(_) | Self::Or(..) | Self::Test { .. } => None,
        }
    }

    /// Whether the condition holds; nothing if that cannot be said because a value is missing, as
    /// in SQL.
    pub(super) fn holds(&self, record: &dyn Record) -> Option<bool> {
        match self {
            Self::And(left, right) => match (left.holds(record), right.holds(record)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(left, right) => match (left.holds(record), right.holds(record)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(of) => of.holds(record).map(|holds| !holds),
            Self::Test { attribute, test } => test.holds(record.attribute(attribute)),
        }
    }
}

impl Test {
    fn holds(&self, value: Option<Value>) -> Option<bool> {
        match self {
            Self::Null => Some(value.is_none()),
            Self::Contains(members) => {
                Some(value.is_some_and(|value| members.iter().any(|member| value.contains(member))))
            }
            Self::Words(words) => Some(match value {
                Some(Value::Text(text)) => text::matches(&text, words),
                _ => false,
            }),
            Self::Between(from, to) => {
                let value = value?;
                Some(value.compare(from)?.is_ge() && value.compare(to)?.is_le())
            }
            Self::Order(order, other) => Some(order.accepts(value?.compare(other)?)),
            Self::OneOf(others) => {
                let value = value?;
                Some(
                    others
                        .iter()
                        .any(|o| value.compare(o) == Some(Ordering::Equal)),
                )
            }
            Self::StartsWith(prefix) => Some(value?.starts_with(prefix)),
        }
    }
}

impl Order {
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessEqual => ordering.is_le(),
        }
    }
}
