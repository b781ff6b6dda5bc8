//! Everything that is due at some moment of virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use outlast_proto::temporal::api::enums::v1::TimeoutType;

use crate::server::activities::naps::Napper;
use crate::server::execution::RunKey;
use crate::server::nexus::NexusTimer;
use crate::server::queues::long_polls::CallId;
use crate::server::time::end::comes;

/// When a timer is due, and its place among those due at the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::server) struct TimerKey {
    at: SystemTime,
    seq: u64,
}

/// What happens when a timer is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) enum Timer {
    /// An activity's attempt, or all its attempts, take too long.
    Activity {
        scheduled_event_id: i64,
        timeout: TimeoutType,
    },
    /// An activity's backoff is over.
    ActivityRetry { scheduled_event_id: i64 },
    /// The chain of runs takes too long.
    ExecutionTimeout,
    /// The start delay or the retry backoff of a run is over.
    FirstTask,
    /// An activity's attempt that napped goes on.
    NapOver { napper: Napper },
    /// Something about a Nexus operation.
    Nexus {
        scheduled_event_id: i64,
        timer: NexusTimer,
    },
    /// The run takes too long.
    RunTimeout,
    /// A sticky worker takes too long to answer a query.
    StickyQuery { call: CallId },
    /// A timer of the workflow.
    User { timer_id: String },
    /// A workflow task waits too long for its worker, or for its answer.
    WorkflowTask { stamp: u64, timeout: TimeoutType },
}

impl Timer {
    /// Whether this only bounds a run, so that skipping to it would surprise a test.
    pub(in crate::server) fn bounds_run(&self) -> bool {
        self.bound_name().is_some()
    }

    /// What people call the bound of a run that this is, if it is one.
    pub(super) fn bound_name(&self) -> Option<&'static str> {
        match self {
            Self::ExecutionTimeout => Some("execution timeout"),
            Self::RunTimeout => Some("run timeout"),
            Self::Activity { .. }
            | Self::ActivityRetry { .. }
            | Self::FirstTask
            | Self::NapOver { .. }
            | Self::Nexus { .. }
            | Self::StickyQuery { .. }
            | Self::User { .. }
            | Self::WorkflowTask { .. } => None,
        }
    }
}

/// The timers of all runs, by due time and then by creation.
#[derive(Debug, Default)]
pub(in crate::server) struct TimerQueue {
    due: BTreeMap<TimerKey, (RunKey, Timer)>,
    of_run: BTreeSet<(RunKey, TimerKey)>,
    next_seq: u64,
    /// At how many timers it has looked for [`Self::runs_due`].
    #[cfg(test)]
    looks: std::cell::Cell<usize>,
}

impl TimerQueue {
    pub(in crate::server) fn arm(&mut self, run: RunKey, at: SystemTime, timer: Timer) -> TimerKey {
        let key = TimerKey {
            at,
            seq: self.next_seq,
        };
        self.next_seq += 1;
        self.due.insert(key, (run, timer));
        self.of_run.insert((run, key));
        key
    }

    pub(in crate::server) fn cancel(&mut self, key: TimerKey) {
        if let Some((run, _)) = self.due.remove(&key) {
            self.of_run.remove(&(run, key));
        }
    }

    /// Cancels all timers of a run: a closed run never holds or moves the clock.
    pub(in crate::server) fn cancel_run(&mut self, run: RunKey) {
        let keys: Vec<TimerKey> = self.keys_of(run).collect();
        for key in keys {
            self.cancel(key);
        }
    }

    /// The run whose timer is due first, if that is so at `now`.
    pub(in crate::server) fn first_due(&self, now: SystemTime) -> Option<RunKey> {
        let (key, (run, _)) = self.due.first_key_value()?;
        (key.at <= now).then_some(*run)
    }

    /// All runs that have timers due at `now`, by the first of each.
    pub(in crate::server) fn runs_due(&self, now: SystemTime) -> Vec<RunKey> {
        let due = self.due.iter().take_while(|(key, _)| key.at <= now);
        #[cfg(test)]
        let due = due.inspect(|_| self.looks.update(|looks| looks + 1));
        let mut seen = BTreeSet::new();
        due.map(|(_, (run, _))| *run)
            .filter(|run| seen.insert(*run))
            .collect()
    }

    /// Whether a run has timers due at `now`.
    pub(in crate::server) fn is_due(&self, run: RunKey, now: SystemTime) -> bool {
        self.keys_of(run).next().is_some_and(|key| key.at <= now)
    }

    /// Takes the timers of a run that are due at the same instant as its first, in creation order.
    pub(in crate::server) fn take_first(&mut self, run: RunKey) -> Vec<Timer> {
        let Some(first) = self.keys_of(run).next() else {
            return Vec::new();
        };
        let together = self.keys_of(run).take_while(|key| key.at == first.at);
        let keys: Vec<TimerKey> = together.collect();
        keys.into_iter()
            .filter_map(|key| {
                self.of_run.remove(&(run, key));
                self.due.remove(&key).map(|(_, timer)| timer)
            })
            .collect()
    }

    pub(in crate::server) fn next_at(&self) -> Option<SystemTime> {
        self.due.keys().next().map(|key| key.at)
    }

    pub(in crate::server) fn iter(&self) -> impl Iterator<Item = (SystemTime, RunKey, &Timer)> {
        self.due
            .iter()
            .map(|(key, (run, timer))| (key.at, *run, timer))
    }

    /// Those whose moment comes before time ends.
    pub(in crate::server) fn coming(&self) -> impl Iterator<Item = (SystemTime, RunKey, &Timer)> {
        self.iter().take_while(|(at, ..)| comes(*at))
    }

    #[cfg(test)]
    pub(in crate::server) fn looks(&self) -> usize {
        self.looks.get()
    }

    fn keys_of(&self, run: RunKey) -> impl Iterator<Item = TimerKey> + '_ {
        let first = TimerKey {
            at: SystemTime::UNIX_EPOCH,
            seq: 0,
        };
        self.of_run
            .range((run, first)..)
            .take_while(move |(r, _)| *r == run)
            .map(|(_, key)| *key)
    }
}
