//! What a workflow has started and not seen the end of.

use std::collections::BTreeMap;
use std::panic::Location;
use std::task::Waker;

use rustc_hash::FxHashMap;

use super::machine::{Machine, Resolution};

/// The name of an operation within its run, in order of start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(u64);

/// The extent of a cancellation: all of the workflow, or what a shield keeps from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Canceled with the workflow.
    #[default]
    Root,
    /// Inside `ctx.shield(..)`.
    Shielded,
}

/// The place in the user's code that decided something.
pub(crate) type Place = &'static Location<'static>;

/// Something started: its machine, and the future that waits for it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) machine: Machine,
    pub(crate) outcome: Option<Resolution>,
    pub(crate) waker: Option<Waker>,
    pub(crate) scope: Scope,
    /// The event that started it, once history says so.
    pub(crate) started_by: Option<i64>,
    /// Whether a future waits for the outcome.
    pub(crate) is_awaited: bool,
    pub(crate) place: Place,
}

/// The operations of a run, in order of start.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    all: BTreeMap<OperationId, Operation>,
    by_event: FxHashMap<i64, OperationId>,
    last: u64,
}

impl Operations {
    /// The id of the operation that comes next.
    pub(crate) fn insert(&mut self, operation: Operation) -> OperationId {
        self.last += 1;
        let id = OperationId(self.last);
        self.all.insert(id, operation);
        id
    }

    pub(crate) fn get(&self, id: OperationId) -> Option<&Operation> {
        self.all.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: OperationId) -> Option<&mut Operation> {
        self.all.get_mut(&id)
    }

    /// Remembers which event started the operation.
    pub(crate) fn index(&mut self, event_id: i64, id: OperationId) {
        if let Some(operation) = self.all.get_mut(&id) {
            operation.started_by = Some(event_id);
            self.by_event.insert(event_id, id);
        }
    }

    /// The operation that the given event started.
    pub(crate) fn started_by(&self, event_id: i64) -> Option<OperationId> {
        self.by_event.get(&event_id).copied()
    }

    /// Forgets the operation if nothing can happen to it and nobody waits for it.
    pub(crate) fn forget_if_over(&mut self, id: OperationId) {
        let is_over =
            |operation: &Operation| operation.machine.is_closed() && !operation.is_awaited;
        if !self.all.get(&id).is_some_and(is_over) {
            return;
        }
        if let Some(event) = self
            .all
            .remove(&id)
            .and_then(|forgotten| forgotten.started_by)
        {
            self.by_event.remove(&event);
        }
    }

    /// What somebody waits for, in order of start.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = (OperationId, &Operation)> {
        let awaited = |(_, operation): &(&OperationId, &Operation)| {
            operation.is_awaited && operation.outcome.is_none()
        };
        self.all
            .iter()
            .filter(awaited)
            .map(|(id, operation)| (*id, operation))
    }

    /// How many operations there are, and how many of their events.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.all.len(), self.by_event.len())
    }
}
