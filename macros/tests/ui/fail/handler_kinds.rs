//! A handler of one kind is not one of another kind or of another workflow.

#![allow(unused)]

use outlast::definition::{QueryFn, SignalFn, UpdateFn};
use outlast::{WorkflowContext, WorkflowError, WorkflowResult, workflow};

#[derive(Default)]
struct Order;

#[workflow]
impl Order {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        let _ = ctx;
        Ok(())
    }

    #[signal]
    fn approve(&mut self) {}

    #[query]
    fn status(&self) -> u32 {
        0
    }

    #[update]
    fn add(&mut self, count: u32) -> Result<u32, WorkflowError> {
        Ok(count)
    }
}

fn signal<M>(_: impl SignalFn<Order, M>) {}
fn query<M>(_: impl QueryFn<Order, M>) {}
fn update<M>(_: impl UpdateFn<Order, M>) {}

fn main() {
    query(Order::approve);
    signal(Order::status);
    signal(Order::add);
    update(Order::status);
}
