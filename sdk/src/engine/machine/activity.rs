//! The activity machine.

use std::fmt;

use super::{Cancellation, Handled, Mismatch, Resolution};
use crate::engine::command::Command;
use crate::engine::event::{ActivityFailed, ActivityOutcome, ActivityScheduled};
use crate::failure::{ActivityFailure, CanceledFailure, Failure, FailureKind, RetryState};
use crate::ids::ActivityId;
use crate::options::ActivityCancellation;

/// An activity, from the command to its end.
#[derive(Debug)]
pub(crate) struct Activity {
    id: ActivityId,
    kind: &'static str,
    cancellation: ActivityCancellation,
    /// The event that scheduled it; 0 before.
    scheduled: i64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The command is made but not recorded.
    Created,
    /// It waits for a worker.
    Scheduled,
    /// A worker has it.
    Started,
    /// The command to cancel is made but not recorded.
    CancelCreated { started: bool },
    /// The server was asked to cancel it.
    CancelRecorded { started: bool },
    /// The workflow does not care any more; whatever comes is swallowed.
    Abandoned,
    /// It came to an end.
    Closed,
}

impl Activity {
    pub(crate) fn new(
        id: ActivityId,
        kind: &'static str,
        cancellation: ActivityCancellation,
    ) -> Self {
        Self {
            id,
            kind,
            cancellation,
            scheduled: 0,
            state: State::Created,
        }
    }

    /// The event that scheduled it.
    pub(crate) fn scheduled_event(&self) -> i64 {
        self.scheduled
    }

    /// The server recorded that it is scheduled. `checks_id` is off for histories whose ids
    /// are not ours.
    pub(crate) fn handle_scheduled(
        &mut self,
        event_id: i64,
        recorded: &ActivityScheduled,
        checks_id: bool,
    ) -> Handled {
        if *recorded.kind != *self.kind {
            return Err(Mismatch("the activity types differ"));
        }
        if *recorded.id != *self.id.as_str() {
            if checks_id {
                return Err(Mismatch("the activity ids differ"));
            }
            // The server knows it by that one.
            self.id = ActivityId::from(&*recorded.id);
        }
        if self.state != State::Created {
            return Err(Mismatch("the activity is scheduled already"));
        }
        self.scheduled = event_id;
        self.state = State::Scheduled;
        Ok(())
    }

    /// A worker took it.
    pub(crate) fn handle_started(&mut self) -> Handled {
        self.state = match self.state {
            State::Scheduled | State::Started => State::Started,
            State::CancelCreated { .. } => State::CancelCreated { started: true },
            State::CancelRecorded { .. } => State::CancelRecorded { started: true },
            State::Abandoned => State::Abandoned,
            State::Created => return Err(Mismatch("the activity was not scheduled yet")),
            State::Closed => return Err(Mismatch("the activity is over")),
        };
        Ok(())
    }

    /// It came to an end. Gives the outcome, unless the workflow has seen one already.
    pub(crate) fn handle_closed(
        &mut self,
        outcome: ActivityOutcome,
    ) -> Handled<Option<Resolution>> {
        let seen = match self.state {
            State::Scheduled | State::Started => false,
            State::CancelCreated { .. } | State::CancelRecorded { .. } => {
                self.cancellation != ActivityCancellation::WaitCompleted
            }
            State::Abandoned => true,
            State::Created => return Err(Mismatch("the activity was not scheduled yet")),
            State::Closed => return Err(Mismatch("the activity is over")),
        };
        self.state = State::Closed;
        Ok((!seen).then(|| Resolution::Activity(self.result(outcome))))
    }

    /// The server recorded that it was asked to cancel it.
    pub(crate) fn handle_cancel_requested(&mut self) -> Handled {
        let State::CancelCreated { started } = self.state else {
            return Err(Mismatch("the activity was not canceled"));
        };
        self.state = State::CancelRecorded { started };
        Ok(())
    }

    /// The workflow cancels it.
    pub(crate) fn handle_cancel(&mut self) -> Cancellation {
        let started = match self.state {
            State::Created => {
                self.state = State::Closed;
                return Cancellation::Unsent(self.canceled(Vec::new()));
            }
            State::Scheduled => false,
            State::Started => true,
            State::CancelCreated { .. }
            | State::CancelRecorded { .. }
            | State::Abandoned
            | State::Closed => return Cancellation::None,
        };
        let command = Command::RequestCancelActivity {
            scheduled: self.scheduled,
        };
        match self.cancellation {
            ActivityCancellation::Abandon => {
                self.state = State::Abandoned;
                Cancellation::Resolved(self.canceled(Vec::new()))
            }
            ActivityCancellation::TryCancel => {
                self.state = State::CancelCreated { started };
                Cancellation::Command(command, Some(self.canceled(Vec::new())))
            }
            ActivityCancellation::WaitCompleted => {
                self.state = State::CancelCreated { started };
                Cancellation::Command(command, None)
            }
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    fn result(&self, outcome: ActivityOutcome) -> Result<Option<crate::Payload>, Failure> {
        match outcome {
            ActivityOutcome::Completed(mut values) => Ok(values.drain(..).next()),
            ActivityOutcome::Failed(failed) => Err(self.failure("activity failed", failed)),
            ActivityOutcome::TimedOut(failed) => Err(self.failure("activity timed out", failed)),
            ActivityOutcome::Canceled(details) => Err(self.canceled_failure(details)),
        }
    }

    fn failure(&self, message: &str, failed: ActivityFailed) -> Failure {
        let activity = ActivityFailure {
            identity: failed.identity,
            retry_state: failed.retry_state,
            started_event_id: failed.started,
            ..self.activity_failure()
        };
        Failure::new(message, FailureKind::Activity(activity)).with_cause(failed.failure)
    }

    fn canceled(&self, details: Vec<crate::Payload>) -> Resolution {
        Resolution::Activity(Err(self.canceled_failure(details)))
    }

    fn canceled_failure(&self, details: Vec<crate::Payload>) -> Failure {
        let activity = ActivityFailure {
            retry_state: RetryState::CancelRequested,
            ..self.activity_failure()
        };
        let cause = CanceledFailure {
            details,
            ..CanceledFailure::default()
        };
        Failure::new("activity canceled", FailureKind::Activity(activity)).with_cause(cause.into())
    }

    fn activity_failure(&self) -> ActivityFailure {
        ActivityFailure {
            activity_type: self.kind.to_owned(),
            activity_id: Some(self.id.clone()),
            scheduled_event_id: self.scheduled,
            ..ActivityFailure::default()
        }
    }
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "activity `{}` (id `{}`)", self.kind, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(cancellation: ActivityCancellation) -> Activity {
        Activity::new("1".into(), "charge", cancellation)
    }

    fn scheduled(cancellation: ActivityCancellation) -> Activity {
        let mut activity = created(cancellation);
        let recorded = ActivityScheduled {
            id: "1".into(),
            kind: "charge".into(),
        };
        activity.handle_scheduled(5, &recorded, true).unwrap();
        activity
    }

    fn closings() -> [ActivityOutcome; 4] {
        let failed = || ActivityFailed {
            failure: Failure::application("Down", "no line"),
            retry_state: RetryState::Timeout,
            identity: "worker".to_owned(),
            started: 6,
        };
        [
            ActivityOutcome::Completed(vec![]),
            ActivityOutcome::Failed(failed()),
            ActivityOutcome::TimedOut(failed()),
            ActivityOutcome::Canceled(vec![]),
        ]
    }

    #[test]
    fn a_failure_names_the_activity_and_keeps_its_cause() {
        let mut activity = scheduled(ActivityCancellation::TryCancel);
        activity.handle_started().unwrap();
        let [_, failed, ..] = closings();
        let Some(Resolution::Activity(Err(failure))) = activity.handle_closed(failed).unwrap()
        else {
            panic!("expected a failure");
        };
        assert_eq!(failure.to_string(), "activity `charge`: activity failed");
        assert_eq!(failure.application_kind(), Some("Down"));
    }

    #[test]
    fn gotcha_19_a_tried_cancel_resolves_at_once_and_swallows_the_outcome() {
        for outcome in closings() {
            let mut activity = scheduled(ActivityCancellation::TryCancel);
            assert!(matches!(
                activity.handle_cancel(),
                Cancellation::Command(_, Some(_))
            ));
            activity.handle_cancel_requested().unwrap();
            assert!(activity.handle_closed(outcome).unwrap().is_none());
            assert!(activity.is_closed());
        }
    }

    #[test]
    fn waiting_for_completion_delivers_how_it_really_ended() {
        for outcome in closings() {
            let mut activity = scheduled(ActivityCancellation::WaitCompleted);
            assert!(matches!(
                activity.handle_cancel(),
                Cancellation::Command(_, None)
            ));
            activity.handle_cancel_requested().unwrap();
            activity.handle_started().unwrap();
            assert!(activity.handle_closed(outcome).unwrap().is_some());
        }
    }

    #[test]
    fn gotcha_20_an_abandoned_activity_swallows_whatever_comes() {
        for outcome in closings() {
            let mut activity = scheduled(ActivityCancellation::Abandon);
            assert!(matches!(
                activity.handle_cancel(),
                Cancellation::Resolved(_)
            ));
            activity.handle_started().unwrap();
            assert!(activity.handle_closed(outcome).unwrap().is_none());
            assert!(activity.is_closed());
        }
    }

    #[test]
    fn canceling_before_it_was_sent_takes_the_command_back() {
        for cancellation in [
            ActivityCancellation::Abandon,
            ActivityCancellation::TryCancel,
            ActivityCancellation::WaitCompleted,
        ] {
            let mut activity = created(cancellation);
            let Cancellation::Unsent(Resolution::Activity(Err(failure))) = activity.handle_cancel()
            else {
                panic!("expected the command to be taken back");
            };
            assert!(failure.is_canceled());
        }
    }

    #[test]
    fn gotcha_34_a_start_that_comes_after_the_cancel_request_fits() {
        let mut activity = scheduled(ActivityCancellation::WaitCompleted);
        activity.handle_cancel();
        activity.handle_cancel_requested().unwrap();
        activity.handle_started().unwrap();
        let [.., canceled] = closings();
        assert!(activity.handle_closed(canceled).unwrap().is_some());
    }

    #[test]
    fn another_type_or_id_does_not_fit() {
        let other = ActivityScheduled {
            id: "1".into(),
            kind: "ship".into(),
        };
        let mismatch = created(ActivityCancellation::TryCancel).handle_scheduled(5, &other, true);
        assert_eq!(mismatch, Err(Mismatch("the activity types differ")));
        let other = ActivityScheduled {
            id: "2".into(),
            kind: "charge".into(),
        };
        assert!(
            created(ActivityCancellation::TryCancel)
                .handle_scheduled(5, &other, true)
                .is_err()
        );
        assert!(
            created(ActivityCancellation::TryCancel)
                .handle_scheduled(5, &other, false)
                .is_ok()
        );
    }
}
