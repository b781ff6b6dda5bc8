//! Orders: reserve, charge, wait a day for a fraud review, ship. And undo what was done when
//! something goes wrong on the way.
//!
//! Read [`OrderProcessing`] first, and [`Shop`] with its activities next.
//!
//! # Order files
//! ```text
#![doc = include_str!("../../orders/format.txt")]
//! ```

mod arguments;
pub mod cli;
mod demo;
mod order;
mod order_file;
mod progress;
mod shop;
mod timeline;
mod workflow;

pub use self::order::{Cents, Item, Order};
pub use self::order_file::{OrderError, Script, ScriptedOrder, read_orders};
pub use self::progress::{Outcome, Reason, Status, Step, Verdict};
pub use self::shop::Shop;
pub use self::workflow::OrderProcessing;

/// The task queue that workers and clients share, if they do not say another.
pub const TASK_QUEUE: &str = "order-processing";
