//! The requests that create, change, ask and delete schedules.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use outlast_proto::temporal::api::enums::v1::ScheduleOverlapPolicy;
use outlast_proto::temporal::api::schedule::v1::{SchedulePolicies, ScheduleSpec};
use outlast_proto::temporal::api::workflowservice::v1::{
    CreateScheduleRequest, CreateScheduleResponse, DeleteScheduleRequest, DeleteScheduleResponse,
    ListScheduleMatchingTimesRequest, ListScheduleMatchingTimesResponse, PatchScheduleRequest,
    PatchScheduleResponse, UpdateScheduleRequest, UpdateScheduleResponse,
};

use super::spec::canonical;
use super::timing::Timing;
use super::workflow::{attributes_of, settled, started};
use super::{Schedule, ScheduleKey};
use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::limits::{check_length, check_name};
use crate::server::oracle::{Site, Subject};
use crate::server::wire::{set_duration, system_time, timestamp, wire_duration};

impl Engine {
    /// Creates a schedule.
    ///
    /// # Errors
    /// The request is malformed, or the id is taken.
    pub fn create_schedule(
        &mut self,
        request: CreateScheduleRequest,
    ) -> Result<CreateScheduleResponse> {
        self.check_schedule_id(&request.namespace, &request.schedule_id)?;
        if request.request_id.is_empty() {
            return Err(Error::invalid("RequestId is not set on request."));
        }
        check_length("RequestId", &request.request_id)?;
        let wanted = request.schedule.unwrap_or_default();
        let (spec, timing) =
            self.read_spec(&request.namespace, &request.schedule_id, wanted.spec)?;
        let mut action = wanted.action.map(settled);
        if let Some(workflow) = started(action.as_ref()) {
            self.check_action(&request.namespace, workflow)?;
        }
        let mut search_attributes = request.search_attributes;
        self.check_search_attributes(&request.namespace, search_attributes.as_ref())?;
        self.world
            .options
            .limits
            .check_memo(request.memo.as_ref())?;

        let id = (request.namespace.clone(), request.schedule_id.clone());
        if let Some(existing) = self.schedules.by_id.get(&id)
            && let Some(existing) = self.schedules.all.get(existing)
            && !existing.is_deleted
        {
            return match existing.request_id == request.request_id {
                true => Ok(CreateScheduleResponse {
                    conflict_token: conflict_token(FIRST_VERSION),
                }),
                false => Err(Error::schedule_exists(&request.schedule_id)),
            };
        }
        let found_by = [attributes_of(&mut action), search_attributes.as_mut()];
        self.adopt_attributes(&request.namespace, found_by);
        let schedule = Schedule {
            namespace: request.namespace,
            id: request.schedule_id,
            request_id: request.request_id,
            spec,
            action,
            policies: with_defaults(wanted.policies.unwrap_or_default()),
            state: wanted.state.unwrap_or_default(),
            memo: request.memo,
            search_attributes,
            timing,
            created_at: self.world.now,
            updated_at: None,
            is_deleted: false,
            version: FIRST_VERSION,
            next: None,
            buffer: Vec::new(),
            running: Vec::new(),
            recent: VecDeque::new(),
            action_count: 0,
            overlap_skipped: 0,
            last_result: None,
            last_failure: None,
        };
        let key = self.schedules.add(schedule);
        self.schedules.plan_next(key, self.world.now);
        self.apply_patch(key, request.initial_patch.unwrap_or_default());
        self.settle();
        Ok(CreateScheduleResponse {
            conflict_token: conflict_token(FIRST_VERSION),
        })
    }

    /// Replaces what a schedule does, and when. A stale conflict token makes this do nothing.
    ///
    /// # Errors
    /// The schedule is unknown, or the request is malformed.
    pub fn update_schedule(
        &mut self,
        request: UpdateScheduleRequest,
    ) -> Result<UpdateScheduleResponse> {
        self.check_namespace(&request.namespace)?;
        let wanted = request.schedule.unwrap_or_default();
        let (spec, timing) =
            self.read_spec(&request.namespace, &request.schedule_id, wanted.spec)?;
        let mut action = wanted.action.map(settled);
        let Some(workflow) = started(action.as_ref()) else {
            return Err(Error::invalid(
                "Only StartWorkflow action is supported for schedules",
            ));
        };
        self.check_action(&request.namespace, workflow)?;
        let mut attributes = request.search_attributes;
        self.check_search_attributes(&request.namespace, attributes.as_ref())?;
        let key = self.find_live_schedule(&request.namespace, &request.schedule_id)?;
        if request.memo.is_some() {
            return Err(Error::failed_precondition(
                "memo updates are not supported on workflow-backed schedules",
            ));
        }
        let found_by = [attributes_of(&mut action), attributes.as_mut()];
        self.adopt_attributes(&request.namespace, found_by);
        let now = self.world.now;
        if let Some(schedule) = self.schedules.all.get_mut(&key)
            && schedule.accepts(&request.conflict_token)
        {
            schedule.spec = spec;
            schedule.timing = timing;
            schedule.action = action;
            schedule.policies = with_defaults(wanted.policies.unwrap_or_default());
            schedule.state = wanted.state.unwrap_or_default();
            if attributes.is_some() {
                schedule.search_attributes = attributes;
            }
            schedule.updated_at = Some(now);
            schedule.version += 1;
            self.schedules.plan_next(key, now);
            self.settle();
        }
        Ok(UpdateScheduleResponse::default())
    }

    /// Triggers, backfills, pauses or unpauses a schedule.
    ///
    /// # Errors
    /// The schedule is unknown, or the patch is missing.
    pub fn patch_schedule(
        &mut self,
        request: PatchScheduleRequest,
    ) -> Result<PatchScheduleResponse> {
        self.check_namespace(&request.namespace)?;
        let Some(patch) = request.patch else {
            return Err(Error::invalid("Patch is not set on request."));
        };
        let key = self.find_live_schedule(&request.namespace, &request.schedule_id)?;
        self.apply_patch(key, patch);
        self.settle();
        Ok(PatchScheduleResponse::default())
    }

    /// Deletes a schedule. What it started keeps running.
    ///
    /// # Errors
    /// The schedule is unknown.
    pub fn delete_schedule(
        &mut self,
        request: &DeleteScheduleRequest,
    ) -> Result<DeleteScheduleResponse> {
        self.check_namespace(&request.namespace)?;
        let key = self.find_live_schedule(&request.namespace, &request.schedule_id)?;
        if let Some(schedule) = self.schedules.all.get_mut(&key) {
            schedule.is_deleted = true;
            schedule.buffer.clear();
        }
        self.schedules.plan_next(key, self.world.now);
        Ok(DeleteScheduleResponse::default())
    }

    /// The times in a range at which a schedule would act, were it not paused or limited.
    ///
    /// # Errors
    /// The schedule is unknown, or the range is missing.
    pub fn list_schedule_matching_times(
        &self,
        request: &ListScheduleMatchingTimesRequest,
    ) -> Result<ListScheduleMatchingTimesResponse> {
        self.check_namespace(&request.namespace)?;
        let key = self.find_schedule(&request.namespace, &request.schedule_id)?;
        let (Some(start), Some(end)) = (&request.start_time, &request.end_time) else {
            return Err(Error::invalid_schedule_query());
        };
        let timing = &self.schedules.all[&key].timing;
        let first = timing.next(system_time(start));
        let end = system_time(end);
        let times = std::iter::successors(first, |moment| timing.next(moment.at))
            .take_while(|moment| moment.at <= end)
            .take(MATCHING_TIMES_LIMIT);
        Ok(ListScheduleMatchingTimesResponse {
            start_time: times.filter_map(|moment| timestamp(moment.at)).collect(),
        })
    }

    /// A schedule by its id, even if it was deleted.
    pub(super) fn find_schedule(&self, namespace: &str, id: &str) -> Result<ScheduleKey> {
        if id.is_empty() {
            return Err(Error::invalid(
                "Can't load workflow execution.  WorkflowId not set.",
            ));
        }
        let found = self
            .schedules
            .by_id
            .get(&(namespace.to_owned(), id.to_owned()));
        found
            .copied()
            .ok_or_else(|| Error::workflow_not_found(&format!("{INNER_PREFIX}{id}")))
    }

    fn find_live_schedule(&self, namespace: &str, id: &str) -> Result<ScheduleKey> {
        let key = self.find_schedule(namespace, id)?;
        match self.schedules.all[&key].is_deleted {
            true => Err(Error::workflow_completed()),
            false => Ok(key),
        }
    }

    fn check_schedule_id(&self, namespace: &str, id: &str) -> Result<()> {
        self.check_namespace(namespace)?;
        check_name("WorkflowId", &format!("{INNER_PREFIX}{id}"))
    }

    fn read_spec(
        &self,
        namespace: &str,
        id: &str,
        spec: Option<ScheduleSpec>,
    ) -> Result<(ScheduleSpec, Timing)> {
        let subject = Subject::named(namespace, id);
        let seed = self.world.decisions.draw(Site::Jitter, subject);
        let read = || {
            let spec = canonical(spec.unwrap_or_default())?;
            let timing = Timing::new(&spec, seed)?;
            Ok((spec, timing))
        };
        read().map_err(|flaw: String| Error::invalid(format!("Invalid schedule spec: {flaw}")))
    }
}

impl Schedule {
    /// Whether an update with this token applies; one that is no token at all does.
    fn accepts(&self, token: &Bytes) -> bool {
        token.len() != size_of::<i64>() || *token == conflict_token(self.version)
    }
}

/// The token that names a version of a schedule.
pub(super) fn conflict_token(version: i64) -> Bytes {
    Bytes::copy_from_slice(&version.to_be_bytes())
}

fn with_defaults(policies: SchedulePolicies) -> SchedulePolicies {
    let window = match &policies.catchup_window {
        None => DEFAULT_CATCHUP_WINDOW,
        window => set_duration(window.as_ref())
            .unwrap_or_default()
            .max(MINIMAL_CATCHUP_WINDOW),
    };
    SchedulePolicies {
        overlap_policy: match policies.overlap_policy {
            0 => ScheduleOverlapPolicy::Skip as i32,
            policy => policy,
        },
        catchup_window: wire_duration(window),
        ..policies
    }
}

const FIRST_VERSION: i64 = 1;
const MATCHING_TIMES_LIMIT: usize = 1000;
const DEFAULT_CATCHUP_WINDOW: Duration = Duration::from_hours(365 * 24);
const MINIMAL_CATCHUP_WINDOW: Duration = Duration::from_secs(10);
/// A real server runs each schedule in a workflow with this in front of its id.
const INNER_PREFIX: &str = "temporal-sys-scheduler:";
