//! What an environment and the handles that it gave out share.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use outlast::Client;
use outlast::activity::ActivityRegistry;
use tokio::sync::watch;

use super::backend::Backend;
use super::guard::Watch;
use super::mock::{Around, Attempts};
use super::nexus::NexusMocks;
use super::replay::Replays;
use super::workers::Workers;
use super::workflow_mocks::WorkflowMocks;

/// An environment, apart from its end.
pub(super) struct Shared {
    pub(super) backend: Backend,
    pub(super) client: Client,
    pub(super) attempts: Arc<Attempts>,
    pub(super) nexus: Arc<NexusMocks>,
    pub(super) workflows: Arc<WorkflowMocks>,
    activities: Mutex<ActivityRegistry>,
    workers: Mutex<Workers>,
    replays: Mutex<Replays>,
    settings: Mutex<Settings>,
    has_ended: watch::Sender<bool>,
}

/// What a test may choose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Whether a workflow task that fails fails the test.
    pub(super) fails_fast: bool,
    /// Whether histories are replayed at the end.
    pub(super) replays: bool,
    /// For how long virtual time may stand still while the test waits.
    pub(super) real_time_limit: Duration,
}

impl Shared {
    pub(super) fn new(backend: Backend, client: Client) -> Self {
        let attempts = Arc::new(Attempts::new(backend.clone()));
        let mut activities = ActivityRegistry::default();
        activities.around(Arc::new(Around(Arc::clone(&attempts))));
        let workflows = WorkflowMocks::new(&backend, client.namespace(), &attempts);
        let nexus = NexusMocks::new(backend.now(), attempts.problems.clone());
        Self {
            backend,
            client,
            attempts,
            nexus: Arc::new(nexus),
            workflows,
            activities: Mutex::new(activities),
            workers: Mutex::default(),
            replays: Mutex::default(),
            settings: Mutex::new(Settings {
                fails_fast: true,
                replays: true,
                real_time_limit: Duration::from_secs(30),
            }),
            has_ended: watch::Sender::new(false),
        }
    }

    /// The watch of somebody who waits at the caller's place.
    #[track_caller]
    pub(super) fn watch(self: &Arc<Self>) -> Watch {
        self.run_workers();
        Watch::new(Arc::clone(self), Location::caller())
    }

    /// Ends all that runs for the environment.
    pub(super) fn end(&self) {
        self.workers().stop();
        self.has_ended.send_replace(true);
    }

    /// Waits until the environment has ended.
    pub(super) async fn ended(&self) {
        let mut has_ended = self.has_ended.subscribe();
        // The sender is in `self`, so it is there for as long as this waits.
        let _ = has_ended.wait_for(|has_ended| *has_ended).await;
    }

    pub(super) fn settings(&self) -> Settings {
        *lock(&self.settings)
    }

    pub(super) fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut lock(&self.settings));
    }

    pub(super) fn activities(&self) -> MutexGuard<'_, ActivityRegistry> {
        lock(&self.activities)
    }

    pub(super) fn replays(&self) -> MutexGuard<'_, Replays> {
        lock(&self.replays)
    }

    pub(super) fn workers(&self) -> MutexGuard<'_, Workers> {
        lock(&self.workers)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a test does while it holds one of them may panic, and fails the test then.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
