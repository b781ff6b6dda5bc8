//! Chance from a seed.

/// A sequence of numbers that looks random, the same for the same seed.
#[derive(Debug)]
pub(crate) struct Dice {
    state: u64,
    /// How many values in a hundred make no sense.
    wildness: usize,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            wildness: [0, 1, 6][seed as usize % 3],
        }
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 33) as usize % end.max(1)
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// True where a value is to make no sense.
    pub(crate) fn is_absurd(&mut self) -> bool {
        self.percent(self.wildness)
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
