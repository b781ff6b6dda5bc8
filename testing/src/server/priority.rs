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

/// The priority of a task: what it does not say itself, it has from its workflow.
pub(super) fn inherited(own: Option<&Priority>, workflow: Option<&Priority>) -> Option<Priority> {
    let (own, workflow) = match (own, workflow) {
        (Some(own), Some(workflow)) => (own, workflow),
        (priority, None) | (None, priority) => return priority.cloned(),
    };
    let or = |own: f32, workflow: f32| if own == 0.0 { workflow } else { own };
    let key = match own.fairness_key.is_empty() {
        true => &workflow.fairness_key,
        false => &own.fairness_key,
    };
    Some(Priority {
        priority_key: match own.priority_key {
            0 => workflow.priority_key,
            key => key,
        },
        fairness_key: key.clone(),
        fairness_weight: or(own.fairness_weight, workflow.fairness_weight),
    })
}

const FAIRNESS_KEY_LIMIT: usize = 64;
