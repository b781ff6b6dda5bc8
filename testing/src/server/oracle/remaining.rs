//! [`Remaining`]: what is left of a row of things that are taken out one by one.

/// The places in a row from which nothing was taken yet.
///
/// It is a Fenwick tree: each node counts what is left in the range of places that ends with its
/// own, and the range is as long as the lowest bit of its number. So taking one of `n` takes
/// `log n` steps.
#[derive(Debug)]
pub(super) struct Remaining {
    /// The first node is the second one here, because ranges need a lowest bit.
    counts: Vec<usize>,
}

impl Remaining {
    pub(super) fn new(count: usize) -> Self {
        let lowest_bit = |node: usize| node & node.wrapping_neg();
        let counts = (0..=count).map(lowest_bit).collect();
        Self { counts }
    }

    /// Takes what is at an index among those that are left; returns its place in the row.
    ///
    /// # Panics
    /// When there are not as many.
    pub(super) fn take(&mut self, index: usize) -> usize {
        let mut before = index;
        let mut place = 0;
        let mut step = self.counts.len().next_power_of_two();
        while step > 0 {
            match self.counts.get(place + step) {
                // All that is left in this range comes before.
                Some(count) if *count <= before => {
                    before -= count;
                    place += step;
                }
                // The range has lost one.
                Some(_) => self.counts[place + step] -= 1,
                None => {}
            }
            step /= 2;
        }
        assert!(place + 1 < self.counts.len(), "nothing is left at {index}");
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes everything from a row, by indexes that depend on how much is left.
    fn taken(count: usize, index: impl Fn(usize) -> usize) -> Vec<usize> {
        let mut remaining = Remaining::new(count);
        let left = (1..=count).rev();
        left.map(|left| remaining.take(index(left))).collect()
    }

    /// The same, from a list.
    fn removed(count: usize, index: impl Fn(usize) -> usize) -> Vec<usize> {
        let mut row: Vec<usize> = (0..count).collect();
        let left = (1..=count).rev();
        left.map(|left| row.remove(index(left))).collect()
    }

    #[test]
    fn what_is_left_keeps_its_order() {
        for count in [0, 1, 2, 3, 7, 8, 9, 64, 100] {
            for prime in [1, 3, 7, 31, 1009] {
                let index = |left: usize| (prime + 5) % left;
                let mixed = |left: usize| (left * left * prime + count) % left;
                assert_eq!(taken(count, index), removed(count, index));
                assert_eq!(taken(count, mixed), removed(count, mixed));
            }
            assert_eq!(taken(count, |_| 0), removed(count, |_| 0));
            assert_eq!(
                taken(count, |left| left / 2),
                removed(count, |left| left / 2)
            );
            assert_eq!(
                taken(count, |left| left - 1),
                removed(count, |left| left - 1)
            );
        }
    }

    #[test]
    #[should_panic(expected = "nothing is left at 1")]
    fn what_is_not_left_cannot_be_taken() {
        let mut remaining = Remaining::new(2);
        remaining.take(0);
        remaining.take(1);
    }
}
