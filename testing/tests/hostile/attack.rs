//! One server under attack.

use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::enums::v1::WorkflowExecutionStatus as RunStatus;
use outlast_proto::temporal::api::workflow::v1::WorkflowExecutionInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use outlast_testing::{InProcessServer, Order, Server, ServerOptions};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::Code;

use crate::calls::{Outcome, Pending};
use crate::histories::check_history;
use crate::loot::{Loot, descriptors};
use crate::messages::Maker;
use crate::support::dice::Dice;

pub(crate) struct Attack {
    seed: u64,
    dice: Dice,
    loot: Loot,
    server: Server,
    door: InProcessServer,
    methods: Vec<MethodDescriptor>,
    pending: Vec<Pending>,
    /// What came of the last step.
    last: Vec<String>,
    now: SystemTime,
}

impl Attack {
    pub(crate) fn new(seed: u64) -> Self {
        let server = Server::new(ServerOptions {
            seed,
            order: match seed % 2 {
                0 => Order::Arrival,
                _ => Order::Shuffled,
            },
            ..ServerOptions::default()
        });
        Self {
            seed,
            dice: Dice::new(seed),
            loot: Loot::default(),
            door: server.service(),
            methods: methods(),
            pending: Vec::new(),
            last: Vec::new(),
            now: server.now(),
            server,
        }
    }

    /// Makes a call, takes one back, or lets time pass; then gathers all answers.
    pub(crate) async fn step(&mut self) {
        self.last.clear();
        match self.dice.below(100) {
            0..80 => self.call(),
            80..90 if !self.pending.is_empty() => {
                let at = self.dice.below(self.pending.len());
                drop(self.pending.remove(at));
            }
            _ => {
                let seconds = *self.dice.pick(&[0.001, 1.0, 10.0, 60.0]);
                self.server.advance(Duration::from_secs_f64(seconds));
            }
        }
        self.gather().await;
    }

    /// What was answered in the last step.
    pub(crate) fn last(&self) -> &[String] {
        &self.last
    }

    pub(crate) fn check_clock(&mut self) {
        let now = self.server.now();
        assert!(now >= self.now, "seed {}: time went back", self.seed);
        self.now = now;
    }

    /// Checks the histories of all runs, and that closed ones are waiting for nothing.
    pub(crate) async fn check_runs(&self) {
        let timers = self.server.pending_timers();
        for run in self.runs().await {
            let id = run.execution.as_ref().expect("every run has a name");
            let history = self.server.history(&id.workflow_id, &id.run_id);
            let is_open = run.status() == RunStatus::Running;
            check_history(&history.expect("what is listed is there"), is_open);
            let waits = timers.iter().any(|timer| timer.run_id == id.run_id);
            assert!(is_open || !waits, "{id:?} is closed and has timers");
        }
    }

    pub(crate) async fn end_all_runs(&mut self) {
        let mut client = WorkflowServiceClient::new(self.door.clone());
        for schedule_id in ["a", "b", "c", "d"] {
            let request = api::DeleteScheduleRequest {
                namespace: "default".to_owned(),
                schedule_id: schedule_id.to_owned(),
                ..Default::default()
            };
            // There may be none of that name.
            let _ = client.delete_schedule(request).await;
        }
        for run in self.runs().await {
            let request = api::TerminateWorkflowExecutionRequest {
                namespace: "default".to_owned(),
                workflow_execution: run.execution.map(|id| WorkflowExecution {
                    run_id: String::new(),
                    ..id
                }),
                ..Default::default()
            };
            // Most runs are closed.
            let _ = client.terminate_workflow_execution(request).await;
        }
        self.gather().await;
    }

    /// Checks a server whose runs are all closed: of the calls, only those wait that wait for
    /// something new, and nothing holds the clock when these are gone, too.
    pub(crate) async fn check_rest(&mut self) {
        let runs = self.runs().await;
        assert!(runs.iter().all(|run| run.status() != RunStatus::Running));
        let waiting = self.pending.iter().map(|call| call.method.name());
        let in_vain = waiting.filter(|name| !WAIT_FOR_NEW.contains(name));
        assert_eq!(in_vain.collect::<Vec<_>>(), [""; 0], "seed {}", self.seed);
        self.pending.clear();
        let stays_busy = tokio::time::timeout(Duration::ZERO, self.server.idle()).await;
        let why = self.server.diagnostics();
        assert!(stays_busy.is_ok(), "seed {}: {why}", self.seed);
    }

    fn call(&mut self) {
        let answer = self.loot.answering(&mut self.dice);
        let name = match answer.filter(|_| self.dice.percent(60)) {
            Some(name) => name,
            None if self.dice.percent(75) => *self.dice.pick(OFTEN),
            None => self.dice.pick(&self.methods).name(),
        };
        let method = self.methods.iter().find(|method| method.name() == name);
        let method = method.expect("it is a method").clone();
        let mut maker = Maker {
            method: method.name(),
            dice: &mut self.dice,
            loot: &mut self.loot,
        };
        let request = maker.message(&method.input(), 0);
        self.pending
            .push(Pending::begin(&mut self.door, method, &request));
        if self.pending.len() > MOST_PENDING {
            self.pending.remove(0);
        }
    }

    async fn gather(&mut self) {
        for mut call in std::mem::take(&mut self.pending) {
            match call.poll().await {
                Some(outcome) => self.take(&call.method, &outcome),
                None => self.pending.push(call),
            }
        }
    }

    fn take(&mut self, method: &MethodDescriptor, outcome: &Outcome) {
        match outcome {
            Ok(bytes) => {
                let response = DynamicMessage::decode(method.output(), bytes.clone());
                let response = response.expect("a response is what its method says");
                self.loot.gather(method.name(), &response);
            }
            Err(status) => {
                let told = format!("seed {}: {}: {status}", self.seed, method.name());
                assert_ne!(status.code(), Code::Internal, "{told}");
            }
        }
        self.last.push(format!("{}: {outcome:?}", method.name()));
    }

    async fn runs(&self) -> Vec<WorkflowExecutionInfo> {
        let mut client = WorkflowServiceClient::new(self.door.clone());
        let request = api::ListWorkflowExecutionsRequest {
            namespace: "default".to_owned(),
            page_size: 1000,
            ..Default::default()
        };
        let listed = client.list_workflow_executions(request).await;
        listed
            .expect("everything can be listed")
            .into_inner()
            .executions
    }
}

/// All methods of the server, but those that would end the namespace under attack.
fn methods() -> Vec<MethodDescriptor> {
    let services = [
        "temporal.api.workflowservice.v1.WorkflowService",
        "temporal.api.operatorservice.v1.OperatorService",
        "temporal.api.testservice.v1.TestService",
    ];
    let services = services.map(|name| descriptors().get_service_by_name(name));
    let methods = services
        .iter()
        .flatten()
        .flat_map(|service| service.methods());
    let ends = ["DeleteNamespace", "DeprecateNamespace", "UpdateNamespace"];
    methods
        .filter(|method| !ends.contains(&method.name()))
        .collect()
}

const MOST_PENDING: usize = 16;

/// What makes runs go on.
const OFTEN: &[&str] = &[
    "StartWorkflowExecution",
    "StartWorkflowExecution",
    "PollWorkflowTaskQueue",
    "PollWorkflowTaskQueue",
    "PollWorkflowTaskQueue",
    "PollActivityTaskQueue",
    "PollActivityTaskQueue",
    "PollNexusTaskQueue",
    "SignalWorkflowExecution",
    "SignalWithStartWorkflowExecution",
    "UpdateWorkflowExecution",
    "UpdateWorkflowExecution",
    "ExecuteMultiOperation",
    "QueryWorkflow",
    "RequestCancelWorkflowExecution",
    "TerminateWorkflowExecution",
    "ResetWorkflowExecution",
    "GetWorkflowExecutionHistory",
    "CreateSchedule",
    "CreateNexusEndpoint",
];

/// The calls that go on waiting although all runs are closed.
const WAIT_FOR_NEW: &[&str] = &[
    "PollActivityTaskQueue",
    "PollNexusTaskQueue",
    "PollWorkflowTaskQueue",
    "QueryWorkflow",
    "Sleep",
    "SleepUntil",
    "UnlockTimeSkippingWithSleep",
];
