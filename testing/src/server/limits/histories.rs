//! Histories that are full: the workflow that would add to them is terminated instead.

use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::execution::{Execution, RunKey};
use crate::server::workflow_task::Kind;
use crate::server::world::World;

impl Engine {
    /// Changes one run, as [`Engine::in_run`] does.
    ///
    /// # Errors
    /// The change itself is refused, or the history had no room for what came of it.
    pub(in crate::server) fn in_run_with_room<T>(
        &mut self,
        key: RunKey,
        change: impl FnOnce(&mut Execution, &mut World) -> Result<T>,
    ) -> Result<T> {
        let changed = self.in_run(key, change)?;
        match self.runs.get_mut(&key).and_then(|run| run.overflow.take()) {
            Some(reason) => Err(Error::invalid(reason)),
            None => Ok(changed),
        }
    }
}

impl Execution {
    /// Terminates the run if its history has no room.
    ///
    /// What comes from outside is refused only when the history is too long already, or when a
    /// workflow task would have to be scheduled for it.
    pub(in crate::server) fn check_room_for_event(&mut self, world: &mut World) -> Result<()> {
        let needs_task = self.task.is_none() && self.backoff.is_none();
        self.check_room(if needs_task { 2 } else { 0 }, world)
    }

    /// Terminates the run if its history has no room for the start of its workflow task.
    pub(in crate::server) fn check_room_for_start(&mut self, world: &mut World) -> Result<()> {
        let events = self.task.as_ref().map_or(0, |task| match task.kind {
            Kind::Normal => 1,
            Kind::Speculative | Kind::Transient => 0,
        });
        self.check_room(events, world)
    }

    /// Terminates the run if its history has no room for the end of its workflow task, and for
    /// what has waited for that.
    pub(in crate::server) fn check_room_for_failure(&mut self, world: &mut World) -> Result<()> {
        let end = self.task.as_ref().map_or(0, |task| match task.kind {
            Kind::Normal => 1,
            Kind::Speculative => 3,
            Kind::Transient => 0,
        });
        self.check_room(end + self.events_behind_task(self.sticky.is_some()), world)
    }

    /// Terminates the run if its history has no room for so many events more.
    pub(in crate::server) fn check_room(&mut self, events: usize, world: &mut World) -> Result<()> {
        let Some(reason) = self.lack_of_room(events, world) else {
            return Ok(());
        };
        self.terminate(reason, None, "history-service", world);
        self.commit(world);
        Err(Error::invalid(reason))
    }

    /// Takes back what has come up and terminates the run, if there is no room for the workflow
    /// task that is due.
    pub(in crate::server) fn end_if_full(&mut self, world: &mut World) {
        if !self.owes_written_task() {
            return;
        }
        if let Some(reason) = self.lack_of_room(1, world) {
            self.history.undo_batch();
            self.overflow = Some(reason);
            self.terminate(reason, None, "history-service", world);
        }
    }

    /// How many events follow the end of the workflow task under way.
    pub(in crate::server) fn events_behind_task(&self, another_is_due: bool) -> usize {
        let buffered = self.history.buffered_events();
        buffered + usize::from(another_is_due || buffered > 0)
    }

    fn lack_of_room(&self, events: usize, world: &World) -> Option<&'static str> {
        let limits = &world.options.limits;
        if self.history.events().len() + events > limits.history_events {
            Some("Workflow history count exceeds limit.")
        } else if self.history.size_bytes() as usize > limits.history_bytes {
            Some("Workflow history size exceeds limit.")
        } else {
            None
        }
    }
}
