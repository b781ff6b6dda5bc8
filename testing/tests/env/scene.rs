//! The workflows and activities that the tests are about.

use std::time::Duration;

use outlast::prelude::*;
use outlast_testing::TestEnv;

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);

#[activity(start_to_close_timeout = "30s")]
pub(crate) async fn charge(order: String, cents: u64) -> Result<u64, ActivityError> {
    Ok(cents + order.len() as u64)
}

#[activity(start_to_close_timeout = "30s")]
pub(crate) async fn refund(cents: u64) -> Result<(), ActivityError> {
    unreachable!("no test refunds {cents} for real")
}

#[activity(start_to_close_timeout = "10h", heartbeat_timeout = "10m")]
pub(crate) async fn copy(ctx: ActivityContext, rows: u64) -> Result<u64, ActivityError> {
    unreachable!("no test copies {rows} for real, in {ctx:?}")
}

/// Charges an order of a pen.
#[workflow]
pub(crate) async fn buy(ctx: WorkflowContext, cents: u64) -> WorkflowResult<u64> {
    Ok(ctx.activity(charge, ("pen".to_owned(), cents)).await?)
}

/// Copies a hundred rows.
#[workflow]
pub(crate) async fn backup(ctx: WorkflowContext) -> WorkflowResult<u64> {
    Ok(ctx.activity(copy, 100).await?)
}

/// Waits for approvals, for a day, and then charges.
#[derive(Default)]
pub(crate) struct Approval {
    approvals: Vec<String>,
}

#[workflow]
impl Approval {
    #[run]
    pub(crate) async fn run(ctx: WorkflowContext<Self>, needed: usize) -> WorkflowResult<u64> {
        let in_time = ctx.wait_until(|a| a.approvals.len() >= needed);
        if !in_time.timeout(24 * HOUR).await? {
            return Err(WorkflowError::application(
                "TooLate",
                "nobody approved in time",
            ));
        }
        Ok(ctx.activity(charge, ("pen".to_owned(), 39)).await?)
    }

    #[signal]
    pub(crate) fn approve(&mut self, by: String) {
        self.approvals.push(by);
    }

    #[query]
    pub(crate) fn count(&self) -> usize {
        self.approvals.len()
    }

    #[update]
    pub(crate) async fn approve_later(
        ctx: WorkflowContext<Self>,
        by: String,
    ) -> WorkflowResult<usize> {
        ctx.sleep(2 * HOUR).await?;
        ctx.state().approvals.push(by);
        let count = ctx.state().approvals.len();
        Ok(count)
    }

    #[validate(approve_later)]
    fn check_name(&self, by: String) -> WorkflowResult<()> {
        match by.as_str() {
            "" => Err(WorkflowError::application("Nameless", "who are you?")),
            _ => Ok(()),
        }
    }
}

pub(crate) fn down() -> ActivityError {
    ActivityError::application("Down", "no line")
}

/// How much virtual time a test takes.
pub(crate) struct Stopwatch<'a> {
    env: &'a TestEnv,
    begun: std::time::SystemTime,
}

impl<'a> Stopwatch<'a> {
    pub(crate) fn start(env: &'a TestEnv) -> Self {
        let begun = env.now();
        Self { env, begun }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.env.now().duration_since(self.begun).unwrap()
    }

    pub(crate) fn at(&self, time: std::time::SystemTime) -> Duration {
        time.duration_since(self.begun).unwrap()
    }
}
