//! How an activity's attempts end: with a result, a failure, a timeout, or by cancellation.

use outlast_proto::temporal::api::common::v1::{Payloads, WorkerVersionStamp};
use outlast_proto::temporal::api::enums::v1::{RetryState, TimeoutType};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{Failure, TimeoutFailureInfo};
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::workflowservice::v1::RespondActivityTaskFailedRequest;

use crate::server::activities::oversize::{
    CANCEL_DETAILS_TOO_LARGE, HEARTBEAT_TOO_LARGE, RESULT_TOO_LARGE, oversize,
};
use crate::server::activities::{Activity, ActivityState};
use crate::server::errors::{Error, Result};
use crate::server::execution::Execution;
use crate::server::execution::retry::{FailedAttempt, timeout_name};
use crate::server::history::Draft;
use crate::server::history::event_types::EventAttributes;
use crate::server::limits::{kept_failure, reported_failure};
use crate::server::time::timers::Timer;
use crate::server::tokens::TaskToken;
use crate::server::wire::text_payloads;
use crate::server::world::World;

impl Execution {
    /// Notes which build the worker is that ends an attempt.
    pub(in crate::server) fn note_build(
        &mut self,
        token: &TaskToken,
        build: Option<WorkerVersionStamp>,
    ) {
        if let Ok(activity) = self.started_activity(token) {
            activity.build = build;
        }
    }

    pub(in crate::server) fn complete_activity(
        &mut self,
        token: &TaskToken,
        result: Option<Payloads>,
        identity: &str,
        world: &mut World,
    ) -> Result<()> {
        self.started_activity(token)?;
        if !world.options.limits.fits_blob(result.as_ref()) {
            return self.fail_oversize(token, RESULT_TOO_LARGE, identity, world);
        }
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

    pub(in crate::server) fn cancel_activity(
        &mut self,
        token: &TaskToken,
        details: Option<Payloads>,
        identity: &str,
        world: &mut World,
    ) -> Result<()> {
        let activity = self.started_activity(token)?;
        if !world.options.limits.fits_blob(details.as_ref()) {
            return self.fail_oversize(token, CANCEL_DETAILS_TOO_LARGE, identity, world);
        }
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
    pub(in crate::server) fn end_canceled_activity(
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

    /// Ends an activity that no worker has, because the workflow does not want it any more. The
    /// workflow sees that behind the events of its commands.
    pub(in crate::server) fn drop_activity(
        &mut self,
        scheduled_event_id: i64,
        requested_event_id: i64,
        identity: &str,
        world: &mut World,
    ) {
        self.remove_activity(scheduled_event_id, world);
        let attributes = events::ActivityTaskCanceledEventAttributes {
            details: Some(text_payloads("ACTIVITY_ID_NOT_STARTED")),
            latest_cancel_requested_event_id: requested_event_id,
            scheduled_event_id,
            identity: identity.to_owned(),
            ..Default::default()
        };
        self.history.buffer(Draft::new(world.now, attributes));
    }

    /// Takes in an attempt's failure: the next attempt backs off, or the activity fails. Returns
    /// what took the place of parts that were too large.
    pub(in crate::server) fn fail_activity(
        &mut self,
        token: &TaskToken,
        request: RespondActivityTaskFailedRequest,
        world: &mut World,
    ) -> Result<Vec<Failure>> {
        let activity = self.started_activity(token)?;
        let limits = &world.options.limits;
        let mut replaced = Vec::new();
        let fits = limits.fits_blob(request.failure.as_ref());
        let reported = request.failure;
        let failure = reported.map(|failure| reported_failure(failure, limits));
        if !fits {
            replaced.extend(failure.clone());
        }
        match request.last_heartbeat_details {
            Some(details) if limits.fits_blob(Some(&details)) => {
                activity.heartbeat_details = Some(details);
                activity.last_heartbeat_at = Some(world.now);
            }
            Some(_) => replaced.push(oversize(HEARTBEAT_TOO_LARGE)),
            None => {}
        }
        let scheduled_event_id = token.scheduled_event_id;
        let Err(retry_state) = self.retry_activity(scheduled_event_id, failure.as_ref(), world)
        else {
            return Ok(replaced);
        };
        self.end_activity(scheduled_event_id, world, |started_event_id| {
            events::ActivityTaskFailedEventAttributes {
                failure,
                scheduled_event_id,
                started_event_id,
                identity: request.identity,
                retry_state: retry_state as i32,
                // A real server does not write down the cause that the request has.
                ..Default::default()
            }
        });
        Ok(replaced)
    }

    /// Takes in that an attempt, or the whole activity, took too long.
    pub(in crate::server) fn time_out_activity(
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
        // Only the last failure has the heartbeat.
        let attempt = timeout_failure(timeout, None, cause.clone());
        let state = match timeout {
            TimeoutType::StartToClose | TimeoutType::Heartbeat => {
                match self.retry_activity(scheduled_event_id, Some(&attempt), world) {
                    Ok(()) => return,
                    Err(state) => state,
                }
            }
            TimeoutType::ScheduleToStart
            | TimeoutType::ScheduleToClose
            | TimeoutType::Unspecified => RetryState::Timeout,
        };
        let mut failure = timeout_failure(timeout, details.clone(), cause.clone());
        if state == RetryState::Timeout && timeout != TimeoutType::ScheduleToStart {
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
        failure: Option<&Failure>,
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
        let backoff = match (failed.backoff(), &activity.pause) {
            (Err(state @ RetryState::NonRetryableFailure), _) | (Err(state), None) => {
                return Err(state);
            }
            (_, Some(_)) => None,
            (Ok(backoff), None) => Some(backoff),
        };
        let until = backoff.map(|backoff| world.after(backoff));
        activity.disarm(world);
        activity.state = match until {
            Some(until) => ActivityState::BackingOff { until },
            None => ActivityState::Paused,
        };
        activity.is_reset = false;
        if std::mem::take(&mut activity.forget_heartbeats_later) {
            activity.forget_heartbeats();
        }
        activity.stamp = self.stamps.next();
        activity.build = None;
        activity.attempt += 1;
        activity.last_failure = failure.map(kept_failure);
        activity.last_failed_at = Some(world.now);
        if let Some(until) = until {
            let timer = Timer::ActivityRetry { scheduled_event_id };
            let key = world.timers.arm(self.key, until, timer);
            activity.attempt_timers.push(key);
        }
        self.touched = true;
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
        let Some(activity) = self.remove_activity(scheduled_event_id, world) else {
            return;
        };
        let mut started_event_id = 0;
        if let (ActivityState::Started, Some(at)) = (activity.state, activity.started_at) {
            let attributes = events::ActivityTaskStartedEventAttributes {
                scheduled_event_id,
                identity: activity.identity.clone(),
                request_id: activity.request_id.clone(),
                attempt: activity.attempt,
                last_failure: activity.last_failure,
                worker_version: activity.build,
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

    fn remove_activity(&mut self, scheduled_event_id: i64, world: &mut World) -> Option<Activity> {
        let mut activity = self.activities.remove(&scheduled_event_id)?;
        activity.disarm(world);
        if activity.pause.is_some() {
            self.note_pauses();
        }
        if let Some(key) = activity.close_timer.take() {
            world.timers.cancel(key);
        }
        Some(activity)
    }
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
