//! Going on in a new run.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::convert::{Args, InputOf};
use crate::definition::Workflow;
use crate::engine::CoreHandle;
use crate::error::{ContinueAsNew, WorkflowError};
use crate::failure::Failure;

/// The run in which a workflow goes on: set what differs, then return `Err(call.into())`.
#[must_use = "return it as the workflow's error: `return Err(call.into())`"]
pub struct ContinueAsNewCall<K> {
    next: ContinueAsNew,
    key: PhantomData<fn() -> K>,
}

impl<K: Workflow> ContinueAsNewCall<K> {
    pub(super) fn new(core: &CoreHandle, input: InputOf<K::Args>) -> Self {
        let workflow_type = K::NAME.to_owned();
        let input = K::Args::from_input(input).encode().unwrap_or_else(|error| {
            let message = format!("the arguments of the next run of `{workflow_type}`: {error}");
            core.fail_task(Failure::application("Conversion", message));
            Vec::new()
        });
        let next = ContinueAsNew {
            workflow_type,
            input,
            ..ContinueAsNew::default()
        };
        Self {
            next,
            key: PhantomData,
        }
    }

    /// Its task queue. Default: this run's.
    pub fn task_queue(mut self, name: impl Into<String>) -> Self {
        self.next.task_queue = Some(name.into());
        self
    }

    /// The longest time for it. Default: this run's.
    pub fn run_timeout(mut self, timeout: Duration) -> Self {
        self.next.run_timeout = Some(timeout);
        self
    }

    /// The longest time for one of its workflow tasks. Default: this run's.
    pub fn task_timeout(mut self, timeout: Duration) -> Self {
        self.next.task_timeout = Some(timeout);
        self
    }
}

impl<K> From<ContinueAsNewCall<K>> for WorkflowError {
    fn from(call: ContinueAsNewCall<K>) -> Self {
        Self::continue_as_new(call.next)
    }
}

impl<K: Workflow> fmt::Debug for ContinueAsNewCall<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContinueAsNewCall")
            .field("workflow", &K::NAME)
            .finish_non_exhaustive()
    }
}
