//! [`Caller`]: a workflow of raw calls, for commands that the SDK's workflows do not give yet.

use outlast::WorkflowHistory;
use outlast::raw::proto::temporal::api::command::v1::Command;
use outlast::raw::proto::temporal::api::common::v1::WorkflowType;
use outlast::raw::proto::temporal::api::enums::v1::EventType;
use outlast::raw::proto::temporal::api::history::v1::{History, HistoryEvent};
use outlast_testing::{InProcessServer, TestEnv};

use crate::support::builders::complete_workflow;
use crate::support::peer::Peer;

/// A workflow that decides by what its history ends with.
pub(crate) struct Caller<'a> {
    env: &'a TestEnv,
    peer: Peer<InProcessServer>,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(env: &'a TestEnv) -> Self {
        let peer = Peer::new(env.server().service(), "caller");
        Self { env, peer }
    }

    pub(crate) fn workflow_id(&self) -> &str {
        &self.peer.workflow_id
    }

    /// Runs it until it closes. `decide` gives the commands that answer an event; the first that
    /// it sees is the start, and the last one closes the workflow.
    pub(crate) async fn run(
        &self,
        last: EventType,
        decide: impl Fn(EventType) -> Vec<Command>,
    ) -> Vec<HistoryEvent> {
        // Its first poll comes after the start; until then, the task is not to look forgotten.
        self.env.server().expect_worker(&self.peer.queue);
        let mut start = self.peer.start_request();
        start.workflow_type = Some(WorkflowType {
            name: "Caller".to_owned(),
        });
        self.peer.start_with(start).await.unwrap();
        let is_closed = async || {
            let events = self.events();
            events.last().unwrap().event_type() == EventType::WorkflowExecutionCompleted
        };
        tokio::select! {
            never = self.work(last, decide) => never,
            () = self.env.run_until(is_closed) => self.events(),
        }
    }

    async fn work(
        &self,
        last: EventType,
        decide: impl Fn(EventType) -> Vec<Command>,
    ) -> Vec<HistoryEvent> {
        let mut seen = 0;
        loop {
            let task = self.peer.poll().await;
            let events = task.history.clone().unwrap_or_default().events;
            let news: Vec<EventType> = events[seen.min(events.len())..]
                .iter()
                .map(HistoryEvent::event_type)
                .collect();
            seen = events.len();
            let mut commands: Vec<Command> = news.iter().copied().flat_map(&decide).collect();
            if news.contains(&last) {
                commands.push(complete_workflow("done"));
            }
            if !task.task_token.is_empty() {
                self.peer.complete(&task, commands).await.unwrap();
            }
        }
    }

    fn events(&self) -> Vec<HistoryEvent> {
        let history: WorkflowHistory = self.env.history_by_id(&self.workflow_id().into());
        History::from(history).events
    }
}
