//! What activities were called with, and what came of it.

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use outlast::activity::{ActivityResult, TaskToken};
use outlast::convert::{Args, FromPayload, InputOf};
use outlast::definition::{Activity, OutputOf};
use outlast::{ActivityContext, ActivityId, Failure, Payload, WorkflowExecution};

use super::text;

/// One attempt of an activity: what it was called with, and what it gave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call<I, O> {
    /// What it was called with, as a caller writes it.
    pub input: I,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// When it began, in virtual time.
    pub at: SystemTime,
    /// How it ended. `None` while it runs, if it ran out of time, and if something else is to
    /// report how it ends.
    pub result: Option<Result<O, Failure>>,
    /// The id within the workflow, the same in all attempts.
    pub activity_id: ActivityId,
    /// The workflow that called it.
    pub workflow: Option<WorkflowExecution>,
}

/// A call of the activity `K`.
pub type CallOf<K> = Call<InputOf<<K as Activity>::Args>, OutputOf<K>>;

/// The calls of all activities, in the order in which they began.
#[derive(Debug)]
pub(super) struct CallLog {
    start: SystemTime,
    entries: Mutex<Vec<Entry>>,
}

#[derive(Clone, Debug)]
struct Entry {
    token: TaskToken,
    activity: String,
    input: Vec<Payload>,
    attempt: u32,
    at: SystemTime,
    result: Option<Result<Payload, Failure>>,
    activity_id: ActivityId,
    workflow: Option<WorkflowExecution>,
}

impl CallLog {
    pub(super) fn new(start: SystemTime) -> Self {
        let entries = Mutex::default();
        Self { start, entries }
    }

    pub(super) fn begin(&self, attempt: &ActivityContext, input: &[Payload], at: SystemTime) {
        let info = attempt.info();
        self.entries().push(Entry {
            token: attempt.task_token(),
            activity: info.activity_type.clone(),
            input: input.to_vec(),
            attempt: info.attempt,
            at,
            result: None,
            activity_id: info.activity_id.clone(),
            workflow: info.workflow.clone(),
        });
    }

    pub(super) fn end(&self, attempt: &ActivityContext, result: &ActivityResult) {
        let result = match result {
            Ok(value) => Some(Ok(value.clone())),
            Err(error) => error.as_failure().cloned().map(Err),
        };
        let token = attempt.task_token();
        let mut entries = self.entries();
        if let Some(entry) = entries.iter_mut().rev().find(|entry| entry.token == token) {
            entry.result = result;
        }
    }

    pub(super) fn of<K: Activity>(&self) -> Vec<CallOf<K>> {
        let ours = |entry: &&Entry| entry.activity == K::NAME;
        let entries: Vec<Entry> = self.entries().iter().filter(ours).cloned().collect();
        // Values are decoded by code of the test, while others may use the log.
        entries.iter().map(Entry::typed::<K>).collect()
    }

    /// The names of the activities that were called, one for each first attempt.
    pub(super) fn order(&self) -> Vec<String> {
        let entries = self.entries();
        let first = entries.iter().filter(|entry| entry.attempt == 1);
        first.map(|entry| entry.activity.clone()).collect()
    }

    /// The calls of an activity, a line for each.
    pub(super) fn report(&self, activity: &str) -> String {
        let entries = self.entries();
        let ours = entries.iter().filter(|entry| entry.activity == activity);
        let mut report = String::new();
        for (number, entry) in (1..).zip(ours) {
            let _ = write!(report, "\n    {number}. {}", self.line(entry));
        }
        if report.is_empty() {
            return format!("`{activity}` was not called");
        }
        format!("the calls of `{activity}`:{report}")
    }

    fn line(&self, entry: &Entry) -> String {
        let input = text::input(&entry.input);
        let after = text::duration(entry.at.duration_since(self.start).unwrap_or_default());
        let result = match &entry.result {
            None => "no result".to_owned(),
            Some(Ok(value)) => text::value(value),
            Some(Err(failure)) => text::failure(failure),
        };
        format!("{input}, attempt {}, at +{after}: {result}", entry.attempt)
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn typed<K: Activity>(&self) -> CallOf<K> {
        let args = K::Args::decode(&self.input);
        let args = args.unwrap_or_else(|error| panic!("a call of `{}`: {error}", K::NAME));
        let typed = |value: &Payload| {
            let value = OutputOf::<K>::from_payload(value);
            value.unwrap_or_else(|error| panic!("a result of `{}`: {error}", K::NAME))
        };
        Call {
            input: args.into_input(),
            attempt: self.attempt,
            at: self.at,
            result: match &self.result {
                None => None,
                Some(Ok(value)) => Some(Ok(typed(value))),
                Some(Err(failure)) => Some(Err(failure.clone())),
            },
            activity_id: self.activity_id.clone(),
            workflow: self.workflow.clone(),
        }
    }
}
