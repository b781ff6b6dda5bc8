//! What becomes of actions that are due while a workflow of the schedule is still running.

use outlast_proto::temporal::api::enums::v1::ScheduleOverlapPolicy as Overlap;

use super::Due;

/// What to do about the actions that are due.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Start these at once, whatever is running.
    pub(super) beside: Vec<Due>,
    /// Start this; nothing else is running.
    pub(super) start: Option<Due>,
    /// Keep these until what is running has ended.
    pub(super) keep: Vec<Due>,
    pub(super) skipped: i64,
    pub(super) cancel_running: bool,
    pub(super) terminate_running: bool,
}

/// Decides about the actions that are due, in their order.
pub(super) fn plan(due: Vec<Due>, is_running: bool, policy: Overlap) -> Plan {
    let mut plan = Plan::default();
    for action in due {
        let overlap = action.overlap(policy);
        if overlap == Overlap::AllowAll {
            plan.beside.push(action);
        } else if !is_running && plan.start.is_none() {
            plan.start = Some(action);
        } else {
            plan.overlap(action, overlap, is_running);
        }
    }
    plan
}

impl Plan {
    fn overlap(&mut self, action: Due, overlap: Overlap, is_running: bool) {
        match overlap {
            Overlap::BufferAll => self.keep.push(action),
            Overlap::BufferOne if self.keep.is_empty() => self.keep.push(action),
            Overlap::CancelOther | Overlap::TerminateOther if !is_running => {
                // What would have to be ended has not even begun.
                self.start = Some(action);
            }
            Overlap::CancelOther => {
                self.cancel_running = true;
                self.keep.push(action);
            }
            Overlap::TerminateOther => {
                self.terminate_running = true;
                self.keep.push(action);
            }
            Overlap::AllowAll | Overlap::BufferOne | Overlap::Skip | Overlap::Unspecified => {
                self.skipped += 1;
            }
        }
    }
}
