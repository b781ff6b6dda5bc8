//! How orders went, in words.

use std::io::Write;
use std::time::Duration;

use outlast::client::ResultError;
use outlast::{Error, WorkflowHandle};

use super::workflow::in_one_line;
use super::{OrderProcessing, Outcome};

/// Tells what happened to the orders, by the time since the first of them began.
pub(super) async fn tell_timeline(
    orders: &[WorkflowHandle<OrderProcessing>],
    out: &mut impl Write,
) -> Result<(), Error> {
    let mut steps = Vec::new();
    for order in orders {
        for step in order.query(OrderProcessing::timeline, ()).await? {
            steps.push((step.at, order.workflow_id(), step.text));
        }
    }
    steps.sort_by_key(|(at, ..)| *at);
    let Some((begin, ..)) = steps.first().cloned() else {
        return Ok(());
    };
    writeln!(out, "\n  day  time")?;
    for (at, order, text) in steps {
        let passed = clock(at.duration_since(begin).unwrap_or_default());
        writeln!(out, "  {passed}  {order}  {text}")?;
    }
    Ok(())
}

/// Tells how the orders ended.
pub(super) fn tell_outcomes(
    orders: &[WorkflowHandle<OrderProcessing>],
    outcomes: &[Result<Outcome, ResultError>],
    out: &mut impl Write,
) -> Result<(), Error> {
    writeln!(out, "\noutcomes")?;
    for (order, outcome) in orders.iter().zip(outcomes) {
        writeln!(out, "  {}  {}", order.workflow_id(), in_words(outcome))?;
    }
    Ok(())
}

fn clock(passed: Duration) -> String {
    let seconds = passed.as_secs();
    let (day, hour) = (seconds / 86_400, seconds / 3600 % 24);
    let (minute, second) = (seconds / 60 % 60, seconds % 60);
    format!("{day:>3}  {hour:02}:{minute:02}:{second:02}")
}

fn in_words(outcome: &Result<Outcome, ResultError>) -> String {
    match outcome {
        Ok(outcome) => outcome.to_string(),
        Err(error) => match error.failure() {
            Some(failure) => format!("failed: {}", in_one_line(failure)),
            None => error.to_string(),
        },
    }
}
