//! Options that an activity does not have, or not so.

#![allow(unused)]

use outlast::{ActivityError, activity};

#[activity(start_to_clos_timeout = "5s")]
async fn misspelled() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(
    start_to_close_timeout = "5 parsecs",
    schedule_to_close_timeout = "1.5h",
    schedule_to_start_timeout = "30m1h",
    heartbeat_timeout = 30
)]
async fn not_durations() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(start_to_close_timeout = "0s", heartbeat_timeout, retry = 3, blocking = true)]
async fn not_values() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(name = "One", name = "Two", task_queue = QUEUE, crate = "not a path")]
async fn not_strings() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(name = "")]
async fn without_a_name() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(name = "__temporal_charge")]
async fn reserved() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(retry(
    attempts = 3,
    max_attempts = -1,
    initial_interval = "soon",
    backoff_coefficient = 0.5,
    non_retryable = "CardDeclined"
))]
async fn retried() -> Result<(), ActivityError> {
    Ok(())
}

#[activity(max_attempts = 3)]
async fn several_mistakes(name: &str) -> Result<(), ActivityError> {
    Ok(())
}

fn main() {}
