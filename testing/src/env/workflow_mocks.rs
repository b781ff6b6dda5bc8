//! Workflows in place of others that are started as children or by name.

use outlast::convert::{Args, InputOf, ToPayload};
use outlast::definition::{Workflow, WorkflowFn, WorkflowReturn};
use outlast::engine::{Coroutine, Event, EventBody, HistoryPage};
use outlast::{Payload, WorkflowContext, WorkflowHistory};

use super::TestEnv;
use super::mock_program::MockProgram;

impl TestEnv {
    /// Runs `body` in place of a workflow, wherever it is started: as a child, by a schedule, or by
    /// its name, in the task queue of that name.
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
    /// let env = TestEnv::new().mock_workflow_async(ship, |ctx, order| async move {
    ///     ctx.sleep(Duration::from_hours(48)).await?;
    ///     Ok(format!("{order} has come"))
    /// });
    /// let begun = env.now();
    /// let shipping = env.start_mocked(ship, "pen".to_owned()).await;
    /// assert_eq!(shipping.result().await.unwrap(), "pen has come");
    /// assert_eq!(env.now(), begun + Duration::from_hours(48));
    /// # }
    /// ```
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
        let program = MockProgram::new(F::Workflow::NAME, body);
        let mut workers = self.shared.workers();
        let replaced = workers.add_mock(program);
        workers.attend_own_queue(F::Workflow::NAME);
        drop(workers);
        drop(replaced);
        self
    }

    /// Starts a workflow that [`mock_workflow`](Self::mock_workflow) mocked, to see what the mock
    /// does.
    ///
    /// # Panics
    /// When it was not mocked, or is refused.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn ship(ctx: WorkflowContext, order: String) -> WorkflowResult<String> {
    /// #     unreachable!("{order} {ctx:?}")
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().mock_workflow(ship, |order| match order.as_str() {
    ///     "" => Err(WorkflowError::application("Nothing", "there is nothing to ship")),
    ///     order => Ok(format!("{order} is on its way")),
    /// });
    /// let nothing = env.start_mocked(ship, String::new()).await;
    /// assert_eq!(nothing.result().await.unwrap_err().application_kind(), Some("Nothing"));
    /// # }
    /// ```
    pub async fn start_mocked<F, M>(
        &self,
        workflow: F,
        input: InputOf<<F::Workflow as Workflow>::Args>,
    ) -> super::TestHandle<F::Workflow>
    where
        F: WorkflowFn<M> + Copy,
    {
        let name = F::Workflow::NAME;
        assert!(
            self.shared.workers().is_mocked(name),
            "`{name}` is not mocked: mock it with `TestEnv::mock_workflow`, or start the real one \
             with `TestEnv::start`"
        );
        let queue = self.shared.mock_queue(name);
        let start = self.shared.client.start(workflow, input);
        let id = self.shared.workers().next_id(name);
        match start.task_queue(queue).id(id).await {
            Ok(handle) => super::TestHandle::new(&self.shared, handle),
            Err(error) => panic!("the start of `{name}` is refused: {error}"),
        }
    }

    /// What a workflow type was started with so far, in order: by whom, and whether it is mocked,
    /// does not matter.
    ///
    /// # Panics
    /// When arguments are not of the workflow's types, and where the environment is attached to a
    /// real server.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn greet(ctx: WorkflowContext, name: String) -> WorkflowResult<String> {
    ///     Ok(format!("hello, {name}"))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// for name in ["ada", "bob"] {
    ///     env.execute(greet, name.to_owned()).await.unwrap();
    /// }
    /// assert_eq!(env.workflow_inputs(greet), ["ada", "bob"]);
    /// # }
    /// ```
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
}

fn events(history: WorkflowHistory) -> impl Iterator<Item = Event> {
    HistoryPage::from(history).events.into_iter()
}
