//! A run as queries see it.

use std::time::{Duration, SystemTime};

use crate::server::execution::Execution;
use crate::server::search_attributes::SearchAttributeMap;
use crate::server::visibility::{Record, Value};
use crate::server::wire::since_epoch;

/// A run, and the types of what it can be found by.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunRecord<'a> {
    pub(super) run: &'a Execution,
    pub(super) attributes: &'a SearchAttributeMap,
}

impl RunRecord<'_> {
    /// Whether the run belongs to a division of the namespace, and not to workflows of users.
    pub(super) fn is_in_division(&self) -> bool {
        let division = self.run.search_attributes.get(DIVISION);
        division.is_some_and(|payload| self.attributes.value(DIVISION, payload).is_some())
    }
}

impl Record for RunRecord<'_> {
    fn attribute(&self, name: &str) -> Option<Value> {
        let run = self.run;
        let started = &run.started;
        let keyword = |text: &str| Some(Value::Keyword(text.to_owned()));
        // Totals are written when a run closes.
        let at_close = |number: i64| run.close_time.map(|_| Value::Int(number));
        match name {
            "CloseTime" => run.close_time.map(datetime),
            "ExecutionDuration" => {
                let nanos = |d: Duration| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX);
                run.duration().map(|duration| Value::Int(nanos(duration)))
            }
            "ExecutionStatus" => Some(Value::Int(run.status as i64)),
            "ExecutionTime" => Some(datetime(run.execution_time())),
            "HistoryLength" => at_close(run.history.last_id()),
            "HistorySizeBytes" => at_close(run.history.size_bytes()),
            "ParentRunId" => keyword(&started.parent_workflow_execution.as_ref()?.run_id),
            "ParentWorkflowId" => keyword(&started.parent_workflow_execution.as_ref()?.workflow_id),
            "RootRunId" => keyword(&run.root().run_id),
            "RootWorkflowId" => keyword(&run.root().workflow_id),
            "RunId" => keyword(&run.run_id),
            "StartTime" => Some(datetime(run.start_time)),
            "StateTransitionCount" => at_close(run.state_transitions),
            "TaskQueue" => keyword(run.normal_queue_name()),
            "WorkflowId" => keyword(&run.workflow_id),
            "WorkflowType" => keyword(&started.workflow_type.as_ref()?.name),
            name => match run.search_attributes.get(name) {
                Some(payload) => self.attributes.value(name, payload),
                None => {
                    let known = run.system_search_attributes();
                    self.attributes.value(name, known.get(name)?)
                }
            },
        }
    }
}

fn datetime(time: SystemTime) -> Value {
    Value::Datetime(since_epoch(time).as_micros() as i64)
}

const DIVISION: &str = "TemporalNamespaceDivision";
