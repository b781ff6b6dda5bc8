//! [`Plan`]: which calls a mock is for, how many it expects, and what they come to.

use std::panic::Location;

use outlast::{ActivityContext, Payload};

use super::{Answer, Outcome};
use crate::env::text;

/// What a test said of one mock.
pub(in crate::env) struct Plan {
    activity: &'static str,
    place: &'static Location<'static>,
    matchers: Vec<Matcher>,
    /// The fewest and the most calls that are expected.
    expected: (u32, Option<u32>),
    /// What the calls come to, one after the other; the last is for all that follow.
    answers: Vec<Answer>,
    /// What was said of the answer that is to come.
    draft: Answer,
    calls: u32,
    /// Whether another mock took its place.
    is_retired: bool,
}

/// A condition on a call.
pub(super) struct Matcher {
    description: String,
    matches: Box<Condition>,
}

type Condition = dyn Fn(&ActivityContext, &[Payload]) -> bool + Send + Sync;

impl Matcher {
    pub(super) fn new(
        description: &str,
        matches: impl Fn(&ActivityContext, &[Payload]) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            description: description.to_owned(),
            matches: Box::new(matches),
        }
    }
}

impl Plan {
    pub(in crate::env) fn new(activity: &'static str, place: &'static Location<'static>) -> Self {
        Self {
            activity,
            place,
            matchers: Vec::new(),
            expected: (0, None),
            answers: Vec::new(),
            draft: Answer::default(),
            calls: 0,
            is_retired: false,
        }
    }

    pub(super) fn narrow(&mut self, matcher: Matcher) {
        self.matchers.push(matcher);
    }

    pub(super) fn expect(&mut self, least: u32, most: Option<u32>) {
        self.expected = (least, most);
    }

    /// What is said of the next answer.
    pub(super) fn draft(&mut self) -> &mut Answer {
        &mut self.draft
    }

    pub(in crate::env) fn answer(&mut self, outcome: Outcome) {
        let draft = std::mem::take(&mut self.draft);
        self.answers.push(Answer { outcome, ..draft });
    }

    /// Counts a call; returns what it comes to. `None` if nothing was said of that.
    pub(super) fn call(&mut self) -> Option<Answer> {
        let last = self.answers.len().checked_sub(1)?;
        let answer = self.answers[last.min(self.calls as usize)].clone();
        self.calls += 1;
        Some(answer)
    }

    pub(super) fn retire(&mut self) {
        self.is_retired = true;
    }

    pub(super) fn least(&self) -> u32 {
        self.expected.0
    }

    pub(super) fn most(&self) -> Option<u32> {
        self.expected.1
    }

    pub(super) fn is_of(&self, activity: &str) -> bool {
        self.activity == activity && !self.is_retired
    }

    pub(super) fn activity(&self) -> &'static str {
        self.activity
    }

    /// Whether the plan is for the call, and has not had all the calls it expects.
    pub(super) fn takes(&self, attempt: &ActivityContext, input: &[Payload]) -> bool {
        self.most().is_none_or(|most| self.calls < most)
            && self.matchers.iter().all(|m| (m.matches)(attempt, input))
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
        format!(
            "{what}: expected {expected}, {called} (mocked at {})",
            self.place
        )
    }
}
