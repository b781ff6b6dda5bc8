//! Attempts of activities that let time pass while they run.
//!
//! A worker that only pretends to work for an hour says so: its attempt *naps*, and while it does,
//! it holds no clock. So the hour takes no real time, and timeouts meanwhile come as they would.

use std::time::SystemTime;

use bytes::Bytes;

use crate::server::Engine;
use crate::server::errors::Result;
use crate::server::execution::RunKey;
use crate::server::queues::long_polls::{Answer, CallId, Place};
use crate::server::time::timers::{Timer, TimerKey};
use crate::server::tokens::TaskToken;
use crate::server::world::World;

/// An attempt that naps, by its run and its stamp.
pub(in crate::server) type Napper = (RunKey, u64);

/// One nap.
#[derive(Debug)]
pub(in crate::server) struct Nap {
    call: CallId,
    scheduled_event_id: i64,
    /// Absent if only the end of the attempt ends the nap.
    timer: Option<TimerKey>,
}

impl Engine {
    /// Lets time pass although an attempt runs: until a moment if one is given, and until the end
    /// of the attempt in any case. The answer is an [`Answer::Slept`].
    ///
    /// # Errors
    /// The attempt is not under way any more.
    pub fn nap(&mut self, task_token: &Bytes, until: Option<SystemTime>) -> Result<CallId> {
        let (key, token) = self.activity_run(task_token)?;
        let world = &mut self.world;
        if let Some(run) = self.runs.get_mut(&key) {
            run.started_activity(&token)?;
        }
        let call = world.calls.next_id();
        let napper = (key, token.stamp);
        world.calls.park(call, Place::Nap(napper));
        let timer = until.map(|at| world.timers.arm(key, at, Timer::NapOver { napper }));
        let nap = Nap {
            call,
            scheduled_event_id: token.scheduled_event_id,
            timer,
        };
        world.naps.insert(napper, nap);
        self.settle();
        Ok(call)
    }

    /// Ends the naps whose attempts have ended: whoever napped is to hear of it.
    pub(in crate::server) fn wake_orphans(&mut self) {
        let is_over = |(napper, nap): &(&Napper, &Nap)| {
            let (key, stamp) = **napper;
            let token = TaskToken::new(key.0, stamp, nap.scheduled_event_id);
            !(self.runs.get(&key)).is_some_and(|run| run.has_started_activity(&token))
        };
        let over: Vec<Napper> = self
            .world
            .naps
            .iter()
            .filter(is_over)
            .map(|(k, _)| *k)
            .collect();
        for napper in over {
            self.world.end_nap(napper);
        }
    }

    /// Forgets the nap of somebody who went away; the attempt holds the clock again.
    pub(in crate::server) fn forget_nap(&mut self, napper: Napper) {
        self.world.drop_nap(napper);
        self.settle();
    }
}

impl World {
    pub(in crate::server) fn naps(&self, napper: Napper) -> bool {
        self.naps.contains_key(&napper)
    }

    /// Ends a nap and says so.
    pub(in crate::server) fn end_nap(&mut self, napper: Napper) {
        if let Some(call) = self.drop_nap(napper) {
            self.calls.answer(call, Answer::Slept);
        }
    }

    fn drop_nap(&mut self, napper: Napper) -> Option<CallId> {
        let nap = self.naps.remove(&napper)?;
        if let Some(timer) = nap.timer {
            self.timers.cancel(timer);
        }
        Some(nap.call)
    }
}
