//! Workflows in place of others: those that are started as children or by name, and those that are
//! signaled by their ids.

use std::fmt;
use std::sync::Arc;

use outlast::convert::{Args, DecodeError, InputOf, ToPayload};
use outlast::definition::{Workflow, WorkflowFn, WorkflowReturn};
use outlast::engine::{
    CoreHandle, Coroutine, Dispatch, Event, EventBody, HandlerList, HistoryPage, Instance, Program,
};
use outlast::{Failure, Payload, WorkflowContext, WorkflowError, WorkflowHistory, WorkflowId};

use super::TestEnv;

/// A workflow type with a closure for its code. It takes every signal, and answers no queries.
#[derive(Clone)]
pub(super) struct MockProgram {
    name: &'static str,
    body: Arc<Body>,
}

type Body = dyn Fn(WorkflowContext, &[Payload]) -> Result<Coroutine, DecodeError> + Send + Sync;

impl TestEnv {
    /// Runs `body` in place of a workflow, wherever the environment's workflows or clients start
    /// it: as a child, or by its name.
    ///
    /// The body takes what a caller writes and returns what the workflow would. It takes every
    /// signal, and answers no queries.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn ship(ctx: WorkflowContext, order: String) -> WorkflowResult<String> {
    ///     unreachable!("{order} {ctx:?}")
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().mock_workflow(ship, |order| Ok(format!("{order} is on its way")));
    /// let shipping = env.start_mocked(ship, "pen".to_owned()).await;
    /// assert_eq!(shipping.result().await.unwrap(), "pen is on its way");
    /// assert_eq!(env.workflow_inputs(ship), ["pen"]);
    /// # }
    /// ```
    #[must_use]
    pub fn mock_workflow<F, M>(
        self,
        workflow: F,
        body: impl Fn(InputOf<<F::Workflow as Workflow>::Args>) -> <F::Workflow as Workflow>::Return
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        F: WorkflowFn<M>,
    {
        self.mock_workflow_async(workflow, move |_ctx, input| std::future::ready(body(input)))
    }

    /// The same, for a body that takes time: it has a context, to sleep or to call activities.
    /// Whatever holds for workflows holds for it.
    #[must_use]
    pub fn mock_workflow_async<F, M, B>(
        self,
        _workflow: F,
        body: impl Fn(WorkflowContext, InputOf<<F::Workflow as Workflow>::Args>) -> B
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        F: WorkflowFn<M>,
        B: Future<Output = <F::Workflow as Workflow>::Return> + Send + 'static,
    {
        let body = move |ctx: WorkflowContext, input: &[Payload]| {
            let args = <F::Workflow as Workflow>::Args::decode(input)?;
            let run = body(ctx, args.into_input());
            let run = async move { Ok(run.await.into_result()?.to_payload()?) };
            Ok(Box::pin(run) as Coroutine)
        };
        self.shared.workers().add_mock(MockProgram {
            name: F::Workflow::NAME,
            body: Arc::new(body),
        });
        self
    }

    /// Starts a workflow that stands in for another one that workflows or activities under test
    /// signal by its id. It goes on until the environment ends, and takes every signal.
    ///
    /// # Panics
    /// When the id is taken.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// env.stand_in("customer-7").await;
    ///
    /// // Somewhere in an activity:
    /// let customer = env.client().workflow_by_id("customer-7");
    /// customer.signal_by_name("greet", ("hello".to_owned(), 1)).await.unwrap();
    ///
    /// assert_eq!(env.signals::<(String, u32)>("customer-7", "greet"), [("hello".to_owned(), 1)]);
    /// # }
    /// ```
    pub async fn stand_in(&self, id: impl Into<WorkflowId>) {
        let id = id.into();
        let body = |_ctx: WorkflowContext, _input: &[Payload]| {
            Ok(Box::pin(std::future::pending()) as Coroutine)
        };
        self.shared.workers().add_mock(MockProgram {
            name: STAND_IN,
            body: Arc::new(body),
        });
        let queue = self.mock_queue(STAND_IN);
        let start = self
            .shared
            .client
            .start_by_name(STAND_IN, ())
            .task_queue(queue);
        if let Err(error) = start.id(id.clone()).await {
            panic!("nobody can stand in for `{id}`: {error}");
        }
    }

    /// Starts a workflow that [`mock_workflow`](Self::mock_workflow) mocked, to see what the mock
    /// does.
    ///
    /// # Panics
    /// When it was not mocked, or is refused.
    pub async fn start_mocked<F, M>(
        &self,
        workflow: F,
        input: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> super::TestHandle<F::Workflow>
    where
        F: WorkflowFn<M> + Copy,
    {
        let queue = self.mock_queue(F::Workflow::NAME);
        let start = self.shared.client.start(workflow, input);
        let id = self.shared.workers().next_id(F::Workflow::NAME);
        match start.task_queue(queue).id(id).await {
            Ok(handle) => super::TestHandle::new(&self.shared, handle),
            Err(error) => panic!("the start of `{}` is refused: {error}", F::Workflow::NAME),
        }
    }

    /// What a workflow type was started with so far, in order: by whom, and whether it is mocked,
    /// does not matter.
    ///
    /// # Panics
    /// When arguments are not of the workflow's types, and where the environment is attached to a
    /// real server.
    #[must_use]
    #[track_caller]
    pub fn workflow_inputs<F, M>(
        &self,
        _workflow: F,
    ) -> Vec<InputOf<<F::Workflow as Workflow>::Args>>
    where
        F: WorkflowFn<M>,
    {
        let histories = self.histories().into_iter();
        let ours = histories.filter(|h| h.workflow_type() == Some(F::Workflow::NAME));
        let inputs = ours.flat_map(events).filter_map(|event| match event.body {
            EventBody::ExecutionStarted(started) => Some(started.input.clone()),
            _ => None,
        });
        let inputs = inputs.map(|input| <F::Workflow as Workflow>::Args::decode(&input));
        inputs
            .map(|args| match args {
                Ok(args) => args.into_input(),
                Err(error) => panic!("the arguments of `{}`: {error}", F::Workflow::NAME),
            })
            .collect()
    }

    /// The arguments of the signals of that name that a workflow has got so far, as a tuple.
    ///
    /// # Panics
    /// When there is no such workflow, when arguments are of other types, and where the environment
    /// is attached to a real server.
    #[must_use]
    #[track_caller]
    pub fn signals<A: Args>(&self, workflow_id: impl Into<WorkflowId>, name: &str) -> Vec<A> {
        let history = self.history_by_id(&workflow_id.into());
        let signals = events(history).filter_map(|event| match event.body {
            EventBody::Signaled(signal) if signal.name == name => Some(signal.input.clone()),
            _ => None,
        });
        let signals = signals.map(|input| A::decode(&input));
        signals
            .map(|args| args.unwrap_or_else(|error| panic!("a signal `{name}`: {error}")))
            .collect()
    }

    /// The queue of a mocked workflow type, which is attended from now on.
    #[track_caller]
    fn mock_queue(&self, name: &str) -> String {
        let queue = format!("{name}{}", self.shared.workers().suffix);
        self.shared.run_worker(&queue, |builder| builder);
        queue
    }
}

fn events(history: WorkflowHistory) -> impl Iterator<Item = Event> {
    HistoryPage::from(history).events.into_iter()
}

impl MockProgram {
    pub(super) fn type_name(&self) -> &'static str {
        self.name
    }
}

impl Program for MockProgram {
    fn name(&self) -> &'static str {
        self.name
    }

    fn handlers(&self) -> HandlerList<'_> {
        HandlerList {
            signals: &[],
            queries: &[],
            updates: &[],
        }
    }

    fn instantiate(
        &self,
        core: &CoreHandle,
        _input: &[Payload],
    ) -> Result<Box<dyn Instance>, DecodeError> {
        Ok(Box::new(MockInstance {
            context: WorkflowContext::of_run(core),
            body: Arc::clone(&self.body),
        }))
    }
}

struct MockInstance {
    context: WorkflowContext,
    body: Arc<Body>,
}

impl Instance for MockInstance {
    fn main(&mut self, input: &[Payload]) -> Result<Coroutine, DecodeError> {
        (self.body)(self.context.clone(), input)
    }

    fn signal(&mut self, _: &str, _: &[Payload]) -> Dispatch<Result<(), WorkflowError>> {
        Dispatch::Done(Ok(()))
    }

    fn query(&self, _: &str, _: &[Payload]) -> Dispatch<Result<Payload, Failure>> {
        Dispatch::Unknown
    }

    fn validate(&self, _: &str, _: &[Payload]) -> Dispatch<Result<(), Failure>> {
        Dispatch::Unknown
    }

    fn update(&mut self, _: &str, _: &[Payload]) -> Dispatch<Result<Payload, WorkflowError>> {
        Dispatch::Unknown
    }
}

impl fmt::Debug for MockProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MockProgram").field(&self.name).finish()
    }
}

const STAND_IN: &str = "StandIn";
