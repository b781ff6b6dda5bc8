//! Blocks without the one `run` that a workflow needs.

#![allow(unused)]

use outlast::{WorkflowContext, WorkflowResult, workflow};

#[derive(Default)]
struct Borrowing;

#[workflow]
impl Borrowing {
    #[run]
    async fn run(&mut self, ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Missing;

#[workflow]
impl Missing {
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Twice;

#[workflow]
impl Twice {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }

    #[run]
    async fn run_again(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Stateless;

#[workflow]
impl Stateless {
    #[run(name = "Other")]
    fn run(ctx: WorkflowContext, name: &str) -> WorkflowResult<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Conditional;

#[workflow]
impl Conditional {
    #[run]
    #[cfg(unix)]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }
}

#[derive(Default)]
struct WithoutContext;

#[workflow]
impl WithoutContext {
    #[run]
    async fn run() -> WorkflowResult<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Generic<T>(T);

#[workflow]
impl<T> Generic<T> {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }
}

trait Flow {
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()>
    where
        Self: Sized;
}

#[workflow]
impl Flow for Missing {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }
}

fn main() {}
