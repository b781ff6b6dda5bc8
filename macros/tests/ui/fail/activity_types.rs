//! Activities whose types do not fit.

#![allow(unused)]

use std::rc::Rc;

use outlast::{ActivityError, activity};

#[activity]
async fn not_a_result(name: String) -> String {
    name
}

struct Plain;

#[activity]
async fn not_serializable(id: u32, plain: Plain) -> Result<(), ActivityError> {
    let _ = (id, plain);
    Ok(())
}

#[activity]
async fn not_deserializable() -> Result<&'static str, ActivityError> {
    Ok("text")
}

#[activity]
async fn wrong_body(name: String) -> Result<u32, ActivityError> {
    Ok(name)
}

#[activity]
async fn not_send() -> Result<(), ActivityError> {
    let shared = Rc::new(1);
    std::future::ready(()).await;
    drop(shared);
    Ok(())
}

async fn plain(number: u32) -> u32 {
    number
}

fn schedule<M>(_: impl outlast::definition::ActivityFn<M>) {}

fn main() {
    schedule(plain);
}
