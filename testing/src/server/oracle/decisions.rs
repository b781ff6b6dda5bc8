//! The engine's side of its oracle: ids, picks, and the numbers of what has no numbers of its own.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::remaining::Remaining;
use super::{Oracle, Site, Subject, hash};
use crate::server::ids;

/// Asks the oracle.
#[derive(Debug)]
pub(in crate::server) struct Decisions {
    oracle: Box<dyn Oracle>,
    /// How many there were of each thing that is counted by its name, by a hash of the name.
    counts: BTreeMap<u64, u64>,
}

impl Decisions {
    pub(in crate::server) fn new(oracle: Box<dyn Oracle>) -> Self {
        Self {
            oracle,
            counts: BTreeMap::new(),
        }
    }

    /// The number of the next thing of this name, from one.
    pub(in crate::server) fn count(&mut self, site: Site, namespace: &str, name: &str) -> u64 {
        let question = hash::question(0, site, Subject::named(namespace, name));
        let count = self.counts.entry(question).or_default();
        *count += 1;
        *count
    }

    /// Which of `count` possibilities comes next.
    pub(in crate::server) fn pick(
        &mut self,
        site: Site,
        subject: Subject<'_>,
        count: usize,
    ) -> usize {
        if count < 2 {
            return 0;
        }
        let pick = self.oracle.pick(site, subject, count);
        assert!(pick < count, "{:?} picked {pick} of {count}", self.oracle);
        pick
    }

    /// Puts all of them in the order in which they come.
    pub(in crate::server) fn arrange<T>(
        &mut self,
        site: Site,
        subject: Subject<'_>,
        items: Vec<T>,
    ) -> Vec<T> {
        if self.keeps_order() {
            return items;
        }
        let mut remaining = Remaining::new(items.len());
        let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
        let next = |count| remaining.take(self.pick(site, subject, count));
        let order: Vec<usize> = (1..=items.len()).rev().map(next).collect();
        order
            .into_iter()
            .filter_map(|at| items[at].take())
            .collect()
    }

    /// A number for one subject.
    pub(in crate::server) fn draw(&self, site: Site, subject: Subject<'_>) -> u64 {
        self.oracle.draw(site, subject)
    }

    /// An id for one subject, with the time in front.
    pub(in crate::server) fn uuid(
        &self,
        site: Site,
        subject: Subject<'_>,
        now: SystemTime,
    ) -> String {
        ids::uuid(self.draw(site, subject), now)
    }

    /// Whether what comes up first always comes first.
    pub(in crate::server) fn keeps_order(&self) -> bool {
        self.oracle.keeps_order()
    }
}
