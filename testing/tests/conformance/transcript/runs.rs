//! Finding the runs that a scenario had to do with, and reading their histories.

use std::collections::{BTreeSet, VecDeque};

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::history::v1::History;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use prost::Message;
use prost_reflect::{DynamicMessage, ReflectMessage, Value};
use tonic::Status;

use super::messages::{self, Decoded};
use super::recorder::Recorder;

/// A run and what came of reading its history.
pub(super) struct Run {
    pub(super) workflow_id: String,
    pub(super) run_id: String,
    pub(super) history: Result<DynamicMessage, Status>,
}

/// Reads the histories of all runs of workflows with `own` in their ids, in the order in which the
/// calls and the histories name them.
pub(super) async fn read_all(recorder: &Recorder, calls: &[Decoded], own: &str) -> Vec<Run> {
    let reader = Reader {
        client: WorkflowServiceClient::new(recorder.paused()),
    };
    let mut search = Search::new(own);
    for call in calls {
        search.look_at_call(call);
    }
    let mut runs = Vec::new();
    while let Some((workflow_id, run_id)) = search.found.pop_front() {
        if run_id.is_empty() {
            if let Ok(current) = reader.current_run(&workflow_id).await {
                search.add(&workflow_id, &current);
            }
            continue;
        }
        let history = reader.history(&workflow_id, &run_id).await;
        if let Ok(history) = &history {
            search.look_at_history(&workflow_id, history);
        }
        runs.push(Run {
            workflow_id,
            run_id,
            history,
        });
    }
    runs
}

struct Search<'a> {
    own: &'a str,
    seen: BTreeSet<(String, String)>,
    found: VecDeque<(String, String)>,
}

impl<'a> Search<'a> {
    fn new(own: &'a str) -> Self {
        Self {
            own,
            seen: BTreeSet::new(),
            found: VecDeque::new(),
        }
    }

    fn look_at_call(&mut self, call: &Decoded) {
        self.look_at(&call.request);
        let Some(Ok(response)) = &call.answer else {
            return;
        };
        self.look_at(response);
        let workflow_id = text(&call.request, "workflow_id");
        if let (Some(workflow_id), Some(run_id)) = (workflow_id, text(response, "run_id")) {
            self.add(&workflow_id, &run_id);
        }
    }

    fn look_at_history(&mut self, workflow_id: &str, history: &DynamicMessage) {
        self.look_at(history);
        messages::visit(history, &mut |message| {
            for name in ["continued_execution_run_id", "new_execution_run_id"] {
                if let Some(run_id) = text(message, name) {
                    self.add(workflow_id, &run_id);
                }
            }
        });
    }

    /// Takes note of every message that has a workflow id, with the run id beside it.
    fn look_at(&mut self, message: &DynamicMessage) {
        messages::visit(message, &mut |message| {
            if let Some(workflow_id) = text(message, "workflow_id") {
                self.add(&workflow_id, &text(message, "run_id").unwrap_or_default());
            }
        });
    }

    fn add(&mut self, workflow_id: &str, run_id: &str) {
        let run = (workflow_id.to_owned(), run_id.to_owned());
        if workflow_id.contains(self.own) && self.seen.insert(run.clone()) {
            self.found.push_back(run);
        }
    }
}

fn text(message: &DynamicMessage, name: &str) -> Option<String> {
    let field = message.descriptor().get_field_by_name(name)?;
    match message.get_field(&field).into_owned() {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

struct Reader {
    client: WorkflowServiceClient<Recorder>,
}

impl Reader {
    async fn current_run(&self, workflow_id: &str) -> Result<String, Status> {
        let request = api::DescribeWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            execution: Some(execution(workflow_id, "")),
        };
        let mut client = self.client.clone();
        let answer = client.describe_workflow_execution(request).await?;
        let info = answer.into_inner().workflow_execution_info;
        let execution = info.and_then(|info| info.execution);
        Ok(execution.unwrap_or_default().run_id)
    }

    async fn history(&self, workflow_id: &str, run_id: &str) -> Result<DynamicMessage, Status> {
        let mut history = History::default();
        let mut request = api::GetWorkflowExecutionHistoryRequest {
            namespace: "default".to_owned(),
            execution: Some(execution(workflow_id, run_id)),
            ..Default::default()
        };
        loop {
            let mut client = self.client.clone();
            let answer = client
                .get_workflow_execution_history(request.clone())
                .await?;
            let answer = answer.into_inner();
            history
                .events
                .extend(answer.history.unwrap_or_default().events);
            if answer.next_page_token.is_empty() {
                let bytes = history.encode_to_vec().into();
                return Ok(messages::decode("temporal.api.history.v1.History", bytes));
            }
            request.next_page_token = answer.next_page_token;
        }
    }
}

fn execution(workflow_id: &str, run_id: &str) -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: workflow_id.to_owned(),
        run_id: run_id.to_owned(),
    }
}
