//! The usual oracle: a seed decides.

use std::collections::BTreeMap;

use super::{Oracle, Site, Subject, hash};

/// In which order things happen that may happen in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// In the order in which they came up, as a real server does it when it has little to do.
    #[default]
    Arrival,
    /// In an order that the seed decides: one of those that a real server may come to.
    Shuffled,
}

/// An oracle whose decisions come from a seed.
#[derive(Clone, Debug)]
pub struct Seeded {
    seed: u64,
    order: Order,
    /// How often it picked, by question.
    picks: BTreeMap<u64, u64>,
}

impl Seeded {
    /// An oracle that draws by the seed, and picks in this order.
    pub fn new(seed: u64, order: Order) -> Self {
        Self {
            seed,
            order,
            picks: BTreeMap::new(),
        }
    }

    /// The next pick of one question, by the question's own sequence of numbers.
    fn shuffled(&mut self, site: Site, subject: Subject<'_>, count: usize) -> usize {
        let question = hash::question(self.seed, site, subject);
        let picks = self.picks.entry(question).or_default();
        *picks += 1;
        let draw = u128::from(hash::draw(question, *picks));
        ((draw * count as u128) >> 64) as usize
    }
}

impl Oracle for Seeded {
    fn draw(&self, site: Site, subject: Subject<'_>) -> u64 {
        hash::question(self.seed, site, subject)
    }

    fn pick(&mut self, site: Site, subject: Subject<'_>, count: usize) -> usize {
        match self.order {
            Order::Arrival => 0,
            Order::Shuffled => self.shuffled(site, subject, count),
        }
    }

    fn keeps_order(&self) -> bool {
        self.order == Order::Arrival
    }
}
