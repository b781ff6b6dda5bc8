//! Nexus operations in place of real ones.

mod behind;
mod calls;
mod error;
mod handler;
mod mock;
mod mocks;

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use outlast::convert::{FromPayload, ToPayload};

pub use self::calls::NexusCall;
pub use self::error::{NexusError, NexusHandlerError};
use self::handler::Handler;
pub use self::mock::NexusMock;
pub(super) use self::mocks::NexusMocks;
use super::TestEnv;
use super::mock::Plan;

/// Names a Nexus operation, and what it takes and gives: its endpoint, its service and itself.
///
/// # Examples
/// ```
/// use outlast_testing::NexusOperation;
///
/// const CHARGE: NexusOperation<String, u64> = NexusOperation::new("bank", "cards", "charge");
/// assert_eq!(CHARGE.to_string(), "bank/cards/charge");
/// ```
pub struct NexusOperation<I, O> {
    endpoint: &'static str,
    service: &'static str,
    operation: &'static str,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O> NexusOperation<I, O> {
    /// An operation of a service, at the endpoint that callers send it to.
    #[must_use]
    pub const fn new(
        endpoint: &'static str,
        service: &'static str,
        operation: &'static str,
    ) -> Self {
        Self {
            endpoint,
            service,
            operation,
            types: PhantomData,
        }
    }
}

impl TestEnv {
    /// Runs `body` in place of a Nexus operation, and in place of what was mocked of it before. It
    /// answers at once; [`on_nexus`](Self::on_nexus) says more.
    ///
    /// The endpoint is registered if there is none of its name, and its requests are answered from
    /// now on. One for an operation that is not mocked fails the test at once.
    ///
    /// # Panics
    /// Outside a tokio runtime, when the name does not fit an endpoint or leads elsewhere already,
    /// and where the environment is attached to a real server, whose endpoints belong to all tests
    /// together.
    ///
    /// # Examples
    /// ```
    /// use outlast_testing::{NexusError, NexusOperation, TestEnv};
    ///
    /// const CHARGE: NexusOperation<u64, String> = NexusOperation::new("bank", "cards", "charge");
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().mock_nexus(CHARGE, |cents| match cents {
    ///     0 => Err(NexusError::failed("Nothing", "there is nothing to charge")),
    ///     cents => Ok(format!("receipt for {cents}")),
    /// });
    /// // ... a workflow that calls it ...
    /// assert!(env.nexus_calls(CHARGE).is_empty());
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn mock_nexus<I, O>(
        self,
        operation: NexusOperation<I, O>,
        body: impl Fn(I) -> Result<O, NexusError> + Send + Sync + 'static,
    ) -> Self
    where
        I: FromPayload,
        O: ToPayload,
    {
        self.serve_nexus(operation.endpoint);
        let plan = Plan::new(operation.to_string(), Location::caller());
        let plan = self.shared.nexus.replace_plans(plan);
        NexusMock::<I, O>::new(&self.shared.nexus, plan).answers(body);
        self
    }

    /// Mocks a Nexus operation on top of what was mocked of it before; the value that comes back
    /// takes what there is to say, in the words of [`ActivityMock`](crate::ActivityMock).
    ///
    /// # Panics
    /// As for [`mock_nexus`](Self::mock_nexus).
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use outlast_testing::{NexusOperation, TestEnv};
    /// # const CHARGE: NexusOperation<u64, String> = NexusOperation::new("bank", "cards", "charge");
    /// # const REFUND: NexusOperation<u64, ()> = NexusOperation::new("bank", "cards", "refund");
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// env.on_nexus(CHARGE).after(Duration::from_hours(3)).returns("receipt".to_owned());
    /// env.on_nexus(REFUND).never();
    /// # }
    /// ```
    #[track_caller]
    pub fn on_nexus<I, O>(&self, operation: NexusOperation<I, O>) -> NexusMock<I, O> {
        self.serve_nexus(operation.endpoint);
        let plan = Plan::new(operation.to_string(), Location::caller());
        let plan = self.shared.nexus.add_plan(plan);
        NexusMock::new(&self.shared.nexus, plan)
    }

    /// The calls of a mocked Nexus operation so far, in the order in which they came. One that is
    /// tried again is there again.
    ///
    /// # Panics
    /// When an input or a result is not of the operation's types.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use outlast_testing::{NexusOperation, TestEnv};
    /// # const CHARGE: NexusOperation<u64, String> = NexusOperation::new("bank", "cards", "charge");
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().mock_nexus(CHARGE, |cents| Ok(format!("receipt for {cents}")));
    /// // ... a workflow that calls it ...
    /// for call in env.nexus_calls(CHARGE) {
    ///     assert_eq!(call.result, Some(Ok(format!("receipt for {}", call.input))));
    /// }
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn nexus_calls<I, O>(&self, operation: NexusOperation<I, O>) -> Vec<NexusCall<I, O>>
    where
        I: FromPayload,
        O: FromPayload,
    {
        self.shared.nexus.calls(&operation.to_string())
    }

    /// Registers the endpoint if need be, and answers its requests from now on.
    #[track_caller]
    fn serve_nexus(&self, endpoint: &'static str) {
        let server = self.shared.backend.in_memory("TestEnv::mock_nexus");
        if !self.shared.nexus.begin_serving(endpoint) {
            return;
        }
        let namespace = self.shared.client.namespace();
        let queue = server.nexus_queue(namespace, endpoint);
        let queue = queue.unwrap_or_else(|reason| {
            panic!("the endpoint `{endpoint}` cannot be mocked: {reason}")
        });
        // The handler polls in a moment; until then, time is not to run away.
        server.expect_worker_in(namespace, &queue);
        let handler = Handler {
            mocks: Arc::clone(&self.shared.nexus),
            server: server.clone(),
            client: self.shared.client.clone(),
            queue,
            started: self.shared.run_operations(),
        };
        self.shared.workers().run(handler.run());
    }
}

impl<I, O> Clone for NexusOperation<I, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, O> Copy for NexusOperation<I, O> {}

impl<I, O> fmt::Display for NexusOperation<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.endpoint, self.service, self.operation)
    }
}

impl<I, O> fmt::Debug for NexusOperation<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NexusOperation({self})")
    }
}
