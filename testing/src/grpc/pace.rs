//! Who lets time pass on a paced clock, and when.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::quiet::quiet;
use super::shared::Shared;
use super::{Server, wall};
use crate::server::Engine;

impl Server {
    /// Announces somebody who waits, and lets time pass meanwhile. It has to come before the wait
    /// begins: time passes for the wait only as its own task says.
    pub(crate) fn driver(&self) -> Driver {
        self.shared.drivers.fetch_add(1, Ordering::Relaxed);
        Driver(Arc::clone(&self.shared))
    }

    /// Whether nothing keeps time from passing for somebody who wants it to.
    pub(crate) fn may_pass_time(&self) -> bool {
        self.shared.look(Engine::may_skip)
    }

    /// How many calls there were; those that only look do not count.
    pub(crate) fn calls(&self) -> u64 {
        self.shared.lock().calls
    }

    /// Lets time pass for those who wait without a [`Driver`].
    pub(crate) async fn pass_time_for_others(&self) -> Infallible {
        let drivers = &self.shared.drivers;
        pass_time(&self.shared, || drivers.load(Ordering::Relaxed) == 0).await
    }
}

/// Somebody who waits, and lets time pass on a [paced](crate::TimeMode::Paced) clock.
#[derive(Debug)]
pub(crate) struct Driver(Arc<Shared>);

impl Driver {
    /// Lets time pass for as long as it is polled.
    ///
    /// A jump comes only when all tasks of the runtime [wait](quiet): whatever they do without
    /// waiting for time or for something outside, they do before time passes.
    pub(crate) async fn pass_time(&self) -> Infallible {
        pass_time(&self.0, || true).await
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.drivers.fetch_sub(1, Ordering::Relaxed);
        self.0.announce_change();
    }
}

async fn pass_time(shared: &Shared, is_ours: impl Fn() -> bool) -> Infallible {
    let mut version = shared.version.subscribe();
    loop {
        version.mark_unchanged();
        if let Some(calls) = shared.time_may_pass().filter(|_| is_ours()) {
            quiet().await;
            shared.pass_time(calls, &is_ours);
        } else if let Some(calls) = shared.waits_for_retries().filter(|_| is_ours()) {
            tokio::select! {
                _ = version.changed() => {}
                () = wall::wait(SILENCE) => shared.presume_silence(calls),
            }
        } else {
            // The sender lives as long as the server, so this cannot fail.
            let _ = version.changed().await;
        }
    }
}

impl Shared {
    /// Says after how many calls it is that time may pass, if it may.
    fn time_may_pass(&self) -> Option<u64> {
        let state = self.lock();
        state.engine.may_skip().then_some(state.calls)
    }

    /// Says after how many calls it is that only further attempts of workflow tasks hold the clock,
    /// of which a worker that fails says nothing.
    fn waits_for_retries(&self) -> Option<u64> {
        let state = self.lock();
        state.engine.waits_for_retries().then_some(state.calls)
    }

    /// Lets the timeouts of such attempts come, unless there was a call since then. It counts as a
    /// call itself: others who saw the same have to look again.
    fn presume_silence(&self, calls: u64) {
        let mut state = self.lock();
        if state.calls != calls {
            return;
        }
        state.calls += 1;
        state.engine.presume_silence();
        state.deliver();
        drop(state);
        self.announce_change();
    }

    /// Lets time pass once, unless there was a call since then. It counts as a call itself: of several
    /// who wait for the same jump only one makes it.
    fn pass_time(&self, calls: u64, is_ours: impl Fn() -> bool) {
        let mut state = self.lock();
        if state.calls != calls || !is_ours() {
            return;
        }
        state.calls += 1;
        state.engine.skip();
        state.deliver();
        drop(state);
        self.announce_change();
    }
}

/// How long a worker may take for a further attempt of a task before it is taken to be silent.
const SILENCE: Duration = Duration::from_millis(100);

/// How many of them there are.
pub(super) type Drivers = AtomicUsize;
