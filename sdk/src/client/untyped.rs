//! [`Untyped`]: a workflow that is known by its name only.

use crate::convert::Raw;
use crate::definition::Workflow;
use crate::error::WorkflowResult;

/// The key of a workflow that is known by its name only; its result is a [`Raw`] payload.
#[derive(Clone, Copy, Debug)]
pub struct Untyped(());

impl Workflow for Untyped {
    const NAME: &'static str = "";
    type State = ();
    type Args = ();
    type Return = WorkflowResult<Raw>;
}
