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
