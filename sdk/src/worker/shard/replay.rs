//! [`Replay`]: what a shard needs of the engine.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::engine::{HistoryPage, Program, Run, Step, TaskFailure, TaskFailureCause, WorkflowTask};
use crate::failure::Failure;
use crate::ids::WorkflowExecution;

/// One run of a workflow, as far as a shard drives it. [`Run`] says what the methods do.
pub(crate) trait Replay {
    fn begin(program: Arc<dyn Program>, execution: WorkflowExecution, namespace: &str) -> Self;
    fn handle_task(&mut self, task: WorkflowTask);
    fn handle_page(&mut self, page: HistoryPage);
    fn handle_recorded(&mut self, reset_to: Option<i64>);
    fn poll(&mut self) -> Step;
    fn last_event_id(&self) -> i64;
    fn last_started(&self) -> i64;
    fn is_closed(&self) -> bool;
}

impl Replay for Run {
    fn begin(program: Arc<dyn Program>, execution: WorkflowExecution, namespace: &str) -> Self {
        Self::new(program, execution, namespace)
    }

    fn handle_task(&mut self, task: WorkflowTask) {
        self.handle_task(task);
    }

    fn handle_page(&mut self, page: HistoryPage) {
        self.handle_page(page);
    }

    fn handle_recorded(&mut self, reset_to: Option<i64>) {
        self.handle_recorded(reset_to);
    }

    fn poll(&mut self) -> Step {
        self.poll()
    }

    fn last_event_id(&self) -> i64 {
        self.last_event_id()
    }

    fn last_started(&self) -> i64 {
        self.last_started()
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }
}

/// Calls into the engine. A panic in there is a bug of ours that must not take other runs along.
pub(super) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, TaskFailure> {
    // The run is dropped after a panic, so nobody sees what was left half done.
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| {
        let message = format!("the engine panicked: {}", message_of(&*panic));
        tracing::error!(message, "this is a bug in Outlast: please report it");
        unhandled("EnginePanic", message)
    })
}

/// A failure of a task that is not about what the workflow did.
pub(super) fn unhandled(kind: &str, message: impl Into<String>) -> TaskFailure {
    TaskFailure {
        cause: TaskFailureCause::Unhandled,
        failure: Failure::application(kind, message),
    }
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
