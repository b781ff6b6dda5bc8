//! A workflow under test.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use outlast::WorkflowHandle;
use outlast::client::{QueryCall, ResultError, SignalCall, StartUpdateCall, UpdateCall};
use outlast::convert::InputOf;
use outlast::definition::{QueryFn, ResultOf, SignalFn, UpdateFn, Workflow};

use super::guard::Guarded;
use super::shared::Shared;

/// A workflow that a [`TestEnv`](super::TestEnv) runs.
///
/// It is a [`WorkflowHandle`] whose waits fail the test where they would hang.
///
/// # Examples
/// ```
/// # use outlast::prelude::*;
/// # use outlast_testing::TestEnv;
/// #[derive(Default)]
/// struct Counter { sum: u32 }
///
/// #[workflow]
/// impl Counter {
///     #[run]
///     async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u32> {
///         ctx.wait_until(|counter| counter.sum >= 10).await?;
///         Ok(ctx.state().sum)
///     }
///
///     #[signal]
///     fn add(&mut self, count: u32) { self.sum += count; }
///
///     #[query]
///     fn sum(&self) -> u32 { self.sum }
///
///     #[update]
///     fn set(&mut self, sum: u32) -> WorkflowResult<u32> { Ok(std::mem::replace(&mut self.sum, sum)) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let env = TestEnv::new();
/// let counter = env.start(Counter::run, ()).await;
/// counter.signal(Counter::add, 3).await.unwrap();
/// assert_eq!(counter.query(Counter::sum, ()).await.unwrap(), 3);
/// assert_eq!(counter.update(Counter::set, 9).await.unwrap(), 3);
/// counter.signal(Counter::add, 1).await.unwrap();
/// assert_eq!(counter.result().await.unwrap(), 10);
///
/// // Whatever else a handle can do, it can do too.
/// let description = counter.describe().await.unwrap();
/// assert_eq!(description.workflow_type, "Counter");
/// # }
/// ```
pub struct TestHandle<K: Workflow> {
    shared: Arc<Shared>,
    handle: WorkflowHandle<K>,
}

impl<K: Workflow> TestHandle<K> {
    pub(super) fn new(shared: &Arc<Shared>, handle: WorkflowHandle<K>) -> Self {
        Self {
            shared: Arc::clone(shared),
            handle,
        }
    }

    /// Waits for the workflow's result, skipping time.
    ///
    /// # Errors
    /// When the workflow failed, or ended in another way without a result.
    ///
    /// # Panics
    /// When a workflow task fails, or the workflow waits for what will not come.
    #[track_caller]
    pub fn result(&self) -> impl Future<Output = Result<ResultOf<K>, ResultError>> + Send + use<K>
    where
        ResultOf<K>: Send,
    {
        let watch = self.shared.watch();
        let result = self.handle.result();
        async move { watch.run(result.into_future()).await }
    }

    /// Waits for the result without watching over the test.
    pub(super) fn untimed_result(
        &self,
    ) -> impl Future<Output = Result<ResultOf<K>, ResultError>> + Send + use<K>
    where
        ResultOf<K>: Send,
    {
        self.handle.result().into_future()
    }

    /// Sends a signal.
    #[track_caller]
    pub fn signal<F, M>(&self, signal: F, args: InputOf<F::Args>) -> Guarded<SignalCall>
    where
        F: SignalFn<K::State, M>,
    {
        Guarded::new(self.shared.watch(), self.handle.signal(signal, args))
    }

    /// Asks a query.
    #[track_caller]
    pub fn query<F, M>(&self, query: F, args: InputOf<F::Args>) -> Guarded<QueryCall<F::Output>>
    where
        F: QueryFn<K::State, M>,
    {
        Guarded::new(self.shared.watch(), self.handle.query(query, args))
    }

    /// Updates the workflow and waits for the outcome, skipping time.
    #[track_caller]
    pub fn update<F, M>(&self, update: F, args: InputOf<F::Args>) -> Guarded<UpdateCall<F::Output>>
    where
        F: UpdateFn<K::State, M>,
    {
        Guarded::new(self.shared.watch(), self.handle.update(update, args))
    }

    /// Updates the workflow and waits until the update is accepted.
    #[track_caller]
    pub fn start_update<F, M>(
        &self,
        update: F,
        args: InputOf<F::Args>,
    ) -> Guarded<StartUpdateCall<F::Output>>
    where
        F: UpdateFn<K::State, M>,
    {
        Guarded::new(self.shared.watch(), self.handle.start_update(update, args))
    }

    /// Lets virtual time pass; the same as [`TestEnv::sleep`](super::TestEnv::sleep).
    #[track_caller]
    pub fn advance(&self, duration: Duration) -> impl Future<Output = ()> + Send + use<K> {
        self.shared.sleep(duration)
    }
}

impl<K: Workflow> Deref for TestHandle<K> {
    type Target = WorkflowHandle<K>;

    fn deref(&self) -> &WorkflowHandle<K> {
        &self.handle
    }
}

impl<K: Workflow> Clone for TestHandle<K> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            handle: self.handle.clone(),
        }
    }
}

impl<K: Workflow> fmt::Debug for TestHandle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TestHandle")
            .field(self.handle.workflow_id())
            .finish()
    }
}
