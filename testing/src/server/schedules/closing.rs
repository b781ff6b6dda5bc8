//! What a schedule makes of the end of a workflow that it started.

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::enums::v1::WorkflowExecutionStatus as Status;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use super::Schedule;
use crate::server::Engine;

impl Engine {
    /// Takes in that a chain of runs, known by its first one, has come to its end.
    pub(in crate::server) fn chain_ended(&mut self, first_run_id: &str, closed: Attributes) {
        let Some(key) = self.schedules.awaiting.remove(first_run_id) else {
            return;
        };
        if let Some(schedule) = self.schedules.all.get_mut(&key) {
            schedule.note_end(first_run_id, closed);
        }
        self.run_buffer(key);
    }
}

impl Schedule {
    fn note_end(&mut self, first_run_id: &str, closed: Attributes) {
        let Some(at) = self.running.iter().position(|r| r.run_id == first_run_id) else {
            return;
        };
        let workflow_id = self.running.remove(at).workflow_id;
        let status = match closed {
            Attributes::WorkflowExecutionCompletedEventAttributes(a) => {
                self.last_result = a.result;
                self.last_failure = None;
                Status::Completed
            }
            Attributes::WorkflowExecutionFailedEventAttributes(a) => {
                let message = a.failure.as_ref().map_or("", |f| f.message.as_str());
                let why = format!("paused due to workflow failure: {workflow_id}: {message}");
                self.pause_on_failure(why);
                self.last_failure = a.failure;
                Status::Failed
            }
            Attributes::WorkflowExecutionTimedOutEventAttributes(_) => {
                let why = format!("paused due to workflow timeout: {workflow_id}");
                self.pause_on_failure(why);
                Status::TimedOut
            }
            Attributes::WorkflowExecutionCanceledEventAttributes(_) => Status::Canceled,
            _ => Status::Terminated,
        };
        let is_its = |run: &WorkflowExecution| run.run_id == first_run_id;
        let mut recent = self.recent.iter_mut();
        let entry = recent.find(|a| a.start_workflow_result.as_ref().is_some_and(is_its));
        if let Some(entry) = entry {
            entry.start_workflow_status = status as i32;
        }
    }

    fn pause_on_failure(&mut self, why: String) {
        if self.policies.pause_on_failure && !self.state.paused {
            self.state.paused = true;
            self.state.notes = why;
            self.version += 1;
        }
    }
}
