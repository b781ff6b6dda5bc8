//! [`ChildGate`]: lets a test environment keep children from starting.

use std::fmt;
use std::time::SystemTime;

use outlast_proto::temporal::api::history::v1::StartChildWorkflowExecutionInitiatedEventAttributes;

use crate::server::Engine;

/// Stands where children start. An ordinary server has none, and lets all of them in.
#[derive(Default)]
pub(in crate::server) struct ChildGate(Option<Box<Admits>>);

type Admits = dyn FnMut(&ChildStart<'_>) -> bool + Send;

/// A child that nothing else keeps from starting.
#[derive(Clone, Copy, Debug)]
pub struct ChildStart<'a> {
    /// What its parent wants.
    pub initiated: &'a StartChildWorkflowExecutionInitiatedEventAttributes,
    /// The parent's workflow id.
    pub parent_workflow_id: &'a str,
    /// The parent's run id.
    pub parent_run_id: &'a str,
    /// The run id that it will have.
    pub run_id: &'a str,
    /// The virtual time.
    pub now: SystemTime,
}

impl Engine {
    /// Has each child that is about to start admitted by a closure. The parent of one that is not
    /// hears that the child's id is taken, the one reason that a real server has.
    pub fn set_child_gate(&mut self, admits: impl FnMut(&ChildStart<'_>) -> bool + Send + 'static) {
        self.child_gate = ChildGate(Some(Box::new(admits)));
    }
}

impl ChildGate {
    pub(super) fn admits(&mut self, child: &ChildStart<'_>) -> bool {
        self.0.as_mut().is_none_or(|admits| admits(child))
    }
}

impl fmt::Debug for ChildGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChildGate").field(&self.0.is_some()).finish()
    }
}
