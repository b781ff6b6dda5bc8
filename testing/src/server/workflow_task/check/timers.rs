//! Commands for timers.

use outlast_proto::temporal::api::command::v1::StartTimerCommandAttributes;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;

use crate::server::wire::duration_flaw;
use crate::server::workflow_task::check::{Checked, Checker, Flaw, excess};

impl<'a> Checker<'a> {
    pub(super) fn check_timer(&mut self, a: &'a StartTimerCommandAttributes) -> Checked {
        let cause = Cause::BadStartTimerAttributes;
        check_timer_id(cause, "StartTimerCommand", &a.timer_id)?;
        if let Some(flaw) = duration_flaw(a.start_to_fire_timeout.as_ref()) {
            let text = format!(
                "An invalid StartToFireTimeout is set on StartTimerCommand: {flaw}. TimerId={}",
                a.timer_id
            );
            return Err(Flaw::new(cause, text));
        }
        if self.timers.insert(&a.timer_id) {
            return Ok(());
        }
        Err(Flaw::new(
            Cause::StartTimerDuplicateId,
            format!(
                "invalid history builder state for action: add-timer-started-event, TimerID: {}",
                a.timer_id
            ),
        ))
    }

    /// A timer may be canceled until the workflow has seen it fire.
    pub(super) fn check_timer_cancel(&mut self, timer_id: &'a str) -> Checked {
        let cause = Cause::BadCancelTimerAttributes;
        check_timer_id(cause, "CancelTimerCommand", timer_id)?;
        if self.timers.remove(timer_id) {
            return Ok(());
        }
        if self.execution.history.has_buffered_timer(timer_id)
            && !self.unbuffered_timers.contains(&timer_id)
        {
            self.unbuffered_timers.push(timer_id);
            return Ok(());
        }
        Err(Flaw::new(
            cause,
            format!(
                "invalid history builder state for action: add-timer-canceled-event, TimerID: \
                 {timer_id}"
            ),
        ))
    }
}

fn check_timer_id(cause: Cause, command: &str, timer_id: &str) -> Checked {
    if timer_id.is_empty() {
        return Err(Flaw::new(
            cause,
            format!("TimerId is not set on {command}."),
        ));
    }
    match excess(timer_id) {
        Some(excess) => Err(Flaw::new(
            cause,
            format!("TimerId on {command} exceeds length limit. TimerId={timer_id} {excess}"),
        )),
        None => Ok(()),
    }
}
