//! [`Plans`]: all that a test said of its mocks, and which of it is for a call.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outlast::Payload;

use super::{Matcher, Plan};
use crate::env::text;

/// What a test said of its mocks, in the order in which they were made.
///
/// Matchers are code of the test, which may ask the environment for anything: none of them runs,
/// or is dropped, while the plans are locked.
pub(in crate::env) struct Plans<C, A>(Mutex<Vec<Plan<C, A>>>);

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
    pub(in crate::env) fn add(&self, plan: Plan<C, A>) -> usize {
        let mut plans = self.lock();
        plans.push(plan);
        plans.len() - 1
    }

    /// Adds a plan in place of all others of the same name.
    pub(in crate::env) fn replace(&self, plan: Plan<C, A>) -> usize {
        let mut plans = self.lock();
        let others = plans.iter_mut().filter(|other| other.is_of(plan.name()));
        others.for_each(Plan::retire);
        plans.push(plan);
        plans.len() - 1
    }

    pub(in crate::env) fn change(&self, plan: usize, change: impl FnOnce(&mut Plan<C, A>)) {
        // There are none any more when the environment has ended.
        if let Some(plan) = self.lock().get_mut(plan) {
            change(plan);
        }
    }

    /// Whether there is a mock of that name.
    pub(in crate::env) fn are_of(&self, name: &str) -> bool {
        self.lock().iter().any(|plan| plan.is_of(name))
    }

    /// Whether a call of that name may come to such an answer.
    pub(in crate::env) fn may_answer(&self, name: &str, is_such: impl Fn(&A) -> bool) -> bool {
        let plans = self.lock();
        let mut ours = plans.iter().filter(|plan| plan.is_of(name));
        ours.any(|plan| plan.may_answer(&is_such))
    }

    /// Forgets all mocks, when they were checked.
    pub(in crate::env) fn clear(&self) {
        let forgotten = std::mem::take(&mut *self.lock());
        drop(forgotten);
    }

    /// Counts a call, with the answer that it gets. `calls` reports those that came before.
    ///
    /// The mock that was made last and takes the call answers it.
    pub(in crate::env) fn choose(
        &self,
        name: &str,
        call: &C,
        input: &[Payload],
        calls: impl FnOnce() -> String,
    ) -> Chosen<A> {
        if !self.are_of(name) {
            return Chosen::NotMocked;
        }
        let mut end = usize::MAX;
        while let Some((number, matchers)) = self.last_open(name, end) {
            let matches = matchers.iter().all(|matcher| matcher.matches(call, input));
            // Other calls may have come meanwhile, all that it expects.
            let mut plans = self.lock();
            let plan = plans.get_mut(number).filter(|plan| plan.is_open_for(name));
            match plan.filter(|_| matches).map(Plan::call) {
                Some(Some(answer)) => return Chosen::Answer(answer),
                Some(None) => break,
                None => end = number,
            }
        }
        let calls = calls();
        Chosen::Unexpected(format!(
            "`{name}` was called with {}, for which it is not mocked:\n  {}\n  if the call is right, \
             mock it too, or have a mock of it expect more calls",
            text::input(input),
            report(&self.lock(), name, &calls)
        ))
    }

    /// What the test expected of mocks and did not get, if that is so. `calls` reports the calls of
    /// a name.
    pub(in crate::env) fn unmet(&self, calls: impl Fn(&str) -> String) -> Option<String> {
        let plans = self.lock();
        let unmet = plans.iter().filter(|plan| !plan.is_met());
        // Each name has one report, though mocks of several may have been made in turn.
        let mut reported = BTreeSet::new();
        let names = unmet.map(Plan::name).filter(|name| reported.insert(*name));
        let reports = names.map(|name| report(&plans, name, &calls(name)));
        let reports: Vec<String> = reports.collect();
        (!reports.is_empty()).then(|| {
            let reports = reports.join("\n  ");
            format!("mocks were not called as the test expects:\n  {reports}")
        })
    }

    /// The names that are mocked, as they are written in reports.
    pub(in crate::env) fn names(&self) -> Vec<String> {
        let plans = self.lock();
        let names = plans.iter().map(|plan| format!("`{}`", plan.name()));
        let mut names: Vec<String> = names.collect();
        names.sort();
        names.dedup();
        names
    }

    /// The last open plan for a name before a number, and what its calls have to be like.
    fn last_open(&self, name: &str, end: usize) -> Option<(usize, Vec<Arc<Matcher<C>>>)> {
        let plans = self.lock();
        let before = plans.iter().enumerate().take(end);
        let open = before.filter(|(_, plan)| plan.is_open_for(name));
        open.last().map(|(number, plan)| (number, plan.matchers()))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Plan<C, A>>> {
        // Nothing panics half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was expected of the calls of one name, and what came.
fn report<C, A: Clone + Default>(plans: &[Plan<C, A>], name: &str, calls: &str) -> String {
    let ours = plans.iter().filter(|plan| plan.is_of(name));
    let expected = ours.map(|plan| format!("\n    - {}", plan.report()));
    let expected: Vec<String> = expected.collect();
    format!("the mocks of `{name}`:{}\n  {calls}", expected.concat())
}

impl<C, A> Default for Plans<C, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
