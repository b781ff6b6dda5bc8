//! The commands of a run that history does not confirm yet, in order of issue.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::command::Command;
use super::message::{UpdateIndex, UpdateReply};
use super::operation::{OperationId, Place};

/// Commands that wait for their events.
#[derive(Debug, Default)]
pub(crate) struct CommandQueue {
    all: VecDeque<Pending>,
    /// Operations whose start is taken back and still in `all`: thousands may go at once, and
    /// each would have to be searched for.
    taken_back: FxHashSet<OperationId>,
}

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
        self.all.push_back(pending);
    }

    /// The command whose event comes next.
    pub(crate) fn pop(&mut self) -> Option<Pending> {
        self.sweep();
        self.all.pop_front()
    }

    /// Takes back the command that would start an operation.
    pub(crate) fn take_back(&mut self, operation: OperationId) {
        self.taken_back.insert(operation);
    }

    /// Takes back cancellations that were born of drops and are not sent: the run ends with
    /// this task, and the server cancels what is left of it.
    pub(crate) fn take_back_drops(&mut self) {
        self.all.retain(|pending| {
            let by_drop = matches!(pending.origin, Origin::Cancel { by_drop: true, .. });
            !by_drop || pending.command.is_none()
        });
    }

    /// The place of the command that is issued next.
    pub(crate) fn end(&self) -> usize {
        self.all.len()
    }

    /// Drops the commands from the given place on. None may have been handed out since.
    pub(crate) fn truncate(&mut self, end: usize) {
        self.all.truncate(end);
    }

    /// The commands that are not sent yet, with the messages that go along.
    pub(crate) fn take_unsent(&mut self) -> (Vec<Command>, Vec<UpdateReply>) {
        self.sweep();
        let (mut commands, mut replies) = (Vec::new(), Vec::new());
        for pending in &mut self.all {
            commands.extend(pending.command.take());
            replies.extend(pending.reply.take());
        }
        (commands, replies)
    }

    /// Removes what was taken back.
    fn sweep(&mut self) {
        if self.taken_back.is_empty() {
            return;
        }
        let taken_back = std::mem::take(&mut self.taken_back);
        self.all.retain(|pending| {
            !matches!(pending.origin, Origin::Start(operation) if taken_back.contains(&operation))
        });
    }
}
