//! Workflows whose types do not fit.

#![allow(unused)]

use std::rc::Rc;

use outlast::{WorkflowContext, WorkflowError, WorkflowResult, workflow};

struct Plain;

#[workflow]
async fn not_a_result(ctx: WorkflowContext) -> u32 {
    1
}

#[workflow]
async fn not_serializable(ctx: WorkflowContext, plain: Plain) -> WorkflowResult<()> {
    Ok(())
}

#[workflow]
async fn wrong_body(ctx: WorkflowContext, name: String) -> WorkflowResult<u32> {
    Ok(name)
}

struct NoDefault;

#[workflow]
impl NoDefault {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }
}

struct OtherArguments;

#[workflow]
impl OtherArguments {
    #[init]
    fn new(id: u32) -> Self {
        Self
    }

    #[run]
    async fn run(ctx: WorkflowContext<Self>, id: String) -> WorkflowResult<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Handlers;

#[workflow]
impl Handlers {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }

    #[signal]
    fn returns_a_value(&mut self) -> u32 {
        1
    }

    #[query]
    fn returns_a_plain_value(&self) -> Plain {
        Plain
    }

    #[update]
    fn returns_no_result(&mut self) -> u32 {
        1
    }

    #[update]
    async fn is_not_send(ctx: WorkflowContext<Self>) -> Result<(), WorkflowError> {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        drop(shared);
        Ok(())
    }

    #[update]
    fn add(&mut self, count: u32) {}

    #[validate(add)]
    fn takes_other_arguments(&self, count: String) -> Result<(), WorkflowError> {
        Ok(())
    }
}

fn main() {}
