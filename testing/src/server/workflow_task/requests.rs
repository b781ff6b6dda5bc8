//! What workers ask: tasks, and to take in what came of them.

use std::time::Duration;

use outlast_proto::temporal::api::common::v1::WorkerVersionStamp;
use outlast_proto::temporal::api::deployment::v1::WorkerDeploymentOptions;
use outlast_proto::temporal::api::enums::v1::{
    TaskQueueKind, VersioningBehavior, WorkflowTaskFailedCause,
};
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::deployments::Version;
use crate::server::errors::{Error, Result};
use crate::server::execution::RunKey;
use crate::server::limits::check_identity;
use crate::server::queues::long_polls::{CallId, Place};
use crate::server::queues::matching::{Poll, QueueKey, QueueType};
use crate::server::task_queues::check_queue;
use crate::server::tokens::TaskToken;
use crate::server::workflow_task::taker::polling_build;

/// What the polls of all kinds have in common.
#[derive(Debug)]
pub(in crate::server) struct PollRequest {
    pub(in crate::server) queue_type: QueueType,
    pub(in crate::server) namespace: String,
    pub(in crate::server) task_queue: Option<TaskQueue>,
    pub(in crate::server) identity: String,
    pub(in crate::server) worker_instance_key: String,
    pub(in crate::server) build: Option<WorkerVersionStamp>,
    pub(in crate::server) rate_per_second: Option<f64>,
    pub(in crate::server) deployment_options: Option<WorkerDeploymentOptions>,
}

impl Engine {
    /// Waits for a workflow task. The answer is an [`Answer::WorkflowTask`](crate::server::Answer::WorkflowTask).
    ///
    /// # Errors
    /// The namespace is unknown, or no queue is named.
    pub fn poll_workflow_task_queue(
        &mut self,
        request: api::PollWorkflowTaskQueueRequest,
    ) -> Result<CallId> {
        self.poll(PollRequest {
            queue_type: QueueType::Workflow,
            namespace: request.namespace,
            task_queue: request.task_queue,
            identity: request.identity,
            worker_instance_key: request.worker_instance_key,
            build: polling_build(request.worker_version_capabilities),
            rate_per_second: None,
            deployment_options: request.deployment_options,
        })
    }

    /// Waits for an activity task. The answer is an [`Answer::ActivityTask`](crate::server::Answer::ActivityTask).
    ///
    /// # Errors
    /// The namespace is unknown, or no queue is named.
    pub fn poll_activity_task_queue(
        &mut self,
        request: api::PollActivityTaskQueueRequest,
    ) -> Result<CallId> {
        let rate = request.task_queue_metadata.as_ref();
        self.poll(PollRequest {
            queue_type: QueueType::Activity,
            build: None,
            rate_per_second: rate.and_then(|metadata| metadata.max_tasks_per_second),
            namespace: request.namespace,
            task_queue: request.task_queue,
            identity: request.identity,
            worker_instance_key: request.worker_instance_key,
            deployment_options: request.deployment_options,
        })
    }

    /// Refuses a poll whose worker does not say for how long it waits, or waits too briefly.
    ///
    /// # Errors
    /// The namespace, which comes first, is unknown; or the deadline is.
    pub fn check_poll(&self, namespace: &str, patience: Option<Duration>) -> Result<()> {
        self.check_namespace(namespace)?;
        match patience {
            None => Err(Error::poll_deadline_not_set()),
            // A moment of it has passed on the way.
            Some(patience) if patience <= MINIMAL_PATIENCE => Err(Error::poll_deadline_too_near()),
            Some(_) => Ok(()),
        }
    }

    pub(in crate::server) fn poll(&mut self, request: PollRequest) -> Result<CallId> {
        self.check_namespace(&request.namespace)?;
        check_queue(request.task_queue.as_ref())?;
        let queue = request.task_queue.unwrap_or_default();
        check_identity(&request.identity)?;
        let version = Version::of_worker(request.deployment_options.as_ref())?;
        let call = self.world.calls.next_id();
        let is_normal = queue.kind() != TaskQueueKind::Sticky;
        let key = QueueKey::new(&request.namespace, request.queue_type, &queue.name);
        if let Some(version) = version.as_ref().filter(|_| is_normal) {
            self.note_worker(version, &key)?;
        }
        let key = key.for_version(version);
        self.world.calls.park(call, Place::Queue(key.clone()));
        let poll = Poll {
            call,
            identity: request.identity,
            build: request.build,
            worker_instance_key: request.worker_instance_key,
            rate_per_second: request.rate_per_second,
            found_backlog: false,
        };
        self.world.queues.add_poll(key, poll, self.world.now);
        self.settle();
        Ok(call)
    }

    /// Takes in a completed workflow task.
    ///
    /// # Errors
    /// The task is not the one under way, or its commands or messages make no sense; the latter
    /// also fails the task.
    pub fn respond_workflow_task_completed(
        &mut self,
        request: api::RespondWorkflowTaskCompletedRequest,
    ) -> Result<api::RespondWorkflowTaskCompletedResponse> {
        check_identity(&request.identity)?;
        let worker = worker_version(&request)?;
        let (key, token) = self.task_run(&request.task_token)?;
        self.in_run(key, |run, world| {
            run.complete_task(token.stamp, worker.as_ref(), request, world)
        })
    }

    /// Takes in a failed workflow task.
    ///
    /// # Errors
    /// The task is not the one under way.
    pub fn respond_workflow_task_failed(
        &mut self,
        request: api::RespondWorkflowTaskFailedRequest,
    ) -> Result<api::RespondWorkflowTaskFailedResponse> {
        check_identity(&request.identity)?;
        let (key, token) = self.task_run(&request.task_token)?;
        if !self.runs[&key].is_open() {
            return Err(Error::workflow_completed());
        }
        let cause = WorkflowTaskFailedCause::try_from(request.cause).unwrap_or_default();
        self.in_run(key, |run, world| {
            run.fail_started_task(
                token.stamp,
                cause,
                request.failure,
                &request.identity,
                world,
            )
        })?;
        Ok(api::RespondWorkflowTaskFailedResponse::default())
    }

    /// Takes in the answer to a query that was a task of its own.
    ///
    /// # Errors
    /// Nobody waits for the answer any more.
    pub fn respond_query_task_completed(
        &mut self,
        request: api::RespondQueryTaskCompletedRequest,
    ) -> Result<api::RespondQueryTaskCompletedResponse> {
        let (key, token) = self.task_run(&request.task_token)?;
        self.in_run(key, |run, world| {
            run.complete_query(token.stamp, request, world)
        })?;
        Ok(api::RespondQueryTaskCompletedResponse::default())
    }

    /// Lets the next workflow task of a run go to the normal queue.
    ///
    /// # Errors
    /// The workflow is unknown or closed.
    pub fn reset_sticky_task_queue(
        &mut self,
        request: &api::ResetStickyTaskQueueRequest,
    ) -> Result<api::ResetStickyTaskQueueResponse> {
        let key = self.find_open(&request.namespace, request.execution.as_ref())?;
        self.in_run(key, |run, _| run.sticky = None);
        Ok(api::ResetStickyTaskQueueResponse::default())
    }

    /// Ends all polls of a worker that shuts down, and forgets its sticky queue.
    ///
    /// # Errors
    /// The namespace is unknown.
    pub fn shutdown_worker(
        &mut self,
        request: &api::ShutdownWorkerRequest,
    ) -> Result<api::ShutdownWorkerResponse> {
        self.check_namespace(&request.namespace)?;
        if let Some(heartbeat) = request.worker_heartbeat.clone() {
            self.world.workers.note(&request.namespace, heartbeat);
        }
        if !request.worker_instance_key.is_empty() {
            for call in self.world.queues.shut_down(&request.worker_instance_key) {
                self.answer_empty(call);
            }
        }
        self.world.queues.forsake(&QueueKey::new(
            &request.namespace,
            QueueType::Workflow,
            &request.sticky_task_queue,
        ));
        self.settle();
        Ok(api::ShutdownWorkerResponse::default())
    }

    /// The run that a task token belongs to.
    pub(in crate::server) fn task_run(&self, token: &bytes::Bytes) -> Result<(RunKey, TaskToken)> {
        let token = TaskToken::parse(token)?;
        let key = RunKey(token.run);
        if self.runs.contains_key(&key) {
            Ok((key, token))
        } else {
            Err(Error::workflow_task_not_found())
        }
    }
}

/// A worker has to wait for longer than this, so that there is time to answer it.
const MINIMAL_PATIENCE: Duration = Duration::from_secs(2);

/// The version of the worker. Only workers that have one can say how workflows behave.
fn worker_version(request: &api::RespondWorkflowTaskCompletedRequest) -> Result<Option<Version>> {
    let version = Version::of_worker(request.deployment_options.as_ref())?;
    let declares = request.versioning_behavior() != VersioningBehavior::Unspecified;
    if declares && version.is_none() {
        return Err(Error::invalid(
            "versioning behavior cannot be specified without deployment options being set with \
             versioned mode",
        ));
    }
    Ok(version)
}
