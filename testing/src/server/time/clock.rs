//! Virtual time: when it moves, how far, and who waits for it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::enums::v1::ContinueAsNewInitiator;

use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::execution::RunKey;
use crate::server::options::TimeMode;
use crate::server::queues::long_polls::{Answer, CallId, Place};
use crate::server::time::busy::POLLER_GRACE;
use crate::server::time::due::{Agenda, describe};
use crate::server::time::end::{comes, later};
use crate::server::time::holds::Holds;
use crate::server::time::timers::Timer;

/// What the clock is allowed to do, and who waits for it.
#[derive(Debug)]
pub(in crate::server) struct Clock {
    mode: TimeMode,
    /// Time is not skipped while this is above zero.
    locks: u32,
    pub(in crate::server) holds: Holds,
    /// By moment, and then those first that others at the same moment should find dealt with.
    sleepers: BTreeMap<(SystemTime, Rank, CallId), Sleeper>,
    /// How much was skipped, on top of the wall clock's time.
    skipped: Duration,
    pub(in crate::server) agenda: Agenda,
}

/// Somebody who waits for a moment.
#[derive(Debug)]
pub(in crate::server) enum Sleeper {
    /// Somebody who is to be called then, and wants no time to pass for that.
    Alarm { what: String },
    /// Somebody who wants time to pass until then.
    Sleep {
        /// The sleep borrowed a lock and gives it back at its end.
        locks_again: bool,
    },
}

/// Who is woken first at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Alarm,
    Sleep,
}

/// Something that is due at some moment of virtual time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingTimer {
    /// When it is due.
    pub at: SystemTime,
    /// The workflow it belongs to, or that a schedule will start.
    pub workflow_id: String,
    /// The run it belongs to; empty if that has not started.
    pub run_id: String,
    /// What will happen, for people.
    pub what: String,
}

impl Clock {
    pub(in crate::server) fn new(mode: TimeMode) -> Self {
        let locks = u32::from(mode == TimeMode::Flowing);
        Self {
            mode,
            locks,
            holds: Holds::default(),
            sleepers: BTreeMap::new(),
            skipped: Duration::ZERO,
            agenda: Agenda::default(),
        }
    }

    pub(in crate::server) fn follows_wall(&self) -> bool {
        self.mode.follows_wall()
    }

    pub(in crate::server) fn is_locked(&self) -> bool {
        self.locks > 0
    }

    /// The alarms that have not rung, soonest first.
    pub(in crate::server) fn alarms(&self) -> impl Iterator<Item = (SystemTime, &str)> {
        self.sleepers
            .iter()
            .filter_map(|((at, ..), sleeper)| match sleeper {
                Sleeper::Alarm { what } => Some((*at, what.as_str())),
                Sleeper::Sleep { .. } => None,
            })
    }

    fn anyone_sleeps(&self) -> bool {
        self.sleepers
            .keys()
            .any(|(_, rank, _)| *rank == Rank::Sleep)
    }
}

impl Sleeper {
    fn rank(&self) -> Rank {
        match self {
            Self::Alarm { .. } => Rank::Alarm,
            Self::Sleep { .. } => Rank::Sleep,
        }
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
        self.world.queues.observe_wall_clock(since_start);
        let passed = since_start.saturating_add(self.clock.skipped);
        self.advance_to(later(self.world.options.start_time, passed));
        self.settle();
    }

    /// Moves time ahead, whatever is busy, and lets all that becomes due on the way happen.
    pub fn advance(&mut self, by: Duration) {
        self.advance_to(self.world.after(by));
        self.clock.skipped = self.clock.skipped.saturating_add(by);
        self.settle();
    }

    /// Waits until `by` has passed. The answer is an [`Answer::Slept`].
    ///
    /// On a frozen clock, sleeping is what makes time pass; the answer comes when everything that
    /// became due on the way has been dealt with.
    pub fn sleep(&mut self, by: Duration) -> CallId {
        self.sleep_until(self.world.after(by))
    }

    /// Waits for a moment. The answer is an [`Answer::Slept`].
    pub fn sleep_until(&mut self, until: SystemTime) -> CallId {
        self.add_sleeper(until, Sleeper::Sleep { locks_again: false })
    }

    /// As [`Self::sleep`], and time may be skipped meanwhile although it is locked (once).
    ///
    /// # Errors
    /// Time is not locked.
    pub fn sleep_unlocked(&mut self, by: Duration) -> Result<CallId> {
        self.unlock_once()?;
        let until = self.world.after(by);
        Ok(self.add_sleeper(until, Sleeper::Sleep { locks_again: true }))
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
        let sleeper = self.next_sleeper();
        let due = self.next_firing().into_iter().chain(sleeper).min();
        // What holds the clock now may do so only for the time being.
        let held = !self.clock.is_locked() && self.clock.follows_wall() && self.is_busy();
        due.into_iter()
            .chain(held.then(|| self.world.after(POLLER_GRACE)))
            .min()
    }

    /// Everything that is due at some time, soonest first. What is due beyond the end of time never
    /// comes, and is not there.
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
        let timers = self.world.timers.coming().filter_map(describe);
        let timers = timers.chain(self.alarms()).chain(self.schedules.pending());
        let mut pending: Vec<_> = timers.filter(|timer| comes(timer.at)).collect();
        pending.sort_by_key(|timer| timer.at);
        pending
    }

    /// The next moment at which something is due, apart from the timeouts of whole runs, the actions
    /// of schedules and the next runs of crons. What is due beyond the end of time never comes.
    pub fn next_event(&self) -> Option<SystemTime> {
        let mut timers = self.world.timers.coming();
        let timer =
            timers.find(|(_, key, timer)| !timer.bounds_run() && !self.is_cron(*key, timer));
        let timer = timer.map(|(at, ..)| at).into_iter();
        let alarm = self.alarms().next().map(|alarm| alarm.at);
        timer.chain(alarm).min().filter(|at| comes(*at))
    }

    /// When the next schedule acts, or the next run of a cron begins. There is no end to these, unless
    /// their specs have one.
    pub fn next_schedule_action(&self) -> Option<SystemTime> {
        let mut timers = self.world.timers.coming();
        let cron = timers.find(|(_, key, timer)| self.is_cron(*key, timer));
        let schedule = self.schedules.next_at().into_iter();
        let next = schedule.chain(cron.map(|(at, ..)| at)).min();
        next.filter(|at| comes(*at))
    }

    /// Whether a timer is that of the next run of a cron.
    fn is_cron(&self, run: RunKey, timer: &Timer) -> bool {
        let run = self.runs.get(&run);
        *timer == Timer::FirstTask
            && run
                .is_some_and(|run| run.started.initiator() == ContinueAsNewInitiator::CronSchedule)
    }

    /// Whether [`Self::skip`] would do something. It says so only for a
    /// [paced](TimeMode::Paced) clock.
    pub fn may_skip(&self) -> bool {
        self.clock.mode == TimeMode::Paced
            && self.has_waiters()
            && !self.is_busy()
            && !self.clock.is_locked()
            && self.next_moment().is_some()
    }

    /// Lets a [paced](TimeMode::Paced) clock jump to the next moment at which something is due, if
    /// it [may](Self::may_skip).
    pub fn skip(&mut self) {
        if self.may_skip() {
            self.jump();
            self.settle();
        }
    }

    fn unlock_once(&mut self) -> Result<()> {
        let locks = self.clock.locks.checked_sub(1);
        self.clock.locks = locks.ok_or_else(|| {
            Error::failed_precondition("unbalanced unlock: time skipping is not locked")
        })?;
        Ok(())
    }

    pub(in crate::server) fn add_sleeper(&mut self, until: SystemTime, sleeper: Sleeper) -> CallId {
        let call = self.world.calls.next_id();
        self.world.calls.park(call, Place::Sleep);
        let key = (until, sleeper.rank(), call);
        self.clock.sleepers.insert(key, sleeper);
        self.settle();
        call
    }

    pub(in crate::server) fn forget_sleeper(&mut self, call: CallId) {
        let found = self
            .clock
            .sleepers
            .keys()
            .find(|(.., sleeper)| *sleeper == call)
            .copied();
        if let Some(Sleeper::Sleep { locks_again: true }) =
            found.and_then(|key| self.clock.sleepers.remove(&key))
        {
            self.clock.locks += 1;
        }
        self.end_alarm(call);
    }

    /// Wakes a sleeper or skips to the next moment; false if neither is possible.
    pub(in crate::server) fn step_time(&mut self) -> bool {
        let busy = self.is_busy();
        if self.wake_sleeper(busy) {
            return true;
        }
        if busy || self.clock.is_locked() || !self.skips_by_itself() {
            return false;
        }
        self.jump()
    }

    fn skips_by_itself(&self) -> bool {
        match self.clock.mode {
            TimeMode::Flowing | TimeMode::Skipping => true,
            TimeMode::Frozen => self.has_waiters(),
            TimeMode::Paced => false,
        }
    }

    /// Skips to the next moment, if there is one.
    fn jump(&mut self) -> bool {
        let Some(at) = self.next_moment() else {
            return false;
        };
        if let Ok(step) = at.duration_since(self.world.now) {
            self.clock.skipped = self.clock.skipped.saturating_add(step);
        }
        self.advance_to(at);
        true
    }

    pub(in crate::server) fn has_waiters(&self) -> bool {
        self.clock.anyone_sleeps() || self.world.calls.anyone_wants_time()
    }

    fn next_sleeper(&self) -> Option<SystemTime> {
        self.clock.sleepers.keys().next().map(|(until, ..)| *until)
    }

    /// Wakes one sleeper whose moment has come and, on a frozen clock, has been dealt with.
    fn wake_sleeper(&mut self, busy: bool) -> bool {
        let unsettled = busy && !self.clock.follows_wall();
        let Some(entry) = self.clock.sleepers.first_entry() else {
            return false;
        };
        let (until, _, call) = *entry.key();
        if until > self.world.now || unsettled {
            return false;
        }
        match entry.remove() {
            Sleeper::Alarm { what } => self.clock.holds.ring(call, what),
            Sleeper::Sleep { locks_again } => self.clock.locks += u32::from(locks_again),
        }
        self.world.calls.answer(call, Answer::Slept);
        true
    }

    /// Where the clock may jump to.
    ///
    /// A sleeper says how far it wants to go, and gets there. Somebody who waits for a result wants
    /// to see timers fire, but hardly that a run is timed out because the test was slow to signal
    /// it: when nothing but the timeouts of runs is pending, a frozen clock stays where it is. Nor
    /// does any clock go to the next action of a schedule but on its way to something else, because
    /// there is always another one.
    fn next_moment(&self) -> Option<SystemTime> {
        let sleeper = self.next_sleeper();
        let bounds_only = || {
            self.world
                .timers
                .coming()
                .all(|(_, _, timer)| timer.bounds_run())
        };
        if !self.clock.follows_wall() && sleeper.is_none() && bounds_only() {
            return None;
        }
        let due = self
            .world
            .timers
            .next_at()
            .into_iter()
            .chain(sleeper)
            .min()
            .filter(|at| comes(*at))?;
        match self.schedules.next_at() {
            Some(at) if at < due => (sleeper.is_some() || !bounds_only()).then_some(at),
            Some(_) | None => Some(due),
        }
    }
}
