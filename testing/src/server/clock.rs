//! Virtual time: when it moves, how far, and who waits for it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::Engine;
use super::busy::POLLER_GRACE;
use super::errors::{Error, Result};
use super::long_polls::{Answer, CallId, Place};
use super::options::TimeMode;
use super::timers::Timer;

/// What the clock is allowed to do, and who waits for it.
#[derive(Debug)]
pub(super) struct Clock {
    mode: TimeMode,
    /// Time is not skipped while this is above zero.
    locks: u32,
    sleepers: BTreeMap<(SystemTime, CallId), Sleeper>,
    /// How much was skipped, on top of the wall clock's time.
    skipped: Duration,
}

#[derive(Debug)]
struct Sleeper {
    /// The sleep borrowed a lock and gives it back at its end.
    locks_again: bool,
}

/// Something that is due at some moment of virtual time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingTimer {
    /// When it is due.
    pub at: SystemTime,
    /// The workflow it belongs to.
    pub workflow_id: String,
    /// The run it belongs to.
    pub run_id: String,
    /// What will happen, for people.
    pub what: String,
}

impl Clock {
    pub(super) fn new(mode: TimeMode) -> Self {
        let locks = u32::from(mode == TimeMode::Flowing);
        Self {
            mode,
            locks,
            sleepers: BTreeMap::new(),
            skipped: Duration::ZERO,
        }
    }

    pub(super) fn follows_wall(&self) -> bool {
        self.mode != TimeMode::Frozen
    }

    pub(super) fn is_locked(&self) -> bool {
        self.locks > 0
    }
}

impl Engine {
    /// Tells how much time has passed on the wall clock since the server started.
    ///
    /// Means nothing to a frozen clock.
    pub fn observe_wall_clock(&mut self, since_start: Duration) {
        if !self.clock.follows_wall() {
            return;
        }
        let time = self.world.options.start_time + since_start + self.clock.skipped;
        self.advance_to(time);
        self.settle();
    }

    /// Moves time ahead, whatever is busy, and lets all that becomes due on the way happen.
    pub fn advance(&mut self, by: Duration) {
        self.advance_to(self.world.now + by);
        self.clock.skipped += by;
        self.settle();
    }

    /// Waits until `by` has passed. The answer is an [`Answer::Slept`].
    ///
    /// On a frozen clock, sleeping is what makes time pass; the answer comes when everything that
    /// became due on the way has been dealt with.
    pub fn sleep(&mut self, by: Duration) -> CallId {
        self.sleep_until(self.world.now + by)
    }

    /// Waits for a moment. The answer is an [`Answer::Slept`].
    pub fn sleep_until(&mut self, until: SystemTime) -> CallId {
        self.add_sleeper(until, false)
    }

    /// As [`Self::sleep`], and time may be skipped meanwhile although it is locked (once).
    ///
    /// # Errors
    /// Time is not locked.
    pub fn sleep_unlocked(&mut self, by: Duration) -> Result<CallId> {
        self.unlock_once()?;
        Ok(self.add_sleeper(self.world.now + by, true))
    }

    /// Forbids the skipping of time, until [`Self::unlock_time_skipping`].
    pub fn lock_time_skipping(&mut self) {
        self.clock.locks += 1;
    }

    /// Takes back one [`Self::lock_time_skipping`].
    ///
    /// # Errors
    /// Time is not locked.
    pub fn unlock_time_skipping(&mut self) -> Result<()> {
        self.unlock_once()?;
        self.settle();
        Ok(())
    }

    /// The next moment at which something is due, or may become so.
    pub fn next_due(&self) -> Option<SystemTime> {
        let sleeper = self.clock.sleepers.keys().next().map(|(until, _)| *until);
        let due = self.world.timers.next_at().into_iter().chain(sleeper).min();
        // What holds the clock now may do so only for the time being.
        let held = !self.clock.is_locked() && self.clock.follows_wall() && self.is_busy();
        due.into_iter()
            .chain(held.then(|| self.world.now + POLLER_GRACE))
            .min()
    }

    /// Everything that is due at some time, soonest first.
    pub fn pending_timers(&self) -> Vec<PendingTimer> {
        let describe = |(at, key, timer)| {
            let run = self.runs.get(&key)?;
            Some(PendingTimer {
                at,
                workflow_id: run.workflow_id.clone(),
                run_id: run.run_id.clone(),
                what: describe(timer),
            })
        };
        self.world.timers.iter().filter_map(describe).collect()
    }

    fn unlock_once(&mut self) -> Result<()> {
        let locks = self.clock.locks.checked_sub(1);
        self.clock.locks = locks.ok_or_else(|| {
            Error::failed_precondition("unbalanced unlock: time skipping is not locked")
        })?;
        Ok(())
    }

    fn add_sleeper(&mut self, until: SystemTime, locks_again: bool) -> CallId {
        let call = self.world.calls.next_id();
        self.world.calls.park(call, Place::Sleep);
        self.clock
            .sleepers
            .insert((until, call), Sleeper { locks_again });
        self.settle();
        call
    }

    pub(super) fn forget_sleeper(&mut self, call: CallId) {
        let found = self
            .clock
            .sleepers
            .keys()
            .find(|(_, sleeper)| *sleeper == call)
            .copied();
        if let Some(sleeper) = found.and_then(|key| self.clock.sleepers.remove(&key))
            && sleeper.locks_again
        {
            self.clock.locks += 1;
        }
    }

    /// Wakes a sleeper or skips to the next moment; false if neither is possible.
    pub(super) fn step_time(&mut self) -> bool {
        if !self.clock.follows_wall() && !self.has_waiters() {
            return false;
        }
        let busy = self.is_busy();
        if self.wake_sleeper(busy) {
            return true;
        }
        if busy || self.clock.is_locked() {
            return false;
        }
        let Some(at) = self.next_moment() else {
            return false;
        };
        if let Ok(step) = at.duration_since(self.world.now) {
            self.clock.skipped += step;
        }
        self.advance_to(at);
        true
    }

    pub(super) fn has_waiters(&self) -> bool {
        !self.clock.sleepers.is_empty() || self.world.calls.anyone_wants_time()
    }

    /// Wakes one sleeper whose moment has come and, on a frozen clock, has been dealt with.
    fn wake_sleeper(&mut self, busy: bool) -> bool {
        let unsettled = busy && !self.clock.follows_wall();
        let Some(entry) = self.clock.sleepers.first_entry() else {
            return false;
        };
        let (until, call) = *entry.key();
        if until > self.world.now || unsettled {
            return false;
        }
        let sleeper = entry.remove();
        self.clock.locks += u32::from(sleeper.locks_again);
        self.world.calls.answer(call, Answer::Slept);
        true
    }

    /// Where the clock may jump to.
    ///
    /// A sleeper says how far it wants to go, and gets there. Somebody who waits for a result wants
    /// to see timers fire, but hardly that a run is timed out because the test was slow to signal
    /// it: when nothing but the timeouts of runs is pending, a frozen clock stays where it is.
    fn next_moment(&self) -> Option<SystemTime> {
        let sleeper = self.clock.sleepers.keys().next().map(|(until, _)| *until);
        let bounds_only = || {
            self.world
                .timers
                .iter()
                .all(|(_, _, timer)| timer.bounds_run())
        };
        if !self.clock.follows_wall() && sleeper.is_none() && bounds_only() {
            return None;
        }
        self.world.timers.next_at().into_iter().chain(sleeper).min()
    }

    /// Moves time to `target`, stopping wherever something is due.
    fn advance_to(&mut self, target: SystemTime) {
        while let Some(at) = self.world.timers.next_at().filter(|at| *at <= target) {
            self.world.now = self.world.now.max(at);
            if let Some((key, timers)) = self.world.timers.take_due(self.world.now) {
                self.fire(key, timers);
            }
            self.react();
        }
        self.world.now = self.world.now.max(target);
    }

    /// Fires the timers of one run that are due at the same instant, as one transaction.
    fn fire(&mut self, key: super::execution::RunKey, timers: Vec<Timer>) {
        let Some(run) = self.runs.get_mut(&key) else {
            return;
        };
        let world = &mut self.world;
        for timer in timers {
            match timer {
                Timer::Activity {
                    scheduled_event_id,
                    timeout,
                } => {
                    run.time_out_activity(scheduled_event_id, timeout, world);
                }
                Timer::ActivityRetry { scheduled_event_id } => {
                    run.queue_activity(scheduled_event_id, world);
                }
                Timer::FirstTask => run.end_backoff(world),
                Timer::RunTimeout | Timer::ExecutionTimeout => run.time_out_run(world),
                Timer::User { timer_id } => run.fire_timer(timer_id, world),
                Timer::WorkflowTask { stamp, timeout } => run.time_out_task(stamp, timeout, world),
            }
            if !run.is_open() {
                break;
            }
        }
        run.commit(world);
        self.note_business(key);
    }
}

fn describe(timer: &Timer) -> String {
    match timer {
        Timer::Activity {
            scheduled_event_id,
            timeout,
        } => {
            let timeout = super::retry::timeout_name(*timeout);
            format!("{timeout} timeout of the activity scheduled at event {scheduled_event_id}")
        }
        Timer::ActivityRetry { scheduled_event_id } => {
            format!("next attempt of the activity scheduled at event {scheduled_event_id}")
        }
        Timer::ExecutionTimeout => "workflow execution timeout".to_owned(),
        Timer::FirstTask => "end of the delay before the first workflow task".to_owned(),
        Timer::RunTimeout => "workflow run timeout".to_owned(),
        Timer::User { timer_id } => format!("timer {timer_id:?}"),
        Timer::WorkflowTask { timeout, .. } => {
            format!(
                "{} timeout of the workflow task",
                super::retry::timeout_name(*timeout)
            )
        }
    }
}
