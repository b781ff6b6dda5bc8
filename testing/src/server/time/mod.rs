//! Virtual time: when it moves, what holds it, and what becomes due.

pub(super) mod alarms;
pub(super) mod busy;
pub(super) mod clock;
pub(super) mod due;
pub(super) mod end;
pub(super) mod holds;
mod humane;
mod silence;
pub(super) mod timers;
