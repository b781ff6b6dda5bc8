//! Orders, and the file they come from.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Verdict;

/// An order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Its number, which is also the workflow's id.
    pub id: String,
    /// Who ordered.
    pub customer: String,
    /// What was ordered.
    pub items: Vec<Item>,
    /// What it costs.
    pub total: Cents,
    /// The card to charge.
    pub card: String,
    /// How long the fraud review may take; a day if nothing else is said.
    #[serde(default = "a_day", rename = "review_window_seconds", with = "seconds")]
    pub review_window: Duration,
}

/// A number of pieces of one article.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The article.
    pub sku: String,
    /// How many.
    pub count: u32,
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cents(pub u64);

/// An order with what the demo does to it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedOrder {
    /// The order.
    pub order: Order,
    /// What happens to it while it is processed.
    #[serde(default)]
    pub script: Option<Script>,
}

/// What happens to an order while it is processed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Script {
    /// The customer cancels it.
    Cancel {
        /// So many hours after it began.
        after_hours: u64,
    },
    /// The fraud review comes to a verdict.
    Review {
        /// So many hours after it began.
        after_hours: u64,
        /// The verdict.
        verdict: Verdict,
    },
}

/// Why an entry of an order file is no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderError {
    /// Its place in the file, from 1.
    pub position: usize,
    /// Its number, if it has one.
    pub id: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads the orders of a file, good and bad.
///
/// # Errors
/// When the text is not a JSON array.
pub fn read_orders(
    text: &str,
) -> Result<Vec<Result<ScriptedOrder, OrderError>>, serde_json::Error> {
    let entries: Vec<Value> = serde_json::from_str(text)?;
    Ok(entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| read_order(index + 1, entry))
        .collect())
}

fn read_order(position: usize, entry: Value) -> Result<ScriptedOrder, OrderError> {
    let id = entry
        .pointer("/order/id")
        .and_then(Value::as_str)
        .map(ToOwned::to_owned);
    let wrong = |reason: String| OrderError {
        position,
        id: id.clone(),
        reason,
    };
    let read: ScriptedOrder =
        serde_json::from_value(entry).map_err(|error| wrong(error.to_string()))?;
    let Order { items, total, .. } = &read.order;
    if items.is_empty() {
        return Err(wrong("it orders nothing: `items` is empty".to_owned()));
    }
    if let Some(item) = items.iter().find(|item| item.count == 0) {
        return Err(wrong(format!("it orders no pieces of `{}`", item.sku)));
    }
    if *total == Cents(0) {
        return Err(wrong("it costs nothing: `total` is 0".to_owned()));
    }
    Ok(read)
}

fn a_day() -> Duration {
    Duration::from_hours(24)
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(window: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(window.as_secs())
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order {}", self.position)?;
        if let Some(id) = &self.id {
            write!(f, " (`{id}`)")?;
        }
        write!(f, " is malformed: {}", self.reason)
    }
}

impl std::error::Error for OrderError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_holds_good_and_bad_orders() {
        let orders = read_orders(include_str!("../../orders/orders.json")).unwrap();
        let (good, bad): (Vec<_>, Vec<_>) = orders.into_iter().partition(Result::is_ok);
        assert_eq!((good.len(), bad.len()), (6, 3));
        for error in bad.into_iter().filter_map(Result::err) {
            assert!(error.to_string().contains("is malformed"), "{error}");
        }
    }

    #[test]
    fn a_malformed_order_says_what_is_wrong_and_the_others_go_on() {
        let text = r#"[
            {"order": {"id": "o-1", "customer": "a", "items": [], "total": 5, "card": "c"}},
            {"order": {"id": "o-2", "customer": "a", "total": 5, "card": "c"}},
            {"order": {"id": "o-3", "customer": "a", "items": [{"sku": "pen", "count": 1}],
                       "total": 5, "card": "c"}}
        ]"#;
        let orders = read_orders(text).unwrap();
        let texts: Vec<_> = orders
            .iter()
            .filter_map(|o| o.as_ref().err())
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            texts,
            [
                "order 1 (`o-1`) is malformed: it orders nothing: `items` is empty",
                "order 2 (`o-2`) is malformed: missing field `items`",
            ]
        );
        assert_eq!(
            orders[2].as_ref().unwrap().order.review_window,
            Duration::from_hours(24)
        );
    }
}
