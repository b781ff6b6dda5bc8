//! What a test environment asks of its server that no client could.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use outlast::{Payload, WorkflowHistory};
use outlast_proto::temporal::api::common::v1::Payloads;
use outlast_proto::temporal::api::history::v1::History;
use outlast_proto::temporal::api::workflowservice::v1::RecordActivityTaskHeartbeatRequest;

use super::Server;
use super::calls::Waiting;
use crate::server::{Engine, Result, comes, later};

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

    /// The next moment at which something is due, apart from the timeouts of whole runs and
    /// the actions of schedules.
    pub(crate) fn next_event(&self) -> Option<SystemTime> {
        self.shared.look(Engine::next_event)
    }

    /// When the next schedule acts.
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
