//! A run as lists and descriptions show it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1::{
    Memo, Payload, SearchAttributes, WorkflowExecution,
};
use outlast_proto::temporal::api::workflow::v1::WorkflowExecutionInfo;

use crate::server::execution::Execution;
use crate::server::wire::{timestamp, wire_duration, workflow_execution};

impl Execution {
    /// What a list says about this run.
    pub(in crate::server) fn list_info(&self) -> WorkflowExecutionInfo {
        let is_closed = self.close_time.is_some();
        let at_close = |number: i64| if is_closed { number } else { 0 };
        WorkflowExecutionInfo {
            execution: Some(workflow_execution(&self.workflow_id, &self.run_id)),
            r#type: self.workflow_type(),
            start_time: timestamp(to_micros(self.start_time)),
            close_time: self.close_time.map(to_micros).and_then(timestamp),
            status: self.status as i32,
            history_length: at_close(self.history.last_id()),
            parent_namespace_id: self.started.parent_workflow_namespace_id.clone(),
            parent_execution: self.started.parent_workflow_execution.clone(),
            execution_time: timestamp(to_micros(self.execution_time())),
            memo: Some(Memo {
                fields: self.memo.clone(),
            }),
            search_attributes: Some(SearchAttributes {
                indexed_fields: self.known_search_attributes(),
            }),
            task_queue: self.normal_queue_name().to_owned(),
            state_transition_count: at_close(self.state_transitions),
            history_size_bytes: at_close(self.history.size_bytes()),
            execution_duration: self.wire_duration(),
            root_execution: Some(self.root()),
            ..Default::default()
        }
    }

    /// What the run can be found by, whoever wrote it.
    fn known_search_attributes(&self) -> BTreeMap<String, Payload> {
        let mut known = self.system_search_attributes();
        known.extend(self.search_attributes.clone());
        known
    }

    /// How long a closed run took.
    pub(in crate::server) fn duration(&self) -> Option<Duration> {
        let closed = self.close_time?;
        closed.duration_since(self.execution_time()).ok()
    }

    /// The same on the wire, below zero for a run that was closed before its start delay was over.
    fn wire_duration(&self) -> Option<prost_types::Duration> {
        let closed = self.close_time?;
        match self.execution_time().duration_since(closed) {
            Ok(early) => wire_duration(early).map(|early| prost_types::Duration {
                seconds: -early.seconds,
                nanos: -early.nanos,
            }),
            Err(_) => self.duration().and_then(wire_duration),
        }
    }

    /// The execution that this run, or the tree of children that it is in, began with.
    pub(in crate::server) fn root(&self) -> WorkflowExecution {
        let root = self.started.root_workflow_execution.clone();
        root.unwrap_or_else(|| workflow_execution(&self.workflow_id, &self.run_id))
    }
}

/// The index keeps no finer times.
fn to_micros(time: SystemTime) -> SystemTime {
    let nanos = crate::server::wire::since_epoch(time).subsec_nanos() % 1_000;
    time - Duration::from_nanos(u64::from(nanos))
}
