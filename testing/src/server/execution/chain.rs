//! Chains of runs: continue-as-new, workflow retries, and cron schedules.

use std::time::Duration;

use outlast_proto::temporal::api::command::v1::ContinueAsNewWorkflowExecutionCommandAttributes;
use outlast_proto::temporal::api::common::v1::Payloads;
use outlast_proto::temporal::api::enums::v1::{
    ContinueAsNewInitiator as Initiator, RetryState, TimeoutType, WorkflowExecutionStatus,
};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{Failure, TimeoutFailureInfo};
use outlast_proto::temporal::api::history::v1 as events;

use crate::server::cron::CronSchedule;
use crate::server::deployments::Heir;
use crate::server::execution::naming::RunName;
use crate::server::execution::retry::{self, FailedAttempt};
use crate::server::execution::{Execution, NewRun};
use crate::server::history::Draft;
use crate::server::oracle::{Site, Subject};
use crate::server::start::run_timeouts;
use crate::server::wire::{
    filled_attributes, filled_memo, normal_queue, set_duration, system_time, timestamp,
    wire_duration,
};
use crate::server::world::World;

type StartedAttributes = events::WorkflowExecutionStartedEventAttributes;

impl Execution {
    /// Closes this run in favour of a fresh one.
    pub(in crate::server) fn continue_as_new(
        &mut self,
        mut a: ContinueAsNewWorkflowExecutionCommandAttributes,
        completed: i64,
        world: &mut World,
    ) {
        a.memo = filled_memo(a.memo);
        a.search_attributes = filled_attributes(a.search_attributes);
        if let Some(attributes) = &mut a.search_attributes {
            let known = world.namespaces.search_attributes_mut(&self.namespace);
            known.adopt(attributes);
        }
        let next = world.name_run(&self.namespace, &self.workflow_id);
        let task_queue = Some(normal_queue(self.queue_or_own(a.task_queue.as_ref())));
        let workflow_type = a
            .workflow_type
            .clone()
            .filter(|t| !t.name.is_empty())
            .or_else(|| self.started.workflow_type.clone());
        let (run_timeout, task_timeout) = run_timeouts(
            set_duration(self.started.workflow_execution_timeout.as_ref()),
            set_duration(a.workflow_run_timeout.as_ref()).or_else(|| self.run_timeout()),
            set_duration(a.workflow_task_timeout.as_ref())
                .or_else(|| set_duration(self.started.workflow_task_timeout.as_ref())),
        );
        let run_timeout = run_timeout.unwrap_or_default();
        let backoff = set_duration(a.backoff_start_interval.as_ref())
            .unwrap_or_default()
            .max(self.rest_of_interval(world));
        let started = StartedAttributes {
            workflow_type: workflow_type.clone(),
            task_queue: task_queue.clone(),
            input: a.input.clone(),
            header: a.header.clone(),
            memo: a.memo.clone(),
            search_attributes: a.search_attributes.clone(),
            workflow_run_timeout: wire_duration(run_timeout),
            workflow_task_timeout: wire_duration(task_timeout),
            retry_policy: a.retry_policy.as_ref().map(retry::with_defaults),
            cron_schedule: a.cron_schedule.clone(),
            continued_failure: a.failure.clone(),
            last_completion_result: a.last_completion_result.clone(),
            first_workflow_task_backoff: (!backoff.is_zero())
                .then(|| wire_duration(backoff))
                .flatten(),
            initiator: Initiator::Workflow as i32,
            attempt: 1,
            ..self.successor(&next.id)
        };
        let heir = Heir::ContinuedAsNew(a.initial_versioning_behavior());
        let run_id = self.open_successor(heir, next, started, world);
        let attributes = events::WorkflowExecutionContinuedAsNewEventAttributes {
            new_execution_run_id: run_id,
            workflow_type,
            task_queue,
            input: a.input,
            workflow_run_timeout: wire_duration(run_timeout),
            workflow_task_timeout: wire_duration(task_timeout),
            workflow_task_completed_event_id: completed,
            backoff_start_interval: a.backoff_start_interval,
            initiator: a.initiator,
            failure: a.failure,
            last_completion_result: a.last_completion_result,
            header: a.header,
            memo: a.memo,
            search_attributes: a.search_attributes,
            inherit_build_id: a.inherit_build_id,
            // How the next run chooses its version is in its own first event only.
            initial_versioning_behavior: 0,
        };
        let draft = Draft::new(world.now, attributes);
        self.close(WorkflowExecutionStatus::ContinuedAsNew, draft, world);
    }

    /// Young runs have to wait a little, so that a loop of runs cannot spin.
    fn rest_of_interval(&self, world: &World) -> Duration {
        let age = world
            .now
            .duration_since(self.execution_time())
            .unwrap_or_default();
        world.options.minimal_run_interval.saturating_sub(age)
    }

    /// Opens what follows a failed run: its next attempt, or else the next run by its schedule.
    pub(in crate::server) fn follow_failure(
        &mut self,
        failure: &Failure,
        world: &mut World,
    ) -> (RetryState, String) {
        let (state, run_id) = self.retry_run(failure, world);
        if state == RetryState::InProgress {
            return (state, run_id);
        }
        let last_result = self.started.last_completion_result.clone();
        let run_id = self.repeat_run(last_result, Some(failure.clone()), world);
        (state, run_id.unwrap_or_default())
    }

    /// Opens the next run by the schedule, if there is one; returns its id.
    pub(in crate::server) fn repeat_run(
        &mut self,
        last_completion_result: Option<Payloads>,
        continued_failure: Option<Failure>,
        world: &mut World,
    ) -> Option<String> {
        let schedule = CronSchedule::parse(&self.started.cron_schedule)?;
        let backoff = schedule.backoff(self.execution_time(), world.now)?;
        let name = world.name_run(&self.namespace, &self.workflow_id);
        let started = StartedAttributes {
            last_completion_result,
            continued_failure,
            first_workflow_task_backoff: wire_duration(backoff),
            initiator: Initiator::CronSchedule as i32,
            attempt: 1,
            ..self.successor(&name.id)
        };
        Some(self.open_successor(Heir::NextByCron, name, started, world))
    }

    /// Opens the next attempt of a failed run if its policy allows one.
    fn retry_run(&mut self, failure: &Failure, world: &mut World) -> (RetryState, String) {
        let failed = FailedAttempt {
            policy: self.started.retry_policy.as_ref(),
            attempt: self.started.attempt,
            failure: Some(failure),
            now: world.now,
            expires_at: self
                .started
                .workflow_execution_expiration_time
                .as_ref()
                .map(system_time),
        };
        let backoff = match failed.backoff() {
            Ok(backoff) => backoff.max(self.rest_of_interval(world)),
            Err(state) => return (state, String::new()),
        };
        let name = world.name_run(&self.namespace, &self.workflow_id);
        let started = StartedAttributes {
            continued_failure: Some(failure.clone()),
            first_workflow_task_backoff: wire_duration(backoff),
            initiator: Initiator::Retry as i32,
            attempt: self.started.attempt + 1,
            ..self.successor(&name.id)
        };
        let run_id = self.open_successor(Heir::Retry, name, started, world);
        (RetryState::InProgress, run_id)
    }

    /// Opens what follows a run that is out of time. The chain's own timeout is final.
    pub(in crate::server) fn follow_timeout(&mut self, world: &mut World) -> (RetryState, String) {
        let expired = self
            .started
            .workflow_execution_expiration_time
            .as_ref()
            .is_some_and(|expiration| system_time(expiration) <= world.now);
        if expired {
            return (RetryState::Timeout, String::new());
        }
        let failure = Failure {
            message: "workflow timeout".to_owned(),
            source: "Server".to_owned(),
            failure_info: Some(FailureInfo::TimeoutFailureInfo(TimeoutFailureInfo {
                timeout_type: TimeoutType::StartToClose as i32,
                last_heartbeat_details: None,
            })),
            ..Default::default()
        };
        self.follow_failure(&failure, world)
    }

    /// What every next run of the chain has in common with this one: what it was started with, not
    /// what it has written down since.
    fn successor(&self, run_id: &str) -> StartedAttributes {
        let callbacks = self.callbacks.iter();
        StartedAttributes {
            continued_execution_run_id: self.run_id.clone(),
            original_execution_run_id: run_id.to_owned(),
            identity: String::new(),
            completion_callbacks: callbacks.map(|c| c.callback().clone()).collect(),
            ..(*self.started).clone()
        }
    }

    /// Opens the next run right after this transaction; returns its id.
    fn open_successor(
        &mut self,
        heir: Heir,
        name: RunName,
        mut started: StartedAttributes,
        world: &mut World,
    ) -> String {
        self.bequeath(heir, &mut started, &world.deployments);
        let kept_until = world.after(world.namespaces.retention(&self.namespace));
        started.prev_auto_reset_points = Some(self.marks.hand_on(timestamp(kept_until)));
        let workflow = Subject::named(&self.namespace, &self.workflow_id);
        let request_id = world.uuid(Site::Start, workflow.with_number(name.number));
        let run_id = name.id.clone();
        world.new_runs.push_back(NewRun {
            namespace: self.namespace.clone(),
            name,
            request_id,
            started: Box::new(started),
            user_metadata: None,
            links: Vec::new(),
            signal: None,
        });
        run_id
    }
}
