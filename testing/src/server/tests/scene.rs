//! One server with one workflow, and short ways to play its client and its worker.

use std::collections::BTreeMap;
use std::time::Duration;

use outlast_proto::temporal::api::command::v1::{Command, ScheduleActivityTaskCommandAttributes};
use outlast_proto::temporal::api::common::v1::{WorkflowExecution, WorkflowType};
use outlast_proto::temporal::api::enums::v1::{
    EventType, HistoryEventFilterType, UpdateWorkflowExecutionLifecycleStage as Stage,
    WorkflowTaskFailedCause,
};
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::query::v1::WorkflowQuery;
use outlast_proto::temporal::api::taskqueue::v1::{StickyExecutionAttributes, TaskQueue};
use outlast_proto::temporal::api::update::v1 as update;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::{activity_in, application_failure, payloads, seconds};
use crate::server::{Answer, CallId, Engine, Result, ServerOptions, TimeMode};

pub(super) type WorkflowTask = api::PollWorkflowTaskQueueResponse;
pub(super) type ActivityTask = api::PollActivityTaskQueueResponse;

pub(super) struct Scene {
    pub(super) engine: Engine,
    answers: BTreeMap<CallId, Answer>,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::with(ServerOptions::default())
    }

    pub(super) fn with(options: ServerOptions) -> Self {
        Self::of(Engine::new(options))
    }

    pub(super) fn of(engine: Engine) -> Self {
        Self {
            engine,
            answers: BTreeMap::new(),
        }
    }

    pub(super) fn in_mode(time: TimeMode) -> Self {
        Self::with(ServerOptions {
            time,
            ..ServerOptions::default()
        })
    }

    /// A scene whose workflow has completed its first task with these commands.
    pub(super) fn after(commands: Vec<Command>) -> Self {
        let mut scene = Self::new();
        scene.start();
        let task = scene.poll();
        scene.complete(&task, commands).unwrap();
        scene
    }

    pub(super) fn start_request() -> api::StartWorkflowExecutionRequest {
        api::StartWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_id: "w".to_owned(),
            workflow_type: Some(WorkflowType {
                name: "Order".to_owned(),
            }),
            task_queue: queue("q"),
            ..Default::default()
        }
    }

    pub(super) fn start(&mut self) -> String {
        self.start_with(|_| {})
    }

    pub(super) fn start_with(
        &mut self,
        change: impl FnOnce(&mut api::StartWorkflowExecutionRequest),
    ) -> String {
        let mut request = Self::start_request();
        change(&mut request);
        self.engine
            .start_workflow_execution(request)
            .unwrap()
            .run_id
    }

    /// The workflow task that waits in the normal queue.
    pub(super) fn poll(&mut self) -> WorkflowTask {
        self.poll_queue("q")
    }

    pub(super) fn poll_queue(&mut self, name: &str) -> WorkflowTask {
        let call = self.begin_poll(name);
        self.workflow_task(call)
            .unwrap_or_else(|| panic!("no task in {name}"))
    }

    pub(super) fn begin_poll(&mut self, name: &str) -> CallId {
        let request = api::PollWorkflowTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: queue(name),
            identity: "worker".to_owned(),
            worker_instance_key: "instance".to_owned(),
            ..Default::default()
        };
        self.engine.poll_workflow_task_queue(request).unwrap()
    }

    pub(super) fn workflow_task(&mut self, call: CallId) -> Option<WorkflowTask> {
        match self.answer(call)? {
            Answer::WorkflowTask(task) => Some(*task),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn answer(&mut self, call: CallId) -> Option<Answer> {
        while let Some((call, answer)) = self.engine.poll_answer() {
            self.answers.insert(call, answer);
        }
        self.answers.remove(&call)
    }

    pub(super) fn completion(
        task: &WorkflowTask,
        commands: Vec<Command>,
    ) -> api::RespondWorkflowTaskCompletedRequest {
        api::RespondWorkflowTaskCompletedRequest {
            task_token: task.task_token.clone(),
            identity: "worker".to_owned(),
            commands,
            ..Default::default()
        }
    }

    pub(super) fn complete(
        &mut self,
        task: &WorkflowTask,
        commands: Vec<Command>,
    ) -> Result<api::RespondWorkflowTaskCompletedResponse> {
        self.engine
            .respond_workflow_task_completed(Self::completion(task, commands))
    }

    pub(super) fn complete_sticky(&mut self, task: &WorkflowTask, commands: Vec<Command>) {
        let mut completion = Self::completion(task, commands);
        completion.sticky_attributes = sticky();
        self.engine
            .respond_workflow_task_completed(completion)
            .unwrap();
    }

    pub(super) fn complete_with_messages(
        &mut self,
        task: &WorkflowTask,
        commands: Vec<Command>,
        messages: Vec<WireMessage>,
    ) -> api::RespondWorkflowTaskCompletedResponse {
        let mut completion = Self::completion(task, commands);
        completion.messages = messages;
        self.engine
            .respond_workflow_task_completed(completion)
            .unwrap()
    }

    pub(super) fn fail(&mut self, task: &WorkflowTask) {
        let request = api::RespondWorkflowTaskFailedRequest {
            task_token: task.task_token.clone(),
            cause: WorkflowTaskFailedCause::NonDeterministicError as i32,
            failure: Some(application_failure("bug")),
            ..Default::default()
        };
        self.engine.respond_workflow_task_failed(request).unwrap();
    }

    pub(super) fn signal(&mut self, name: &str) {
        let request = signal_request(name);
        self.engine.signal_workflow_execution(request).unwrap();
    }

    pub(super) fn cancel(&mut self) {
        let request = api::RequestCancelWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: execution(""),
            ..Default::default()
        };
        self.engine
            .request_cancel_workflow_execution(request)
            .unwrap();
    }

    pub(super) fn terminate(&mut self) {
        let request = api::TerminateWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: execution(""),
            ..Default::default()
        };
        self.engine.terminate_workflow_execution(request).unwrap();
    }

    pub(super) fn update(&mut self, id: &str, stage: Stage) -> Result<CallId> {
        self.engine
            .update_workflow_execution(&update_request(id, stage))
    }

    /// The answer to an update, if there is one already.
    pub(super) fn updated(
        &mut self,
        call: CallId,
    ) -> Option<Result<api::UpdateWorkflowExecutionResponse>> {
        match self.answer(call)? {
            Answer::Update(answer) => Some(*answer),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn query(&mut self, name: &str) -> Result<CallId> {
        self.query_with(name, 0)
    }

    pub(super) fn query_with(&mut self, name: &str, reject: i32) -> Result<CallId> {
        self.engine.query_workflow(api::QueryWorkflowRequest {
            namespace: "default".to_owned(),
            execution: execution(""),
            query: Some(WorkflowQuery {
                query_type: name.to_owned(),
                ..Default::default()
            }),
            query_reject_condition: reject,
        })
    }

    pub(super) fn queried(&mut self, call: CallId) -> Option<Result<api::QueryWorkflowResponse>> {
        match self.answer(call)? {
            Answer::Query(answer) => Some(*answer),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn answer_query(&mut self, task: &WorkflowTask, answer: &str) {
        self.try_answer_query(task, answer).unwrap();
    }

    pub(super) fn try_answer_query(&mut self, task: &WorkflowTask, answer: &str) -> Result<()> {
        let request = api::RespondQueryTaskCompletedRequest {
            task_token: task.task_token.clone(),
            completed_type: 1,
            query_result: payloads(answer),
            ..Default::default()
        };
        self.engine.respond_query_task_completed(request).map(drop)
    }

    /// Waits for the current run to close, as a client that wants the result does.
    pub(super) fn await_result(&mut self) -> CallId {
        let request = api::GetWorkflowExecutionHistoryRequest {
            namespace: "default".to_owned(),
            execution: execution(""),
            wait_new_event: true,
            history_event_filter_type: HistoryEventFilterType::CloseEvent as i32,
            ..Default::default()
        };
        self.engine
            .get_workflow_execution_history(&request)
            .unwrap()
    }

    pub(super) fn begin_poll_activity(&mut self) -> CallId {
        let request = api::PollActivityTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: queue("q"),
            identity: "worker".to_owned(),
            worker_instance_key: "instance".to_owned(),
            ..Default::default()
        };
        self.engine.poll_activity_task_queue(request).unwrap()
    }

    pub(super) fn activity_task(&mut self, call: CallId) -> Option<ActivityTask> {
        match self.answer(call)? {
            Answer::ActivityTask(task) => Some(*task),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn poll_activity(&mut self) -> ActivityTask {
        let call = self.begin_poll_activity();
        self.activity_task(call).expect("an activity waits")
    }

    pub(super) fn complete_activity(&mut self, task: &ActivityTask) -> Result<()> {
        let request = api::RespondActivityTaskCompletedRequest {
            task_token: task.task_token.clone(),
            ..Default::default()
        };
        self.engine
            .respond_activity_task_completed(request)
            .map(drop)
    }

    pub(super) fn fail_activity(&mut self, task: &ActivityTask, failure: Failure) {
        let request = api::RespondActivityTaskFailedRequest {
            task_token: task.task_token.clone(),
            failure: Some(failure),
            ..Default::default()
        };
        self.engine.respond_activity_task_failed(request).unwrap();
    }

    pub(super) fn heartbeat(&mut self, task: &ActivityTask, details: &str) -> Result<bool> {
        let request = api::RecordActivityTaskHeartbeatRequest {
            task_token: task.task_token.clone(),
            details: payloads(details),
            ..Default::default()
        };
        Ok(self
            .engine
            .record_activity_task_heartbeat(request)?
            .cancel_requested)
    }

    pub(super) fn advance(&mut self, seconds: u64) {
        self.engine.advance(Duration::from_secs(seconds));
    }

    /// How far the clock has come, in seconds.
    pub(super) fn elapsed(&self) -> f64 {
        let start = ServerOptions::default().start_time;
        self.engine
            .now()
            .duration_since(start)
            .unwrap()
            .as_secs_f64()
    }

    pub(super) fn history(&self) -> Vec<HistoryEvent> {
        self.history_of("")
    }

    pub(super) fn history_of(&self, run_id: &str) -> Vec<HistoryEvent> {
        self.engine.history("default", "w", run_id).unwrap()
    }

    pub(super) fn types(&self) -> Vec<EventType> {
        types(&self.history())
    }

    pub(super) fn types_of(&self, workflow_id: &str) -> Vec<EventType> {
        types(&self.engine.history("default", workflow_id, "").unwrap())
    }

    /// The attributes of the last event but `back`.
    pub(super) fn last_event(&self, back: usize) -> Attributes {
        let mut events = self.history();
        let at = events.len() - 1 - back;
        events.swap_remove(at).attributes.unwrap()
    }
}

pub(super) fn signal_request(name: &str) -> api::SignalWorkflowExecutionRequest {
    api::SignalWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: execution(""),
        signal_name: name.to_owned(),
        ..Default::default()
    }
}

pub(super) fn update_request(id: &str, stage: Stage) -> api::UpdateWorkflowExecutionRequest {
    api::UpdateWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: execution(""),
        wait_policy: Some(update::WaitPolicy {
            lifecycle_stage: stage as i32,
        }),
        request: Some(update::Request {
            meta: Some(update::Meta {
                update_id: id.to_owned(),
                identity: String::new(),
            }),
            input: Some(update::Input {
                name: "change".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(super) fn execution(run_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution {
        workflow_id: "w".to_owned(),
        run_id: run_id.to_owned(),
    })
}

pub(super) fn queue(name: &str) -> Option<TaskQueue> {
    Some(TaskQueue {
        name: name.to_owned(),
        ..Default::default()
    })
}

pub(super) fn sticky() -> Option<StickyExecutionAttributes> {
    Some(StickyExecutionAttributes {
        worker_task_queue: queue("sticky"),
        schedule_to_start_timeout: seconds(5.0),
    })
}

/// An activity in the workflow's own queue.
pub(super) fn activity(id: &str) -> ScheduleActivityTaskCommandAttributes {
    activity_in("q", id)
}

pub(super) fn types(events: &[HistoryEvent]) -> Vec<EventType> {
    events.iter().map(HistoryEvent::event_type).collect()
}

pub(super) fn events_of(task: &WorkflowTask) -> &[HistoryEvent] {
    task.history.as_ref().map_or(&[], |history| &history.events)
}
