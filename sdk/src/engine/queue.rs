//! The commands of a run that history does not confirm yet, in order of issue.

use std::collections::VecDeque;
use std::panic::Location;

use super::command::Command;
use super::executor::UpdateIndex;
use super::message::UpdateReply;
use super::operation::OperationId;

/// The place in the user's code that decided something.
pub(crate) type Place = &'static Location<'static>;

/// Commands that wait for their events.
#[derive(Debug, Default)]
pub(crate) struct CommandQueue(VecDeque<Pending>);

/// A command that waits for its event.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) origin: Origin,
    /// The command, until it is sent.
    pub(crate) command: Option<Command>,
    /// The message that goes along, until it is sent.
    pub(crate) reply: Option<UpdateReply>,
    /// Where the user's code issued it.
    pub(crate) place: Option<Place>,
}

/// What a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Cancels an operation; `by_drop` where the workflow only dropped its future.
    Cancel {
        operation: OperationId,
        by_drop: bool,
    },
    /// Ends the run.
    End,
    /// Starts an operation.
    Start(OperationId),
    /// Accepts an update.
    UpdateAccept(UpdateIndex),
    /// Tells an update's outcome.
    UpdateComplete(UpdateIndex),
}

impl CommandQueue {
    pub(crate) fn push(&mut self, pending: Pending) {
        self.0.push_back(pending);
    }

    /// The command whose event comes next.
    pub(crate) fn pop(&mut self) -> Option<Pending> {
        self.0.pop_front()
    }

    pub(crate) fn first(&self) -> Option<&Pending> {
        self.0.front()
    }

    /// Takes back the command that would start an operation.
    pub(crate) fn take_back(&mut self, operation: OperationId) {
        // What is taken back is most often what was issued last.
        let start = Origin::Start(operation);
        if let Some(place) = self.0.iter().rposition(|pending| pending.origin == start) {
            self.0.remove(place);
        }
    }

    /// Takes back cancellations that were born of drops and are not sent: the run ends with
    /// this task, and the server cancels what is left of it.
    pub(crate) fn take_back_drops(&mut self) {
        self.0.retain(|pending| {
            let by_drop = matches!(pending.origin, Origin::Cancel { by_drop: true, .. });
            !by_drop || pending.command.is_none()
        });
    }

    /// How many commands wait.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Drops the commands from the given place on.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// The commands that are not sent yet, with the messages that go along.
    pub(crate) fn take_unsent(&mut self) -> (Vec<Command>, Vec<UpdateReply>) {
        let (mut commands, mut replies) = (Vec::new(), Vec::new());
        for pending in &mut self.0 {
            commands.extend(pending.command.take());
            replies.extend(pending.reply.take());
        }
        (commands, replies)
    }
}
