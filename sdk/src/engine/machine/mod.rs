//! One state machine for each kind of thing that a workflow starts.
//!
//! A machine is told what happened (`handle_*`) and answers what follows from it. It knows
//! nothing of other machines, of user code or of the wire. A step that its table does not have
//! is a [`Mismatch`]: the code does not do what the history says.

mod activity;
mod timer;
mod update;

pub(crate) use self::activity::Activity;
pub(crate) use self::timer::Timer;
pub(crate) use self::update::Update;
use super::command::Command;
use crate::convert::Payload;
use crate::failure::Failure;

/// How something that a workflow waits for came out.
#[derive(Debug)]
pub(crate) enum Resolution {
    /// An activity returned or failed.
    Activity(Result<Option<Payload>, Failure>),
    /// A timer was canceled.
    TimerCanceled,
    /// A timer fired.
    TimerFired,
}

/// What follows from canceling.
#[derive(Debug)]
pub(crate) enum Cancellation {
    /// The server is told, and the workflow sees the outcome now if there is one.
    Command(Command, Option<Resolution>),
    /// Nothing: it is over, or being canceled already.
    None,
    /// The server is not told; the workflow sees the outcome now.
    Resolved(Resolution),
    /// The command that would start it is taken back; the workflow sees the outcome now.
    Unsent(Resolution),
}

/// Why an event does not fit the machine that it is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch(pub(crate) &'static str);

/// What handing an event to a machine gives.
pub(crate) type Handled<T = ()> = Result<T, Mismatch>;

/// The machine behind a future of the workflow's.
#[derive(Debug)]
pub(crate) enum Machine {
    Activity(Activity),
    Timer(Timer),
}

impl Machine {
    /// Whether no further event can come for it.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Activity(activity) => activity.is_closed(),
            Self::Timer(timer) => timer.is_closed(),
        }
    }

    pub(crate) fn handle_cancel(&mut self) -> Cancellation {
        match self {
            Self::Activity(activity) => activity.handle_cancel(),
            Self::Timer(timer) => timer.handle_cancel(),
        }
    }
}

/// Names what the machine is for, as in "timer `1`".
impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Activity(activity) => activity.fmt(f),
            Self::Timer(timer) => timer.fmt(f),
        }
    }
}
