//! The books of one task queue: who has polled it lately, and how many tasks came and went.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::taskqueue::v1::PollerInfo;

use crate::server::wire::timestamp;

/// What a queue remembers for those who ask about it.
#[derive(Debug, Default)]
pub(in crate::server) struct Ledger {
    pollers: BTreeMap<String, Poller>,
    added: Rate,
    dispatched: Rate,
}

/// A worker, as its last poll showed it.
#[derive(Debug)]
struct Poller {
    last_access: SystemTime,
    rate_per_second: Option<f64>,
}

impl Ledger {
    pub(in crate::server) fn note_poll(
        &mut self,
        identity: &str,
        rate_per_second: Option<f64>,
        now: SystemTime,
    ) {
        let poller = Poller {
            last_access: now,
            rate_per_second,
        };
        self.pollers.insert(identity.to_owned(), poller);
    }

    pub(in crate::server) fn note_added(&mut self, now: SystemTime) {
        self.added.note(now);
    }

    pub(in crate::server) fn note_dispatched(&mut self, now: SystemTime) {
        self.dispatched.note(now);
    }

    /// Whether tasks have come lately.
    pub(in crate::server) fn is_in_use(&self, now: SystemTime) -> bool {
        self.added.per_second(now) > 0.0
    }

    /// Who has polled within the last minutes, or still waits; workers without a name are not noted.
    pub(in crate::server) fn pollers(
        &self,
        waiting: &BTreeSet<&str>,
        now: SystemTime,
    ) -> Vec<PollerInfo> {
        let pollers = self.pollers.iter().filter(|(identity, poller)| {
            !identity.is_empty() && (waiting.contains(identity.as_str()) || poller.is_recent(now))
        });
        let infos = pollers.map(|(identity, poller)| PollerInfo {
            last_access_time: timestamp(poller.last_access),
            identity: identity.clone(),
            rate_per_second: poller.rate_per_second.unwrap_or(UNLIMITED),
            ..Default::default()
        });
        infos.collect()
    }

    /// When a worker polled last, and the rate that it has set for the queue.
    pub(super) fn rate_limit(&self, now: SystemTime) -> Option<(SystemTime, Option<f64>)> {
        let recent = self.pollers.values().filter(|poller| poller.is_recent(now));
        let rates = recent.map(|poller| (poller.last_access, poller.rate_per_second));
        rates.max_by_key(|(last_access, _)| *last_access)
    }

    /// Tasks per second that came.
    pub(super) fn add_rate(&self, now: SystemTime) -> f32 {
        self.added.per_second(now)
    }

    /// Tasks per second that went to workers.
    pub(super) fn dispatch_rate(&self, now: SystemTime) -> f32 {
        self.dispatched.per_second(now)
    }
}

impl Poller {
    fn is_recent(&self, now: SystemTime) -> bool {
        let age = now.duration_since(self.last_access);
        age.unwrap_or_default() < POLLER_MEMORY
    }
}

/// How often something has happened within the last seconds.
#[derive(Debug, Default)]
struct Rate {
    first: Option<SystemTime>,
    /// How often at which instant; virtual time may stand still for as long as it likes.
    recent: VecDeque<(SystemTime, usize)>,
}

impl Rate {
    fn note(&mut self, now: SystemTime) {
        self.first.get_or_insert(now);
        while self.recent.front().is_some_and(|(at, _)| is_over(*at, now)) {
            self.recent.pop_front();
        }
        match self.recent.back_mut() {
            Some((at, count)) if *at == now => *count += 1,
            Some(_) | None => self.recent.push_back((now, 1)),
        }
    }

    fn per_second(&self, now: SystemTime) -> f32 {
        let recent = self.recent.iter().filter(|(at, _)| !is_over(*at, now));
        let count: usize = recent.map(|(_, count)| count).sum();
        let age = self.first.and_then(|first| now.duration_since(first).ok());
        let age = age.unwrap_or_default().clamp(MOMENT, RATE_WINDOW);
        count as f32 / age.as_secs_f32()
    }
}

fn is_over(at: SystemTime, now: SystemTime) -> bool {
    now.duration_since(at).unwrap_or_default() > RATE_WINDOW
}

/// What the real server says of a worker that has set no rate.
const UNLIMITED: f64 = 100_000.0;

const POLLER_MEMORY: Duration = Duration::from_mins(5);
const RATE_WINDOW: Duration = Duration::from_secs(30);
/// What happened just now is not infinitely frequent.
const MOMENT: Duration = Duration::from_millis(1);
