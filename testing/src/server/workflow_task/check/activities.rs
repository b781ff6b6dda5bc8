//! Commands about activities.

use outlast_proto::temporal::api::command::v1::ScheduleActivityTaskCommandAttributes;
use outlast_proto::temporal::api::enums::v1::{EventType, WorkflowTaskFailedCause as Cause};

use super::{Checked, Checker, Flaw};
use crate::server::execution::retry;
use crate::server::wire::{is_negative, set_duration};

impl<'a> Checker<'a> {
    pub(super) fn check_activity(
        &mut self,
        a: &'a ScheduleActivityTaskCommandAttributes,
    ) -> Checked {
        let flaw = |text: String| Err(Flaw::new(Cause::BadScheduleActivityAttributes, text));
        let activity_type = a.activity_type.as_ref().map_or("", |t| t.name.as_str());
        let whose = format!("ActivityId={} ActivityType={activity_type}", a.activity_id);
        if a.activity_id.is_empty() {
            return flaw("activityId is not set".to_owned());
        }
        if activity_type.is_empty() {
            return flaw(format!(
                "ActivityType is not set. ActivityId={}",
                a.activity_id
            ));
        }
        if a.task_queue
            .as_ref()
            .is_none_or(|queue| queue.name.is_empty())
        {
            return flaw("taskQueue is not set".to_owned());
        }
        let timeouts = [
            &a.schedule_to_close_timeout,
            &a.schedule_to_start_timeout,
            &a.start_to_close_timeout,
            &a.heartbeat_timeout,
        ];
        if timeouts
            .into_iter()
            .any(|timeout| is_negative(timeout.as_ref()))
        {
            return flaw(format!("a timeout is negative. {whose}"));
        }
        if set_duration(a.start_to_close_timeout.as_ref()).is_none()
            && set_duration(a.schedule_to_close_timeout.as_ref()).is_none()
        {
            return flaw(format!(
                "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the \
                 activity. {whose}"
            ));
        }
        if let Some(text) = a.retry_policy.as_ref().and_then(retry::flaw) {
            return flaw(format!("{text} {whose}"));
        }
        if !self.activities.insert(&a.activity_id) {
            return Err(Flaw::new(
                Cause::ScheduleActivityDuplicateId,
                format!(
                    "invalid history builder state for action: add-activitytask-scheduled-event, \
                     ActivityID: {}",
                    a.activity_id
                ),
            ));
        }
        Ok(())
    }

    /// An activity that ended in the meantime may be canceled; one that never was may not.
    pub(super) fn check_activity_cancel(&self, scheduled_event_id: i64) -> Checked {
        let events = self.execution.history.events();
        let scheduled = scheduled_event_id > 0
            && events
                .get(scheduled_event_id as usize - 1)
                .is_some_and(|event| event.event_type() == EventType::ActivityTaskScheduled);
        if scheduled {
            return Ok(());
        }
        Err(Flaw::new(
            Cause::BadRequestCancelActivityAttributes,
            format!(
                "invalid history builder state for action: \
                 add-activitytask-cancel-requested-event, ScheduledEventID: {scheduled_event_id}"
            ),
        ))
    }
}
