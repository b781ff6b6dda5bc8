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
///
/// Its picks about one subject follow one another in a sequence of their own, which begins anew
/// when it is asked about another [`Subject::number`]: it keeps nothing of instants that are over.
#[derive(Clone, Debug)]
pub struct Seeded {
    seed: u64,
    order: Order,
    /// The number of the subjects that it picked for last, which for picks is the instant.
    number: u64,
    /// How often it picked since then, by question. Time does not go back, so that older questions
    /// are not asked again.
    picks: BTreeMap<u64, u64>,
}

impl Seeded {
    /// An oracle that draws by the seed, and picks in this order.
    pub fn new(seed: u64, order: Order) -> Self {
        Self {
            seed,
            order,
            number: 0,
            picks: BTreeMap::new(),
        }
    }

    /// The next pick of one question, by the question's own sequence of numbers.
    fn shuffled(&mut self, site: Site, subject: Subject<'_>, count: usize) -> usize {
        if subject.number != self.number {
            self.number = subject.number;
            self.picks.clear();
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_of_instants_that_are_over() {
        let mut oracle = Seeded::new(7, Order::Shuffled);
        for instant in 0..1000 {
            for queue in ["a", "b", "c"] {
                let subject = Subject::named("default", queue).with_number(instant);
                oracle.pick(Site::Task, subject, 2);
                oracle.pick(Site::Poll, subject, 2);
            }
        }
        assert_eq!(oracle.picks.len(), 6);
    }
}
