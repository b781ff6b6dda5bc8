//! A workflow task on its way through the worker.

use bytes::Bytes;

use super::slots::Permit;
use crate::engine::WorkflowTask;
use crate::ids::{RunId, WorkflowExecution};

/// A workflow task as it came: what the engine is to do, and what it takes to answer.
#[derive(Debug)]
pub(super) struct PolledTask {
    pub(super) open: OpenTask,
    pub(super) work: WorkflowTask,
}

/// A task that the server waits for. Dropping it frees its slot and answers nothing.
#[derive(Debug)]
pub(super) struct OpenTask {
    pub(super) header: TaskHeader,
    /// Whether it is a query and nothing else, which is answered in another way.
    pub(super) is_query: bool,
    pub(super) permit: Permit,
}

/// What the server says of a task, apart from the work.
#[derive(Clone, Debug)]
pub(super) struct TaskHeader {
    pub(super) execution: WorkflowExecution,
    pub(super) workflow_type: String,
    pub(super) token: Bytes,
    /// From 1. Only the first attempt may report a failure.
    pub(super) attempt: u32,
    /// Goes back with the answer to a query.
    pub(super) poller_group: String,
}

impl PolledTask {
    pub(super) fn new(header: TaskHeader, work: WorkflowTask, permit: Permit) -> Self {
        let is_query = work.query.is_some();
        Self {
            open: OpenTask {
                header,
                is_query,
                permit,
            },
            work,
        }
    }

    pub(super) fn run_id(&self) -> &RunId {
        &self.open.header.execution.run_id
    }
}
