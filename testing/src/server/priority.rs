//! Priorities of workflows and activities.

use outlast_proto::temporal::api::common::v1::Priority;

/// What is wrong with a priority, if anything.
pub(super) fn flaw(priority: &Priority) -> Option<&'static str> {
    if priority.priority_key < 0 {
        Some("priority key can't be negative")
    } else if priority.fairness_key.len() > FAIRNESS_KEY_LIMIT {
        Some("fairness key length exceeds limit")
    } else if priority.fairness_weight < 0.0 {
        Some("must be greater than zero")
    } else {
        None
    }
}

const FAIRNESS_KEY_LIMIT: usize = 64;
