//! How many calls a mock expects, in words that are the same for every mock.

/// Methods of a mock that has `change(&mut self, impl FnOnce(&mut Plan<_, _>)) -> &mut Self`.
macro_rules! expectations {
    () => {
        /// Expects as many calls.
        pub fn times(&mut self, calls: u32) -> &mut Self {
            self.change(|plan| plan.expect(calls, Some(calls)))
        }

        /// Expects one call.
        pub fn once(&mut self) -> &mut Self {
            self.times(1)
        }

        /// Expects no call; one that comes nevertheless fails the test.
        pub fn never(&mut self) -> &mut Self {
            self.times(0)
        }

        /// Expects as many calls or more: `at_least(1).at_most(3)` is a range.
        pub fn at_least(&mut self, calls: u32) -> &mut Self {
            self.change(|plan| plan.expect(calls, plan.most()))
        }

        /// Expects as many calls or fewer.
        pub fn at_most(&mut self, calls: u32) -> &mut Self {
            self.change(|plan| plan.expect(plan.least().min(calls), Some(calls)))
        }
    };
}

pub(in crate::env) use expectations;
