//! What is due at one instant, and what happens then.

use std::collections::VecDeque;
use std::time::SystemTime;

use crate::server::Engine;
use crate::server::execution::RunKey;
use crate::server::execution::retry::timeout_name;
use crate::server::nexus;
use crate::server::oracle::{Site, Subject};
use crate::server::schedules::ScheduleKey;
use crate::server::time::end::last_moment;
use crate::server::time::timers::Timer;

/// Something whose moment has come.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// The timers of a run.
    Run(RunKey),
    /// The next action of a schedule.
    Schedule(ScheduleKey),
}

/// What comes next at one instant, where the oracle decides about that.
///
/// It is arranged all at once: to look through all that is due before each step would take as many
/// looks as the square of what is due.
#[derive(Debug)]
pub(in crate::server) struct Agenda {
    at: SystemTime,
    next: VecDeque<Due>,
}

impl Default for Agenda {
    fn default() -> Self {
        let next = VecDeque::new();
        Self {
            at: SystemTime::UNIX_EPOCH,
            next,
        }
    }
}

impl Engine {
    /// Moves time to `target`, stopping wherever something is due.
    pub(in crate::server) fn advance_to(&mut self, target: SystemTime) {
        let target = target.min(last_moment());
        while let Some(at) = self.next_firing().filter(|at| *at <= target) {
            self.world.now = self.world.now.max(at);
            match self.pick_due() {
                Some(Due::Run(key)) => self.fire(key),
                Some(Due::Schedule(key)) => self.wake_schedule(key),
                None => {}
            }
            self.react();
        }
        self.world.now = self.world.now.max(target);
    }

    /// When the next timer fires, or the next schedule acts.
    pub(in crate::server) fn next_firing(&self) -> Option<SystemTime> {
        let timer = self.world.timers.next_at().into_iter();
        timer.chain(self.schedules.next_at()).min()
    }

    /// What comes first of all that is due now. Timers do so usually, and then schedules.
    fn pick_due(&mut self) -> Option<Due> {
        let now = self.world.now;
        if self.world.decisions.keeps_order() {
            let run = self.world.timers.first_due(now).map(Due::Run);
            return run.or_else(|| self.schedules.due(now).next().map(Due::Schedule));
        }
        if self.clock.agenda.at != now {
            self.clock.agenda = Agenda::default();
        }
        // What was due when the agenda was made may have been called off by what came before it.
        while let Some(due) = self.clock.agenda.next.pop_front() {
            if self.is_due(due) {
                return Some(due);
            }
        }
        self.clock.agenda = self.arrange_due();
        self.clock.agenda.next.pop_front()
    }

    /// Puts all that is due now in the order in which it comes.
    fn arrange_due(&mut self) -> Agenda {
        let at = self.world.now;
        let runs = self.world.timers.runs_due(at).into_iter().map(Due::Run);
        let schedules = self.schedules.due(at).map(Due::Schedule);
        let due = runs.chain(schedules).collect();
        let decisions = &mut self.world.decisions;
        let next = decisions.arrange(Site::Due, Subject::instant(at), due);
        let next = next.into();
        Agenda { at, next }
    }

    fn is_due(&self, due: Due) -> bool {
        let now = self.world.now;
        match due {
            Due::Run(key) => self.world.timers.is_due(key, now),
            Due::Schedule(key) => self.schedules.is_due(key, now),
        }
    }

    /// Fires the timers of one run that are due at the same instant, as one transaction.
    fn fire(&mut self, key: RunKey) {
        let timers = self.world.timers.take_first(key);
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
                Timer::NapOver { napper } => world.end_nap(napper),
                Timer::Nexus {
                    scheduled_event_id,
                    timer,
                } => run.fire_nexus(scheduled_event_id, timer, world),
                Timer::RunTimeout | Timer::ExecutionTimeout => run.time_out_run(world),
                Timer::StickyQuery { call } => run.pass_over_sticky_worker(call, world),
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

/// What a timer is for, for people.
pub(super) fn describe(timer: &Timer) -> String {
    match timer {
        Timer::Activity {
            scheduled_event_id,
            timeout,
        } => {
            let timeout = timeout_name(*timeout);
            format!("{timeout} timeout of the activity scheduled at event {scheduled_event_id}")
        }
        Timer::ActivityRetry { scheduled_event_id } => {
            format!("next attempt of the activity scheduled at event {scheduled_event_id}")
        }
        Timer::ExecutionTimeout => "workflow execution timeout".to_owned(),
        Timer::FirstTask => "end of the delay before the first workflow task".to_owned(),
        Timer::NapOver { .. } => "end of the time that an activity takes".to_owned(),
        Timer::Nexus {
            scheduled_event_id,
            timer,
        } => nexus::describe_timer(*scheduled_event_id, *timer),
        Timer::RunTimeout => "workflow run timeout".to_owned(),
        Timer::StickyQuery { .. } => "end of the sticky worker's time for a query".to_owned(),
        Timer::User { timer_id } => format!("timer {timer_id:?}"),
        Timer::WorkflowTask { timeout, .. } => {
            format!("{} timeout of the workflow task", timeout_name(*timeout))
        }
    }
}
