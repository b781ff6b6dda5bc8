//! Retry policies to the wire's form and back.

use std::time::Duration;

use outlast_proto::temporal::api::common::v1 as wire;

use super::failure::wire_duration;
use crate::retry_policy::RetryPolicy;

impl From<wire::RetryPolicy> for RetryPolicy {
    fn from(policy: wire::RetryPolicy) -> Self {
        let duration = |wire: prost_types::Duration| Duration::try_from(wire).ok();
        Self {
            initial_interval: policy.initial_interval.and_then(duration),
            backoff_coefficient: Some(policy.backoff_coefficient).filter(|c| *c != 0.0),
            max_interval: policy.maximum_interval.and_then(duration),
            max_attempts: u32::try_from(policy.maximum_attempts).unwrap_or(0),
            non_retryable_errors: policy.non_retryable_error_types,
        }
    }
}

impl From<RetryPolicy> for wire::RetryPolicy {
    fn from(policy: RetryPolicy) -> Self {
        Self {
            initial_interval: policy.initial_interval.map(wire_duration),
            // Absent means the server's default, which the wire writes as zero.
            backoff_coefficient: policy.backoff_coefficient.unwrap_or(0.0),
            maximum_interval: policy.max_interval.map(wire_duration),
            maximum_attempts: i32::try_from(policy.max_attempts).unwrap_or(i32::MAX),
            non_retryable_error_types: policy.non_retryable_errors,
        }
    }
}
