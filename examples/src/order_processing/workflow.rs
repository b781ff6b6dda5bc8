//! The workflow.

use outlast::prelude::*;

use super::{Order, Outcome, Reason, Shop, Status, Step, Verdict};

/// One order, from its arrival to its end.
#[derive(Debug, Default)]
pub struct OrderProcessing {
    status: Status,
    review: Option<Verdict>,
    timeline: Vec<Step>,
}

/// What to undo if the order does not come through.
///
/// It is noted before the activity is called, as one that fails, times out or is canceled may
/// have done its work nevertheless. The [`Shop`] can undo what was never done.
#[derive(Clone, Copy, Debug)]
enum Undo {
    Payment,
    Reservation,
}

#[workflow]
impl OrderProcessing {
    /// Processes an order. Whatever goes wrong on the way, what was done is undone.
    #[run]
    pub async fn run(ctx: WorkflowContext<Self>, order: Order) -> WorkflowResult<Outcome> {
        let mut undo = Vec::new();
        let result = Self::fulfil(&ctx, &order, &mut undo).await;
        if !matches!(result, Ok(Outcome::Completed)) {
            Self::enter(&ctx, Status::Compensating, "undoes what was done");
            // The cleanup runs to its end also when the order was canceled.
            ctx.shield(Self::compensate(&ctx, &order, undo)).await?;
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
        undo: &mut Vec<Undo>,
    ) -> WorkflowResult<Outcome> {
        let id = &order.id;

        Self::enter(ctx, Status::Reserving, "reserves the items");
        undo.push(Undo::Reservation);
        let items = (id.clone(), order.items.clone());
        if !ctx.activity(Shop::reserve_inventory, items).await? {
            return Ok(Outcome::GivenUp(Reason::OutOfStock));
        }

        Self::enter(ctx, Status::Charging, "charges the card");
        undo.push(Undo::Payment);
        let charge = (id.clone(), order.card.clone(), order.total);
        ctx.activity(Shop::charge_payment, charge).await?;

        Self::enter(ctx, Status::AwaitingReview, "waits for the fraud review");
        let reviewed = ctx.wait_until(|order| order.review.is_some());
        if !reviewed.timeout(order.review_window).await? {
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
        let mail = (order.customer.clone(), format!("{id} is on its way"));
        ctx.activity(Shop::send_email, mail).await?;
        ctx.activity(Shop::notify_warehouse, id.clone()).await?;
        Ok(Outcome::Completed)
    }

    /// Undoes what may have been done, the newest first. What cannot be undone does not keep the
    /// rest from being undone; then the workflow fails, so that somebody looks after it.
    async fn compensate(
        ctx: &WorkflowContext<Self>,
        order: &Order,
        undo: Vec<Undo>,
    ) -> WorkflowResult<()> {
        let mut failures = Vec::new();
        for step in undo.into_iter().rev() {
            let id = order.id.clone();
            let undone = match step {
                Undo::Payment => ctx.activity(Shop::refund_payment, id).await,
                Undo::Reservation => ctx.activity(Shop::release_inventory, id).await,
            };
            if let Err(failure) = undone {
                failures.push(in_one_line(&failure));
            }
        }
        if failures.is_empty() {
            return Ok(());
        }
        let message = format!("{} is not undone: {}", order.id, failures.join("; "));
        Self::enter(ctx, Status::Compensating, &message);
        Err(WorkflowError::application("NotUndone", message).non_retryable())
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

/// A failure with what caused it.
pub(super) fn in_one_line(failure: &Failure) -> String {
    let causes: Vec<_> = failure.chain().map(ToString::to_string).collect();
    causes.join(": ")
}
