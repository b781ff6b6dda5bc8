//! What holds the clock, and why a test hangs.

use std::fmt::{self, Write};
use std::time::{Duration, SystemTime};

use crate::server::Engine;
use crate::server::activities::ActivityState;
use crate::server::execution::Execution;
use crate::server::time::due::describe;
use crate::server::time::end::comes;
use crate::server::time::humane;

/// Somebody waits for a workflow, nothing is under way, and no passing of time will help.
///
/// The server cannot see what workflow code waits for; most often it is a signal, an update, or a
/// condition that only these can make true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stalled {
    /// The workflows that somebody waits for.
    pub workflow_ids: Vec<String>,
    /// What each of them is doing, one line each.
    pub runs: Vec<String>,
}

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("time cannot pass: no timer or activity is pending")?;
        for run in &self.runs {
            write!(f, "\n  {run}")?;
        }
        Ok(())
    }
}

impl Engine {
    /// Lets time pass while activities of this type run: whoever completes them takes its time.
    pub fn detach_activities(&mut self, activity_type: &str) {
        self.world.detached.insert(activity_type.to_owned());
        self.settle();
    }

    /// Whether nothing is under way, so that only time, or a client, can change anything.
    pub fn is_idle(&self) -> bool {
        !self.is_working()
    }

    /// Whether something is under way that has to end before time may be skipped.
    ///
    /// A task that nobody will take, because no worker attends its queue, holds nothing: otherwise
    /// one forgotten workflow would stop the clock for good.
    pub(in crate::server) fn is_busy(&self) -> bool {
        self.clock.holds.any() || self.is_working()
    }

    fn is_working(&self) -> bool {
        let works = |key| !self.business(&self.runs[key]).is_empty();
        self.clock.holds.anything_rings() || self.maybe_busy.iter().any(works)
    }

    /// What of this run holds the clock.
    pub(super) fn business(&self, run: &Execution) -> Vec<String> {
        let queues = &self.world.queues;
        let mut business = Vec::new();
        if let Some(task) = &run.task {
            if task.given_up || task.is_silent {
                // Its timeout is what is waited for.
            } else if task.is_started() {
                business.push(format!(
                    "workflow task (attempt {}) is running",
                    task.attempt
                ));
            } else if queues.is_attended(&task.queue) || self.is_fresh(task.scheduled_at) {
                business.push(format!("workflow task waits in queue {}", task.queue));
            }
        }
        for activity in run.activities.values() {
            match activity.state {
                ActivityState::Started if self.world.detached.contains(activity.type_name()) => {}
                ActivityState::Started if self.world.naps((run.key, activity.stamp)) => {}
                ActivityState::Started => {
                    business.push(format!("activity {:?} is running", activity.id()));
                }
                // Its workflow's task is what is waited for.
                ActivityState::Queued if activity.awaits_version => {}
                ActivityState::Queued => {
                    let queue = run.activity_queue(activity.scheduled_event_id, &self.world);
                    let fresh = self.is_fresh(activity.attempt_scheduled_at);
                    if fresh || queues.is_attended(&queue) {
                        let id = activity.id();
                        business.push(format!("activity {id:?} waits in queue {queue}"));
                    }
                }
                ActivityState::BackingOff { .. } | ActivityState::Paused => {}
            }
        }
        business.extend(self.nexus_business(run));
        if run.query_is_under_way(&self.world) {
            business.push("a query waits for its answer".to_owned());
        }
        business
    }

    /// What the handlers of a run's Nexus operations are doing. Operations that have started go on
    /// elsewhere.
    fn nexus_business(&self, run: &Execution) -> Vec<String> {
        if !run.is_open() {
            return Vec::new();
        }
        let queues = &self.world.queues;
        let running = (!run.nexus_tasks.is_empty()).then(|| "a Nexus task is running".to_owned());
        let waiting = run.operations.values().filter_map(|operation| {
            let queue = operation.waits_in()?;
            let attended = queues.is_attended(queue) || self.is_fresh(operation.scheduled_at());
            attended.then(|| {
                let name = operation.name();
                format!("Nexus operation {name:?} waits in queue {queue}")
            })
        });
        running.into_iter().chain(waiting).collect()
    }

    /// Whether a worker may just be about to poll for a task of this age.
    ///
    /// A frozen clock has no notion of "just about to": whoever wants the task polls first.
    fn is_fresh(&self, scheduled_at: SystemTime) -> bool {
        self.clock.follows_wall() && self.world.now < scheduled_at + POLLER_GRACE
    }

    /// Whether somebody waits in vain; see [`Stalled`].
    pub fn stalled(&self) -> Option<Stalled> {
        let awaited = self.world.calls.awaited_runs();
        let hopeless = !awaited.is_empty()
            && !self.is_busy()
            && !self.clock.is_locked()
            && self.alarms().all(|alarm| !comes(alarm.at))
            && self
                .world
                .timers
                .coming()
                .all(|(_, _, timer)| timer.bounds_run());
        hopeless.then(|| {
            let runs = || awaited.iter().filter_map(|key| self.runs.get(key));
            Stalled {
                workflow_ids: runs().map(|run| run.workflow_id.clone()).collect(),
                runs: runs().map(|run| self.describe_wait(run)).collect(),
            }
        })
    }

    /// What every open run is doing, for people.
    pub fn diagnostics(&self) -> String {
        let mut text = format!("virtual time {}\n", humane::date(self.world.now));
        for reason in self.clock.holds.reasons() {
            let _ = writeln!(text, "  {reason}");
        }
        if self.clock.is_locked() {
            let _ = writeln!(text, "  time skipping is locked");
        }
        for run in self.runs.values().filter(|run| run.is_open()) {
            let _ = writeln!(text, "  {}", self.describe_wait(run));
        }
        for timer in self.pending_timers() {
            let at = humane::moment(timer.at, self.world.now);
            let _ = match timer.workflow_id.as_str() {
                "" => writeln!(text, "  {at}: {}", timer.what),
                id => writeln!(text, "  {at}: {} of workflow {id:?}", timer.what),
            };
        }
        text
    }

    fn describe_wait(&self, run: &Execution) -> String {
        let name = run
            .started
            .workflow_type
            .as_ref()
            .map_or("", |t| t.name.as_str());
        let mut text = format!(
            "workflow {:?} ({name}, run {})",
            run.workflow_id, run.run_id
        );
        let mut doing = self.business(run);
        if let Some(task) = run.task.as_ref().filter(|task| !task.is_started())
            && doing.is_empty()
        {
            let queue = &task.queue;
            doing.push(format!("has a workflow task but no worker polls {queue}"));
        }
        for activity in run
            .activities
            .values()
            .filter(|a| a.state == ActivityState::Queued)
        {
            let queue = run.activity_queue(activity.scheduled_event_id, &self.world);
            if !self.world.queues.is_attended(&queue) {
                let id = activity.id();
                doing.push(format!("has activity {id:?} but no worker polls {queue}"));
            }
        }
        for child in run.children.values() {
            doing.push(format!("waits for child {:?}", child.initiated.workflow_id));
        }
        if doing.is_empty() && run.timers.is_empty() && run.activities.is_empty() {
            doing.push("waits for a signal, an update or a condition".to_owned());
        }
        let never = self.world.timers.iter().filter(|(at, key, timer)| {
            let is_awaited = !timer.bounds_run() && *key == run.key;
            is_awaited && !comes(*at)
        });
        for (.., timer) in never {
            doing.push(format!(
                "waits for what never comes, because virtual time ends before: {}",
                describe(timer)
            ));
        }
        for part in doing {
            let _ = write!(text, "; {part}");
        }
        let mut timers = self.world.timers.iter();
        let bound = timers.find_map(|(at, key, timer)| {
            let name = timer.bound_name().filter(|_| key == run.key)?;
            Some((at, name))
        });
        if let Some((at, name)) = bound {
            let at = humane::moment(at, self.world.now);
            let _ = write!(text, "; its {name} is at {at}");
        }
        text
    }
}

/// For how long a task holds a flowing clock although nobody polls its queue.
pub(in crate::server) const POLLER_GRACE: Duration = Duration::from_secs(1);
