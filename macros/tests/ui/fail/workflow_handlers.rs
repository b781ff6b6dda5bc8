//! Methods that cannot be handlers.

#![allow(unused)]

use outlast::{WorkflowContext, WorkflowError, WorkflowResult, workflow};

#[derive(Default)]
struct Order {
    items: Vec<String>,
}

#[workflow]
impl Order {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }

    #[signal]
    async fn waits_and_borrows(&mut self) {}

    #[signal]
    async fn waits_without_context(by: String) {}

    #[signal]
    fn only_reads(&self, by: String) {}

    #[signal]
    fn takes_nothing(by: String) {}

    #[signal]
    fn has_context(ctx: WorkflowContext<Self>) {}

    #[update]
    fn only_reads_too(&self) -> Result<(), WorkflowError> {
        Ok(())
    }

    #[update]
    async fn waits_and_reads(&self, item: &str) -> Result<(), WorkflowError> {
        Ok(())
    }

    #[query]
    fn changes(&mut self) -> u32 {
        0
    }

    #[query]
    async fn waits(&self) -> u32 {
        0
    }

    #[query]
    fn queries_by_context(ctx: WorkflowContext<Self>) -> u32 {
        0
    }

    #[query]
    fn fails(&self) -> Result<u32, WorkflowError> {
        Ok(0)
    }

    #[query]
    fn borrows(&self) -> Option<&str> {
        None
    }

    #[query]
    fn __stack_trace(&self) -> u32 {
        0
    }

    #[signal(name = "__temporal_signal")]
    fn reserved(&mut self) {}

    #[signal(unfinished = "abandon")]
    fn with_unknown_option(&mut self) {}

    #[signal]
    #[query]
    fn two_roles(&mut self) {}
}

#[derive(Default)]
struct SameNames;

#[workflow]
impl SameNames {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }

    #[signal]
    fn approve(&mut self) {}

    #[signal(name = "approve")]
    fn approve_again(&mut self) {}
}

#[derive(Default)]
struct Validators;

#[workflow]
impl Validators {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }

    #[update]
    fn add(&mut self) {}

    #[validate]
    fn of_nothing(&self) -> Result<(), WorkflowError> {
        Ok(())
    }

    #[validate(add)]
    async fn waits(&self) {}

    #[validate(add)]
    fn changes(&mut self) -> Result<(), WorkflowError> {
        Ok(())
    }
}

#[derive(Default)]
struct LostValidators;

#[workflow]
impl LostValidators {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }

    #[update]
    fn add(&mut self, item: String) -> Result<(), WorkflowError> {
        Ok(())
    }

    #[validate(add)]
    fn takes_less(&self) -> Result<(), WorkflowError> {
        Ok(())
    }

    #[validate(remove)]
    fn of_no_update(&self) -> Result<(), WorkflowError> {
        Ok(())
    }
}

fn main() {}
