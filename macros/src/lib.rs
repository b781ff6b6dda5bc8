//! The attribute macros of Outlast, which the crate `outlast` re-exports.
//!
//! Each macro reads its item into a model (`signature`, `attr`), checks the model, and writes
//! one trait impl per trait of `outlast::definition` and of `outlast::activity` or
//! `outlast::workflow`. What those traits do is ordinary code over there; generated code only
//! names the user's functions.

mod activities;
mod activity;
mod attr;
mod duration;
mod errors;
mod expand;
mod fallback;
mod handler;
mod names;
mod retry;
mod run;
mod signature;
#[cfg(test)]
mod tests;
mod workflow;
mod workflow_impl;

use proc_macro::TokenStream;

/// Makes an `async fn` an activity.
///
/// The function stays what it was: it is called, tested and documented like any other. Beside it
/// the macro puts a type of the same name, the *key* of the activity, which carries its name on
/// the wire, its types and its options. A worker, a workflow or a test takes the function and
/// finds the key through it, so that one `use` brings both. A module of the same name beside it
/// would be a second type: for `mod charge; pub use charge::charge;`, give the module another name.
///
/// The arguments are owned values that serde can read and write, twelve at the most; an
/// `ActivityContext` may come before them. The result is a `Result<T, E>`, where
/// `outlast::ActivityError` takes any error by `?`.
///
/// # Options
///
/// | Option | Meaning |
/// |---|---|
/// | `start_to_close_timeout = "30s"` | the longest time for one attempt |
/// | `schedule_to_close_timeout = "1h30m"` | the longest time for all attempts together |
/// | `schedule_to_start_timeout = "5m"` | the longest time until a worker takes it |
/// | `heartbeat_timeout = "500ms"` | the longest time between two heartbeats |
/// | `retry(..)` | `max_attempts = 3`, `initial_interval = "1s"`, `backoff_coefficient = 2.0`, `max_interval = "1m"`, `non_retryable = ["CardDeclined"]` |
/// | `task_queue = "bulk"` | where it runs, if not on the queue of the workflow |
/// | `name = "ChargePayment"` | its name on the wire; write it down before other programs depend on it |
/// | `blocking` | the body blocks its thread: it runs on threads of its own |
/// | `crate = "my_crate::outlast"` | where generated code finds this crate |
///
/// They are defaults: a call in a workflow may set its own. Where neither of the first two is
/// given here, each call must give one.
///
/// # Examples
/// ```
/// use outlast::definition::Activity;
/// use outlast::{ActivityContext, ActivityError, activity};
///
/// /// Charges a card and returns the number of the receipt.
/// #[activity(start_to_close_timeout = "30s", retry(max_attempts = 3))]
/// pub async fn charge_card(card: String, cents: u64) -> Result<u64, ActivityError> {
///     if card.is_empty() {
///         return Err(ActivityError::application("CardDeclined", "no card"));
///     }
///     Ok(cents)
/// }
///
/// #[activity(blocking)]
/// pub async fn read_report(_ctx: ActivityContext, path: String) -> Result<String, ActivityError> {
///     Ok(std::fs::read_to_string(path)?)
/// }
///
/// # async fn test() -> Result<(), ActivityError> {
/// assert_eq!(charge_card("4242".into(), 100).await?, 100);
/// # Ok(())
/// # }
/// assert_eq!(charge_card::NAME, "charge_card");
/// ```
///
/// # Names
///
/// The key takes the function's name among the types, where modules live too: a module
/// `charge_card` cannot also re-export `charge_card`. Give the module another name.
#[proc_macro_attribute]
pub fn activity(attr: TokenStream, item: TokenStream) -> TokenStream {
    fallback::expand_or_report(activity::expand, attr.into(), item.into()).into()
}

/// Makes methods of a type activities, which share one value of it.
///
/// Each method annotated with `#[activity]`, with the options of [`macro@activity`], becomes one.
/// It takes `&self` or `self: Arc<Self>`, or no receiver at all, then its context and arguments as
/// a function does. A worker takes the value that they share; a workflow names the method:
/// `Inventory::reserve`. A type has one such block.
///
/// The one option of the block is `crate = "my_crate::outlast"`.
///
/// # Examples
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use outlast::{ActivityError, activities};
///
/// pub struct Inventory {
///     pens: AtomicU32,
/// }
///
/// #[activities]
/// impl Inventory {
///     #[activity(start_to_close_timeout = "5s")]
///     pub async fn reserve(&self, count: u32) -> Result<u32, ActivityError> {
///         Ok(self.pens.fetch_sub(count, Ordering::Relaxed) - count)
///     }
/// }
///
/// # async fn test() -> Result<(), ActivityError> {
/// let inventory = Inventory { pens: 3.into() };
/// assert_eq!(inventory.reserve(1).await?, 2);
/// # Ok(())
/// # }
/// ```
#[proc_macro_attribute]
pub fn activities(attr: TokenStream, item: TokenStream) -> TokenStream {
    fallback::expand_or_report(activities::expand, attr.into(), item.into()).into()
}

/// Makes an `async fn` or an `impl` block a workflow.
///
/// A function is enough for a workflow that nobody talks to while it runs. It takes
/// `ctx: WorkflowContext` and up to twelve arguments, and returns a `WorkflowResult<T>`. As with
/// [`macro@activity`], a type of the same name is its key.
///
/// On an `impl` block, the type is the state of the workflow and its key, and its methods are:
///
/// | Attribute | Method |
/// |---|---|
/// | `#[run]` | the workflow: `async fn run(ctx: WorkflowContext<Self>, ..)`, exactly one |
/// | `#[init]` | makes the state from the arguments of `run`, or from none; else it is the `Default` |
/// | `#[signal]` | `fn approve(&mut self, ..)`, which returns nothing or a `Result` of nothing |
/// | `#[query]` | `fn status(&self, ..) -> T`, an owned value |
/// | `#[update]` | `fn add_item(&mut self, ..) -> Result<T, E>` |
/// | `#[validate(add_item)]` | `fn check_item(&self, ..) -> Result<(), E>`, which accepts or rejects an update before it is written to the history |
///
/// A signal or an update that waits for something is an `async fn` that takes
/// `ctx: WorkflowContext<Self>` in place of `&mut self`. All of them stay methods that a test may
/// call, and are named as such to send a message: `Order::approve`.
///
/// # Options
///
/// `#[workflow]`, `#[signal]`, `#[query]` and `#[update]` take `name = ".."`, the name on the wire
/// in place of that of the type, function or method; `#[workflow]` also takes
/// `crate = "my_crate::outlast"`.
///
/// # Examples
/// ```
/// use outlast::definition::Workflow;
/// use outlast::{WorkflowContext, WorkflowError, WorkflowResult, workflow};
///
/// #[derive(Default)]
/// pub struct Order {
///     approvals: Vec<String>,
/// }
///
/// #[workflow]
/// impl Order {
///     #[run]
///     pub async fn run(ctx: WorkflowContext<Self>, limit: usize) -> WorkflowResult<bool> {
///         Ok(ctx.state().approvals.len() >= limit)
///     }
///
///     #[signal]
///     pub fn approve(&mut self, by: String) {
///         self.approvals.push(by);
///     }
///
///     #[query]
///     pub fn approvals(&self) -> usize {
///         self.approvals.len()
///     }
/// }
///
/// let mut order = Order::default();
/// order.approve("alice".into());
/// assert_eq!(order.approvals(), 1);
/// assert_eq!(Order::NAME, "Order");
/// ```
#[proc_macro_attribute]
pub fn workflow(attr: TokenStream, item: TokenStream) -> TokenStream {
    fallback::expand_or_report(workflow::expand, attr.into(), item.into()).into()
}
