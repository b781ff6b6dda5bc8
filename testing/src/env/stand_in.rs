//! [`StandIn`]: a workflow in place of one that others signal or cancel by its id.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use outlast::convert::Args;
use outlast::engine::Coroutine;
use outlast::{Payload, WorkflowContext, WorkflowExecution, WorkflowId};
use outlast_proto::temporal::api::common::v1 as wire;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::history::v1::{History, HistoryEvent};

use super::TestEnv;
use super::mock_program::MockProgram;
use super::shared::Shared;
use super::text;

/// A workflow that stands in for another one; [`TestEnv::stand_in`] starts one.
///
/// It goes on until the environment ends, takes every signal, and takes note of a request to cancel
/// it without obeying. So a test sees what others sent it, and when.
///
/// # Examples
/// ```
/// # use outlast::prelude::*;
/// # use outlast_testing::TestEnv;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let env = TestEnv::new();
/// let customer = env.stand_in("customer-7").await;
///
/// // Somewhere in an activity or a workflow under test:
/// let theirs = env.client().workflow_by_id("customer-7");
/// theirs.signal_by_name("greet", ("hello".to_owned(), 1)).await.unwrap();
/// theirs.cancel().reason("the shop closes").await.unwrap();
///
/// assert_eq!(customer.signals::<(String, u32)>("greet"), [("hello".to_owned(), 1)]);
/// assert_eq!(customer.cancel_request().unwrap().reason, "the shop closes");
/// # }
/// ```
#[derive(Clone)]
pub struct StandIn {
    shared: Arc<Shared>,
    id: WorkflowId,
}

/// A signal that a workflow has got.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedSignal<A> {
    /// Its arguments, as a tuple.
    pub args: A,
    /// When it came, in virtual time.
    pub at: SystemTime,
    /// The workflow that sent it. `None` if a client did.
    pub by: Option<WorkflowExecution>,
    /// Who sent it: the identity of the client, or of the server if a workflow did.
    pub identity: String,
}

/// A request to cancel a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CancelRequest {
    /// When it came, in virtual time.
    pub at: SystemTime,
    /// The workflow that asked. `None` if a client did.
    pub by: Option<WorkflowExecution>,
    /// Who asked: the identity of the client, or of the server if a workflow did.
    pub identity: String,
    /// Why; empty if nobody said.
    pub reason: String,
}

impl TestEnv {
    /// Starts a workflow that stands in for another one that workflows or activities under test
    /// signal or cancel by its id. It goes on until the environment ends.
    ///
    /// There is nothing to do for one that does not exist: whoever signals or cancels an id that
    /// nobody stands in for gets the failure that a server gives.
    ///
    /// # Panics
    /// When the id is taken.
    pub async fn stand_in(&self, id: impl Into<WorkflowId>) -> StandIn {
        let id = id.into();
        let program = MockProgram::new(STAND_IN, |_: WorkflowContext, _: &[Payload]| {
            Ok(Box::pin(std::future::pending()) as Coroutine)
        });
        self.shared.workers().add_own(program);
        let queue = self.shared.mock_queue(STAND_IN);
        let start = self.shared.client.start_by_name(STAND_IN, ());
        if let Err(error) = start.task_queue(queue).id(id.clone()).await {
            panic!("nobody can stand in for `{id}`: {error}");
        }
        StandIn {
            shared: Arc::clone(&self.shared),
            id,
        }
    }

    /// The arguments of the signals of that name that a workflow has got so far, as a tuple.
    ///
    /// # Panics
    /// When there is no such workflow, when arguments are of other types, and where the environment
    /// is attached to a real server.
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
    ///         ctx.wait_until(|counter| counter.sum > 2).await?;
    ///         Ok(ctx.state().sum)
    ///     }
    ///
    ///     #[signal]
    ///     fn add(&mut self, count: u32) { self.sum += count; }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let counter = env.start(Counter::run, ()).await;
    /// counter.signal(Counter::add, 1).await.unwrap();
    /// counter.signal(Counter::add, 2).await.unwrap();
    /// assert_eq!(env.signals::<(u32,)>(counter.workflow_id().clone(), "add"), [(1,), (2,)]);
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn signals<A: Args>(&self, workflow_id: impl Into<WorkflowId>, name: &str) -> Vec<A> {
        let signals = self.shared.signals(&workflow_id.into(), name).into_iter();
        signals.map(|signal| signal.args).collect()
    }

    /// The request to cancel a workflow, if there was one. A server keeps the first one.
    ///
    /// # Panics
    /// When there is no such workflow, and where the environment is attached to a real server.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn tidy(ctx: WorkflowContext) -> WorkflowResult<String> {
    ///     Ok(ctx.canceled().await)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let tidying = env.start(tidy, ()).id("tidy").await;
    /// assert_eq!(env.cancel_request("tidy"), None);
    ///
    /// tidying.cancel().reason("dinner is ready").await.unwrap();
    /// assert_eq!(tidying.result().await.unwrap(), "dinner is ready");
    /// let request = env.cancel_request("tidy").unwrap();
    /// assert_eq!((request.at, request.by), (env.now(), None));
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cancel_request(&self, workflow_id: impl Into<WorkflowId>) -> Option<CancelRequest> {
        self.shared.cancel_request(&workflow_id.into())
    }
}

impl StandIn {
    /// The id that it stands in for.
    #[must_use]
    pub fn workflow_id(&self) -> &WorkflowId {
        &self.id
    }

    /// The arguments of the signals of that name that have come so far, as a tuple.
    ///
    /// # Panics
    /// When arguments are of other types, and where the environment is attached to a real server.
    #[must_use]
    #[track_caller]
    pub fn signals<A: Args>(&self, name: &str) -> Vec<A> {
        let signals = self.shared.signals(&self.id, name).into_iter();
        signals.map(|signal| signal.args).collect()
    }

    /// The signals of that name that have come so far, with their times and senders.
    ///
    /// # Panics
    /// As for [`signals`](Self::signals).
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let customer = env.stand_in("customer-7").await;
    /// let theirs = env.client().workflow_by_id("customer-7");
    /// theirs.signal_by_name("greet", ("hello".to_owned(),)).await.unwrap();
    ///
    /// let greeting = &customer.received::<(String,)>("greet")[0];
    /// assert_eq!((greeting.args.0.as_str(), greeting.at), ("hello", env.now()));
    /// assert!(greeting.by.is_none(), "a client sent it");
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn received<A: Args>(&self, name: &str) -> Vec<ReceivedSignal<A>> {
        self.shared.signals(&self.id, name)
    }

    /// The request to cancel it, if there was one. A server keeps the first one.
    ///
    /// # Panics
    /// Where the environment is attached to a real server.
    #[must_use]
    #[track_caller]
    pub fn cancel_request(&self) -> Option<CancelRequest> {
        self.shared.cancel_request(&self.id)
    }
}

impl Shared {
    #[track_caller]
    fn signals<A: Args>(&self, workflow_id: &WorkflowId, name: &str) -> Vec<ReceivedSignal<A>> {
        let events = History::from(self.history_of(workflow_id))
            .events
            .into_iter();
        let signals = events.filter_map(|event| {
            let at = time_of(&event);
            let Some(Attributes::WorkflowExecutionSignaledEventAttributes(signal)) =
                event.attributes
            else {
                return None;
            };
            if signal.signal_name != name {
                return None;
            }
            let input = signal.input.unwrap_or_default().payloads.into_iter();
            let input: Vec<Payload> = input.map(Payload::from).collect();
            let args = A::decode(&input).unwrap_or_else(|error| {
                panic!(
                    "the signal `{name}` of `{workflow_id}` came with {}, which the types that \
                     the test names do not take: {error}",
                    text::input(&input)
                )
            });
            Some(ReceivedSignal {
                args,
                at,
                by: signal.external_workflow_execution.map(execution),
                identity: signal.identity,
            })
        });
        signals.collect()
    }

    #[track_caller]
    fn cancel_request(&self, workflow_id: &WorkflowId) -> Option<CancelRequest> {
        let events = History::from(self.history_of(workflow_id)).events;
        events.into_iter().find_map(|event| {
            let at = time_of(&event);
            let Some(Attributes::WorkflowExecutionCancelRequestedEventAttributes(request)) =
                event.attributes
            else {
                return None;
            };
            Some(CancelRequest {
                at,
                by: request.external_workflow_execution.map(execution),
                identity: request.identity,
                reason: request.cause,
            })
        })
    }
}

fn time_of(event: &HistoryEvent) -> SystemTime {
    let at = event.event_time.and_then(|at| at.try_into().ok());
    at.expect("the server dates every event")
}

fn execution(wire: wire::WorkflowExecution) -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: wire.workflow_id.into(),
        run_id: wire.run_id.into(),
    }
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StandIn").field(&self.id).finish()
    }
}

const STAND_IN: &str = "StandIn";
