//! [`NexusMock`]: what is said of one mocked Nexus operation.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use outlast::Payload;
use outlast::convert::{FromPayload, ToPayload};

use super::NexusError;
use super::mocks::{End, NexusMocks, OperationPlan};
use crate::env::backend::payload_of;
use crate::env::mock::{Matcher, expectations};
use crate::env::text;

/// What answers in place of one Nexus operation, and what the test expects of its calls.
///
/// [`TestEnv::on_nexus`](crate::TestEnv::on_nexus) makes one. It takes the words of
/// [`ActivityMock`](crate::ActivityMock), with the same meaning: of several mocks the last one that
/// is for a call answers, answers come in turn, and the last one stays. A call of the handler that
/// the server repeats is one more call.
///
/// An answer with [`after`](Self::after) is that of an asynchronous operation: the handler says
/// that it has started, and a workflow behind it ends it when the time has passed, as handlers in
/// production do. Such a workflow is seen in
/// [`TestEnv::histories`](crate::TestEnv::histories), has the type `NexusOperation`, and ends as
/// canceled when the caller cancels the operation.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use outlast_testing::{NexusError, NexusHandlerError, NexusOperation, TestEnv};
///
/// const CHARGE: NexusOperation<u64, String> = NexusOperation::new("bank", "cards", "charge");
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let env = TestEnv::new();
/// env.on_nexus(CHARGE)
///     .with(|cents| *cents > 0)
///     .at_most(2)
///     .fails(NexusError::handler(NexusHandlerError::Unavailable, "try again"))
///     .after(Duration::from_hours(1))
///     .returns("receipt".to_owned());
/// # }
/// ```
pub struct NexusMock<I, O> {
    mocks: Arc<NexusMocks>,
    plan: usize,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O> NexusMock<I, O> {
    pub(super) fn new(mocks: &Arc<NexusMocks>, plan: usize) -> Self {
        Self {
            mocks: Arc::clone(mocks),
            plan,
            types: PhantomData,
        }
    }

    /// Only for calls whose input is as `matches` says. It may ask the environment, for instance for
    /// the calls before this one.
    pub fn with(&mut self, matches: impl Fn(&I) -> bool + Send + Sync + 'static) -> &mut Self
    where
        I: FromPayload,
    {
        let matches = move |input: &[Payload]| {
            let input = input.first().map(I::from_payload);
            input.is_some_and(|input| input.is_ok_and(|input| matches(&input)))
        };
        self.matching("an input that a closure chooses", matches)
    }

    /// Only for calls with this input: one that is written to a payload in the same way.
    ///
    /// # Panics
    /// When it cannot be encoded.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "as a caller writes it")]
    pub fn with_args(&mut self, input: I) -> &mut Self
    where
        I: ToPayload,
    {
        let wanted = [payload_of(&input, "the input")];
        let description = text::input(&wanted);
        self.matching(&description, move |input| input == wanted)
    }

    expectations!();

    /// The operation of the answer that follows starts at once, and ends when so much virtual time
    /// has passed.
    ///
    /// Time passes meanwhile as with a timer, and a timeout of the call that is shorter runs out
    /// before. A handler's error, or a cancellation that nobody asked for, can only answer a call,
    /// so one that comes later fails the test.
    pub fn after(&mut self, delay: Duration) -> &mut Self {
        self.change(|plan| plan.draft().delay = Some(delay))
    }

    /// A call succeeds with the value.
    ///
    /// # Panics
    /// When the value cannot be encoded.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "as an operation returns it")]
    pub fn returns(&mut self, value: O) -> &mut Self
    where
        O: ToPayload,
    {
        let value = payload_of(&value, "the value that a mock returns");
        self.end(End::Returns(value))
    }

    /// A call does not succeed: the operation fails, or its handler does.
    pub fn fails(&mut self, error: impl Into<NexusError>) -> &mut Self {
        self.end(End::Fails(error.into()))
    }

    /// The operation of a call starts and does not end by itself: until it is canceled, or a
    /// timeout of it runs out. [`after`](Self::after) means nothing to it.
    pub fn goes_on(&mut self) -> &mut Self {
        self.end(End::GoesOn)
    }

    /// A call runs the closure. It is run when the call comes, whenever the operation ends.
    pub fn answers(
        &mut self,
        body: impl Fn(I) -> Result<O, NexusError> + Send + Sync + 'static,
    ) -> &mut Self
    where
        I: FromPayload,
        O: ToPayload,
    {
        let body = move |input: &Payload| {
            let result = body(I::from_payload(input)?);
            Ok(result.map(|value| payload_of(&value, "the value that a mock returns")))
        };
        self.end(End::Runs(Arc::new(body)))
    }

    fn matching(
        &mut self,
        description: &str,
        matches: impl Fn(&[Payload]) -> bool + Send + Sync + 'static,
    ) -> &mut Self {
        let matcher = Matcher::new(description, move |(), input| matches(input));
        self.change(|plan| plan.narrow(matcher))
    }

    fn end(&mut self, end: End) -> &mut Self {
        self.change(|plan| plan.answer(|reply| reply.end = end))
    }

    fn change(&mut self, change: impl FnOnce(&mut OperationPlan)) -> &mut Self {
        self.mocks.change_plan(self.plan, change);
        self
    }
}

impl<I, O> fmt::Debug for NexusMock<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NexusMock").finish_non_exhaustive()
    }
}
