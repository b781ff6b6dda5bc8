//! Switches by which a test changes workflow code while it runs, as deployments would.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use outlast::{WorkflowContext, WorkflowId};

/// How often the code of a workflow was changed. Tests share a process, and each has ids of its
/// own.
static CHANGES: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

/// Changes the code of a workflow.
pub(crate) fn mend(id: &WorkflowId) {
    *changes().entry(id.to_string()).or_default() += 1;
}

/// Changes the code of a workflow back.
pub(crate) fn undo(id: &WorkflowId) {
    mend(id);
}

/// Whether the code was changed.
pub(crate) fn is_mended<W>(ctx: &WorkflowContext<W>) -> bool {
    count(ctx) > 0
}

/// Whether the change was undone.
pub(crate) fn is_undone<W>(ctx: &WorkflowContext<W>) -> bool {
    count(ctx) > 1
}

fn count<W>(ctx: &WorkflowContext<W>) -> u32 {
    changes()
        .get(ctx.info().workflow_id().as_str())
        .copied()
        .unwrap_or(0)
}

fn changes() -> MutexGuard<'static, BTreeMap<String, u32>> {
    CHANGES.lock().unwrap_or_else(PoisonError::into_inner)
}

static TRIES: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

/// Counts how often the code of a workflow came here, in replays too.
pub(crate) fn count_try<W>(ctx: &WorkflowContext<W>) {
    let id = ctx.info().workflow_id().to_string();
    *all_tries().entry(id).or_default() += 1;
}

/// How often it came there.
pub(crate) fn tries(id: &WorkflowId) -> u32 {
    all_tries().get(id.as_str()).copied().unwrap_or(0)
}

fn all_tries() -> MutexGuard<'static, BTreeMap<String, u32>> {
    TRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What happens when a workflow's code gets to a point, once.
type Trip = Box<dyn FnOnce() + Send>;

static TRIPS: Mutex<BTreeMap<String, Trip>> = Mutex::new(BTreeMap::new());

/// Does something when the code of a workflow comes to [`trip`].
pub(crate) fn on_trip(id: &WorkflowId, what: impl FnOnce() + Send + 'static) {
    trips().insert(id.to_string(), Box::new(what));
}

/// Does what the test asked for, without effect on the workflow.
pub(crate) fn trip<W>(ctx: &WorkflowContext<W>) {
    let what = trips().remove(ctx.info().workflow_id().as_str());
    if let Some(what) = what {
        what();
    }
}

fn trips() -> MutexGuard<'static, BTreeMap<String, Trip>> {
    TRIPS.lock().unwrap_or_else(PoisonError::into_inner)
}
