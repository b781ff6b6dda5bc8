//! Orders.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

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
        // A century is enough: a date that far away still has four digits.
        u32::deserialize(from).map(|seconds| Duration::from_secs(seconds.into()))
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}
