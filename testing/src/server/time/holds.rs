//! What holds the clock that is not part of any workflow: tests, and the callbacks they asked for.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::server::Engine;
use crate::server::queues::long_polls::CallId;
use crate::server::time::alarms::EventAlarms;
use crate::server::time::clock::{PendingTimer, Sleeper};

/// Names one hold of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HoldId(u64);

/// Everything that holds the clock for reasons of its own, in the order in which it began.
#[derive(Debug, Default)]
pub(in crate::server) struct Holds {
    next: u64,
    reasons: BTreeMap<HoldId, String>,
    /// Alarms that have rung and whose consequences are not settled.
    ringing: BTreeMap<CallId, String>,
    pub(in crate::server) at_events: EventAlarms,
}

impl Holds {
    /// Whether somebody wants time to stand still.
    pub(in crate::server) fn any(&self) -> bool {
        !self.reasons.is_empty()
    }

    /// Whether something rings.
    pub(in crate::server) fn anything_rings(&self) -> bool {
        !self.ringing.is_empty()
    }

    pub(in crate::server) fn ring(&mut self, call: CallId, what: String) {
        self.ringing.insert(call, what);
    }

    /// What holds the clock, for people.
    pub(in crate::server) fn reasons(&self) -> impl Iterator<Item = String> {
        let held = self
            .reasons
            .values()
            .map(|reason| format!("held: {reason}"));
        held.chain(
            self.ringing
                .values()
                .map(|what| format!("{what} is running")),
        )
    }
}

impl Engine {
    /// Keeps time from passing, for a reason that [`Self::diagnostics`] tells, until
    /// [`Self::release`].
    pub fn hold(&mut self, reason: String) -> HoldId {
        let holds = &mut self.clock.holds;
        holds.next += 1;
        let hold = HoldId(holds.next);
        holds.reasons.insert(hold, reason);
        hold
    }

    /// Ends a hold.
    pub fn release(&mut self, hold: HoldId) {
        self.clock.holds.reasons.remove(&hold);
        self.settle();
    }

    /// Waits for a moment without wanting time to pass. The answer is an
    /// [`Answer::Slept`](crate::server::Answer::Slept), and time stands still from then on, until
    /// [`Self::end_alarm`].
    ///
    /// Alarms ring after everything else that is due at the same moment, in the order in which
    /// they were set, and before a sleep that ends then.
    pub fn set_alarm(&mut self, at: SystemTime, what: String) -> CallId {
        self.add_sleeper(at, Sleeper::Alarm { what })
    }

    /// Says that all that an alarm was for has been done.
    pub fn end_alarm(&mut self, call: CallId) {
        self.clock.holds.ringing.remove(&call);
        self.clock.holds.at_events.forget(call);
        self.settle();
    }

    /// The alarms that have not rung, soonest first.
    pub(in crate::server) fn alarms(&self) -> impl Iterator<Item = PendingTimer> {
        self.clock.alarms().map(|(at, what)| PendingTimer {
            at,
            workflow_id: String::new(),
            run_id: String::new(),
            what: what.to_owned(),
        })
    }
}
