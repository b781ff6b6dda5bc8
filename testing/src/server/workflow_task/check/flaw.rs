//! Why a completion is not taken in.

use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;

use crate::server::errors::Error;

/// Why a completion is not taken in.
#[derive(Debug, PartialEq)]
pub(in crate::server) enum Refusal {
    /// The task fails.
    Flaw(Flaw),
    /// The request makes no sense; the task goes on as if nothing had been sent.
    Request(Error),
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Request(error)
    }
}

/// Why a task is failed instead of completed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::server) struct Flaw {
    pub(in crate::server) cause: Cause,
    text: String,
    /// Whether the workflow ends with the task, because no attempt of it would be better.
    pub(in crate::server) ends_run: bool,
}

impl Flaw {
    pub(in crate::server) fn new(cause: Cause, text: impl Into<String>) -> Self {
        Self {
            cause,
            text: text.into(),
            ends_run: false,
        }
    }

    /// A flaw that ends the workflow.
    pub(in crate::server) fn fatal(cause: Cause, text: impl Into<String>) -> Self {
        Self {
            ends_run: true,
            ..Self::new(cause, text)
        }
    }

    /// The cause and the text, as the worker gets to see them.
    pub(in crate::server) fn message(&self) -> String {
        let name = cause_name(self.cause);
        if self.text.is_empty() {
            name
        } else {
            format!("{name}: {}", self.text)
        }
    }
}

fn cause_name(cause: Cause) -> String {
    camel_case(
        cause
            .as_str_name()
            .trim_start_matches("WORKFLOW_TASK_FAILED_CAUSE_"),
    )
}

/// The name of an enum's value, as the server's texts have it.
pub(super) fn camel_case(shouting: &str) -> String {
    shouting
        .split('_')
        .map(|word| {
            let (first, rest) = word.split_at(1);
            format!("{first}{}", rest.to_ascii_lowercase())
        })
        .collect()
}
