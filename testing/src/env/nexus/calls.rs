//! What Nexus operations were called with, and what came of it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::SystemTime;

use outlast::Payload;
use outlast::convert::FromPayload;

use super::NexusError;
use crate::env::text;

/// One call of a mocked Nexus operation: what it was called with, and what came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NexusCall<I, O> {
    /// What it was called with.
    pub input: I,
    /// When it came, in virtual time.
    pub at: SystemTime,
    /// The Nexus headers that came with it. Keys are in lower case.
    pub headers: BTreeMap<String, String>,
    /// How the operation ended. `None` while it goes on.
    pub result: Option<Result<O, NexusError>>,
    /// Whether the caller has asked for the operation to be canceled.
    pub is_cancel_requested: bool,
}

/// The calls of all mocked operations, in the order in which they came.
#[derive(Debug)]
pub(super) struct NexusLog {
    start: SystemTime,
    entries: Vec<LoggedCall>,
}

/// A call as it came over the wire.
#[derive(Clone, Debug)]
pub(super) struct LoggedCall {
    name: String,
    input: Payload,
    at: SystemTime,
    headers: BTreeMap<String, String>,
    /// Names an operation that goes on.
    token: Option<String>,
    result: Option<Result<Payload, NexusError>>,
    is_cancel_requested: bool,
}

impl NexusLog {
    pub(super) fn new(start: SystemTime) -> Self {
        let entries = Vec::new();
        Self { start, entries }
    }

    /// Adds a call; the number names it.
    pub(super) fn begin(
        &mut self,
        name: &str,
        input: Payload,
        headers: BTreeMap<String, String>,
        at: SystemTime,
    ) -> usize {
        self.entries.push(LoggedCall {
            name: name.to_owned(),
            input,
            at,
            headers,
            token: None,
            result: None,
            is_cancel_requested: false,
        });
        self.entries.len() - 1
    }

    /// Notes how a call ended.
    pub(super) fn end(&mut self, call: usize, result: Result<Payload, NexusError>) {
        self.entries[call].result = Some(result);
    }

    /// Notes that the operation of a call goes on under this name.
    pub(super) fn name(&mut self, call: usize, token: &str) {
        self.entries[call].token = Some(token.to_owned());
    }

    /// Notes how an operation ended that went on.
    pub(super) fn end_named(&mut self, token: &str, result: Result<Payload, NexusError>) {
        if let Some(entry) = self.named(token) {
            entry.result = Some(result);
        }
    }

    /// Notes that an operation is to be canceled; says whether it is known.
    pub(super) fn note_cancel_request(&mut self, token: &str) -> bool {
        let entry = self.named(token);
        entry
            .map(|entry| entry.is_cancel_requested = true)
            .is_some()
    }

    /// The calls of an operation.
    pub(super) fn of(&self, name: &str) -> Vec<LoggedCall> {
        let ours = self.entries.iter().filter(|entry| entry.name == name);
        ours.cloned().collect()
    }

    /// The calls of an operation, a line for each.
    pub(super) fn report(&self, name: &str) -> String {
        let ours = self.entries.iter().filter(|entry| entry.name == name);
        let mut report = String::new();
        for (number, entry) in (1..).zip(ours) {
            let _ = write!(report, "\n    {number}. {}", self.line(entry));
        }
        match report.is_empty() {
            true => format!("`{name}` was not called"),
            false => format!("the calls of `{name}`:{report}"),
        }
    }

    fn line(&self, entry: &LoggedCall) -> String {
        let input = text::value(&entry.input);
        let after = text::duration(entry.at.duration_since(self.start).unwrap_or_default());
        let result = match &entry.result {
            None => "no result".to_owned(),
            Some(Ok(value)) => text::value(value),
            Some(Err(error)) => text::failure(error.as_failure()),
        };
        format!("({input}), at +{after}: {result}")
    }

    fn named(&mut self, token: &str) -> Option<&mut LoggedCall> {
        let mut entries = self.entries.iter_mut();
        entries.find(|entry| entry.token.as_deref() == Some(token))
    }
}

impl LoggedCall {
    pub(super) fn typed<I: FromPayload, O: FromPayload>(&self) -> NexusCall<I, O> {
        let name = &self.name;
        let input = I::from_payload(&self.input);
        let output = |value: &Payload| {
            O::from_payload(value).unwrap_or_else(|error| panic!("a result of `{name}`: {error}"))
        };
        NexusCall {
            input: input.unwrap_or_else(|error| panic!("the input of `{name}`: {error}")),
            at: self.at,
            headers: self.headers.clone(),
            result: match &self.result {
                None => None,
                Some(Ok(value)) => Some(Ok(output(value))),
                Some(Err(error)) => Some(Err(error.clone())),
            },
            is_cancel_requested: self.is_cancel_requested,
        }
    }
}
