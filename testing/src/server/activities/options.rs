//! Options of activities that can be changed while they are pending.

use std::time::SystemTime;

use outlast_proto::temporal::api::activity::v1::ActivityOptions;
use outlast_proto::temporal::api::common::v1::{Priority, RetryPolicy};
use outlast_proto::temporal::api::enums::v1::{TaskQueueKind, TimeoutType};
use outlast_proto::temporal::api::history::v1::ActivityTaskScheduledEventAttributes as Scheduled;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::activities::selection::Selection;
use crate::server::activities::timeouts::AskedTimeouts;
use crate::server::activities::{Activity, ActivityState};
use crate::server::errors::{Error, Result};
use crate::server::execution::Execution;
use crate::server::execution::retry;
use crate::server::time::end::later;
use crate::server::time::timers::Timer;
use crate::server::wire::set_duration;
use crate::server::world::World;

impl Engine {
    /// Changes options of activities, or restores those that they were scheduled with.
    ///
    /// # Errors
    /// The workflow is unknown or closed, has no such activity, or the options make no sense.
    pub fn update_activity_options(
        &mut self,
        request: api::UpdateActivityOptionsRequest,
    ) -> Result<api::UpdateActivityOptionsResponse> {
        let restore = request.restore_original;
        if !restore && request.activity_options.is_none() {
            return Err(Error::invalid("ActivityOptions are not provided"));
        }
        if !restore && request.update_mask.is_none() {
            return Err(Error::invalid("UpdateMask is not provided"));
        }
        let mask = request.update_mask.unwrap_or_default();
        if restore && !mask.paths.is_empty() {
            let text = "Both UpdateMask and RestoreOriginal are provided";
            return Err(Error::invalid(text));
        }
        let selection = Selection::of(request.activity)?;
        let execution = request.execution.as_ref();
        let (key, ids) = self.select_activities(&request.namespace, execution, &selection)?;
        let options = request.activity_options.unwrap_or_default();
        let mut changes = Vec::new();
        for id in ids {
            let run = &self.runs[&key];
            let mut scheduled = match restore {
                true => run.original_options(id).clone(),
                false => (*run.activities[&id].scheduled).clone(),
            };
            for path in &mask.paths {
                set_option(&mut scheduled, &snake_case(path), &options);
            }
            check(&scheduled)?;
            let timeouts = AskedTimeouts::of_scheduled(&scheduled);
            timeouts.filled(run.run_timeout()).write(&mut scheduled);
            changes.push((id, scheduled));
        }
        let kind = match restore {
            true => TaskQueueKind::Unspecified,
            false => TaskQueueKind::Normal,
        };
        let changed = changes.first().map(|(_, scheduled)| ActivityOptions {
            task_queue: Some(TaskQueue {
                name: queue_name(scheduled).to_owned(),
                kind: kind as i32,
                ..Default::default()
            }),
            ..options_of(scheduled)
        });
        self.in_run(key, |run, world| {
            run.touched = true;
            for (id, scheduled) in changes {
                run.change_activity(id, scheduled, world);
            }
        });
        Ok(api::UpdateActivityOptionsResponse {
            activity_options: changed,
        })
    }
}

impl Execution {
    /// Gives an activity the options back that it was scheduled with.
    pub(in crate::server) fn restore_activity_options(
        &mut self,
        scheduled_event_id: i64,
        world: &mut World,
    ) {
        let original = self.original_options(scheduled_event_id).clone();
        self.change_activity(scheduled_event_id, original, world);
    }

    pub(in crate::server) fn original_options(&self, scheduled_event_id: i64) -> &Scheduled {
        let event = self.history.events().get(scheduled_event_id as usize - 1);
        match event.and_then(|event| event.attributes.as_ref()) {
            Some(Attributes::ActivityTaskScheduledEventAttributes(a)) => a,
            _ => unreachable!("a pending activity was scheduled by its event"),
        }
    }

    /// Lets an activity go on with other options: its timeouts, backoff and place in a queue change
    /// at once.
    fn change_activity(
        &mut self,
        scheduled_event_id: i64,
        scheduled: Scheduled,
        world: &mut World,
    ) {
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        *activity.scheduled = scheduled;
        let attempt_scheduled_at = activity.attempt_scheduled_at;
        match activity.state {
            ActivityState::BackingOff { .. } => self.back_off_anew(scheduled_event_id, world),
            ActivityState::Queued => {
                activity.disarm(world);
                self.queue_activity(scheduled_event_id, world);
                if let Some(activity) = self.activities.get_mut(&scheduled_event_id) {
                    activity.attempt_scheduled_at = attempt_scheduled_at;
                }
            }
            ActivityState::Started => self.rearm_started_activity(scheduled_event_id, world),
            ActivityState::Paused => {}
        }
        self.rearm_schedule_to_close(scheduled_event_id, world);
    }

    /// Moves the next attempt to where the policy of now puts it.
    fn back_off_anew(&mut self, scheduled_event_id: i64, world: &mut World) {
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        let policy = activity.scheduled.retry_policy.clone().unwrap_or_default();
        let since = activity.last_failed_at.unwrap_or(world.now);
        let until = later(since, retry::interval(&policy, activity.attempt));
        activity.last_failure = None;
        self.back_off_until(until, scheduled_event_id, world);
    }

    /// Lets an activity wait for a moment before it goes into its queue.
    pub(super) fn back_off_until(
        &mut self,
        until: SystemTime,
        scheduled_event_id: i64,
        world: &mut World,
    ) {
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        activity.disarm(world);
        activity.stamp = self.stamps.next();
        activity.state = ActivityState::BackingOff { until };
        let timer = Timer::ActivityRetry { scheduled_event_id };
        let key = world.timers.arm(self.key, until.max(world.now), timer);
        activity.attempt_timers.push(key);
    }

    fn rearm_schedule_to_close(&mut self, scheduled_event_id: i64, world: &mut World) {
        let Some(activity) = self.activities.get_mut(&scheduled_event_id) else {
            return;
        };
        if let Some(key) = activity.close_timer.take() {
            world.timers.cancel(key);
        }
        let timeout = set_duration(activity.scheduled.schedule_to_close_timeout.as_ref());
        let timer = Timer::Activity {
            scheduled_event_id,
            timeout: TimeoutType::ScheduleToClose,
        };
        activity.close_timer = timeout.map(|timeout| {
            let at = later(activity.scheduled_at, timeout).max(world.now);
            world.timers.arm(self.key, at, timer)
        });
    }
}

impl Activity {
    /// The options as descriptions show them.
    pub(in crate::server) fn options(&self) -> ActivityOptions {
        let name = queue_name(&self.scheduled);
        ActivityOptions {
            task_queue: Some(TaskQueue {
                name: name.to_owned(),
                normal_name: name.to_owned(),
                ..Default::default()
            }),
            ..options_of(&self.scheduled)
        }
    }
}

fn queue_name(scheduled: &Scheduled) -> &str {
    let queue = scheduled.task_queue.as_ref();
    queue.map_or("", |queue| queue.name.as_str())
}

fn options_of(scheduled: &Scheduled) -> ActivityOptions {
    ActivityOptions {
        schedule_to_close_timeout: scheduled.schedule_to_close_timeout,
        schedule_to_start_timeout: scheduled.schedule_to_start_timeout,
        start_to_close_timeout: scheduled.start_to_close_timeout,
        heartbeat_timeout: scheduled.heartbeat_timeout,
        // Which errors are final is not told.
        retry_policy: scheduled.retry_policy.as_ref().map(|policy| RetryPolicy {
            non_retryable_error_types: Vec::new(),
            ..policy.clone()
        }),
        priority: scheduled.priority.clone(),
        ..Default::default()
    }
}

/// Sets one option. A path that names none, or a whole task queue, is passed over.
fn set_option(scheduled: &mut Scheduled, path: &str, new: &ActivityOptions) {
    let policy = || new.retry_policy.clone().unwrap_or_default();
    let priority = || new.priority.clone().unwrap_or_default();
    let old_policy = |scheduled: &mut Scheduled, set: &dyn Fn(&mut RetryPolicy)| {
        set(scheduled.retry_policy.get_or_insert_default());
    };
    let old_priority = |scheduled: &mut Scheduled, set: &dyn Fn(&mut Priority)| {
        set(scheduled.priority.get_or_insert_default());
    };
    match path {
        "task_queue.name" => {
            let name = new.task_queue.clone().unwrap_or_default().name;
            scheduled.task_queue.get_or_insert_default().name = name;
        }
        "schedule_to_close_timeout" => {
            scheduled.schedule_to_close_timeout = new.schedule_to_close_timeout;
        }
        "schedule_to_start_timeout" => {
            scheduled.schedule_to_start_timeout = new.schedule_to_start_timeout;
        }
        "start_to_close_timeout" => {
            scheduled.start_to_close_timeout = new.start_to_close_timeout;
        }
        "heartbeat_timeout" => scheduled.heartbeat_timeout = new.heartbeat_timeout,
        "retry_policy" => scheduled.retry_policy = new.retry_policy.clone(),
        "retry_policy.initial_interval" => {
            old_policy(scheduled, &|p| {
                p.initial_interval = policy().initial_interval
            });
        }
        "retry_policy.backoff_coefficient" => {
            old_policy(scheduled, &|p| {
                p.backoff_coefficient = policy().backoff_coefficient;
            });
        }
        "retry_policy.maximum_interval" => {
            old_policy(scheduled, &|p| {
                p.maximum_interval = policy().maximum_interval
            });
        }
        "retry_policy.maximum_attempts" => {
            old_policy(scheduled, &|p| {
                p.maximum_attempts = policy().maximum_attempts
            });
        }
        "priority" => scheduled.priority = new.priority.clone(),
        "priority.priority_key" => {
            old_priority(scheduled, &|p| p.priority_key = priority().priority_key);
        }
        "priority.fairness_key" => {
            old_priority(scheduled, &|p| p.fairness_key = priority().fairness_key);
        }
        "priority.fairness_weight" => {
            old_priority(scheduled, &|p| {
                p.fairness_weight = priority().fairness_weight
            });
        }
        _ => {}
    }
}

/// Whether a path names an option.
pub(super) fn is_option(path: &str) -> bool {
    PATHS.contains(&snake_case(path).as_str())
}

const PATHS: [&str; 14] = [
    "task_queue.name",
    "schedule_to_close_timeout",
    "schedule_to_start_timeout",
    "start_to_close_timeout",
    "heartbeat_timeout",
    "retry_policy",
    "retry_policy.initial_interval",
    "retry_policy.backoff_coefficient",
    "retry_policy.maximum_interval",
    "retry_policy.maximum_attempts",
    "priority",
    "priority.priority_key",
    "priority.fairness_key",
    "priority.fairness_weight",
];

fn check(scheduled: &Scheduled) -> Result<()> {
    let activity_type = scheduled.activity_type.as_ref();
    let activity_type = activity_type.map_or("", |it| it.name.as_str());
    let timeouts = AskedTimeouts::of_scheduled(scheduled);
    if let Some(flaw) = timeouts.flaw(&scheduled.activity_id, activity_type) {
        return Err(Error::invalid(flaw));
    }
    match scheduled.retry_policy.as_ref().and_then(retry::flaw) {
        Some(flaw) => Err(Error::invalid(flaw)),
        None => Ok(()),
    }
}

/// A path as protobuf spells it; JSON's spelling is accepted, too.
fn snake_case(path: &str) -> String {
    let mut snake = String::with_capacity(path.len());
    for c in path.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
