//! Activities: queued, started, backing off, and how they end.

mod by_execution;
pub(super) mod control;
pub(super) mod ends;
pub(super) mod naps;
pub(super) mod options;
mod oversize;
pub(super) mod requests;
mod selection;
pub(super) mod timeouts;

use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1::{Payloads, WorkerVersionStamp};
use outlast_proto::temporal::api::enums::v1::TimeoutType;
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::workflowservice::v1::PollActivityTaskQueueResponse;

use self::control::Pause;
use self::oversize::HEARTBEAT_TOO_LARGE;
use super::deployments::Version;
use super::errors::{Error, Result};
use super::execution::{Execution, RunKey};
use super::oracle::Site;
use super::priority::inherited;
use super::queues::matching::{QueueKey, QueueType, QueuedTask};
use super::time::timers::{Timer, TimerKey};
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
    /// The build of the worker that ends the attempt, if it says so.
    pub(super) build: Option<WorkerVersionStamp>,
    /// The version of the worker that had the activity last.
    pub(super) worker_version: Option<Version>,
    /// Waits for the workflow to be on the version of the worker that wanted it.
    pub(super) awaits_version: bool,
    pub(super) cancel_requested_event_id: Option<i64>,
    pub(super) request_id: String,
    pub(super) close_timer: Option<TimerKey>,
    pub(super) attempt_timers: Vec<TimerKey>,
    heartbeat_timer: Option<TimerKey>,
    /// Set from the moment that somebody pauses the activity, even if it runs then.
    pub(super) pause: Option<Pause>,
    /// The running attempt does not count, because somebody started the activity over.
    pub(super) is_reset: bool,
    /// The next attempt gets no heartbeat details.
    pub(super) forget_heartbeats_later: bool,
}

/// What an activity learns from its heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeartbeatReply {
    pub(super) cancel_requested: bool,
    pub(super) paused: bool,
    pub(super) reset: bool,
}

impl HeartbeatReply {
    /// For an attempt that the server has ended.
    const STOP: Self = Self {
        cancel_requested: true,
        paused: false,
        reset: false,
    };
}

/// Where an activity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActivityState {
    /// Waits for the moment of its next attempt.
    BackingOff { until: SystemTime },
    /// Waits for somebody to let it go on.
    Paused,
    /// Waits in its queue.
    Queued,
    /// In a worker's hands.
    Started,
}

impl Activity {
    pub(super) fn id(&self) -> &str {
        &self.scheduled.activity_id
    }

    pub(super) fn type_name(&self) -> &str {
        self.scheduled
            .activity_type
            .as_ref()
            .map_or("", |t| t.name.as_str())
    }

    pub(super) fn is_started(&self) -> bool {
        self.state == ActivityState::Started
    }

    pub(super) fn disarm(&mut self, world: &mut World) {
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
            build: None,
            worker_version: None,
            awaits_version: false,
            cancel_requested_event_id: None,
            request_id: String::new(),
            close_timer: None,
            attempt_timers: Vec::new(),
            heartbeat_timer: None,
            pause: None,
            is_reset: false,
            forget_heartbeats_later: false,
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
        let queue = self.activity_queue(scheduled_event_id, world);
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        activity.state = ActivityState::Queued;
        activity.awaits_version = false;
        activity.stamp = self.stamps.next();
        activity.attempt_scheduled_at = world.now;
        activity.started_at = None;
        arm_schedule_to_start(self.key, activity, world);
        let stamp = activity.stamp;
        let task = QueuedTask::Activity {
            run: self.key,
            scheduled_event_id,
            stamp,
        };
        world.queues.add_task(queue, task, world.now);
    }

    pub(super) fn activity_queue(&self, scheduled_event_id: i64, world: &World) -> QueueKey {
        let activity = self.activities.get(&scheduled_event_id);
        let queue = activity.and_then(|activity| activity.scheduled.task_queue.as_ref());
        let name = queue.map_or("", |queue| queue.name.as_str());
        let key = QueueKey::new(&self.namespace, QueueType::Activity, name);
        let version = self.activity_version(&key, world);
        key.for_version(version)
    }

    /// Hands a queued activity to a worker.
    pub(super) fn start_activity(
        &mut self,
        scheduled_event_id: i64,
        stamp: u64,
        identity: &str,
        world: &mut World,
    ) -> Option<PollActivityTaskQueueResponse> {
        let waits = |a: &Activity| a.state == ActivityState::Queued && a.stamp == stamp;
        self.activities
            .get(&scheduled_event_id)
            .filter(|a| waits(a))?;
        let (key, request_id) = (self.key, self.draw_id(Site::ActivityStart, world));
        let activity = self.activities.get_mut(&scheduled_event_id)?;
        activity.disarm(world);
        activity.state = ActivityState::Started;
        activity.started_at = Some(world.now);
        activity.last_heartbeat_at = None;
        activity.stamp = self.stamps.next();
        activity.identity = identity.to_owned();
        activity.request_id = request_id;
        if let Some(timeout) = set_duration(activity.scheduled.start_to_close_timeout.as_ref()) {
            arm(key, activity, timeout, TimeoutType::StartToClose, world);
        }
        arm_heartbeat(key, activity, world);
        Some(self.activity_task(scheduled_event_id))
    }

    /// Gives a running attempt the timeouts that its options have now.
    pub(super) fn rearm_started_activity(&mut self, scheduled_event_id: i64, world: &mut World) {
        let key = self.key;
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        activity.disarm(world);
        let timeout = set_duration(activity.scheduled.start_to_close_timeout.as_ref());
        if let (Some(timeout), Some(started_at)) = (timeout, activity.started_at) {
            let passed = world.now.duration_since(started_at).unwrap_or_default();
            let left = timeout.saturating_sub(passed);
            arm(key, activity, left, TimeoutType::StartToClose, world);
        }
        arm_heartbeat(key, activity, world);
    }

    fn activity_task(&self, scheduled_event_id: i64) -> PollActivityTaskQueueResponse {
        let activity = &self.activities[&scheduled_event_id];
        let scheduled = &activity.scheduled;
        // Workers are told the timeouts of old, though those of now are what counts.
        let original = self.original_options(scheduled_event_id);
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
            schedule_to_close_timeout: original.schedule_to_close_timeout,
            start_to_close_timeout: original.start_to_close_timeout,
            heartbeat_timeout: original.heartbeat_timeout,
            retry_policy: scheduled.retry_policy.clone(),
            priority: inherited(scheduled.priority.as_ref(), self.started.priority.as_ref()),
            ..Default::default()
        }
    }

    /// Takes back a start whose answer never left the server.
    pub(super) fn unstart_activity(&mut self, token: &TaskToken, world: &mut World) {
        let queue = self.activity_queue(token.scheduled_event_id, world);
        let key = self.key;
        let Ok(activity) = self.started_activity(token) else {
            return;
        };
        activity.disarm(world);
        activity.state = ActivityState::Queued;
        activity.started_at = None;
        arm_schedule_to_start(key, activity, world);
        let task = QueuedTask::Activity {
            run: self.key,
            scheduled_event_id: token.scheduled_event_id,
            stamp: token.stamp,
        };
        world.queues.return_task(queue, task);
    }

    /// Whether the attempt that a worker answers for is under way.
    pub(super) fn has_started_activity(&self, token: &TaskToken) -> bool {
        let activity = self.activities.get(&token.scheduled_event_id);
        let is_it = |activity: &Activity| activity.is_started() && activity.stamp == token.stamp;
        self.is_open() && activity.is_some_and(is_it)
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

    /// Records a heartbeat; tells whether the activity should stop.
    pub(super) fn heartbeat(
        &mut self,
        token: &TaskToken,
        details: Option<Payloads>,
        identity: &str,
        world: &mut World,
    ) -> Result<HeartbeatReply> {
        if !world.options.limits.fits_blob(details.as_ref()) {
            self.fail_oversize(token, HEARTBEAT_TOO_LARGE, identity, world)?;
            return Ok(HeartbeatReply::STOP);
        }
        let key = self.key;
        let activity = self.started_activity(token)?;
        activity.heartbeat_details = details;
        activity.last_heartbeat_at = Some(world.now);
        arm_heartbeat(key, activity, world);
        let reply = HeartbeatReply {
            cancel_requested: activity.cancel_requested_event_id.is_some(),
            paused: activity.pause.is_some(),
            reset: activity.is_reset,
        };
        self.touched = true;
        Ok(reply)
    }
}

fn arm_schedule_to_start(run: RunKey, activity: &mut Activity, world: &mut World) {
    let timeout = set_duration(activity.scheduled.schedule_to_start_timeout.as_ref());
    if let Some(timeout) = timeout {
        let waited = world.now.duration_since(activity.attempt_scheduled_at);
        let left = timeout.saturating_sub(waited.unwrap_or_default());
        arm(run, activity, left, TimeoutType::ScheduleToStart, world);
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
