//! [`Shared`]: the engine behind a lock, the calls that wait for it, and who is told of changes.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::pace::Drivers;
use crate::server::{Answer, CallId, Engine, TimeMode, WorkflowTaskFailure};

/// What all handles and services of one server share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Changes after every call, for those who watch the server as a whole.
    pub(super) version: watch::Sender<u64>,
    /// How many wait and let time pass meanwhile.
    pub(super) drivers: Drivers,
    /// Where a flowing clock starts; a frozen one never looks at it.
    pub(super) started: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) engine: Engine,
    /// How many calls there were, and jumps of the clock.
    pub(super) calls: u64,
    /// For lookups only; its order is never seen.
    waiting: HashMap<CallId, oneshot::Sender<Answer>>,
    /// The latest; a server with a port has nobody who takes them.
    pub(super) task_failures: VecDeque<WorkflowTaskFailure>,
}

impl Shared {
    pub(super) fn new(engine: Engine, time: TimeMode) -> Self {
        let state = State {
            engine,
            calls: 0,
            waiting: HashMap::new(),
            task_failures: VecDeque::new(),
        };
        Self {
            state: Mutex::new(state),
            version: watch::Sender::new(0),
            drivers: Drivers::default(),
            started: time.follows_wall().then(Instant::now),
        }
    }

    /// Makes one call to the engine, and hands out the answers that came of it.
    pub(super) fn call<T>(&self, call: impl FnOnce(&mut Engine) -> T) -> T {
        let mut state = self.lock();
        state.calls += 1;
        self.tell_time(&mut state.engine);
        let result = call(&mut state.engine);
        state.deliver();
        drop(state);
        self.announce_change();
        result
    }

    /// Looks at the engine as it is now. Nobody is woken unless the passing of time did something.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Engine) -> T) -> T {
        let mut state = self.lock();
        self.tell_time(&mut state.engine);
        let result = look(&state.engine);
        let changed = state.deliver();
        drop(state);
        if changed {
            self.announce_change();
        }
        result
    }

    /// Makes a call whose answer comes later.
    pub(super) fn begin(
        &self,
        start: impl FnOnce(&mut Engine) -> crate::server::Result<CallId>,
    ) -> crate::server::Result<(CallId, oneshot::Receiver<Answer>)> {
        let mut state = self.lock();
        state.calls += 1;
        self.tell_time(&mut state.engine);
        let begun = start(&mut state.engine);
        let (sender, receiver) = oneshot::channel();
        if let Ok(call) = begun {
            state.waiting.insert(call, sender);
        }
        state.deliver();
        drop(state);
        self.announce_change();
        begun.map(|call| (call, receiver))
    }

    /// Takes back a call whose caller is gone, or the answer that it has not taken.
    ///
    /// Answers are handed out under the same lock, so none can come in between and be lost.
    pub(super) fn take_back(&self, call: CallId, receiver: &mut oneshot::Receiver<Answer>) {
        let mut state = self.lock();
        state.calls += 1;
        self.tell_time(&mut state.engine);
        state.waiting.remove(&call);
        match receiver.try_recv() {
            Ok(answer) => state.engine.return_undelivered(answer),
            Err(_) => state.engine.cancel_call(call),
        }
        state.deliver();
        drop(state);
        self.announce_change();
    }

    fn tell_time(&self, engine: &mut Engine) {
        if let Some(started) = self.started {
            engine.observe_wall_clock(started.elapsed());
        }
    }

    pub(super) fn announce_change(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        assert!(
            !SERVER_WAITS.get(),
            "the server waits for this code and cannot be asked: look at the arguments only"
        );
        // A panic in the engine is a bug, but one that the panicking call reports on its own.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    /// Whether this thread has the lock and runs code of a test.
    static SERVER_WAITS: Cell<bool> = const { Cell::new(false) };
}

/// Runs code of a test that the server waits for, and that must catch its own panics. It panics
/// when it calls the server, rather than to wait for ever.
pub(crate) fn while_the_server_waits<T>(code: impl FnOnce() -> T) -> T {
    SERVER_WAITS.set(true);
    let result = code();
    SERVER_WAITS.set(false);
    result
}

impl State {
    /// Hands out all answers; returns whether there were any.
    pub(super) fn deliver(&mut self) -> bool {
        let mut any = false;
        while let Some((call, answer)) = self.engine.poll_answer() {
            any = true;
            let undelivered = match self.waiting.remove(&call) {
                Some(sender) => sender.send(answer).err(),
                None => Some(answer),
            };
            if let Some(answer) = undelivered {
                self.engine.return_undelivered(answer);
            }
        }
        while let Some(failure) = self.engine.poll_task_failure() {
            any = true;
            if self.task_failures.len() == KEPT_FAILURES {
                self.task_failures.pop_front();
            }
            self.task_failures.push_back(failure);
        }
        any
    }
}

/// How many failures of workflow tasks are kept for whoever asks.
const KEPT_FAILURES: usize = 1000;
