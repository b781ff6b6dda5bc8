//! Ways in which `#[init]` cannot make the state.

#![allow(unused)]

use outlast::{WorkflowContext, WorkflowResult, workflow};

struct Waiting;

#[workflow]
impl Waiting {
    #[init]
    async fn new(&self, ctx: WorkflowContext<Self>) -> Option<Self> {
        None
    }

    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }
}

struct OtherArguments;

#[workflow]
impl OtherArguments {
    #[init]
    fn new(id: String, count: u32) -> Self {
        Self
    }

    #[run]
    async fn run(ctx: WorkflowContext<Self>, id: String) -> WorkflowResult<()> {
        Ok(())
    }
}

struct Twice;

#[workflow]
impl Twice {
    #[init]
    fn new() -> Self {
        Self
    }

    #[init]
    fn other() -> Self {
        Self
    }

    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(())
    }
}

fn main() {}
