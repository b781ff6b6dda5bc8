//! Commands for activities.

use outlast_proto::temporal::api::command::v1::ScheduleActivityTaskCommandAttributes;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;

use crate::server::activities::timeouts::AskedTimeouts;
use crate::server::execution::retry;
use crate::server::priority;
use crate::server::task_queues::queue_flaw;
use crate::server::workflow_task::check::runs::stray_build_id;
use crate::server::workflow_task::check::{Checked, Checker, Flaw, excess};

impl<'a> Checker<'a> {
    pub(super) fn check_activity(
        &mut self,
        a: &'a ScheduleActivityTaskCommandAttributes,
    ) -> Checked {
        if let Some(text) = activity_flaw(a) {
            return Err(Flaw::new(Cause::BadScheduleActivityAttributes, text));
        }
        if a.use_workflow_build_id && a.task_queue.as_ref().is_some_and(|q| self.is_elsewhere(q)) {
            let text = stray_build_id("Activity");
            return Err(Flaw::new(Cause::BadScheduleActivityAttributes, text));
        }
        if self.activities.values().any(|id| *id == a.activity_id) {
            return Err(Flaw::new(
                Cause::ScheduleActivityDuplicateId,
                format!(
                    "invalid history builder state for action: add-activitytask-scheduled-event, \
                     ActivityID: {}",
                    a.activity_id
                ),
            ));
        }
        self.activities.insert(self.next_event_id, &a.activity_id);
        self.waiting_activities.insert(self.next_event_id);
        Ok(())
    }

    /// An activity may be canceled until the workflow has seen it end.
    pub(super) fn check_activity_cancel(&mut self, scheduled_event_id: i64) -> Checked {
        let cause = Cause::BadRequestCancelActivityAttributes;
        if scheduled_event_id <= 0 {
            let text = "ScheduledEventId is not set on RequestCancelActivityTaskCommand.";
            return Err(Flaw::new(cause, text));
        }
        let has_ended = self.ended_activities.contains(&scheduled_event_id)
            || self
                .execution
                .history
                .has_buffered_activity_end(scheduled_event_id);
        if !has_ended && !self.activities.contains_key(&scheduled_event_id) {
            return Err(Flaw::new(
                cause,
                format!(
                    "invalid history builder state for action: \
                     add-activitytask-cancel-requested-event, ScheduledEventID: \
                     {scheduled_event_id}"
                ),
            ));
        }
        if self.waiting_activities.remove(&scheduled_event_id) {
            self.activities.remove(&scheduled_event_id);
            self.ended_activities.insert(scheduled_event_id);
        }
        Ok(())
    }
}

fn activity_flaw(a: &ScheduleActivityTaskCommandAttributes) -> Option<String> {
    let activity_type = a.activity_type.as_ref().map_or("", |t| t.name.as_str());
    if let Some(flaw) = queue_flaw(a.task_queue.as_ref()) {
        return Some(flaw.to_owned());
    }
    if a.activity_id.is_empty() {
        return Some("activityId is not set".to_owned());
    }
    if activity_type.is_empty() {
        return Some("activityType is not set".to_owned());
    }
    if let Some(flaw) = a.retry_policy.as_ref().and_then(retry::flaw) {
        return Some(flaw);
    }
    for (what, name) in [
        ("activityId", a.activity_id.as_str()),
        ("activityType", activity_type),
    ] {
        if let Some(excess) = excess(name) {
            return Some(format!("{what} exceeds length limit. {excess}"));
        }
    }
    if let Some(flaw) = a.priority.as_ref().and_then(priority::flaw) {
        return Some(format!("invalid priorities: {flaw}"));
    }
    AskedTimeouts::of_command(a).flaw(&a.activity_id, activity_type)
}
