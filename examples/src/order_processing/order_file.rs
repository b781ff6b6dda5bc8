//! The file that orders come from.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{Cents, Order, Verdict};

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
        after_hours: u16,
    },
    /// The fraud review comes to a verdict.
    Review {
        /// So many hours after it began.
        after_hours: u16,
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

/// Reads the orders of a [file](super#order-files), good and bad.
///
/// # Errors
/// When the text is not JSON.
pub fn read_orders(
    text: &str,
) -> Result<Vec<Result<ScriptedOrder, OrderError>>, serde_json::Error> {
    let entries = match serde_json::from_str(text)? {
        Value::Array(entries) => entries,
        entry => vec![entry],
    };
    let mut ids = BTreeSet::new();
    let entries = entries.into_iter().enumerate();
    Ok(entries
        .map(|(index, entry)| {
            let id = entry.pointer("/order/id").and_then(Value::as_str);
            let id = id.map(ToOwned::to_owned);
            read_order(entry, &mut ids).map_err(|reason| OrderError {
                position: index + 1,
                id,
                reason,
            })
        })
        .collect())
}

/// An order that can be processed, or what is wrong with it.
fn read_order(entry: Value, ids: &mut BTreeSet<String>) -> Result<ScriptedOrder, String> {
    let read: ScriptedOrder = serde_json::from_value(entry).map_err(|error| error.to_string())?;
    let Order {
        id, items, total, ..
    } = &read.order;
    if id.is_empty() {
        return Err("it has no number: `id` is empty".to_owned());
    }
    if items.is_empty() {
        return Err("it orders nothing: `items` is empty".to_owned());
    }
    if let Some(item) = items.iter().find(|item| item.count == 0) {
        return Err(format!("it orders no pieces of `{}`", item.sku));
    }
    if *total == Cents(0) {
        return Err("it costs nothing: `total` is 0".to_owned());
    }
    if !ids.insert(id.clone()) {
        return Err("its number is that of an order before it".to_owned());
    }
    Ok(read)
}

impl Script {
    /// When it happens, as time since the order began.
    pub(super) fn after(&self) -> Duration {
        match self {
            Self::Cancel { after_hours } | Self::Review { after_hours, .. } => {
                Duration::from_hours((*after_hours).into())
            }
        }
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
        let good = r#"{"id": "o-1", "customer": "a", "items": [{"sku": "pen", "count": 1}],
                       "total": 5, "card": "c"}"#;
        let bad = [
            (r#""items""#, r#""itms""#, "unknown field `itms`"),
            (r#", "card": "c""#, "", "missing field `card`"),
            (r#""o-1""#, r#""""#, "it has no number: `id` is empty"),
            (r#"{"sku": "pen", "count": 1}"#, "", "it orders nothing"),
            (
                r#""count": 1"#,
                r#""count": 0"#,
                "it orders no pieces of `pen`",
            ),
            (r#""count": 1"#, r#""count": -1"#, "invalid value"),
            (r#""total": 5"#, r#""total": 0"#, "it costs nothing"),
            ("pen", "pen", "its number is that of an order before it"),
        ];
        let broken = bad.map(|(part, by, _)| good.replace(part, by));
        let other = good.replace("o-1", "o-2");
        let all: Vec<_> = [good]
            .into_iter()
            .chain(broken.iter().map(|text| &**text))
            .chain([&*other])
            .collect();
        let all: Vec<_> = all
            .iter()
            .map(|order| format!(r#"{{"order": {order}}}"#))
            .collect();

        let orders = read_orders(&format!("[{}]", all.join(","))).unwrap();

        assert!(orders[0].is_ok());
        assert_eq!(
            orders[9].as_ref().unwrap().order.review_window,
            Duration::from_hours(24)
        );
        for (index, (_, _, wanted)) in bad.iter().enumerate() {
            let error = orders[index + 1].as_ref().unwrap_err();
            assert_eq!(error.position, index + 2);
            assert!(error.reason.contains(wanted), "{error}");
        }
        let error = orders[4].as_ref().unwrap_err().to_string();
        assert_eq!(
            error,
            "order 5 (`o-1`) is malformed: it orders nothing: `items` is empty"
        );
    }

    #[test]
    fn a_file_may_hold_a_single_order_but_nothing_that_is_not_json() {
        let order = r#"{"order": {"id": "o-1", "customer": "a", "total": 5, "card": "c",
            "items": [{"sku": "pen", "count": 1}], "review_window_seconds": 2}}"#;
        let orders = read_orders(order).unwrap();
        let window = orders[0].as_ref().unwrap().order.review_window;
        assert_eq!((orders.len(), window), (1, Duration::from_secs(2)));
        assert!(read_orders("[").is_err());
    }
}
