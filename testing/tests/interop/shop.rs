//! What the Rust worker serves.

use std::time::Duration;

use outlast::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Receipt {
    pub(crate) customer: String,
    #[serde(default)]
    pub(crate) total: u64,
    #[serde(default)]
    pub(crate) shouted: Vec<String>,
}

/// The price of an item, for workflows in Python.
#[activity(start_to_close_timeout = "30s")]
pub(crate) async fn price(item: String) -> Result<u64, ActivityError> {
    Ok(item.len() as u64)
}

/// The Python worker's.
#[activity(start_to_close_timeout = "30s")]
async fn shout(_text: String) -> Result<String, ActivityError> {
    Err(ActivityError::application("Nobody", "this one is never called").non_retryable())
}

/// An order whose items are shouted by Python.
#[derive(Default)]
pub(crate) struct RustOrder {
    items: Vec<String>,
    is_closed: bool,
}

#[workflow]
impl RustOrder {
    #[run]
    pub(crate) async fn run(
        ctx: WorkflowContext<Self>,
        customer: String,
    ) -> WorkflowResult<Receipt> {
        ctx.wait_until(|order| order.is_closed).await?;
        ctx.sleep(Duration::from_millis(10)).await?;
        let items = ctx.state().items.clone();
        let python_queue = ctx.info().task_queue().replace("-rust", "-python");
        let mut shouted = Vec::new();
        for item in items {
            let call = ctx.activity(shout, item).task_queue(&python_queue);
            shouted.push(call.await?);
        }
        Ok(Receipt {
            customer,
            total: 0,
            shouted,
        })
    }

    #[signal]
    fn add(&mut self, item: String) {
        self.items.push(item);
    }

    #[query]
    fn count(&self) -> usize {
        self.items.len()
    }

    #[update]
    fn close(&mut self, _word: String) -> WorkflowResult<usize> {
        self.is_closed = true;
        Ok(self.items.len())
    }

    #[validate(close)]
    fn check_word(&self, word: String) -> WorkflowResult<()> {
        match word.as_str() {
            "please" => Ok(()),
            _ => Err(WorkflowError::application("Rude", "say please")),
        }
    }
}

/// A child of a workflow in Python.
#[derive(Default)]
pub(crate) struct Parcel;

#[workflow]
impl Parcel {
    #[run]
    pub(crate) async fn run(ctx: WorkflowContext<Self>, what: String) -> WorkflowResult<String> {
        ctx.sleep(Duration::from_millis(10)).await?;
        Ok(format!("{what} sent"))
    }
}
