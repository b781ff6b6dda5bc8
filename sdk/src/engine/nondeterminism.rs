//! [`Nondeterminism`]: the code does not do what the history says that it did.

use std::fmt;

use super::core::Core;
use super::event::Event;
use super::machine::Mismatch;
use super::queue::{Origin, Pending};
use super::task::{TaskFailure, TaskFailureCause};
use crate::failure::Failure;

/// Where code and history part, in the form of a diff.
#[derive(Debug)]
pub(crate) struct Nondeterminism {
    history: Option<String>,
    code: Option<String>,
    place: Option<String>,
    reason: &'static str,
}

impl Nondeterminism {
    /// History has a command's event where the code issues no command, or another one.
    pub(crate) fn unmatched(core: &Core, event: &Event, found: Option<&Pending>) -> Self {
        let reason = match found {
            Some(_) => "the code decides something else here than it did",
            None => "the code decides nothing here, where it did before",
        };
        let code = found.map(|pending| describe(core, pending));
        let place = place(core, found);
        Self {
            history: Some(event.to_string()),
            code,
            place,
            reason,
        }
    }

    /// The machine that an event is for is in a state in which the event cannot come.
    pub(crate) fn mismatch(
        core: &Core,
        event: &Event,
        found: Option<&Pending>,
        mismatch: &Mismatch,
    ) -> Self {
        let code = found.map(|pending| describe(core, pending));
        let place = place(core, found);
        Self {
            history: Some(event.to_string()),
            code,
            place,
            reason: mismatch.0,
        }
    }

    /// An event is about something that the code never started.
    pub(crate) fn unknown_target(event: &Event) -> Self {
        let reason = "the event is about something that the code did not start";
        Self {
            history: Some(event.to_string()),
            code: None,
            place: None,
            reason,
        }
    }

    /// The code issued a command that history does not have.
    pub(crate) fn left_over(core: &Core, pending: &Pending) -> Self {
        Self {
            history: None,
            code: Some(describe(core, pending)),
            place: place(core, Some(pending)),
            reason: "the code decides something here that it did not decide before",
        }
    }

    pub(crate) fn into_failure(self, core: &Core) -> TaskFailure {
        let message = format!(
            "nondeterminism in workflow `{}` (id `{}`): {}\n{self}\n{HINT}",
            core.started.workflow_type, core.execution.workflow_id, self.reason
        );
        let failure = Failure::application("Nondeterminism", message);
        TaskFailure {
            cause: TaskFailureCause::Nondeterminism,
            failure,
        }
    }
}

const HINT: &str = "  a run replays its history with the code of today: restore what it decided, \
                    or let runs of the old code finish under it";

/// Where the code decided it, or else where it came from.
fn place(core: &Core, found: Option<&Pending>) -> Option<String> {
    match found.and_then(|pending| pending.place) {
        Some(place) => Some(format!("at {place}")),
        None => core
            .last_await
            .map(|place| format!("after the await at {place}")),
    }
}

/// What a command does, also after it was sent.
fn describe(core: &Core, pending: &Pending) -> String {
    if let Some(command) = &pending.command {
        return command.to_string();
    }
    let machine = |id| match core.operations.get(id) {
        Some(operation) => operation.machine.to_string(),
        None => "something that is over".to_owned(),
    };
    match pending.origin {
        Origin::Start(id) => format!("start {}", machine(id)),
        Origin::Cancel { operation, .. } => format!("cancel {}", machine(operation)),
        Origin::UpdateAccept(_) => "accept an update".to_owned(),
        Origin::UpdateComplete(_) => "complete an update".to_owned(),
        Origin::End => "end the run".to_owned(),
    }
}

impl fmt::Display for Nondeterminism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nothing = "nothing";
        writeln!(
            f,
            "  history: {}",
            self.history.as_deref().unwrap_or(nothing)
        )?;
        write!(f, "  code:    {}", self.code.as_deref().unwrap_or(nothing))?;
        match &self.place {
            Some(place) => write!(f, ", {place}"),
            None => Ok(()),
        }
    }
}
