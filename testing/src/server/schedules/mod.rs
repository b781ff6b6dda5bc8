//! Schedules: each a state machine that starts workflows at certain times.
//!
//! ```text
//! spec ──▶ Timing ──▶ a moment has come ─┐
//! trigger, backfill ─────────────────────┴▶ Due ──▶ plan (overlap policy) ──▶ workflows
//!                                            ▲                                   │
//!                                            └────────── one of them closed ─────┘
//! ```
//!
//! A schedule does not draw time: its next action happens when time gets there for other reasons.

mod actions;
mod calendar;
mod closing;
mod describe;
mod durations;
mod fields;
mod listing;
mod patches;
mod policies;
mod requests;
mod spec;
mod timing;
mod workflow;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::SystemTime;

use jiff::Timestamp;
use outlast_proto::temporal::api::common::v1::{Memo, Payloads, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::ScheduleOverlapPolicy;
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::schedule::v1::schedule_action::Action;
use outlast_proto::temporal::api::schedule::v1::{
    ScheduleAction, ScheduleActionResult, SchedulePolicies, ScheduleSpec, ScheduleState,
};
use outlast_proto::temporal::api::workflow::v1::NewWorkflowExecutionInfo;

use self::timing::{Moment, Timing};
use super::execution::RunKey;
use super::time::clock::PendingTimer;
use super::wire::since_epoch;

/// Names one schedule inside this server, in the order of their creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ScheduleKey(u64);

/// All schedules, and when they act.
#[derive(Debug, Default)]
pub(super) struct Schedules {
    /// Names the next schedule; those that are gone keep their names.
    next: u64,
    all: BTreeMap<ScheduleKey, Schedule>,
    /// The latest schedule of each (namespace, id), deleted ones included.
    by_id: BTreeMap<(String, String), ScheduleKey>,
    wakes: BTreeSet<(SystemTime, ScheduleKey)>,
    /// The schedules that wait for the end of a chain of runs, by the chain's first run.
    awaiting: BTreeMap<String, ScheduleKey>,
}

/// One schedule.
#[derive(Debug)]
struct Schedule {
    namespace: String,
    id: String,
    /// A repeated request to create it has the same id, and changes nothing.
    request_id: String,
    /// In canonical form.
    spec: ScheduleSpec,
    action: Option<ScheduleAction>,
    policies: SchedulePolicies,
    state: ScheduleState,
    memo: Option<Memo>,
    search_attributes: Option<SearchAttributes>,
    timing: Timing,
    created_at: SystemTime,
    updated_at: Option<SystemTime>,
    is_deleted: bool,
    /// Counts the changes of what callers may change.
    version: i64,
    next: Option<Moment>,
    /// Actions that wait for the end of what is running.
    buffer: Vec<Due>,
    running: Vec<Running>,
    recent: VecDeque<ScheduleActionResult>,
    action_count: i64,
    overlap_skipped: i64,
    last_result: Option<Payloads>,
    last_failure: Option<Failure>,
}

/// An action whose moment has come.
#[derive(Clone, Debug)]
struct Due {
    moment: Moment,
    overlap: ScheduleOverlapPolicy,
    /// Somebody asked for it, so that neither a pause nor a limit stops it.
    manual: bool,
}

impl Due {
    /// How it gets on with what is running, by itself or by the schedule's policy.
    fn overlap(&self, policy: ScheduleOverlapPolicy) -> ScheduleOverlapPolicy {
        match self.overlap {
            ScheduleOverlapPolicy::Unspecified => policy,
            overlap => overlap,
        }
    }
}

/// A workflow that a schedule started and waits for.
#[derive(Debug)]
struct Running {
    workflow_id: String,
    /// The first run of the chain.
    run_id: String,
    key: RunKey,
}

impl Schedules {
    /// When the next schedule acts.
    pub(super) fn next_at(&self) -> Option<SystemTime> {
        self.wakes.first().map(|(at, _)| *at)
    }

    /// The next action of every schedule, for people.
    pub(super) fn pending(&self) -> impl Iterator<Item = PendingTimer> {
        self.wakes.iter().filter_map(|(at, key)| {
            let schedule = self.all.get(key)?;
            Some(PendingTimer {
                at: *at,
                workflow_id: schedule.workflow_id(schedule.next?.nominal)?,
                run_id: String::new(),
                what: format!("action of schedule {:?}", schedule.id),
            })
        })
    }

    /// The schedules that are due at `now`.
    pub(super) fn due(&self, now: SystemTime) -> impl Iterator<Item = ScheduleKey> {
        let due = self.wakes.iter().take_while(move |(at, _)| *at <= now);
        due.map(|(_, key)| *key)
    }

    /// Whether a schedule is due at `now`.
    pub(super) fn is_due(&self, key: ScheduleKey, now: SystemTime) -> bool {
        let next = self.all.get(&key).and_then(|schedule| schedule.next);
        next.is_some_and(|moment| moment.at <= now)
    }

    /// Forgets the schedules of a namespace, and what they wait for.
    pub(super) fn forget_namespace(&mut self, namespace: &str) {
        self.all
            .retain(|_, schedule| schedule.namespace != namespace);
        let all = &self.all;
        self.by_id.retain(|_, key| all.contains_key(key));
        self.wakes.retain(|(_, key)| all.contains_key(key));
        self.awaiting.retain(|_, key| all.contains_key(key));
    }

    fn add(&mut self, schedule: Schedule) -> ScheduleKey {
        let key = ScheduleKey(self.next);
        self.next += 1;
        let id = (schedule.namespace.clone(), schedule.id.clone());
        self.by_id.insert(id, key);
        self.all.insert(key, schedule);
        key
    }

    /// Decides anew when a schedule acts next, counting from `after`.
    fn plan_next(&mut self, key: ScheduleKey, after: SystemTime) {
        let Some(schedule) = self.all.get_mut(&key) else {
            return;
        };
        if let Some(moment) = schedule.next.take() {
            self.wakes.remove(&(moment.at, key));
        }
        if schedule.is_deleted {
            return;
        }
        schedule.next = schedule.timing.next(after);
        if let Some(moment) = schedule.next {
            self.wakes.insert((moment.at, key));
        }
    }
}

impl Schedule {
    /// Whether the spec may act now.
    fn may_act(&self) -> bool {
        let exhausted = self.state.limited_actions && self.state.remaining_actions == 0;
        !self.state.paused && !exhausted
    }

    fn overlap_policy(&self) -> ScheduleOverlapPolicy {
        self.policies.overlap_policy()
    }

    /// The workflow that it starts.
    fn workflow(&self) -> Option<&NewWorkflowExecutionInfo> {
        let Action::StartWorkflow(workflow) = self.action.as_ref()?.action.as_ref()?;
        Some(workflow)
    }

    /// The id of the workflow of an action: named after its second.
    fn workflow_id(&self, nominal: SystemTime) -> Option<String> {
        let nominal = second_of(nominal)?;
        Some(format!("{}-{nominal}", self.workflow()?.workflow_id))
    }

    /// Who it is towards the workflows that it starts and ends.
    fn identity(&self) -> String {
        format!("temporal-scheduler-{}-{}", self.namespace, self.id)
    }

    /// The next moments of action, soonest first.
    fn future(&self, count: usize) -> Vec<SystemTime> {
        let count = match self.state.limited_actions {
            true => count.min(usize::try_from(self.state.remaining_actions).unwrap_or_default()),
            false => count,
        };
        std::iter::successors(self.next, |moment| self.timing.next(moment.at))
            .map(|moment| moment.at)
            .take(count)
            .collect()
    }
}

/// A moment without its fraction of a second; it displays as RFC 3339.
fn second_of(time: SystemTime) -> Option<Timestamp> {
    Timestamp::from_second(since_epoch(time).as_secs() as i64).ok()
}
