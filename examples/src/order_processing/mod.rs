//! Orders: reserve, charge, wait a day for a fraud review, ship. And undo what was done when
//! something goes wrong on the way.

pub mod cli;
mod demo;
mod order;
mod shop;
mod workflow;

pub use self::order::{Cents, Item, Order, OrderError, Script, ScriptedOrder, read_orders};
pub use self::shop::{Payment, Shop};
pub use self::workflow::{OrderProcessing, Outcome, Reason, Status, Step, Verdict};

/// The task queue that workers and clients share.
pub const TASK_QUEUE: &str = "order-processing";
