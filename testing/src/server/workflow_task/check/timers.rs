//! Commands about timers.

use outlast_proto::temporal::api::command::v1::StartTimerCommandAttributes;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;

use super::{Checked, Checker, Flaw};
use crate::server::wire::is_negative;

impl<'a> Checker<'a> {
    pub(super) fn check_timer(&mut self, a: &'a StartTimerCommandAttributes) -> Checked {
        let flaw = |text: &str| Err(Flaw::new(Cause::BadStartTimerAttributes, text));
        if a.timer_id.is_empty() {
            return flaw("TimerId is not set on StartTimerCommand.");
        }
        if is_negative(a.start_to_fire_timeout.as_ref()) {
            return flaw("An invalid StartToFireTimeout is set on command: negative duration.");
        }
        if !self.timers.insert(&a.timer_id) {
            return Err(Flaw::new(
                Cause::StartTimerDuplicateId,
                format!(
                    "invalid history builder state for action: add-timer-started-event, TimerID: {}",
                    a.timer_id
                ),
            ));
        }
        Ok(())
    }

    pub(super) fn check_timer_cancel(&mut self, timer_id: &'a str) -> Checked {
        if timer_id.is_empty() {
            let text = "TimerId is not set on CancelTimerCommand.";
            return Err(Flaw::new(Cause::BadCancelTimerAttributes, text));
        }
        if self.timers.remove(timer_id) {
            return Ok(());
        }
        if self.execution.history.has_buffered_timer(timer_id) {
            self.unbuffered_timers.push(timer_id);
            return Ok(());
        }
        Err(Flaw::new(
            Cause::BadCancelTimerAttributes,
            format!(
                "invalid history builder state for action: add-timer-canceled-event, TimerID: \
                 {timer_id}"
            ),
        ))
    }
}
