//! Activities: queued, started, backing off, and how they end.

use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1::Payloads;
use outlast_proto::temporal::api::enums::v1::{RetryState, TimeoutType};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{Failure, TimeoutFailureInfo};
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::workflowservice::v1::{
    PollActivityTaskQueueResponse, RespondActivityTaskFailedRequest,
};

use super::errors::{Error, Result};
use super::event_types::EventAttributes;
use super::execution::{Execution, RunKey};
use super::history::Draft;
use super::matching::{QueueKey, QueueType, QueuedTask};
use super::retry::{FailedAttempt, timeout_name};
use super::timers::{Timer, TimerKey};
use super::tokens::TaskToken;
use super::wire::{set_duration, timestamp, workflow_execution};
use super::world::World;

/// An activity that has not ended.
#[derive(Debug)]
pub(super) struct Activity {
    pub(super) scheduled_event_id: i64,
    pub(super) scheduled: Box<events::ActivityTaskScheduledEventAttributes>,
    pub(super) state: ActivityState,
    pub(super) attempt: i32,
    /// Names this attempt's scheduling or start.
    pub(super) stamp: u64,
    pub(super) scheduled_at: SystemTime,
    pub(super) attempt_scheduled_at: SystemTime,
    pub(super) started_at: Option<SystemTime>,
    pub(super) expires_at: Option<SystemTime>,
    pub(super) heartbeat_details: Option<Payloads>,
    pub(super) last_heartbeat_at: Option<SystemTime>,
    pub(super) last_failure: Option<Failure>,
    pub(super) last_failed_at: Option<SystemTime>,
    pub(super) identity: String,
    pub(super) cancel_requested_event_id: Option<i64>,
    request_id: String,
    close_timer: Option<TimerKey>,
    attempt_timers: Vec<TimerKey>,
    heartbeat_timer: Option<TimerKey>,
}

/// Where an activity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActivityState {
    /// Waits for the moment of its next attempt.
    BackingOff { until: SystemTime },
    /// Waits in its queue.
    Queued,
    /// In a worker's hands.
    Started,
}

impl Activity {
    pub(super) fn id(&self) -> &str {
        &self.scheduled.activity_id
    }

    pub(super) fn is_started(&self) -> bool {
        self.state == ActivityState::Started
    }

    fn disarm(&mut self, world: &mut World) {
        for key in self
            .attempt_timers
            .drain(..)
            .chain(self.heartbeat_timer.take())
        {
            world.timers.cancel(key);
        }
    }
}

impl Execution {
    /// Adds the activity that the scheduled event describes, and queues its first attempt.
    pub(super) fn add_activity(
        &mut self,
        scheduled_event_id: i64,
        scheduled: events::ActivityTaskScheduledEventAttributes,
        world: &mut World,
    ) {
        let expires_at = set_duration(scheduled.schedule_to_close_timeout.as_ref())
            .map(|timeout| world.after(timeout));
        let activity = Activity {
            scheduled_event_id,
            scheduled: Box::new(scheduled),
            state: ActivityState::Queued,
            attempt: 1,
            stamp: 0,
            scheduled_at: world.now,
            attempt_scheduled_at: world.now,
            started_at: None,
            expires_at,
            heartbeat_details: None,
            last_heartbeat_at: None,
            last_failure: None,
            last_failed_at: None,
            identity: String::new(),
            cancel_requested_event_id: None,
            request_id: String::new(),
            close_timer: None,
            attempt_timers: Vec::new(),
            heartbeat_timer: None,
        };
        self.activities.insert(scheduled_event_id, activity);
        // Armed first, so that it wins when both timeouts are the same.
        self.queue_activity(scheduled_event_id, world);
        let timeout = TimeoutType::ScheduleToClose;
        let timer = Timer::Activity {
            scheduled_event_id,
            timeout,
        };
        if let (Some(at), Some(activity)) =
            (expires_at, self.activities.get_mut(&scheduled_event_id))
        {
            activity.close_timer = Some(world.timers.arm(self.key, at, timer));
        }
    }

    /// Puts an activity's attempt into its queue.
    pub(super) fn queue_activity(&mut self, scheduled_event_id: i64, world: &mut World) {
        let queue = self.activity_queue(scheduled_event_id);
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        activity.state = ActivityState::Queued;
        activity.stamp = world.stamp();
        activity.attempt_scheduled_at = world.now;
        activity.started_at = None;
        if let Some(timeout) = set_duration(activity.scheduled.schedule_to_start_timeout.as_ref()) {
            arm(
                self.key,
                activity,
                timeout,
                TimeoutType::ScheduleToStart,
                world,
            );
        }
        let stamp = activity.stamp;
        let task = QueuedTask::Activity {
            run: self.key,
            scheduled_event_id,
            stamp,
        };
        world.queues.add_task(queue, task);
    }

    pub(super) fn activity_queue(&self, scheduled_event_id: i64) -> QueueKey {
        let activity = self.activities.get(&scheduled_event_id);
        let queue = activity.and_then(|activity| activity.scheduled.task_queue.as_ref());
        QueueKey {
            namespace: self.namespace.clone(),
            queue_type: QueueType::Activity,
            name: queue.map(|queue| queue.name.clone()).unwrap_or_default(),
        }
    }

    /// Hands a queued activity to a worker.
    pub(super) fn start_activity(
        &mut self,
        scheduled_event_id: i64,
        stamp: u64,
        identity: &str,
        world: &mut World,
    ) -> Option<PollActivityTaskQueueResponse> {
        let key = self.key;
        let activity = self.activities.get_mut(&scheduled_event_id)?;
        if activity.state != ActivityState::Queued || activity.stamp != stamp {
            return None;
        }
        activity.disarm(world);
        activity.state = ActivityState::Started;
        activity.started_at = Some(world.now);
        activity.last_heartbeat_at = None;
        activity.stamp = world.stamp();
        activity.identity = identity.to_owned();
        activity.request_id = world.uuid();
        if let Some(timeout) = set_duration(activity.scheduled.start_to_close_timeout.as_ref()) {
            arm(key, activity, timeout, TimeoutType::StartToClose, world);
        }
        arm_heartbeat(key, activity, world);
        Some(self.activity_task(scheduled_event_id))
    }

    fn activity_task(&self, scheduled_event_id: i64) -> PollActivityTaskQueueResponse {
        let activity = &self.activities[&scheduled_event_id];
        let scheduled = &activity.scheduled;
        let token = TaskToken::new(self.key.0, activity.stamp, scheduled_event_id);
        PollActivityTaskQueueResponse {
            task_token: token.to_bytes(),
            workflow_namespace: self.namespace.clone(),
            workflow_type: self.workflow_type(),
            workflow_execution: Some(workflow_execution(&self.workflow_id, &self.run_id)),
            activity_type: scheduled.activity_type.clone(),
            activity_id: scheduled.activity_id.clone(),
            header: scheduled.header.clone(),
            input: scheduled.input.clone(),
            heartbeat_details: activity.heartbeat_details.clone(),
            scheduled_time: timestamp(activity.scheduled_at),
            current_attempt_scheduled_time: timestamp(activity.attempt_scheduled_at),
            started_time: activity.started_at.and_then(timestamp),
            attempt: activity.attempt,
            schedule_to_close_timeout: scheduled.schedule_to_close_timeout,
            start_to_close_timeout: scheduled.start_to_close_timeout,
            heartbeat_timeout: scheduled.heartbeat_timeout,
            retry_policy: scheduled.retry_policy.clone(),
            priority: scheduled.priority.clone(),
            ..Default::default()
        }
    }

    /// Takes back a start whose answer never left the server.
    pub(super) fn unstart_activity(&mut self, token: &TaskToken, world: &mut World) {
        let queue = self.activity_queue(token.scheduled_event_id);
        let Ok(activity) = self.started_activity(token) else {
            return;
        };
        activity.disarm(world);
        activity.state = ActivityState::Queued;
        let task = QueuedTask::Activity {
            run: self.key,
            scheduled_event_id: token.scheduled_event_id,
            stamp: token.stamp,
        };
        world.queues.return_task(queue, task);
    }

    /// The activity that a worker answers for.
    pub(super) fn started_activity(&mut self, token: &TaskToken) -> Result<&mut Activity> {
        if !self.is_open() {
            return Err(Error::workflow_completed());
        }
        self.activities
            .get_mut(&token.scheduled_event_id)
            .filter(|activity| activity.is_started() && activity.stamp == token.stamp)
            .ok_or_else(Error::activity_not_found)
    }

    /// The token of an activity that somebody names by its id.
    pub(super) fn activity_token(&self, activity_id: &str) -> Result<TaskToken> {
        if !self.is_open() {
            return Err(Error::workflow_completed());
        }
        self.activities
            .values()
            .find(|activity| activity.id() == activity_id)
            .map(|a| TaskToken::new(self.key.0, a.stamp, a.scheduled_event_id))
            .ok_or_else(|| Error::pending_activity_not_found(activity_id))
    }

    /// Records a heartbeat; returns whether the activity should stop.
    pub(super) fn heartbeat(
        &mut self,
        token: &TaskToken,
        details: Option<Payloads>,
        world: &mut World,
    ) -> Result<bool> {
        let key = self.key;
        let activity = self.started_activity(token)?;
        activity.heartbeat_details = details;
        activity.last_heartbeat_at = Some(world.now);
        arm_heartbeat(key, activity, world);
        Ok(activity.cancel_requested_event_id.is_some())
    }

    pub(super) fn complete_activity(
        &mut self,
        token: &TaskToken,
        result: Option<Payloads>,
        identity: &str,
        world: &mut World,
    ) -> Result<()> {
        self.started_activity(token)?;
        let scheduled_event_id = token.scheduled_event_id;
        self.end_activity(scheduled_event_id, world, |started_event_id| {
            events::ActivityTaskCompletedEventAttributes {
                result,
                scheduled_event_id,
                started_event_id,
                identity: identity.to_owned(),
                ..Default::default()
            }
        });
        Ok(())
    }

    pub(super) fn cancel_activity(
        &mut self,
        token: &TaskToken,
        details: Option<Payloads>,
        identity: &str,
        world: &mut World,
    ) -> Result<()> {
        let activity = self.started_activity(token)?;
        let requested = activity.cancel_requested_event_id.ok_or_else(|| {
            Error::invalid(
                "unable to mark activity as canceled without activity being request canceled first",
            )
        })?;
        self.end_canceled_activity(
            token.scheduled_event_id,
            requested,
            details,
            identity,
            world,
        );
        Ok(())
    }

    /// Ends an activity as canceled.
    pub(super) fn end_canceled_activity(
        &mut self,
        scheduled_event_id: i64,
        requested_event_id: i64,
        details: Option<Payloads>,
        identity: &str,
        world: &mut World,
    ) {
        self.end_activity(scheduled_event_id, world, |started_event_id| {
            events::ActivityTaskCanceledEventAttributes {
                details,
                latest_cancel_requested_event_id: requested_event_id,
                scheduled_event_id,
                started_event_id,
                identity: identity.to_owned(),
                ..Default::default()
            }
        });
    }

    /// Takes in an attempt's failure: the next attempt backs off, or the activity fails.
    pub(super) fn fail_activity(
        &mut self,
        token: &TaskToken,
        request: RespondActivityTaskFailedRequest,
        world: &mut World,
    ) -> Result<()> {
        let activity = self.started_activity(token)?;
        if request.last_heartbeat_details.is_some() {
            activity.heartbeat_details = request.last_heartbeat_details;
        }
        let failure = request.failure.unwrap_or_default();
        let scheduled_event_id = token.scheduled_event_id;
        let Err(retry_state) = self.retry_activity(scheduled_event_id, &failure, world) else {
            return Ok(());
        };
        self.end_activity(scheduled_event_id, world, |started_event_id| {
            events::ActivityTaskFailedEventAttributes {
                failure: Some(failure),
                scheduled_event_id,
                started_event_id,
                identity: request.identity,
                retry_state: retry_state as i32,
                cause: request.cause,
                ..Default::default()
            }
        });
        Ok(())
    }

    /// Takes in that an attempt, or the whole activity, took too long.
    pub(super) fn time_out_activity(
        &mut self,
        scheduled_event_id: i64,
        timeout: TimeoutType,
        world: &mut World,
    ) {
        let Some(activity) = self.activities.get(&scheduled_event_id) else {
            return;
        };
        let details = activity.heartbeat_details.clone();
        let cause = activity.last_failure.clone();
        let mut failure = timeout_failure(timeout, details.clone(), cause.clone());
        let state = match timeout {
            TimeoutType::StartToClose | TimeoutType::Heartbeat => {
                match self.retry_activity(scheduled_event_id, &failure, world) {
                    Ok(()) => return,
                    Err(state) => state,
                }
            }
            TimeoutType::ScheduleToStart
            | TimeoutType::ScheduleToClose
            | TimeoutType::Unspecified => RetryState::Timeout,
        };
        if state == RetryState::Timeout
            && matches!(timeout, TimeoutType::StartToClose | TimeoutType::Heartbeat)
        {
            failure = timeout_failure(TimeoutType::ScheduleToClose, details, cause);
            failure.message = NO_TIME_TO_RETRY.to_owned();
        }
        self.end_activity(scheduled_event_id, world, |started_event_id| {
            events::ActivityTaskTimedOutEventAttributes {
                failure: Some(failure),
                scheduled_event_id,
                started_event_id,
                retry_state: state as i32,
            }
        });
    }

    /// Lets the activity back off for its next attempt, or says why there is none.
    fn retry_activity(
        &mut self,
        scheduled_event_id: i64,
        failure: &Failure,
        world: &mut World,
    ) -> std::result::Result<(), RetryState> {
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return Ok(());
        };
        if activity.cancel_requested_event_id.is_some() {
            return Err(RetryState::CancelRequested);
        }
        let failed = FailedAttempt {
            policy: activity.scheduled.retry_policy.as_ref(),
            attempt: activity.attempt,
            failure,
            now: world.now,
            expires_at: activity.expires_at,
        };
        let until = world.after(failed.backoff()?);
        activity.disarm(world);
        activity.state = ActivityState::BackingOff { until };
        activity.stamp = world.stamp();
        activity.attempt += 1;
        activity.last_failure = Some(failure.clone());
        activity.last_failed_at = Some(world.now);
        let timer = Timer::ActivityRetry { scheduled_event_id };
        activity
            .attempt_timers
            .push(world.timers.arm(self.key, until, timer));
        Ok(())
    }

    /// Removes an activity and records its end, with its start just before.
    ///
    /// The start is written only now, because only now it is known which attempt was the last.
    fn end_activity<E: EventAttributes>(
        &mut self,
        scheduled_event_id: i64,
        world: &mut World,
        end: impl FnOnce(i64) -> E,
    ) {
        let Some(mut activity) = self.activities.remove(&scheduled_event_id) else {
            return;
        };
        activity.disarm(world);
        if let Some(key) = activity.close_timer.take() {
            world.timers.cancel(key);
        }
        let mut started_event_id = 0;
        if let (ActivityState::Started, Some(at)) = (activity.state, activity.started_at) {
            let attributes = events::ActivityTaskStartedEventAttributes {
                scheduled_event_id,
                identity: activity.identity.clone(),
                request_id: activity.request_id.clone(),
                attempt: activity.attempt,
                last_failure: activity.last_failure.clone(),
                ..Default::default()
            };
            self.record(Draft::new(at, attributes));
            // While a task runs, both events are buffered and the id is filled in later.
            started_event_id = if self.task_is_started() {
                0
            } else {
                self.history.last_id()
            };
        }
        let attributes = end(started_event_id);
        self.record(Draft::new(world.now, attributes));
    }
}

fn arm(
    run: RunKey,
    activity: &mut Activity,
    after: Duration,
    timeout: TimeoutType,
    world: &mut World,
) {
    let timer = Timer::Activity {
        scheduled_event_id: activity.scheduled_event_id,
        timeout,
    };
    activity
        .attempt_timers
        .push(world.timers.arm(run, world.after(after), timer));
}

fn arm_heartbeat(run: RunKey, activity: &mut Activity, world: &mut World) {
    if let Some(key) = activity.heartbeat_timer.take() {
        world.timers.cancel(key);
    }
    let Some(after) = set_duration(activity.scheduled.heartbeat_timeout.as_ref()) else {
        return;
    };
    let timeout = TimeoutType::Heartbeat;
    let timer = Timer::Activity {
        scheduled_event_id: activity.scheduled_event_id,
        timeout,
    };
    activity.heartbeat_timer = Some(world.timers.arm(run, world.after(after), timer));
}

fn timeout_failure(
    timeout: TimeoutType,
    last_heartbeat_details: Option<Payloads>,
    cause: Option<Failure>,
) -> Failure {
    Failure {
        message: format!("activity {} timeout", timeout_name(timeout)),
        source: "Server".to_owned(),
        cause: cause.map(Box::new),
        failure_info: Some(FailureInfo::TimeoutFailureInfo(TimeoutFailureInfo {
            timeout_type: timeout as i32,
            last_heartbeat_details,
        })),
        ..Default::default()
    }
}

const NO_TIME_TO_RETRY: &str = "Not enough time to schedule next retry before activity \
                                ScheduleToClose timeout, giving up retrying";
