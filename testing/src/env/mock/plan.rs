//! [`Plan`]: which calls a mock is for, how many it expects, and what they come to.

use std::panic::Location;
use std::sync::Arc;

use outlast::Payload;

use crate::env::text;

/// What a test said of one mock, whose calls come to an `A`. Besides the arguments, matchers see a
/// `C` of each call.
pub(in crate::env) struct Plan<C, A> {
    /// What is mocked.
    name: String,
    place: &'static Location<'static>,
    matchers: Vec<Arc<Matcher<C>>>,
    /// The fewest and the most calls that are expected.
    expected: (u32, Option<u32>),
    /// What the calls come to, one after the other; the last is for all that follow.
    answers: Vec<A>,
    /// What was said of the answer that is to come.
    draft: A,
    calls: u32,
    /// Whether another mock took its place.
    is_retired: bool,
}

/// A condition on a call.
pub(in crate::env) struct Matcher<C> {
    description: String,
    matches: Box<Condition<C>>,
}

type Condition<C> = dyn Fn(&C, &[Payload]) -> bool + Send + Sync;

impl<C> Matcher<C> {
    pub(in crate::env) fn new(
        description: &str,
        matches: impl Fn(&C, &[Payload]) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            description: description.to_owned(),
            matches: Box::new(matches),
        }
    }

    pub(super) fn matches(&self, call: &C, input: &[Payload]) -> bool {
        (self.matches)(call, input)
    }
}

impl<C, A: Clone + Default> Plan<C, A> {
    pub(in crate::env) fn new(name: impl Into<String>, place: &'static Location<'static>) -> Self {
        Self {
            name: name.into(),
            place,
            matchers: Vec::new(),
            expected: (0, None),
            answers: Vec::new(),
            draft: A::default(),
            calls: 0,
            is_retired: false,
        }
    }

    pub(in crate::env) fn narrow(&mut self, matcher: Matcher<C>) {
        self.matchers.push(Arc::new(matcher));
    }

    pub(in crate::env) fn expect(&mut self, least: u32, most: Option<u32>) {
        self.expected = (least, most);
    }

    /// What is said of the next answer.
    pub(in crate::env) fn draft(&mut self) -> &mut A {
        &mut self.draft
    }

    /// Adds what was said of the next answer, when the closure has said the rest.
    pub(in crate::env) fn answer(&mut self, finish: impl FnOnce(&mut A)) {
        let mut answer = std::mem::take(&mut self.draft);
        finish(&mut answer);
        self.answers.push(answer);
    }

    /// Counts a call; returns what it comes to. `None` if nothing was said of that.
    pub(super) fn call(&mut self) -> Option<A> {
        let last = self.answers.len().checked_sub(1)?;
        let answer = self.answers[last.min(self.calls as usize)].clone();
        self.calls += 1;
        Some(answer)
    }

    /// Whether a call may come to such an answer.
    pub(super) fn may_answer(&self, is_such: impl Fn(&A) -> bool) -> bool {
        self.answers.iter().any(is_such)
    }

    pub(super) fn retire(&mut self) {
        self.is_retired = true;
    }

    pub(in crate::env) fn least(&self) -> u32 {
        self.expected.0
    }

    pub(in crate::env) fn most(&self) -> Option<u32> {
        self.expected.1
    }

    pub(super) fn is_of(&self, name: &str) -> bool {
        self.name == name && !self.is_retired
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a plan for the name that has not had all the calls it expects.
    pub(super) fn is_open_for(&self, name: &str) -> bool {
        self.is_of(name) && self.most().is_none_or(|most| self.calls < most)
    }

    /// What a call has to be like, to be looked at while others may use the plan.
    pub(super) fn matchers(&self) -> Vec<Arc<Matcher<C>>> {
        self.matchers.clone()
    }

    pub(super) fn is_met(&self) -> bool {
        self.is_retired || self.calls >= self.least()
    }

    /// What was expected and what came: `with ("pen", 39): expected twice, called once`.
    pub(super) fn report(&self) -> String {
        let what: Vec<&str> = self
            .matchers
            .iter()
            .map(|m| m.description.as_str())
            .collect();
        let what = match what.is_empty() {
            true => "any call".to_owned(),
            false => format!("calls with {}", what.join(" and ")),
        };
        let expected = match self.expected {
            (0, None) => "any number of times".to_owned(),
            (least, None) => format!("{} or more", text::times(least)),
            (0, Some(most)) if most > 0 => format!("{} at the most", text::times(most)),
            (least, Some(most)) if least == most => text::times(most),
            (least, Some(most)) => format!("{} to {}", text::times(least), text::times(most)),
        };
        let called = text::times(self.calls);
        let called = match self.calls {
            0 => "not called".to_owned(),
            _ => format!("called {called}"),
        };
        let answerless = match self.answers.is_empty() && self.most() != Some(0) {
            true => ", and nothing was said of what a call comes to, as by `returns` or `fails`",
            false => "",
        };
        format!(
            "{what}: expected {expected}, {called}{answerless} (mocked at {})",
            self.place
        )
    }
}
