//! Switches by which a test changes workflow code while it runs, as a deployment would.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use outlast::{WorkflowContext, WorkflowId};

/// The workflows whose code was changed. Tests share a process, and each has ids of its own.
static MENDED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Changes the code of a workflow.
pub(crate) fn mend(id: &WorkflowId) {
    let mut mended = MENDED.lock().unwrap_or_else(PoisonError::into_inner);
    mended.insert(id.to_string());
}

/// Whether the code was changed.
pub(crate) fn is_mended<W>(ctx: &WorkflowContext<W>) -> bool {
    let mended = MENDED.lock().unwrap_or_else(PoisonError::into_inner);
    mended.contains(ctx.info().workflow_id().as_str())
}
