//! [`FakeServer`]: hands out the tasks of a test, and passes on what the worker says.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};

use outlast_proto::temporal::api::enums::v1::TaskQueueKind;
use outlast_proto::temporal::api::namespace::v1::{NamespaceInfo, namespace_info};
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_server::{
    WorkflowService, WorkflowServiceServer,
};
use outlast_proto::temporal::api::workflowservice::v1::*;
use tokio::sync::{Notify, mpsc};
use tonic::{Request, Response, Status};

use crate::client::Client;

/// What a worker says, apart from its polls.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few of them")]
pub(super) enum Said {
    ActivityCanceled(RespondActivityTaskCanceledRequest),
    ActivityCompleted(RespondActivityTaskCompletedRequest),
    ActivityFailed(RespondActivityTaskFailedRequest),
    Heartbeat(RecordActivityTaskHeartbeatRequest),
    History(GetWorkflowExecutionHistoryRequest),
    Query(RespondQueryTaskCompletedRequest),
    Shutdown(ShutdownWorkerRequest),
    TaskCompleted(RespondWorkflowTaskCompletedRequest),
    TaskFailed(RespondWorkflowTaskFailedRequest),
}

/// The queues from which a worker polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Queue {
    Activity,
    Normal,
    Sticky,
}

/// The test's side of the server.
pub(super) struct FakeServer {
    state: Arc<State>,
    said: mpsc::UnboundedReceiver<Said>,
}

struct State {
    script: Mutex<Script>,
    /// Something was added to the script, or a poll began.
    changed: Notify,
    say: mpsc::UnboundedSender<Said>,
}

#[derive(Default)]
struct Script {
    workflow_tasks: HashMap<Queue, VecDeque<PollWorkflowTaskQueueResponse>>,
    activity_tasks: VecDeque<PollActivityTaskQueueResponse>,
    /// Polls that wait.
    open_polls: HashMap<Queue, usize>,
    completions: VecDeque<Result<RespondWorkflowTaskCompletedResponse, Status>>,
    histories: VecDeque<GetWorkflowExecutionHistoryResponse>,
    heartbeats: VecDeque<Result<RecordActivityTaskHeartbeatResponse, Status>>,
    is_namespace_missing: bool,
    ends_polls: bool,
    has_ended_polls: bool,
}

impl FakeServer {
    pub(super) fn new() -> Self {
        let (say, said) = mpsc::unbounded_channel();
        let state = State {
            script: Mutex::default(),
            changed: Notify::new(),
            say,
        };
        Self {
            state: Arc::new(state),
            said,
        }
    }

    pub(super) fn client(&self) -> Client {
        let service = WorkflowServiceServer::from_arc(Arc::clone(&self.state));
        Client::from_service(service, "default".to_owned(), "tester".to_owned())
    }

    pub(super) fn workflow_task(&self, queue: Queue, task: PollWorkflowTaskQueueResponse) {
        self.script()
            .workflow_tasks
            .entry(queue)
            .or_default()
            .push_back(task);
        self.state.changed.notify_waiters();
    }

    pub(super) fn activity_task(&self, task: PollActivityTaskQueueResponse) {
        self.script().activity_tasks.push_back(task);
        self.state.changed.notify_waiters();
    }

    /// Answers the next completion that has no answer yet; others are taken as they are.
    pub(super) fn answer_completion(
        &self,
        answer: Result<RespondWorkflowTaskCompletedResponse, Status>,
    ) {
        self.script().completions.push_back(answer);
    }

    pub(super) fn answer_history(&self, answer: GetWorkflowExecutionHistoryResponse) {
        self.script().histories.push_back(answer);
    }

    pub(super) fn answer_heartbeat(
        &self,
        answer: Result<RecordActivityTaskHeartbeatResponse, Status>,
    ) {
        self.script().heartbeats.push_back(answer);
    }

    pub(super) fn lacks_namespace(&self) {
        self.script().is_namespace_missing = true;
    }

    /// Lets the server end open polls when a worker says that it stops.
    pub(super) fn ends_polls(&self) {
        self.script().ends_polls = true;
    }

    /// Waits for what the worker says next.
    pub(super) async fn said(&mut self) -> Said {
        self.said.recv().await.expect("the server is there")
    }

    /// What the worker has said and nobody has looked at yet.
    pub(super) fn said_already(&mut self) -> Vec<Said> {
        std::iter::from_fn(|| self.said.try_recv().ok()).collect()
    }

    /// Waits until so many polls of that queue are open.
    pub(super) async fn polled(&self, queue: Queue, polls: usize) {
        loop {
            let changed = self.state.changed.notified();
            if self.script().open_polls.get(&queue) == Some(&polls) {
                return;
            }
            changed.await;
        }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.state.script.lock().unwrap()
    }
}

impl State {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    fn say(&self, said: Said) {
        // Nobody listens after the test.
        let _ = self.say.send(said);
    }

    /// Waits for a task, or for the end of polls.
    async fn poll<T: Default>(
        &self,
        queue: Queue,
        mut take: impl FnMut(&mut Script) -> Option<T>,
    ) -> Response<T> {
        let _open = OpenPoll::new(self, queue);
        loop {
            let changed = self.changed.notified();
            let found = {
                let mut script = self.script();
                let ended = script.has_ended_polls.then(T::default);
                take(&mut script).or(ended)
            };
            if let Some(task) = found {
                return Response::new(task);
            }
            changed.await;
        }
    }
}

/// Counts a poll for as long as it waits.
struct OpenPoll<'a>(&'a State, Queue);

impl<'a> OpenPoll<'a> {
    fn new(state: &'a State, queue: Queue) -> Self {
        *state.script().open_polls.entry(queue).or_default() += 1;
        state.changed.notify_waiters();
        Self(state, queue)
    }
}

impl Drop for OpenPoll<'_> {
    fn drop(&mut self) {
        *self.0.script().open_polls.entry(self.1).or_default() -= 1;
        self.0.changed.notify_waiters();
    }
}

#[tonic::async_trait]
impl WorkflowService for State {
    async fn describe_namespace(
        &self,
        _: Request<DescribeNamespaceRequest>,
    ) -> Result<Response<DescribeNamespaceResponse>, Status> {
        if self.script().is_namespace_missing {
            return Err(Status::not_found("Namespace default is not found."));
        }
        let capabilities = namespace_info::Capabilities {
            worker_poll_complete_on_shutdown: self.script().ends_polls,
            ..namespace_info::Capabilities::default()
        };
        let namespace_info = Some(NamespaceInfo {
            capabilities: Some(capabilities),
            ..NamespaceInfo::default()
        });
        Ok(Response::new(DescribeNamespaceResponse {
            namespace_info,
            ..DescribeNamespaceResponse::default()
        }))
    }

    async fn poll_workflow_task_queue(
        &self,
        request: Request<PollWorkflowTaskQueueRequest>,
    ) -> Result<Response<PollWorkflowTaskQueueResponse>, Status> {
        let kind = request.into_inner().task_queue.unwrap().kind;
        let queue = if kind == TaskQueueKind::Sticky as i32 {
            Queue::Sticky
        } else {
            Queue::Normal
        };
        let take = |script: &mut Script| script.workflow_tasks.get_mut(&queue)?.pop_front();
        Ok(self.poll(queue, take).await)
    }

    async fn poll_activity_task_queue(
        &self,
        _: Request<PollActivityTaskQueueRequest>,
    ) -> Result<Response<PollActivityTaskQueueResponse>, Status> {
        let take = |script: &mut Script| script.activity_tasks.pop_front();
        Ok(self.poll(Queue::Activity, take).await)
    }

    async fn respond_workflow_task_completed(
        &self,
        request: Request<RespondWorkflowTaskCompletedRequest>,
    ) -> Result<Response<RespondWorkflowTaskCompletedResponse>, Status> {
        self.say(Said::TaskCompleted(request.into_inner()));
        let answer = self.script().completions.pop_front();
        answer
            .unwrap_or_else(|| Ok(RespondWorkflowTaskCompletedResponse::default()))
            .map(Response::new)
    }

    async fn respond_workflow_task_failed(
        &self,
        request: Request<RespondWorkflowTaskFailedRequest>,
    ) -> Result<Response<RespondWorkflowTaskFailedResponse>, Status> {
        self.say(Said::TaskFailed(request.into_inner()));
        Ok(Response::new(RespondWorkflowTaskFailedResponse::default()))
    }

    async fn respond_query_task_completed(
        &self,
        request: Request<RespondQueryTaskCompletedRequest>,
    ) -> Result<Response<RespondQueryTaskCompletedResponse>, Status> {
        self.say(Said::Query(request.into_inner()));
        Ok(Response::new(RespondQueryTaskCompletedResponse::default()))
    }

    async fn get_workflow_execution_history(
        &self,
        request: Request<GetWorkflowExecutionHistoryRequest>,
    ) -> Result<Response<GetWorkflowExecutionHistoryResponse>, Status> {
        self.say(Said::History(request.into_inner()));
        let answer = self.script().histories.pop_front();
        answer
            .map(Response::new)
            .ok_or_else(|| Status::not_found("no such run"))
    }

    async fn respond_activity_task_completed(
        &self,
        request: Request<RespondActivityTaskCompletedRequest>,
    ) -> Result<Response<RespondActivityTaskCompletedResponse>, Status> {
        self.say(Said::ActivityCompleted(request.into_inner()));
        Ok(Response::new(
            RespondActivityTaskCompletedResponse::default(),
        ))
    }

    async fn respond_activity_task_failed(
        &self,
        request: Request<RespondActivityTaskFailedRequest>,
    ) -> Result<Response<RespondActivityTaskFailedResponse>, Status> {
        self.say(Said::ActivityFailed(request.into_inner()));
        Ok(Response::new(RespondActivityTaskFailedResponse::default()))
    }

    async fn respond_activity_task_canceled(
        &self,
        request: Request<RespondActivityTaskCanceledRequest>,
    ) -> Result<Response<RespondActivityTaskCanceledResponse>, Status> {
        self.say(Said::ActivityCanceled(request.into_inner()));
        Ok(Response::new(RespondActivityTaskCanceledResponse::default()))
    }

    async fn record_activity_task_heartbeat(
        &self,
        request: Request<RecordActivityTaskHeartbeatRequest>,
    ) -> Result<Response<RecordActivityTaskHeartbeatResponse>, Status> {
        self.say(Said::Heartbeat(request.into_inner()));
        let answer = self.script().heartbeats.pop_front();
        match answer {
            Some(Err(status)) if status.message() == SILENCE => pending().await,
            Some(answer) => answer.map(Response::new),
            None => Ok(Response::new(RecordActivityTaskHeartbeatResponse::default())),
        }
    }

    async fn shutdown_worker(
        &self,
        request: Request<ShutdownWorkerRequest>,
    ) -> Result<Response<ShutdownWorkerResponse>, Status> {
        self.say(Said::Shutdown(request.into_inner()));
        let mut script = self.script();
        script.has_ended_polls = script.ends_polls;
        drop(script);
        self.changed.notify_waiters();
        Ok(Response::new(ShutdownWorkerResponse::default()))
    }
}

/// The message of a refusal that stands for no answer at all.
pub(super) const SILENCE: &str = "(silence)";
