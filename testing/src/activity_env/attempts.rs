//! [`Attempts`]: an activity as it is tried again and again.

use std::time::SystemTime;

use outlast::{ActivityContext, ActivityError, Failure, RetryPolicy};

use super::ActivityEnv;

/// How an activity went, attempt by attempt.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempts<T> {
    /// All attempts that failed, in order.
    pub failed: Vec<AttemptOutcome>,
    /// What the last attempt returned.
    pub result: Result<T, ActivityError>,
}

/// An attempt that failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AttemptOutcome {
    /// 1 for the first attempt.
    pub attempt: u32,
    /// When it began, in virtual time.
    pub at: SystemTime,
    /// Why it failed; `None` if something else is to report how it ends.
    pub failure: Option<Failure>,
}

impl ActivityEnv {
    /// Tries the activity as often as the policy says: each attempt gets a context of its own, with
    /// what the last heartbeat before said, and virtual time passes between them.
    ///
    /// It ends with the first attempt that succeeds, that fails for good, or after which there is
    /// none: by the policy, or by the schedule-to-close timeout.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::ActivityEnv;
    /// #[activity]
    /// async fn flaky(ctx: ActivityContext) -> Result<u64, ActivityError> {
    ///     let done = ctx.last_heartbeat::<u64>()?.unwrap_or(0);
    ///     ctx.heartbeat(&(done + 1));
    ///     match done {
    ///         0..3 => Err(ActivityError::application("Busy", "try again")),
    ///         done => Ok(done),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = ActivityEnv::new();
    /// let begun = env.now();
    /// let policy = RetryPolicy::new().initial_interval(Duration::from_mins(1));
    /// let attempts = env.run_attempts(policy, async |ctx| flaky(ctx).await).await;
    ///
    /// assert_eq!(attempts.result.unwrap(), 3);
    /// assert_eq!(attempts.failed.len(), 3);
    /// assert_eq!(env.now(), begun + Duration::from_mins(1 + 2 + 4));
    /// # }
    /// ```
    pub async fn run_attempts<T, E>(
        &self,
        policy: RetryPolicy,
        activity: impl AsyncFn(ActivityContext) -> Result<T, E>,
    ) -> Attempts<T>
    where
        E: Into<ActivityError>,
    {
        let mut env = self.next_attempt(self.info.attempt);
        env.info.retry_policy = Some(policy.clone());
        let mut failed = Vec::new();
        loop {
            let attempt = env.info.attempt;
            let at = env.now();
            let context = env.context();
            let error = match activity(context.clone()).await {
                Ok(value) => {
                    return Attempts {
                        failed,
                        result: Ok(value),
                    };
                }
                Err(error) => error.into(),
            };
            failed.push(AttemptOutcome {
                attempt,
                at,
                failure: error.as_failure().cloned(),
            });
            let Some(wait) = env.wait_after(&policy, attempt, &error) else {
                return Attempts {
                    failed,
                    result: Err(error),
                };
            };
            env.advance(wait);
            env = env.next_attempt(attempt + 1);
            env.info.attempt_scheduled_time = env.now();
            if let Some(last) = context.recorded_heartbeat() {
                env.info.heartbeat_details = vec![last];
            }
        }
    }

    /// How long to wait for the next attempt, if there is one.
    fn wait_after(
        &self,
        policy: &RetryPolicy,
        attempt: u32,
        error: &ActivityError,
    ) -> Option<std::time::Duration> {
        let failure = error.as_failure()?;
        let application = failure.as_application();
        let is_final = failure.is_canceled()
            || application.is_some_and(|application| application.non_retryable)
            || application.is_some_and(|application| !policy.retries(&application.kind));
        let wait = policy.wait_after(attempt).filter(|_| !is_final)?;
        let wait = application.and_then(|a| a.next_retry_delay).unwrap_or(wait);
        let begins = self.now() + wait;
        let closes = self.info.schedule_to_close_timeout;
        closes
            .is_none_or(|timeout| begins < self.info.scheduled_time + timeout)
            .then_some(wait)
    }

    /// The same environment, for another attempt.
    fn next_attempt(&self, attempt: u32) -> Self {
        let mut info = self.info.clone();
        info.attempt = attempt;
        Self {
            info,
            token: self.token.clone(),
            script: self.script.clone(),
            state: std::sync::Arc::clone(&self.state),
        }
    }
}
