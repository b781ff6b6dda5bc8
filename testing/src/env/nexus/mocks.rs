//! [`NexusMocks`]: answers for mocked operations, and keeps count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use outlast::Payload;
use outlast::convert::{DecodeError, FromPayload};

use super::calls::{LoggedCall, NexusCall, NexusLog};
use super::{NexusError, NexusHandlerError};
use crate::env::callbacks::message_of;
use crate::env::mock::{Chosen, Plan, Plans};
use crate::env::problems::Problems;
use crate::env::text;

/// All mocked Nexus operations of an environment.
pub(in crate::env) struct NexusMocks {
    problems: Problems,
    plans: Plans<(), Reply>,
    state: Mutex<State>,
}

/// What is known of operations; none of it is code of the test, which may ask for any of it.
struct State {
    log: NexusLog,
    /// The endpoints whose requests are answered.
    endpoints: BTreeSet<&'static str>,
    /// The operations that go on or went on, by the workflows behind them.
    started: BTreeMap<String, Started>,
}

/// What a test said of one mocked operation.
pub(super) type OperationPlan = Plan<(), Reply>;

/// What one call comes to.
#[derive(Clone, Default)]
pub(super) struct Reply {
    /// For how long the operation goes on, in virtual time. Without it, the call itself is
    /// answered.
    pub(super) delay: Option<Duration>,
    pub(super) end: End,
}

/// How an operation ends.
#[derive(Clone, Default)]
pub(super) enum End {
    /// With an error.
    Fails(NexusError),
    /// Not by itself.
    #[default]
    GoesOn,
    /// With a value.
    Returns(Payload),
    /// As a closure says.
    Runs(Arc<Body>),
}

/// A closure in place of an operation, without its types.
pub(super) type Body =
    dyn Fn(&Payload) -> Result<Result<Payload, NexusError>, DecodeError> + Send + Sync;

/// An operation that goes on.
#[derive(Clone)]
pub(super) struct Started {
    /// After how long it ends, and how; `None` if it does not end by itself.
    pub(super) end: Option<(Duration, Result<Payload, NexusError>)>,
}

/// What a handler answers to a call.
pub(super) enum Answered {
    /// The operation has ended.
    Ended(Result<Payload, NexusError>),
    /// It goes on, under this name.
    GoesOn(String),
}

impl NexusMocks {
    pub(in crate::env) fn new(start: SystemTime, problems: Problems) -> Self {
        let state = State {
            log: NexusLog::new(start),
            endpoints: BTreeSet::new(),
            started: BTreeMap::new(),
        };
        Self {
            problems,
            plans: Plans::default(),
            state: Mutex::new(state),
        }
    }

    /// Notes that an endpoint is served; says whether it was not before.
    pub(super) fn begin_serving(&self, endpoint: &'static str) -> bool {
        self.state().endpoints.insert(endpoint)
    }

    pub(super) fn add_plan(&self, plan: OperationPlan) -> usize {
        self.plans.add(plan)
    }

    pub(super) fn replace_plans(&self, plan: OperationPlan) -> usize {
        self.plans.replace(plan)
    }

    pub(super) fn change_plan(&self, plan: usize, change: impl FnOnce(&mut OperationPlan)) {
        self.plans.change(plan, change);
    }

    /// What the test expected of mocks and did not get, if that is so. The mocks are forgotten.
    pub(in crate::env) fn take_unmet(&self) -> Option<String> {
        let unmet = self.plans.unmet(|name| self.state().log.report(name));
        self.plans.clear();
        unmet
    }

    pub(super) fn calls<I, O>(&self, name: &str) -> Vec<NexusCall<I, O>>
    where
        I: FromPayload,
        O: FromPayload,
    {
        let calls = self.state().log.of(name);
        // Values are decoded by code of the test, while others may use the log.
        calls.iter().map(LoggedCall::typed).collect()
    }

    /// Answers a call, and counts it.
    pub(super) fn call(
        &self,
        name: &str,
        input: &Payload,
        headers: BTreeMap<String, String>,
        now: SystemTime,
    ) -> Answered {
        let (call, chosen) = self.choose(name, input, headers, now);
        let answered = match chosen {
            Ok(reply) => self.answer(name, reply, input),
            Err(refused) => Answered::Ended(Err(refused)),
        };
        // Calls at other endpoints may have come meanwhile.
        let mut state = self.state();
        match &answered {
            Answered::Ended(result) => state.log.end(call, result.clone()),
            Answered::GoesOn(token) => state.log.name(call, token),
        }
        answered
    }

    /// Counts a call; returns its number in the log, and what the mocks have for it or how it is
    /// refused while the test fails.
    fn choose(
        &self,
        name: &str,
        input: &Payload,
        headers: BTreeMap<String, String>,
        now: SystemTime,
    ) -> (usize, Result<Reply, NexusError>) {
        let inputs = std::slice::from_ref(input);
        let calls = || self.state().log.report(name);
        let chosen = self.caught(name, || self.plans.choose(name, &(), inputs, calls));
        let call = self.state().log.begin(name, input.clone(), headers, now);
        let reply = chosen.and_then(|chosen| match chosen {
            Chosen::Answer(reply) => Ok(reply),
            Chosen::Unexpected(report) => Err(self.refuse(report)),
            Chosen::NotMocked => Err(self.refuse(format!(
                "the Nexus operation `{name}` was called with {}, and nobody mocked it; mocked \
                 are {}",
                text::input(inputs),
                self.plans.names().join(", ")
            ))),
        });
        (call, reply)
    }

    /// Fails the test for a call that no mock is for.
    fn refuse(&self, report: String) -> NexusError {
        self.problems.add(report.clone());
        NexusError::handler(NexusHandlerError::NotFound, report)
    }

    fn answer(&self, name: &str, reply: Reply, input: &Payload) -> Answered {
        let result = match reply.end {
            End::Fails(error) => Err(error),
            End::GoesOn => return Answered::GoesOn(self.start(name, None)),
            End::Returns(value) => Ok(value),
            End::Runs(body) => self.run(name, &*body, input),
        };
        let Some(delay) = reply.delay else {
            return Answered::Ended(result);
        };
        match result {
            Err(error) if error.is_of_handler() || error.as_failure().is_canceled() => {
                self.problems.add(format!(
                    "the mock of `{name}` is to end after {} with an error that only the answer to \
                     a call can be: {error}",
                    text::duration(delay)
                ));
                Answered::Ended(Err(error))
            }
            result => Answered::GoesOn(self.start(name, Some((delay, result)))),
        }
    }

    fn run(&self, name: &str, body: &Body, input: &Payload) -> Result<Payload, NexusError> {
        self.caught(name, || body(input))?.unwrap_or_else(|error| {
            let message = format!("the input of `{name}`: {error}");
            Err(NexusError::handler(NexusHandlerError::BadRequest, message))
        })
    }

    /// Runs closures of the test. A panic in one fails the test, and the call for good: without an
    /// answer, its request would be open for ever.
    fn caught<T>(&self, name: &str, run: impl FnOnce() -> T) -> Result<T, NexusError> {
        // What a closure of the test leaves half done is not looked at again.
        catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
            let report = format!("the mock of `{name}` panicked: {}", message_of(&*panic));
            self.problems.add(report.clone());
            NexusError::handler(NexusHandlerError::Internal, report).non_retryable()
        })
    }

    /// Notes an operation that goes on; returns its name.
    fn start(&self, name: &str, end: Option<(Duration, Result<Payload, NexusError>)>) -> String {
        let started = &mut self.state().started;
        let token = format!("{name}-{}", started.len() + 1);
        started.insert(token.clone(), Started { end });
        token
    }

    pub(super) fn started(&self, token: &str) -> Option<Started> {
        self.state().started.get(token).cloned()
    }

    /// Notes how an operation ended that went on.
    pub(super) fn end(&self, token: &str, result: Result<Payload, NexusError>) {
        self.state().log.end_named(token, result);
    }

    /// Notes that an operation is to be canceled; says whether it is known.
    pub(super) fn note_cancel_request(&self, token: &str) -> bool {
        self.state().log.note_cancel_request(token)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for NexusMocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NexusMocks")
            .field("log", &self.state().log)
            .finish_non_exhaustive()
    }
}
