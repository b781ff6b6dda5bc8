//! What happens to activities and timers.

use super::HistoryBuilder;
use crate::convert::Payload;
use crate::engine::event::{ActivityFailed, ActivityOutcome, ActivityScheduled, Event, EventBody};
use crate::failure::{Failure, RetryState};

impl HistoryBuilder {
    pub(in crate::engine) fn activity_scheduled(mut self, id: &str, kind: &str) -> Self {
        self.activities.insert(id.to_owned(), self.next_id());
        self.event(EventBody::ActivityScheduled(Box::new(ActivityScheduled {
            id: id.into(),
            kind: kind.into(),
        })))
    }

    pub(in crate::engine) fn activity_cancel_requested(self, id: &str) -> Self {
        let scheduled = self.activities[id];
        self.event(EventBody::ActivityCancelRequested { scheduled })
    }

    pub(in crate::engine) fn activity_started(self, id: &str) -> Self {
        let scheduled = self.activities[id];
        self.event(EventBody::ActivityStarted { scheduled })
    }

    /// The activity is started, unless it was before, and returns.
    pub(in crate::engine) fn activity_completed(self, id: &str, result: Payload) -> Self {
        self.activity_closed(id, |_| ActivityOutcome::Completed(vec![result]))
    }

    pub(in crate::engine) fn activity_failed(self, id: &str, failure: Failure) -> Self {
        self.activity_closed(id, |started| {
            ActivityOutcome::Failed(ActivityFailed {
                failure,
                retry_state: RetryState::NonRetryableFailure,
                identity: "worker".to_owned(),
                started,
            })
        })
    }

    pub(in crate::engine) fn activity_timed_out(self, id: &str, failure: Failure) -> Self {
        self.activity_closed(id, |started| {
            ActivityOutcome::TimedOut(ActivityFailed {
                failure,
                retry_state: RetryState::Timeout,
                identity: String::new(),
                started,
            })
        })
    }

    pub(in crate::engine) fn activity_canceled(self, id: &str) -> Self {
        self.activity_closed(id, |_| ActivityOutcome::Canceled(Vec::new()))
    }

    pub(in crate::engine) fn timer_started(mut self, id: &str) -> Self {
        self.timers.insert(id.to_owned(), self.next_id());
        self.event(EventBody::TimerStarted { timer: id.into() })
    }

    pub(in crate::engine) fn timer_fired(self, id: &str) -> Self {
        let started = self.timers[id];
        self.event(EventBody::TimerFired {
            started,
            timer: id.into(),
        })
    }

    pub(in crate::engine) fn timer_canceled(self, id: &str) -> Self {
        self.event(EventBody::TimerCanceled { timer: id.into() })
    }

    fn activity_closed(self, id: &str, outcome: impl FnOnce(i64) -> ActivityOutcome) -> Self {
        let scheduled = self.activities[id];
        let of_it = |event: &Event| matches!(event.body, EventBody::ActivityStarted { scheduled: other } if other == scheduled);
        let history = if self.events.iter().any(of_it) {
            self
        } else {
            self.activity_started(id)
        };
        let started = history.events.iter().find(|event| of_it(event));
        let outcome = outcome(started.map_or(0, |event| event.id));
        history.event(EventBody::ActivityClosed {
            scheduled,
            outcome: Box::new(outcome),
        })
    }
}
