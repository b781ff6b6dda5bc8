//! What a test environment asks of its server that no client could.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use outlast::{Payload, WorkflowExecution, WorkflowHistory};
use outlast_proto::temporal::api::common::v1::{self as common, Payloads};
use outlast_proto::temporal::api::history::v1::History;
use outlast_proto::temporal::api::workflowservice::v1::{
    RecordActivityTaskHeartbeatRequest, RequestCancelWorkflowExecutionRequest,
    TerminateWorkflowExecutionRequest,
};

use super::Server;
use super::calls::Waiting;
use crate::server::{ChildStart, Engine, Result, comes, later};

impl Server {
    /// The history of a run, of the latest one if `run_id` is empty.
    pub(crate) fn history_of(
        &self,
        namespace: &str,
        workflow_id: &str,
        run_id: &str,
    ) -> Result<WorkflowHistory> {
        let events = self
            .shared
            .call(|engine| engine.history(namespace, workflow_id, run_id))?;
        let history = WorkflowHistory::from(History { events });
        Ok(history.with_workflow_id(workflow_id))
    }

    /// The histories of all runs, in the order in which they were opened.
    pub(crate) fn histories(&self) -> Vec<WorkflowHistory> {
        let runs = self.shared.call(|engine| engine.histories());
        let histories = runs.into_iter().map(|(workflow_id, events)| {
            WorkflowHistory::from(History { events }).with_workflow_id(workflow_id)
        });
        histories.collect()
    }

    /// Announces a worker of a task queue in a namespace of that name.
    pub(crate) fn expect_worker_in(&self, namespace: &str, task_queue: &str) {
        self.shared
            .call(|engine| engine.expect_worker_in(namespace, task_queue));
    }

    /// The moment that is so far ahead of now.
    ///
    /// # Panics
    /// When time ends before; `what` is what was to come then.
    pub(crate) fn look_ahead(&self, what: &str, delay: Duration) -> SystemTime {
        let now = self.now();
        let moment = later(now, delay);
        assert!(
            comes(moment),
            "{what} is to come after {delay:?}, and never would: virtual time ends with the year \
             9998. Use a shorter time; for one that is to be without end, wait for something else"
        );
        moment
    }

    /// The next moment at which something is due, apart from the timeouts of whole runs, the actions
    /// of schedules and the next runs of crons.
    pub(crate) fn next_event(&self) -> Option<SystemTime> {
        self.shared.look(Engine::next_event)
    }

    /// When the next schedule acts, or the next run of a cron begins.
    pub(crate) fn next_schedule_action(&self) -> Option<SystemTime> {
        self.shared.look(Engine::next_schedule_action)
    }

    /// Lets time pass although the attempt of an activity runs: until a moment if one is given,
    /// and until the server has given the attempt up in any case.
    pub(crate) async fn nap(&self, task_token: &Bytes, until: Option<SystemTime>) {
        let begun = Waiting::begin(&self.shared, |engine| engine.nap(task_token, until));
        // An attempt that is not under way any more has nothing to wait for.
        if let Ok(mut waiting) = begun {
            waiting.answer().await;
        }
    }

    /// Lets time pass from now on although the attempt runs, without anybody to hear of its end.
    pub(crate) fn let_go(&self, task_token: &Bytes) {
        // An attempt that is not under way any more holds nothing.
        let _ = self.shared.call(|engine| engine.nap(task_token, None));
    }

    /// Has each child that is about to start admitted by a closure, which is not to call the
    /// server. The parent of one that is not hears that the child's id is taken.
    pub(crate) fn set_child_gate(
        &self,
        admits: impl FnMut(&ChildStart<'_>) -> bool + Send + 'static,
    ) {
        self.shared.call(|engine| engine.set_child_gate(admits));
    }

    /// Asks a run to cancel itself.
    pub(crate) fn cancel_run(&self, namespace: &str, execution: &WorkflowExecution) {
        let request = RequestCancelWorkflowExecutionRequest {
            namespace: namespace.to_owned(),
            workflow_execution: Some(on_the_wire(execution)),
            ..RequestCancelWorkflowExecutionRequest::default()
        };
        // A run that has closed meanwhile needs no more.
        let _ = self
            .shared
            .call(|engine| engine.request_cancel_workflow_execution(request));
    }

    /// Ends a run at once.
    pub(crate) fn terminate_run(
        &self,
        namespace: &str,
        execution: &WorkflowExecution,
        reason: &str,
    ) {
        let request = TerminateWorkflowExecutionRequest {
            namespace: namespace.to_owned(),
            workflow_execution: Some(on_the_wire(execution)),
            reason: reason.to_owned(),
            ..TerminateWorkflowExecutionRequest::default()
        };
        // As above.
        let _ = self
            .shared
            .call(|engine| engine.terminate_workflow_execution(request));
    }

    /// Records a heartbeat; says whether the activity is to stop.
    pub(crate) fn heartbeat(&self, task_token: &Bytes, progress: Payload) -> bool {
        let request = RecordActivityTaskHeartbeatRequest {
            task_token: task_token.clone(),
            details: Some(Payloads {
                payloads: vec![progress.into()],
            }),
            ..RecordActivityTaskHeartbeatRequest::default()
        };
        let answer = self
            .shared
            .call(|engine| engine.record_activity_task_heartbeat(request));
        answer.map_or(true, |answer| answer.cancel_requested)
    }
}

fn on_the_wire(execution: &WorkflowExecution) -> common::WorkflowExecution {
    common::WorkflowExecution {
        workflow_id: execution.workflow_id.to_string(),
        run_id: execution.run_id.to_string(),
    }
}
