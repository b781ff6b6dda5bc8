//! What operators do to activities: pause them, let them go on, and start them over.

use std::collections::BTreeSet;
use std::time::SystemTime;

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1::{Payload, WorkflowExecution};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::activities::selection::Selection;
use crate::server::activities::{Activity, ActivityState};
use crate::server::errors::{Error, Result};
use crate::server::execution::{Execution, RunKey};
use crate::server::wire::set_duration;
use crate::server::world::World;

/// Who paused an activity, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) struct Pause {
    pub(in crate::server) at: SystemTime,
    pub(in crate::server) identity: String,
    pub(in crate::server) reason: String,
    /// Tells whether a request that comes again is the one that did it.
    pub(in crate::server) request_id: String,
}

impl Engine {
    /// Keeps activities from being started; those that run are told by their heartbeats.
    ///
    /// # Errors
    /// The workflow is unknown or closed, or has no such activity.
    pub fn pause_activity(
        &mut self,
        request: api::PauseActivityRequest,
    ) -> Result<api::PauseActivityResponse> {
        let selection = Selection::of(request.activity)?;
        let execution = request.execution.unwrap_or_default();
        let pause = Pause {
            at: self.world.now,
            identity: request.identity,
            reason: request.reason,
            request_id: request.request_id,
        };
        self.pause_activities(&request.namespace, &execution, &selection, &pause)?;
        Ok(api::PauseActivityResponse::default())
    }

    pub(super) fn pause_activities(
        &mut self,
        namespace: &str,
        execution: &WorkflowExecution,
        selection: &Selection,
        pause: &Pause,
    ) -> Result<()> {
        self.for_activities(namespace, Some(execution), selection, |run, id, world| {
            run.pause_activity(id, pause.clone(), world);
        })
    }

    /// Lets paused activities go on, at once or within a jitter.
    ///
    /// # Errors
    /// The workflow is unknown or closed, or has no such activity.
    pub fn unpause_activity(
        &mut self,
        request: &api::UnpauseActivityRequest,
    ) -> Result<api::UnpauseActivityResponse> {
        let selection = Selection::of(request.activity.clone())?;
        let execution = request.execution.as_ref();
        self.for_activities(
            &request.namespace,
            execution,
            &selection,
            |run, id, world| {
                run.unpause_activity(id, request, world);
            },
        )?;
        Ok(api::UnpauseActivityResponse::default())
    }

    /// Starts activities over with their first attempt.
    ///
    /// # Errors
    /// The workflow is unknown or closed, or has no such activity.
    pub fn reset_activity(
        &mut self,
        request: &api::ResetActivityRequest,
    ) -> Result<api::ResetActivityResponse> {
        let selection = Selection::of(request.activity.clone())?;
        let execution = request.execution.as_ref();
        self.for_activities(
            &request.namespace,
            execution,
            &selection,
            |run, id, world| {
                if request.restore_original_options {
                    run.restore_activity_options(id, world);
                }
                run.reset_activity(id, request, world);
            },
        )?;
        Ok(api::ResetActivityResponse::default())
    }

    /// Changes the selected activities of a run in one transaction.
    pub(in crate::server) fn for_activities(
        &mut self,
        namespace: &str,
        execution: Option<&WorkflowExecution>,
        selection: &Selection,
        mut change: impl FnMut(&mut Execution, i64, &mut World),
    ) -> Result<()> {
        let (key, ids) = self.select_activities(namespace, execution, selection)?;
        self.in_run(key, |run, world| {
            for id in ids {
                change(run, id, world);
            }
            run.note_pauses();
            run.touched = true;
        });
        Ok(())
    }

    /// A run and those of its activities that a request is about.
    pub(in crate::server) fn select_activities(
        &self,
        namespace: &str,
        execution: Option<&WorkflowExecution>,
        selection: &Selection,
    ) -> Result<(RunKey, Vec<i64>)> {
        let key = self.find_open(namespace, execution)?;
        let activities = self.runs[&key].activities.iter();
        let chosen = activities.filter(|(_, activity)| selection.has(activity));
        let ids: Vec<i64> = chosen.map(|(id, _)| *id).collect();
        if ids.is_empty() && *selection != Selection::All {
            return Err(Error::no_such_activity());
        }
        Ok((key, ids))
    }
}

impl Execution {
    /// Notes for searches which types of activities are paused.
    pub(in crate::server) fn note_pauses(&mut self) {
        let paused = self.activities.values().filter(|a| a.pause.is_some());
        let types: BTreeSet<&str> = paused.map(Activity::type_name).collect();
        if types.is_empty() {
            self.search_attributes.remove(PAUSE_INFO);
            return;
        }
        let properties: Vec<String> = types
            .into_iter()
            .map(|name| format!("\"property:activityType={name}\""))
            .collect();
        let metadata = [("encoding", "json/plain"), ("type", "KeywordList")]
            .map(|(key, value)| (key.to_owned(), Bytes::from(value)));
        let payload = Payload {
            metadata: metadata.into(),
            data: format!("[{}]", properties.join(",")).into(),
            ..Default::default()
        };
        self.search_attributes
            .insert(PAUSE_INFO.to_owned(), payload);
    }

    fn pause_activity(&mut self, scheduled_event_id: i64, pause: Pause, world: &mut World) {
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        if activity.pause.is_some() {
            return;
        }
        activity.pause = Some(pause);
        match activity.state {
            ActivityState::BackingOff { until } => {
                activity.attempt_scheduled_at = until;
                activity.park(self.stamps.next(), world);
            }
            ActivityState::Queued => activity.park(self.stamps.next(), world),
            ActivityState::Paused | ActivityState::Started => {}
        }
    }

    fn unpause_activity(
        &mut self,
        scheduled_event_id: i64,
        request: &api::UnpauseActivityRequest,
        world: &mut World,
    ) {
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        if activity.pause.take().is_none() {
            return;
        }
        if activity.state == ActivityState::Paused {
            if request.reset_attempts {
                activity.attempt = 1;
            }
            if request.reset_heartbeat {
                activity.forget_heartbeats();
            }
            activity.last_failure = None;
            self.queue_within(request.jitter.as_ref(), scheduled_event_id, world);
        }
    }

    /// Puts an activity into its queue, after a share of the jitter if there is one.
    fn queue_within(
        &mut self,
        jitter: Option<&prost_types::Duration>,
        scheduled_event_id: i64,
        world: &mut World,
    ) {
        let Some(jitter) = set_duration(jitter) else {
            return self.queue_activity(scheduled_event_id, world);
        };
        let until = world.after(self.draw_jitter(jitter, world));
        self.back_off_until(until, scheduled_event_id, world);
    }

    /// Starts an activity over. A running first attempt is told by its heartbeats, while the worker
    /// of a later one is not heard any more.
    fn reset_activity(
        &mut self,
        scheduled_event_id: i64,
        request: &api::ResetActivityRequest,
        world: &mut World,
    ) {
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        if !request.keep_paused {
            activity.pause = None;
        }
        match activity.state {
            ActivityState::Started => {
                activity.forget_heartbeats_later = request.reset_heartbeat;
                activity.is_reset = true;
                if activity.attempt > 1 {
                    activity.attempt = 1;
                    activity.stamp = self.stamps.next();
                }
            }
            ActivityState::BackingOff { .. } | ActivityState::Paused | ActivityState::Queued => {
                activity.attempt = 1;
                activity.last_failure = None;
                if request.reset_heartbeat {
                    activity.forget_heartbeats();
                }
                activity.park(self.stamps.next(), world);
                if activity.pause.is_none() {
                    self.queue_within(request.jitter.as_ref(), scheduled_event_id, world);
                }
            }
        }
    }
}

impl Activity {
    /// Takes the activity out of its queue, or out of its backoff.
    fn park(&mut self, stamp: u64, world: &mut World) {
        self.disarm(world);
        self.stamp = stamp;
        self.state = ActivityState::Paused;
    }

    pub(in crate::server) fn forget_heartbeats(&mut self) {
        self.heartbeat_details = None;
        self.last_heartbeat_at = None;
    }
}

/// The search attribute that names the types of paused activities.
pub(in crate::server) const PAUSE_INFO: &str = "TemporalPauseInfo";
