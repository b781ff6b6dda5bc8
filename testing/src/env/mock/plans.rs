//! [`Plans`]: all that a test said of its mocks, and which of it is for a call.

use std::collections::BTreeSet;

use outlast::Payload;

use super::Plan;
use crate::env::text;

/// What a test said of its mocks, in the order in which they were made.
pub(in crate::env) struct Plans<C, A>(Vec<Plan<C, A>>);

/// What the mocks have for a call.
pub(in crate::env) enum Chosen<A> {
    Answer(A),
    /// There is no mock of that name.
    NotMocked,
    /// There is, but not for such a call; why the test fails.
    Unexpected(String),
}

impl<C, A: Clone + Default> Plans<C, A> {
    /// Adds a plan; the number names it.
    pub(in crate::env) fn add(&mut self, plan: Plan<C, A>) -> usize {
        self.0.push(plan);
        self.0.len() - 1
    }

    /// Adds a plan in place of all others of the same name.
    pub(in crate::env) fn replace(&mut self, plan: Plan<C, A>) -> usize {
        let others = self.0.iter_mut();
        others
            .filter(|other| other.is_of(plan.name()))
            .for_each(Plan::retire);
        self.add(plan)
    }

    pub(in crate::env) fn change(&mut self, plan: usize, change: impl FnOnce(&mut Plan<C, A>)) {
        // There are none any more when the environment has ended.
        if let Some(plan) = self.0.get_mut(plan) {
            change(plan);
        }
    }

    /// Forgets all mocks, when they were checked.
    pub(in crate::env) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts a call, with the answer that it gets. `calls` reports those that came before.
    pub(in crate::env) fn choose(
        &mut self,
        name: &str,
        call: &C,
        input: &[Payload],
        calls: impl FnOnce() -> String,
    ) -> Chosen<A> {
        if !self.0.iter().any(|plan| plan.is_of(name)) {
            return Chosen::NotMocked;
        }
        let mut last = self.0.iter_mut().rev().filter(|plan| plan.is_of(name));
        let takes = last.find(|plan| plan.takes(call, input));
        match takes.and_then(Plan::call) {
            Some(answer) => Chosen::Answer(answer),
            None => Chosen::Unexpected(format!(
                "`{name}` was called with {}, for which it is not mocked:\n  {}",
                text::input(input),
                self.report(name, &calls())
            )),
        }
    }

    /// What the test expected of mocks and did not get, if that is so. `calls` reports the calls of
    /// a name.
    pub(in crate::env) fn unmet(&self, calls: impl Fn(&str) -> String) -> Option<String> {
        let unmet = self.0.iter().filter(|plan| !plan.is_met());
        // Each name has one report, though mocks of several may have been made in turn.
        let mut reported = BTreeSet::new();
        let names = unmet.map(Plan::name).filter(|name| reported.insert(*name));
        let reports = names.map(|name| self.report(name, &calls(name)));
        let reports: Vec<String> = reports.collect();
        (!reports.is_empty()).then(|| {
            let reports = reports.join("\n  ");
            format!("mocks were not called as the test expects:\n  {reports}")
        })
    }

    /// The names that are mocked, as they are written in reports.
    pub(in crate::env) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .0
            .iter()
            .map(|plan| format!("`{}`", plan.name()))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// What was expected of the calls of one name, and what came.
    fn report(&self, name: &str, calls: &str) -> String {
        let ours = self.0.iter().filter(|plan| plan.is_of(name));
        let expected: Vec<String> = ours
            .map(|plan| format!("\n    - {}", plan.report()))
            .collect();
        format!("the mocks of `{name}`:{}\n  {calls}", expected.concat())
    }
}

impl<C, A> Default for Plans<C, A> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
