//! A workflow under test.

use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::time::Duration;

use outlast::WorkflowHandle;
use outlast::client::{QueryCall, ResultError, SignalCall, StartUpdateCall, UpdateCall};
use outlast::convert::InputOf;
use outlast::definition::{QueryFn, ResultOf, SignalFn, UpdateFn, Workflow};

use super::TestEnv;
use super::guard::{Guarded, Watch};

/// A workflow that a [`TestEnv`] runs.
///
/// It is a [`WorkflowHandle`] whose waits fail the test where they would hang.
pub struct TestHandle<'a, K: Workflow> {
    env: &'a TestEnv,
    handle: WorkflowHandle<K>,
}

impl<'a, K: Workflow> TestHandle<'a, K> {
    pub(super) fn new(env: &'a TestEnv, handle: WorkflowHandle<K>) -> Self {
        Self { env, handle }
    }

    /// Waits for the workflow's result, skipping time.
    ///
    /// # Errors
    /// When the workflow failed, or ended in another way without a result.
    ///
    /// # Panics
    /// When a workflow task fails, or the workflow waits for what will not come.
    #[track_caller]
    pub fn result(&self) -> impl Future<Output = Result<ResultOf<K>, ResultError>> + Send + 'a
    where
        ResultOf<K>: Send,
    {
        let watch = self.env.watch();
        let result = self.handle.result();
        async move { watch.run(result.into_future()).await }
    }

    /// Sends a signal.
    #[track_caller]
    pub fn signal<F, M>(&self, signal: F, args: InputOf<F::Args>) -> Guarded<'a, SignalCall>
    where
        F: SignalFn<K::State, M>,
    {
        Guarded::new(self.env.watch(), self.handle.signal(signal, args))
    }

    /// Asks a query.
    #[track_caller]
    pub fn query<F, M>(&self, query: F, args: InputOf<F::Args>) -> Guarded<'a, QueryCall<F::Output>>
    where
        F: QueryFn<K::State, M>,
    {
        Guarded::new(self.env.watch(), self.handle.query(query, args))
    }

    /// Updates the workflow and waits for the outcome, skipping time.
    #[track_caller]
    pub fn update<F, M>(
        &self,
        update: F,
        args: InputOf<F::Args>,
    ) -> Guarded<'a, UpdateCall<F::Output>>
    where
        F: UpdateFn<K::State, M>,
    {
        Guarded::new(self.env.watch(), self.handle.update(update, args))
    }

    /// Updates the workflow and waits until the update is accepted.
    #[track_caller]
    pub fn start_update<F, M>(
        &self,
        update: F,
        args: InputOf<F::Args>,
    ) -> Guarded<'a, StartUpdateCall<F::Output>>
    where
        F: UpdateFn<K::State, M>,
    {
        Guarded::new(self.env.watch(), self.handle.start_update(update, args))
    }

    /// Lets virtual time pass; the same as [`TestEnv::sleep`].
    pub async fn advance(&self, duration: Duration) {
        self.env.sleep(duration).await;
    }
}

impl TestEnv {
    /// The watch of somebody who waits at the caller's place.
    #[track_caller]
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch {
            server: &self.server,
            client: &self.client,
            fails_fast: self.fails_fast,
            place: Location::caller(),
        }
    }
}

impl<K: Workflow> Deref for TestHandle<'_, K> {
    type Target = WorkflowHandle<K>;

    fn deref(&self) -> &WorkflowHandle<K> {
        &self.handle
    }
}

impl<K: Workflow> fmt::Debug for TestHandle<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TestHandle")
            .field(self.handle.workflow_id())
            .finish()
    }
}
