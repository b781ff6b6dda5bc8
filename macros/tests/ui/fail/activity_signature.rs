//! Functions that cannot be activities.

#![allow(unused)]

use outlast::{ActivityContext, ActivityError, WorkflowContext, activity};

#[activity]
async fn borrowed_and_taken_apart(name: &str, (x, y): (u32, u32)) -> Result<(), ActivityError> {
    Ok(())
}

#[activity]
fn not_async(name: String) -> Result<(), ActivityError> {
    Ok(())
}

#[activity(blocking)]
fn blocking_but_not_async() -> Result<(), ActivityError> {
    Ok(())
}

#[activity]
async fn thirteen_arguments(
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    h: u8,
    i: u8,
    j: u8,
    k: u8,
    l: u8,
    m: u8,
) -> Result<(), ActivityError> {
    Ok(())
}

#[activity]
async fn generic<T: ToString>(value: T) -> Result<String, ActivityError> {
    Ok(value.to_string())
}

#[activity]
async unsafe fn dangerous() -> Result<(), ActivityError> {
    Ok(())
}

#[activity]
async fn unnamed_types(value: impl ToString) -> impl Sized {
    value.to_string()
}

#[activity]
async fn context_last(name: String, ctx: ActivityContext) -> Result<(), ActivityError> {
    Ok(())
}

#[activity]
async fn context_borrowed(ctx: &ActivityContext) -> Result<(), ActivityError> {
    Ok(())
}

#[activity]
async fn context_of_a_workflow(ctx: WorkflowContext) -> Result<(), ActivityError> {
    Ok(())
}

#[activity]
async fn conditional_argument(#[cfg(unix)] name: String) -> Result<(), ActivityError> {
    Ok(())
}

#[activity]
async fn __temporal_reserved() -> Result<(), ActivityError> {
    Ok(())
}

struct Inventory;

impl Inventory {
    #[activity]
    async fn method(&self) -> Result<(), ActivityError> {
        Ok(())
    }
}

#[activity]
impl Inventory {}

#[activity]
struct NotAFunction;

fn main() {}
