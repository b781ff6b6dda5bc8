//! The workflow.

use std::fmt;
use std::time::SystemTime;

use outlast::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Order, Payment, Shop};

/// One order, from its arrival to its end.
#[derive(Debug, Default)]
pub struct OrderProcessing {
    status: Status,
    review: Option<Verdict>,
    timeline: Vec<Step>,
}

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
    /// The warehouse is being told.
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

/// What has to be undone when an order does not come through.
#[derive(Debug, Default)]
struct Done {
    reserved: bool,
    payment: Option<Payment>,
}

#[workflow]
impl OrderProcessing {
    /// Processes an order. Whatever goes wrong on the way, what was done is undone.
    #[run]
    pub async fn run(ctx: WorkflowContext<Self>, order: Order) -> WorkflowResult<Outcome> {
        let mut done = Done::default();
        let result = Self::fulfil(&ctx, &order, &mut done).await;
        if !matches!(result, Ok(Outcome::Completed)) {
            Self::enter(&ctx, Status::Compensating, "undoes what was done");
            // The cleanup runs to its end also when the order was canceled.
            ctx.shield(Self::compensate(&ctx, &order, done)).await?;
        }
        Self::enter(&ctx, Status::Done, "is done");
        result
    }

    /// The fraud review came to a verdict.
    #[signal]
    pub fn review(&mut self, verdict: Verdict) {
        self.review = Some(verdict);
    }

    /// Where the order stands.
    #[query]
    pub fn status(&self) -> Status {
        self.status
    }

    /// What happened so far.
    #[query]
    pub fn timeline(&self) -> Vec<Step> {
        self.timeline.clone()
    }

    async fn fulfil(
        ctx: &WorkflowContext<Self>,
        order: &Order,
        done: &mut Done,
    ) -> WorkflowResult<Outcome> {
        Self::enter(ctx, Status::Reserving, "reserves the items");
        let reservation = (order.id.clone(), order.items.clone());
        if !ctx.activity(Shop::reserve_inventory, reservation).await? {
            return Ok(Outcome::GivenUp(Reason::OutOfStock));
        }
        done.reserved = true;

        Self::enter(ctx, Status::Charging, "charges the card");
        let charge = (order.card.clone(), order.total);
        done.payment = Some(ctx.activity(Shop::charge_payment, charge).await?);

        Self::enter(ctx, Status::AwaitingReview, "waits for the fraud review");
        let window = order.review_window;
        if !ctx
            .wait_until(|order| order.review.is_some())
            .timeout(window)
            .await?
        {
            return Ok(Outcome::GivenUp(Reason::ReviewTimedOut));
        }
        if ctx.state().review == Some(Verdict::Rejected) {
            return Ok(Outcome::GivenUp(Reason::Fraud));
        }

        Self::enter(
            ctx,
            Status::Shipping,
            "is approved and goes to the warehouse",
        );
        let mail = (
            order.customer.clone(),
            format!("{} is on its way", order.id),
        );
        ctx.activity(Shop::send_email, mail).await?;
        ctx.activity(Shop::notify_warehouse, order.id.clone())
            .await?;
        Ok(Outcome::Completed)
    }

    /// Undoes what was done, the newest first.
    async fn compensate(
        ctx: &WorkflowContext<Self>,
        order: &Order,
        done: Done,
    ) -> WorkflowResult<()> {
        if let Some(payment) = done.payment {
            ctx.activity(Shop::refund_payment, payment).await?;
        }
        if done.reserved {
            ctx.activity(Shop::release_inventory, order.id.clone())
                .await?;
        }
        Ok(())
    }

    fn enter(ctx: &WorkflowContext<Self>, status: Status, text: &str) {
        let step = Step {
            at: ctx.now(),
            text: text.to_owned(),
        };
        ctx.with_state(|order| {
            order.status = status;
            order.timeline.push(step);
        });
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
