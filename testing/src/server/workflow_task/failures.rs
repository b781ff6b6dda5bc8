//! How workflow tasks fail and time out, and what the next attempt is.

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::{TimeoutType, WorkflowTaskFailedCause};
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::history::v1 as events;

use crate::server::execution::Execution;
use crate::server::history::Draft;
use crate::server::wire::set_duration;
use crate::server::workflow_task::check::Flaw;
use crate::server::workflow_task::{Kind, WorkflowTask};
use crate::server::world::{WorkflowTaskFailure, World};

impl Execution {
    /// Ends the started task as failed, and schedules the next attempt.
    pub(in crate::server) fn fail_task(
        &mut self,
        cause: WorkflowTaskFailedCause,
        failure: Option<Failure>,
        identity: &str,
        world: &mut World,
    ) {
        self.write_task_failed(cause, failure, identity, world);
        self.retry_task(true);
    }

    /// Writes the failure of the started task; of further attempts nothing is written.
    pub(in crate::server) fn write_task_failed(
        &mut self,
        cause: WorkflowTaskFailedCause,
        failure: Option<Failure>,
        identity: &str,
        world: &mut World,
    ) {
        let Some(task) = self.end_task(identity, world) else {
            return;
        };
        self.wanted_to_close = cause == WorkflowTaskFailedCause::UnhandledCommand;
        self.marks.note_failure(task.attempt, cause);
        self.touched = true;
        world.task_failures.push_back(WorkflowTaskFailure {
            workflow_id: self.workflow_id.clone(),
            run_id: self.run_id.clone(),
            attempt: task.attempt,
            cause,
            failure: failure.clone(),
        });
        if task.kind == Kind::Transient {
            return;
        }
        let attributes = events::WorkflowTaskFailedEventAttributes {
            scheduled_event_id: task.scheduled_event_id,
            started_event_id: task.started_event_id,
            cause: cause as i32,
            failure,
            identity: identity.to_owned(),
            ..Default::default()
        };
        self.history.append(Draft::new(world.now, attributes));
    }

    /// Leaves a further attempt, whose completion made no sense, to its timeout: the real server
    /// slows down workers this way that would otherwise fail in a busy loop.
    pub(in crate::server) fn give_up_transient_task(
        &mut self,
        flaw: &Flaw,
        world: &mut World,
    ) -> bool {
        let Some(task) = self
            .task
            .as_mut()
            .filter(|task| task.kind == Kind::Transient)
        else {
            return false;
        };
        if flaw.cause == WorkflowTaskFailedCause::UnhandledCommand {
            return false;
        }
        task.given_up = true;
        world.task_failures.push_back(WorkflowTaskFailure {
            workflow_id: self.workflow_id.clone(),
            run_id: self.run_id.clone(),
            attempt: task.attempt,
            cause: flaw.cause,
            failure: Some(Failure {
                message: flaw.message(),
                ..Default::default()
            }),
        });
        true
    }

    /// Ends a task that took too long to start or to complete.
    pub(in crate::server) fn time_out_task(
        &mut self,
        stamp: u64,
        timeout: TimeoutType,
        world: &mut World,
    ) {
        if self.task.as_ref().is_none_or(|task| task.stamp != stamp) {
            return;
        }
        if self.check_room_for_failure(world).is_err() {
            return;
        }
        let Some(task) = self.end_task("", world) else {
            return;
        };
        self.touched = true;
        self.wanted_to_close = false;
        if timeout == TimeoutType::StartToClose {
            self.marks.note_timeout(task.attempt);
        }
        if task.kind != Kind::Transient {
            let attributes = events::WorkflowTaskTimedOutEventAttributes {
                scheduled_event_id: task.scheduled_event_id,
                started_event_id: task.started_event_id,
                timeout_type: timeout as i32,
            };
            self.history.append(Draft::new(world.now, attributes));
        }
        self.retry_task(timeout == TimeoutType::StartToClose);
    }

    /// Removes the task, and gives back the updates and queries it carried.
    fn end_task(&mut self, identity: &str, world: &mut World) -> Option<WorkflowTask> {
        self.make_task_real(identity);
        let mut task = self.task.take()?;
        for key in task.timers.drain(..) {
            world.timers.cancel(key);
        }
        self.unsend_updates(task.stamp);
        self.detach_queries();
        Some(task)
    }

    /// How long a worker may take for the next task: the longer the more often it failed, because
    /// a worker that is too slow fails again.
    pub(in crate::server) fn task_timeout(&self) -> Duration {
        let timeout = set_duration(self.started.workflow_task_timeout.as_ref());
        let timeout = timeout.unwrap_or(DEFAULT_TASK_TIMEOUT);
        match u32::try_from(self.attempt - PATIENT_ATTEMPTS - 1) {
            Ok(doublings) => {
                let more = FIRST_EXTENSION.saturating_mul(2_u32.saturating_pow(doublings));
                timeout + more.min(LAST_EXTENSION)
            }
            Err(_) => timeout,
        }
    }

    /// Prepares the next attempt.
    ///
    /// A failure on the sticky queue only clears stickiness: the task gets a fresh chance on the
    /// normal queue. New events make the next task a first attempt, too.
    fn retry_task(&mut self, counts: bool) {
        if self.sticky.take().is_none() && counts {
            self.attempt += 1;
        }
        if self.history.flush() {
            self.attempt = 1;
        }
        self.needs_task = true;
    }
}

const DEFAULT_TASK_TIMEOUT: Duration = Duration::from_secs(10);
/// So many attempts have the timeout that the workflow was started with.
const PATIENT_ATTEMPTS: i32 = 3;
const FIRST_EXTENSION: Duration = Duration::from_secs(5);
const LAST_EXTENSION: Duration = Duration::from_mins(10);
