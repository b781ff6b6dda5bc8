//! Retry policies: defaults, and when the next attempt is due.

use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1::RetryPolicy;
use outlast_proto::temporal::api::enums::v1::{RetryState, TimeoutType};
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;

use crate::server::time::end::later;
use crate::server::wire::{duration_flaw, set_duration, wire_duration};

/// What is known when an attempt has failed.
#[derive(Debug)]
pub(in crate::server) struct FailedAttempt<'a> {
    pub(in crate::server) policy: Option<&'a RetryPolicy>,
    pub(in crate::server) attempt: i32,
    pub(in crate::server) failure: Option<&'a Failure>,
    pub(in crate::server) now: SystemTime,
    /// When all attempts together run out of time.
    pub(in crate::server) expires_at: Option<SystemTime>,
}

impl FailedAttempt<'_> {
    /// How long to wait before the next attempt, or why there is none.
    pub(in crate::server) fn backoff(&self) -> Result<Duration, RetryState> {
        let policy = self.policy.ok_or(RetryState::RetryPolicyNotSet)?;
        let refused = &policy.non_retryable_error_types;
        if self
            .failure
            .is_some_and(|failure| !is_retryable(failure, refused))
        {
            return Err(RetryState::NonRetryableFailure);
        }
        if policy.maximum_attempts > 0 && self.attempt >= policy.maximum_attempts {
            return Err(RetryState::MaximumAttemptsReached);
        }
        let requested = self.failure.and_then(requested_delay);
        let delay = requested.unwrap_or_else(|| interval(policy, self.attempt));
        match self.expires_at {
            Some(expires_at) if later(self.now, delay) > expires_at => Err(RetryState::Timeout),
            _ => Ok(delay),
        }
    }
}

/// Fills the gaps of a policy as the server does.
pub(in crate::server) fn with_defaults(policy: &RetryPolicy) -> RetryPolicy {
    let initial = set_duration(policy.initial_interval.as_ref()).unwrap_or(DEFAULT_INTERVAL);
    let maximum = set_duration(policy.maximum_interval.as_ref()).unwrap_or(initial * 100);
    RetryPolicy {
        initial_interval: wire_duration(initial),
        backoff_coefficient: match policy.backoff_coefficient {
            0.0 => DEFAULT_COEFFICIENT,
            coefficient => coefficient,
        },
        maximum_interval: wire_duration(maximum),
        ..policy.clone()
    }
}

/// What is wrong with a policy, if anything. A single attempt needs no sensible intervals.
pub(in crate::server) fn flaw(policy: &RetryPolicy) -> Option<String> {
    let coefficient = policy.backoff_coefficient;
    let initial = set_duration(policy.initial_interval.as_ref());
    let maximum = set_duration(policy.maximum_interval.as_ref());
    if policy.maximum_attempts == 1 {
        return None;
    }
    if coefficient != 0.0 && coefficient < 1.0 {
        return Some("BackoffCoefficient cannot be less than 1 on retry policy.".to_owned());
    }
    if policy.maximum_attempts < 0 {
        return Some("MaximumAttempts cannot be negative on retry policy.".to_owned());
    }
    let intervals = [
        ("InitialInterval", &policy.initial_interval),
        ("MaximumInterval", &policy.maximum_interval),
    ];
    for (name, interval) in intervals {
        if let Some(flaw) = duration_flaw(interval.as_ref()) {
            return Some(format!("invalid {name} set on retry policy: {flaw}"));
        }
    }
    maximum
        .is_some_and(|maximum| initial > Some(maximum))
        .then(|| "MaximumInterval cannot be less than InitialInterval on retry policy.".to_owned())
}

/// How long to wait after this many attempts.
pub(in crate::server) fn interval(policy: &RetryPolicy, attempt: i32) -> Duration {
    let policy = with_defaults(policy);
    let initial = set_duration(policy.initial_interval.as_ref()).unwrap_or(DEFAULT_INTERVAL);
    let maximum = set_duration(policy.maximum_interval.as_ref()).unwrap_or(initial * 100);
    let factor = policy.backoff_coefficient.powi(attempt.saturating_sub(1));
    // A coefficient that is no number, or a product too large, leads to the maximum as well.
    Duration::try_from_secs_f64(initial.as_secs_f64() * factor)
        .map_or(maximum, |interval| interval.min(maximum))
}

fn requested_delay(failure: &Failure) -> Option<Duration> {
    match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => {
            set_duration(info.next_retry_delay.as_ref())
        }
        _ => None,
    }
}

fn is_retryable(failure: &Failure, refused: &[String]) -> bool {
    match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => {
            !info.non_retryable && !refused.contains(&info.r#type)
        }
        Some(FailureInfo::TimeoutFailureInfo(info)) => {
            let kind = TimeoutType::try_from(info.timeout_type).unwrap_or_default();
            matches!(kind, TimeoutType::StartToClose | TimeoutType::Heartbeat)
                && !refused.contains(&format!("TemporalTimeout:{}", timeout_name(kind)))
        }
        Some(FailureInfo::ServerFailureInfo(info)) => !info.non_retryable,
        Some(FailureInfo::CanceledFailureInfo(_) | FailureInfo::TerminatedFailureInfo(_)) => false,
        Some(
            FailureInfo::ActivityFailureInfo(_)
            | FailureInfo::ChildWorkflowExecutionFailureInfo(_)
            | FailureInfo::NexusHandlerFailureInfo(_)
            | FailureInfo::NexusOperationExecutionFailureInfo(_)
            | FailureInfo::ResetWorkflowFailureInfo(_),
        )
        | None => true,
    }
}

/// A timeout as messages name it.
pub(in crate::server) fn timeout_name(timeout: TimeoutType) -> &'static str {
    match timeout {
        TimeoutType::Heartbeat => "Heartbeat",
        TimeoutType::ScheduleToClose => "ScheduleToClose",
        TimeoutType::ScheduleToStart => "ScheduleToStart",
        TimeoutType::StartToClose => "StartToClose",
        TimeoutType::Unspecified => "Unspecified",
    }
}

const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);
const DEFAULT_COEFFICIENT: f64 = 2.0;
