//! What happens when a worker completes or fails a workflow task.

use outlast_proto::temporal::api::enums::v1::{
    WorkflowExecutionStatus, WorkflowTaskFailedCause as Cause,
};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{Failure, ServerFailureInfo};
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::workflowservice::v1::{
    PollActivityTaskQueueResponse, RespondWorkflowTaskCompletedRequest,
    RespondWorkflowTaskCompletedResponse,
};

use crate::server::deployments::Version;
use crate::server::errors::{Error, Result};
use crate::server::execution::Execution;
use crate::server::history::Draft;
use crate::server::updates::messages::UpdateMessage;
use crate::server::wire::set_duration;
use crate::server::workflow_task::check::kinds::closes_run;
use crate::server::workflow_task::check::{self, Flaw, Refusal};
use crate::server::workflow_task::commands::Completion;
use crate::server::workflow_task::taker::Taker;
use crate::server::workflow_task::{Kind, Sticky, WorkflowTask};
use crate::server::world::World;

impl Execution {
    /// Applies a worker's answer to the task that `stamp` names.
    pub(in crate::server) fn complete_task(
        &mut self,
        stamp: u64,
        worker: Option<&Version>,
        request: RespondWorkflowTaskCompletedRequest,
        world: &mut World,
    ) -> Result<RespondWorkflowTaskCompletedResponse> {
        if !self.has_started_task(stamp) {
            return Err(Error::workflow_task_not_found());
        }
        let checked = check::check(self, &request.commands, &request.messages, world);
        checked.map_err(|refusal| match refusal {
            Refusal::Flaw(flaw) => self.refuse_task(&flaw, &request.identity, world),
            Refusal::Request(error) => error,
        })?;
        self.check_room(self.events_of(&request), world)?;
        let sticky = sticky(&request);
        if self.can_discard_task(&request) {
            self.sticky = sticky;
            return Ok(self.discard_task(worker, request, world));
        }
        self.write_task(&request.identity);
        // Not before: the task that is completed names the queue that it came from.
        self.sticky = sticky;
        let Some(task) = self.finish_task(world) else {
            return Err(Error::workflow_task_not_found());
        };
        let (taker, return_new_task) = (Taker::of(&request), request.return_new_workflow_task);
        let eager_activities = self.apply_completion(&task, worker, request, world);
        // What is not returned at once is written, though it may be for updates only.
        self.needs_task |= !return_new_task && self.updates.has_unsent();
        self.schedule_due_task(world);
        let scheduled = self.task.as_ref().is_some_and(|task| !task.is_started());
        let workflow_task =
            (scheduled && return_new_task).then(|| self.start_returned_task(taker, worker, world));
        Ok(RespondWorkflowTaskCompletedResponse {
            workflow_task,
            activity_tasks: eager_activities,
            reset_history_event_id: 0,
        })
    }

    /// Fails the task because of what its worker sent; returns the error for the worker.
    fn refuse_task(&mut self, flaw: &Flaw, identity: &str, world: &mut World) -> Error {
        let message = flaw.message();
        if self.give_up_transient_task(flaw, world) {
            return Error::invalid(message);
        }
        let failure = Failure {
            message: message.clone(),
            failure_info: Some(FailureInfo::ServerFailureInfo(ServerFailureInfo::default())),
            ..Default::default()
        };
        if let Err(error) = self.check_room_for_failure(world) {
            return error;
        }
        self.abort_sent_updates(world);
        self.fail_task(flaw.cause, Some(failure), identity, world);
        if flaw.ends_run {
            self.terminate(&message, None, "history-service", world);
        }
        self.commit(world);
        Error::invalid(message)
    }

    /// How many events a completion adds to the history.
    fn events_of(&self, request: &RespondWorkflowTaskCompletedRequest) -> usize {
        let kind = self.task.as_ref().map(|task| task.kind);
        let unwritten = match kind {
            Some(Kind::Speculative | Kind::Transient) => 2,
            Some(Kind::Normal) | None => 0,
        };
        let closes = request.commands.iter().any(closes_run);
        let behind = match closes {
            true => 0,
            false => self.events_behind_task(request.force_create_new_workflow_task),
        };
        unwritten + 1 + request.commands.len() + behind
    }

    /// The event that says that the task under way is completed, once it is.
    pub(in crate::server) fn completion_id(&self) -> i64 {
        // A task that is not written yet is written first.
        let started = self.task.as_ref().map_or(0, |task| task.started_event_id);
        self.history.next_id().max(started + 1)
    }

    fn apply_completion(
        &mut self,
        task: &WorkflowTask,
        worker: Option<&Version>,
        request: RespondWorkflowTaskCompletedRequest,
        world: &mut World,
    ) -> Vec<PollActivityTaskQueueResponse> {
        let options = request.deployment_options.unwrap_or_default();
        let attributes = events::WorkflowTaskCompletedEventAttributes {
            scheduled_event_id: task.scheduled_event_id,
            started_event_id: task.started_event_id,
            identity: request.identity.clone(),
            binary_checksum: request.binary_checksum,
            worker_version: request.worker_version_stamp,
            sdk_metadata: request.sdk_metadata,
            metering_metadata: request.metering_metadata,
            versioning_behavior: request.versioning_behavior,
            worker_deployment_name: options.deployment_name,
            deployment_version: worker.map(Version::to_wire),
            ..Default::default()
        };
        let completed_event_id = self.history.next_id();
        let resettable = self.children.is_empty();
        self.marks.note_completion(
            &attributes,
            &self.run_id,
            completed_event_id,
            resettable,
            world.now,
        );
        self.follow_completion(&attributes, world);
        self.history.append(Draft::new(world.now, attributes));
        self.previous_started_event_id = task.started_event_id;
        self.attempt = 1;
        let mut completion = Completion {
            completed_event_id,
            identity: request.identity,
            messages: request.messages,
            eager_activities: Vec::new(),
        };
        for command in request.commands {
            self.apply_command(command, &mut completion, world);
        }
        for message in std::mem::take(&mut completion.messages) {
            self.apply_message(&message, world);
        }
        self.reject_unprocessed_updates(task.stamp, world);
        self.answer_attached_queries(request.query_results, world);
        if self.history.flush() || request.force_create_new_workflow_task {
            self.needs_task = true;
        }
        completion.eager_activities
    }

    /// Whether a speculative task may vanish: its worker did nothing but reject.
    fn can_discard_task(&self, request: &RespondWorkflowTaskCompletedRequest) -> bool {
        let Some(task) = self
            .task
            .as_ref()
            .filter(|task| task.kind == Kind::Speculative)
        else {
            return false;
        };
        let only_rejects = request.messages.iter().all(|message| {
            matches!(
                UpdateMessage::parse(message),
                Some(UpdateMessage::Reject(_))
            )
        });
        // The task showed the worker everything since its last one; the completed event counts 1.
        let shipped = task.scheduled_event_id - self.previous_started_event_id - 1;
        let can_reset = request
            .capabilities
            .as_ref()
            .is_some_and(|c| c.discard_speculative_workflow_task_with_events);
        request.commands.is_empty()
            && only_rejects
            && !request.force_create_new_workflow_task
            && (shipped <= 1 || (can_reset && shipped <= DISCARD_LIMIT))
    }

    fn discard_task(
        &mut self,
        worker: Option<&Version>,
        request: RespondWorkflowTaskCompletedRequest,
        world: &mut World,
    ) -> RespondWorkflowTaskCompletedResponse {
        let taker = Taker::of(&request);
        if let Some(task) = self.finish_task(world) {
            for message in &request.messages {
                self.apply_message(message, world);
            }
            self.reject_unprocessed_updates(task.stamp, world);
        }
        self.answer_attached_queries(request.query_results, world);
        self.schedule_due_task(world);
        let scheduled = self.task.as_ref().is_some_and(|task| !task.is_started());
        RespondWorkflowTaskCompletedResponse {
            reset_history_event_id: self.previous_started_event_id,
            workflow_task: (scheduled && request.return_new_workflow_task)
                .then(|| self.start_returned_task(taker, worker, world)),
            ..Default::default()
        }
    }

    /// Takes in that the worker failed the task that `stamp` names.
    pub(in crate::server) fn fail_started_task(
        &mut self,
        stamp: u64,
        cause: Cause,
        failure: Option<Failure>,
        identity: &str,
        world: &mut World,
    ) -> Result<()> {
        if !self.has_started_task(stamp) {
            return Err(Error::workflow_task_not_found());
        }
        self.check_room_for_failure(world)?;
        self.fail_task(cause, failure, identity, world);
        self.commit(world);
        Ok(())
    }

    /// Takes in that the run, or the chain of runs, has no time left.
    pub(in crate::server) fn time_out_run(&mut self, world: &mut World) {
        if !self.is_open() {
            return;
        }
        let (retry_state, new_execution_run_id) = self.follow_timeout(world);
        let attributes = events::WorkflowExecutionTimedOutEventAttributes {
            retry_state: retry_state as i32,
            new_execution_run_id,
        };
        let draft = Draft::new(world.now, attributes);
        self.force_close(WorkflowExecutionStatus::TimedOut, draft, world);
    }
}

fn sticky(request: &RespondWorkflowTaskCompletedRequest) -> Option<Sticky> {
    let attributes = request.sticky_attributes.as_ref()?;
    let queue = attributes
        .worker_task_queue
        .clone()
        .filter(|queue| !queue.name.is_empty())?;
    let schedule_to_start = set_duration(attributes.schedule_to_start_timeout.as_ref());
    Some(Sticky {
        queue,
        schedule_to_start,
    })
}

/// A speculative task that showed its worker more events than this is kept.
const DISCARD_LIMIT: i64 = 10;
