//! What is told of an order: where it stands, what happened to it, and how it ended.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// The customer waits for the fraud review.
    AwaitingReview,
    /// The card is being charged.
    Charging,
    /// What was done is being undone.
    Compensating,
    /// The order came to its end.
    Done,
    /// The items are being reserved.
    #[default]
    Reserving,
    /// The customer and the warehouse are being told.
    Shipping,
}

/// What the fraud review found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All is well.
    Approved,
    /// The order is not to be shipped.
    Rejected,
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It is on its way.
    Completed,
    /// It was given up, and everything is as before.
    GivenUp(Reason),
}

/// Why an order was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The fraud review rejected it.
    Fraud,
    /// Something is not in stock.
    OutOfStock,
    /// Nobody reviewed it in time.
    ReviewTimedOut,
}

/// Something that happened to an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When, by the server's clock.
    pub at: SystemTime,
    /// What.
    pub text: String,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AwaitingReview => "awaiting the fraud review",
            Self::Charging => "charging the card",
            Self::Compensating => "undoing what was done",
            Self::Done => "done",
            Self::Reserving => "reserving the items",
            Self::Shipping => "shipping",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Completed => "completed",
            Self::GivenUp(Reason::Fraud) => "given up: the fraud review rejected it",
            Self::GivenUp(Reason::OutOfStock) => "given up: out of stock",
            Self::GivenUp(Reason::ReviewTimedOut) => "given up: nobody reviewed it in time",
        })
    }
}
