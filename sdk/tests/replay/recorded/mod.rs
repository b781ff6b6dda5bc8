//! Recordings by area, with their twins.

mod activity;
mod end;
mod others;
mod signal;
mod timer;
mod update;

pub(crate) use activity::{act_fails_workflow, act_simple};
pub(crate) use timer::timer_basic;

use outlast::prelude::*;
use serde_json::Value;

#[activity(start_to_close_timeout = "10s")]
async fn echo(value: Value) -> Result<Value, ActivityError> {
    Ok(value)
}

#[activity(start_to_close_timeout = "10s")]
async fn add(a: i64, b: i64) -> Result<i64, ActivityError> {
    Ok(a + b)
}

#[activity(start_to_close_timeout = "10s")]
async fn fail_type(kind: String, non_retryable: bool) -> Result<(), ActivityError> {
    let error = ActivityError::application(kind, "deliberate");
    Err(if non_retryable {
        error.non_retryable()
    } else {
        error
    })
}
