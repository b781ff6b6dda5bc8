//! Histories that are full: the workflow that would add to them is terminated instead.

use crate::server::errors::{Error, Result};
use crate::server::execution::Execution;
use crate::server::world::World;

impl Execution {
    /// Terminates the run if its history has no room.
    ///
    /// What comes from outside is refused only when the history is too long already, or when a
    /// workflow task would have to be scheduled for it.
    pub(in crate::server) fn check_room_for_event(&mut self, world: &mut World) -> Result<()> {
        let needs_task = self.task.is_none() && self.backoff.is_none();
        self.check_room(if needs_task { 2 } else { 0 }, world)
    }

    /// Terminates the run if its history has no room for so many events more.
    pub(in crate::server) fn check_room(&mut self, events: usize, world: &mut World) -> Result<()> {
        let limits = &world.options.limits;
        let length = self.history.events().len() + events;
        let reason = if length > limits.history_events {
            "Workflow history count exceeds limit."
        } else if self.history.size_bytes() as usize > limits.history_bytes {
            "Workflow history size exceeds limit."
        } else {
            return Ok(());
        };
        self.terminate(reason, None, "history-service", world);
        self.commit(world);
        Err(Error::invalid(reason))
    }
}
