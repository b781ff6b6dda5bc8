//! [`RetryPolicy`]: when the server tries again.

use std::time::Duration;

/// When and how often the server retries an activity or a workflow.
///
/// What is not set takes the server's default: first interval 1 s, coefficient 2, longest
/// interval 100 times the first, any number of attempts.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use outlast::RetryPolicy;
///
/// let policy = RetryPolicy::new()
///     .initial_interval(Duration::from_millis(200))
///     .max_attempts(3)
///     .non_retryable_error("CardDeclined");
/// assert_eq!(policy, policy.clone());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryPolicy {
    pub(crate) initial_interval: Option<Duration>,
    pub(crate) backoff_coefficient: Option<f64>,
    pub(crate) max_interval: Option<Duration>,
    pub(crate) max_attempts: u32,
    pub(crate) non_retryable_errors: Vec<String>,
}

impl RetryPolicy {
    /// A policy of the server's defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The wait before the second attempt. Default: 1 s.
    #[must_use]
    pub fn initial_interval(mut self, interval: Duration) -> Self {
        self.initial_interval = Some(interval);
        self
    }

    /// The factor by which each wait is longer than the one before; at least 1. Default: 2.
    #[must_use]
    pub fn backoff_coefficient(mut self, coefficient: f64) -> Self {
        self.backoff_coefficient = Some(coefficient);
        self
    }

    /// The longest wait. Default: 100 times the first.
    #[must_use]
    pub fn max_interval(mut self, interval: Duration) -> Self {
        self.max_interval = Some(interval);
        self
    }

    /// How many attempts there are at the most, the first one included; 0 is no limit.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// How long to wait after the given attempt, as a server would; `None` if it was the last.
    #[doc(hidden)]
    #[must_use]
    pub fn wait_after(&self, attempt: u32) -> Option<Duration> {
        if self.max_attempts > 0 && attempt >= self.max_attempts {
            return None;
        }
        let first = self.initial_interval.unwrap_or(Duration::from_secs(1));
        let longest = self.max_interval.unwrap_or(first * 100);
        let coefficient = self.backoff_coefficient.unwrap_or(2.0);
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let wait = first.as_secs_f64() * coefficient.powi(exponent);
        Some(Duration::try_from_secs_f64(wait).map_or(longest, |wait| wait.min(longest)))
    }

    /// Whether a failure of that kind is tried again.
    #[doc(hidden)]
    #[must_use]
    pub fn retries(&self, kind: &str) -> bool {
        !self.non_retryable_errors.iter().any(|other| other == kind)
    }

    /// Adds a kind of application failure that is not retried.
    #[must_use]
    pub fn non_retryable_error(mut self, kind: impl Into<String>) -> Self {
        self.non_retryable_errors.push(kind.into());
        self
    }
}
