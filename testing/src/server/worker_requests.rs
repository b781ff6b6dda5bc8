//! What workers ask: tasks, and to take in what came of them.

use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::Engine;
use super::errors::{Error, Result};
use super::execution::{Execution, RunKey};
use super::long_polls::{Answer, CallId, Place};
use super::matching::{Poll, QueueKey, QueueType, QueuedTask};
use super::tokens::TaskToken;
use super::wire::workflow_execution;

impl Engine {
    /// Waits for a workflow task. The answer is an [`Answer::WorkflowTask`].
    ///
    /// # Errors
    /// The namespace is unknown, or no queue is named.
    pub fn poll_workflow_task_queue(
        &mut self,
        request: api::PollWorkflowTaskQueueRequest,
    ) -> Result<CallId> {
        self.poll(
            QueueType::Workflow,
            request.namespace,
            request.task_queue,
            request.identity,
            request.worker_instance_key,
        )
    }

    /// Waits for an activity task. The answer is an [`Answer::ActivityTask`].
    ///
    /// # Errors
    /// The namespace is unknown, or no queue is named.
    pub fn poll_activity_task_queue(
        &mut self,
        request: api::PollActivityTaskQueueRequest,
    ) -> Result<CallId> {
        self.poll(
            QueueType::Activity,
            request.namespace,
            request.task_queue,
            request.identity,
            request.worker_instance_key,
        )
    }

    fn poll(
        &mut self,
        queue_type: QueueType,
        namespace: String,
        queue: Option<TaskQueue>,
        identity: String,
        worker_instance_key: String,
    ) -> Result<CallId> {
        self.check_namespace(&namespace)?;
        let name = queue.map(|queue| queue.name).unwrap_or_default();
        if name.is_empty() {
            return Err(Error::invalid("taskQueue is not set"));
        }
        let call = self.world.calls.next_id();
        let key = QueueKey {
            namespace,
            queue_type,
            name,
        };
        self.world.calls.park(call, Place::Queue(key.clone()));
        let poll = Poll {
            call,
            identity,
            worker_instance_key,
            found_backlog: false,
        };
        self.world.queues.add_poll(key, poll);
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
        let (key, token) = self.task_run(&request.task_token)?;
        self.in_run(key, |run, world| {
            run.complete_task(token.stamp, request, world)
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
        let (key, token) = self.task_run(&request.task_token)?;
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
    /// The workflow is unknown.
    pub fn reset_sticky_task_queue(
        &mut self,
        request: &api::ResetStickyTaskQueueRequest,
    ) -> Result<api::ResetStickyTaskQueueResponse> {
        let key = self.find(&request.namespace, request.execution.as_ref())?;
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
        if !request.worker_instance_key.is_empty() {
            for call in self.world.queues.shut_down(&request.worker_instance_key) {
                self.answer_empty(call);
            }
        }
        self.world.queues.forsake(&QueueKey {
            namespace: request.namespace.clone(),
            queue_type: QueueType::Workflow,
            name: request.sticky_task_queue.clone(),
        });
        self.settle();
        Ok(api::ShutdownWorkerResponse::default())
    }

    /// Records that an activity is alive; tells whether it should stop.
    ///
    /// # Errors
    /// The activity is not under way any more.
    pub fn record_activity_task_heartbeat(
        &mut self,
        request: api::RecordActivityTaskHeartbeatRequest,
    ) -> Result<api::RecordActivityTaskHeartbeatResponse> {
        let (key, token) = self.activity_run(&request.task_token)?;
        let cancel_requested = self.in_run(key, |run, world| {
            run.heartbeat(&token, request.details, world)
        })?;
        Ok(api::RecordActivityTaskHeartbeatResponse {
            cancel_requested,
            ..Default::default()
        })
    }

    /// As [`Self::record_activity_task_heartbeat`], for an activity named by its id.
    ///
    /// # Errors
    /// The activity is not under way.
    pub fn record_activity_task_heartbeat_by_id(
        &mut self,
        request: api::RecordActivityTaskHeartbeatByIdRequest,
    ) -> Result<api::RecordActivityTaskHeartbeatByIdResponse> {
        let (key, token) = self.find_activity(
            &request.namespace,
            &request.workflow_id,
            &request.run_id,
            &request.activity_id,
        )?;
        let cancel_requested = self.in_run(key, |run, world| {
            run.heartbeat(&token, request.details, world)
        })?;
        Ok(api::RecordActivityTaskHeartbeatByIdResponse {
            cancel_requested,
            ..Default::default()
        })
    }

    /// Takes in an activity's result.
    ///
    /// # Errors
    /// The activity is not under way any more.
    pub fn respond_activity_task_completed(
        &mut self,
        request: api::RespondActivityTaskCompletedRequest,
    ) -> Result<api::RespondActivityTaskCompletedResponse> {
        let (key, token) = self.activity_run(&request.task_token)?;
        self.in_run(key, |run, world| {
            run.complete_activity(&token, request.result, &request.identity, world)
        })?;
        Ok(api::RespondActivityTaskCompletedResponse::default())
    }

    /// As [`Self::respond_activity_task_completed`], for an activity named by its id.
    ///
    /// # Errors
    /// The activity is not under way.
    pub fn respond_activity_task_completed_by_id(
        &mut self,
        request: api::RespondActivityTaskCompletedByIdRequest,
    ) -> Result<api::RespondActivityTaskCompletedByIdResponse> {
        let (key, token) = self.find_activity(
            &request.namespace,
            &request.workflow_id,
            &request.run_id,
            &request.activity_id,
        )?;
        self.in_run(key, |run, world| {
            run.complete_activity(&token, request.result, &request.identity, world)
        })?;
        Ok(api::RespondActivityTaskCompletedByIdResponse::default())
    }

    /// Takes in that an activity's attempt failed.
    ///
    /// # Errors
    /// The activity is not under way any more.
    pub fn respond_activity_task_failed(
        &mut self,
        request: api::RespondActivityTaskFailedRequest,
    ) -> Result<api::RespondActivityTaskFailedResponse> {
        let (key, token) = self.activity_run(&request.task_token)?;
        self.in_run(key, |run, world| run.fail_activity(&token, request, world))?;
        Ok(api::RespondActivityTaskFailedResponse::default())
    }

    /// As [`Self::respond_activity_task_failed`], for an activity named by its id.
    ///
    /// # Errors
    /// The activity is not under way.
    pub fn respond_activity_task_failed_by_id(
        &mut self,
        request: api::RespondActivityTaskFailedByIdRequest,
    ) -> Result<api::RespondActivityTaskFailedByIdResponse> {
        let (key, token) = self.find_activity(
            &request.namespace,
            &request.workflow_id,
            &request.run_id,
            &request.activity_id,
        )?;
        let request = api::RespondActivityTaskFailedRequest {
            failure: request.failure,
            identity: request.identity,
            last_heartbeat_details: request.last_heartbeat_details,
            cause: request.cause,
            ..Default::default()
        };
        self.in_run(key, |run, world| run.fail_activity(&token, request, world))?;
        Ok(api::RespondActivityTaskFailedByIdResponse::default())
    }

    /// Takes in that an activity stopped because it was asked to.
    ///
    /// # Errors
    /// The activity is not under way any more, or was never asked to stop.
    pub fn respond_activity_task_canceled(
        &mut self,
        request: api::RespondActivityTaskCanceledRequest,
    ) -> Result<api::RespondActivityTaskCanceledResponse> {
        let (key, token) = self.activity_run(&request.task_token)?;
        self.in_run(key, |run, world| {
            run.cancel_activity(&token, request.details, &request.identity, world)
        })?;
        Ok(api::RespondActivityTaskCanceledResponse::default())
    }

    /// As [`Self::respond_activity_task_canceled`], for an activity named by its id.
    ///
    /// # Errors
    /// The activity is not under way, or was never asked to stop.
    pub fn respond_activity_task_canceled_by_id(
        &mut self,
        request: api::RespondActivityTaskCanceledByIdRequest,
    ) -> Result<api::RespondActivityTaskCanceledByIdResponse> {
        let (key, token) = self.find_activity(
            &request.namespace,
            &request.workflow_id,
            &request.run_id,
            &request.activity_id,
        )?;
        self.in_run(key, |run, world| {
            run.cancel_activity(&token, request.details, &request.identity, world)
        })?;
        Ok(api::RespondActivityTaskCanceledByIdResponse::default())
    }

    /// Takes a task back whose answer never left the server; another worker will get it.
    pub fn return_undelivered(&mut self, answer: Answer) {
        match answer {
            Answer::WorkflowTask(task) => {
                let Ok((key, token)) = self.task_run(&task.task_token) else {
                    return;
                };
                self.in_run(key, |run, world| {
                    if !run.unstart_query(token.stamp, world) {
                        run.unstart_task(token.stamp, world);
                    }
                });
            }
            Answer::ActivityTask(task) => {
                let Ok((key, token)) = self.task_run(&task.task_token) else {
                    return;
                };
                self.in_run(key, |run, world| run.unstart_activity(&token, world));
            }
            Answer::History(_) | Answer::Query(_) | Answer::Slept | Answer::Update(_) => {}
        }
    }

    /// Gives waiting polls the tasks they can have.
    pub(super) fn dispatch(&mut self) {
        while let Some((queue, task, poll)) = self.world.queues.next_match() {
            let key = match task {
                QueuedTask::Activity { run, .. }
                | QueuedTask::Query { run, .. }
                | QueuedTask::Workflow { run, .. } => run,
            };
            let answer = self.start(key, &queue, &task, &poll);
            match answer {
                Some(answer) => self.world.calls.answer(poll.call, answer),
                None => self.world.queues.return_poll(queue, poll),
            }
            self.note_business(key);
        }
    }

    /// Starts a queued task, unless it is stale.
    fn start(
        &mut self,
        key: RunKey,
        queue: &QueueKey,
        task: &QueuedTask,
        poll: &Poll,
    ) -> Option<Answer> {
        let (run, world) = (self.runs.get_mut(&key)?, &mut self.world);
        match *task {
            QueuedTask::Activity {
                scheduled_event_id,
                stamp,
                ..
            } => {
                let mut task =
                    run.start_activity(scheduled_event_id, stamp, &poll.identity, world)?;
                task.poller_scaling_decision = poll.scaling_decision();
                Some(Answer::ActivityTask(Box::new(task)))
            }
            QueuedTask::Query { call, .. } => {
                let task = run.start_query(call, world)?;
                Some(Answer::WorkflowTask(Box::new(task)))
            }
            QueuedTask::Workflow { stamp, .. } => {
                run.task
                    .as_ref()
                    .filter(|task| task.stamp == stamp && !task.is_started())?;
                let from_sticky = queue.name != run.normal_queue_name();
                let mut task = run.start_task(&poll.identity, from_sticky, world);
                task.poller_scaling_decision = poll.scaling_decision();
                Some(Answer::WorkflowTask(Box::new(task)))
            }
        }
    }

    /// Ends a call whose time is up: polls get nothing, reads and updates what there is.
    pub fn expire_call(&mut self, call: CallId) {
        match self.world.calls.place(call).cloned() {
            Some(Place::Queue(queue)) => {
                self.world.queues.expire_poll(&queue, call);
                self.answer_empty(call);
            }
            Some(Place::History(key)) => {
                self.in_run(key, |run, world| run.expire_read(call, world))
            }
            Some(Place::Update(key)) => {
                self.in_run(key, |run, world| run.expire_update(call, world));
            }
            Some(Place::Query(key)) => self.in_run(key, |run, world| {
                run.drop_query(call);
                let error = Err(Error::query_deadline());
                world.calls.answer(call, Answer::Query(Box::new(error)));
            }),
            Some(Place::Sleep) | None => {}
        }
    }

    /// Forgets a call whose caller is gone.
    pub fn cancel_call(&mut self, call: CallId) {
        match self.world.calls.forget(call) {
            Some(Place::Queue(queue)) => self.world.queues.abandon_poll(&queue, call),
            Some(Place::History(key)) => {
                self.in_run(key, |run, _| run.reads.retain(|read| !read.is(call)));
            }
            Some(Place::Query(key)) => self.in_run(key, |run, _| run.drop_query(call)),
            Some(Place::Update(key)) => {
                self.in_run(key, |run, _| run.drop_update_waiter(call));
            }
            Some(Place::Sleep) => self.forget_sleeper(call),
            None => {}
        }
    }

    /// Answers a poll with nothing.
    fn answer_empty(&mut self, call: CallId) {
        let answer = match self.world.calls.place(call) {
            Some(Place::Queue(queue)) if queue.queue_type == QueueType::Activity => {
                Answer::ActivityTask(Box::default())
            }
            _ => Answer::WorkflowTask(Box::default()),
        };
        self.world.calls.answer(call, answer);
    }

    /// The run that a task token belongs to.
    fn task_run(&self, token: &bytes::Bytes) -> Result<(RunKey, TaskToken)> {
        let token = TaskToken::parse(token)?;
        let key = RunKey(token.run);
        if self.runs.contains_key(&key) {
            Ok((key, token))
        } else {
            Err(Error::workflow_task_not_found())
        }
    }

    fn activity_run(&self, token: &bytes::Bytes) -> Result<(RunKey, TaskToken)> {
        let token = TaskToken::parse(token)?;
        let key = RunKey(token.run);
        if self.runs.contains_key(&key) {
            Ok((key, token))
        } else {
            Err(Error::activity_not_found())
        }
    }

    fn find_activity(
        &self,
        namespace: &str,
        workflow_id: &str,
        run_id: &str,
        activity_id: &str,
    ) -> Result<(RunKey, TaskToken)> {
        if activity_id.is_empty() {
            return Err(Error::invalid("ActivityId is not set on request."));
        }
        let execution = workflow_execution(workflow_id, run_id);
        let key = self.find(namespace, Some(&execution))?;
        Ok((key, self.runs[&key].activity_token(activity_id)?))
    }
}

impl Execution {
    /// Whether the run may be holding the clock; whether it does depends on its workers.
    pub(super) fn may_be_busy(&self) -> bool {
        self.task.is_some() || !self.activities.is_empty() || !self.queries.is_empty()
    }
}
