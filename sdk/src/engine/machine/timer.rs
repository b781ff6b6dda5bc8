//! The timer machine.

use std::fmt;

use super::{Cancellation, Handled, Mismatch, Resolution};
use crate::engine::command::Command;

/// A timer, from the command to its end.
#[derive(Debug)]
pub(crate) struct Timer {
    id: Box<str>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The command is made but not recorded.
    Created,
    /// The server runs the timer.
    Started,
    /// The command to cancel is made but not recorded.
    CancelCreated,
    /// Fired or canceled.
    Closed,
}

impl Timer {
    pub(crate) fn new(id: impl Into<Box<str>>) -> Self {
        Self {
            id: id.into(),
            state: State::Created,
        }
    }

    /// The server recorded the start. `checks_id` is off for histories whose ids are not ours.
    pub(crate) fn handle_started(&mut self, id: &str, checks_id: bool) -> Handled {
        if id != &*self.id {
            if checks_id {
                return Err(Mismatch("the timer ids differ"));
            }
            // The server knows it by that one.
            self.id = id.into();
        }
        self.step(State::Created, State::Started)
    }

    /// The server says that it fired.
    pub(crate) fn handle_fired(&mut self) -> Handled<Resolution> {
        self.step(State::Started, State::Closed)?;
        Ok(Resolution::TimerFired)
    }

    /// The server recorded that it was canceled.
    pub(crate) fn handle_canceled(&mut self, id: &str) -> Handled {
        if id != &*self.id {
            return Err(Mismatch("the timer ids differ"));
        }
        self.step(State::CancelCreated, State::Closed)
    }

    /// The workflow cancels it.
    pub(crate) fn handle_cancel(&mut self) -> Cancellation {
        match self.state {
            State::Created => {
                self.state = State::Closed;
                Cancellation::Unsent(Resolution::TimerCanceled)
            }
            State::Started => {
                self.state = State::CancelCreated;
                let command = Command::CancelTimer {
                    timer: self.id.to_string(),
                };
                Cancellation::Command(command, Some(Resolution::TimerCanceled))
            }
            State::CancelCreated | State::Closed => Cancellation::None,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    fn step(&mut self, from: State, to: State) -> Handled {
        if self.state != from {
            return Err(Mismatch(match self.state {
                State::Created => "the timer was not started yet",
                State::Started => "the timer is running and was not canceled",
                State::CancelCreated => "the timer is being canceled",
                State::Closed => "the timer is over",
            }));
        }
        self.state = to;
        Ok(())
    }
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timer `{}`", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_fires_once() {
        let mut timer = Timer::new("1");
        timer.handle_started("1", true).unwrap();
        assert!(matches!(timer.handle_fired(), Ok(Resolution::TimerFired)));
        assert!(timer.is_closed());
        assert!(timer.handle_fired().is_err());
    }

    #[test]
    fn gotcha_22_canceling_an_unsent_timer_takes_its_command_back() {
        let mut timer = Timer::new("1");
        assert!(matches!(timer.handle_cancel(), Cancellation::Unsent(_)));
        assert!(timer.is_closed());
        assert!(matches!(timer.handle_cancel(), Cancellation::None));
    }

    #[test]
    fn gotcha_22_canceling_a_running_timer_resolves_it_at_once_and_once() {
        let mut timer = Timer::new("1");
        timer.handle_started("1", true).unwrap();
        let Cancellation::Command(Command::CancelTimer { timer: id }, Some(_)) =
            timer.handle_cancel()
        else {
            panic!("expected a command and an outcome");
        };
        assert_eq!(id, "1");
        assert!(matches!(timer.handle_cancel(), Cancellation::None));
        timer.handle_canceled("1").unwrap();
        assert!(timer.is_closed());
    }

    #[test]
    fn a_cancellation_that_nobody_asked_for_does_not_fit() {
        let mut timer = Timer::new("1");
        timer.handle_started("1", true).unwrap();
        let mismatch = timer.handle_canceled("1").unwrap_err();
        assert_eq!(mismatch.0, "the timer is running and was not canceled");
    }

    #[test]
    fn ids_are_compared_only_where_they_are_ours() {
        assert!(Timer::new("1").handle_started("x", true).is_err());
        let mut timer = Timer::new("1");
        timer.handle_started("x", false).unwrap();
        timer.handle_cancel();
        timer.handle_canceled("x").unwrap();
    }
}
