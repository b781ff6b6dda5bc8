//! Oracles that note the picks of another, and that repeat them.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use crate::server::{Oracle, Seeded, Site, Subject};

/// The picks of a server, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace(Arc<Mutex<Vec<(Site, usize)>>>);

impl Trace {
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub(super) fn sites(&self) -> BTreeSet<&'static str> {
        let picks = self.0.lock().unwrap();
        picks.iter().map(|(site, _)| site.name()).collect()
    }
}

/// Notes what another oracle picks.
#[derive(Debug)]
pub(super) struct Recorder {
    oracle: Seeded,
    trace: Trace,
}

impl Recorder {
    pub(super) fn new(oracle: Seeded, trace: &Trace) -> Self {
        let trace = trace.clone();
        Self { oracle, trace }
    }
}

impl Oracle for Recorder {
    fn draw(&self, site: Site, subject: Subject<'_>) -> u64 {
        self.oracle.draw(site, subject)
    }

    fn pick(&mut self, site: Site, subject: Subject<'_>, count: usize) -> usize {
        let pick = self.oracle.pick(site, subject, count);
        self.trace.0.lock().unwrap().push((site, pick));
        pick
    }
}

/// Picks what was noted, and refuses to be asked anything else.
#[derive(Debug)]
pub(super) struct Repeater {
    draws: Seeded,
    picks: VecDeque<(Site, usize)>,
}

impl Repeater {
    pub(super) fn new(draws: Seeded, trace: &Trace) -> Self {
        let picks = trace.0.lock().unwrap().iter().copied().collect();
        Self { draws, picks }
    }
}

impl Oracle for Repeater {
    fn draw(&self, site: Site, subject: Subject<'_>) -> u64 {
        self.draws.draw(site, subject)
    }

    fn pick(&mut self, site: Site, _subject: Subject<'_>, count: usize) -> usize {
        let (noted, pick) = self.picks.pop_front().expect("a pick was noted");
        assert_eq!(noted, site);
        assert!(pick < count, "{pick} of {count}");
        pick
    }
}
