//! Workflows in place of others that are started as children or by name.

mod mock;
mod program;
mod reply;
mod runs;

use std::panic::Location;

use outlast::WorkflowContext;
use outlast::convert::InputOf;
use outlast::definition::{Workflow, WorkflowFn};

pub use self::mock::WorkflowMock;
pub(super) use self::program::AroundRuns;
pub(super) use self::runs::WorkflowMocks;
use super::mock::Plan;
use super::{TestEnv, WorkflowCallOf};

impl TestEnv {
    /// Runs `body` in place of a workflow, and in place of what was mocked of it before, wherever
    /// it is started: as a child, by a schedule, or by its name, in the task queue of that name.
    ///
    /// The body takes what a starter writes and returns what the workflow would. It takes every
    /// signal, and answers no queries. [`on_workflow`](Self::on_workflow) says more: which starts
    /// are expected, and how often; what comes first and what later; how long it takes.
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
    /// assert_eq!(env.workflow_calls(ship)[0].input, "pen");
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn mock_workflow<F, M>(
        self,
        _workflow: F,
        body: impl Fn(InputOf<<F::Workflow as Workflow>::Args>) -> <F::Workflow as Workflow>::Return
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        F: WorkflowFn<M>,
    {
        self.replace_workflow::<F::Workflow>().answers(body);
        self
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
    #[track_caller]
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
        self.replace_workflow::<F::Workflow>().answers_async(body);
        self
    }

    /// Mocks a workflow on top of what was mocked of it before, for children and for whatever else
    /// starts it; the value that comes back takes what there is to say, in the words of
    /// [`ActivityMock`](crate::ActivityMock).
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn ship(ctx: WorkflowContext, order: String) -> WorkflowResult<u64> { Ok(1) }
    /// # #[workflow]
    /// # async fn complain(ctx: WorkflowContext, about: String) -> WorkflowResult<()> { Ok(()) }
    /// let env = TestEnv::new();
    /// env.on_workflow(ship).after(Duration::from_hours(48)).returns(7);
    /// env.on_workflow(complain).never();
    /// ```
    #[track_caller]
    pub fn on_workflow<F, M>(&self, _workflow: F) -> WorkflowMock<F::Workflow>
    where
        F: WorkflowFn<M>,
    {
        let name = F::Workflow::NAME;
        let plan = Plan::new(name, Location::caller());
        let plan = self.shared.workflows.add_plan(name, plan);
        self.shared.workers().attend_own_queue(name);
        WorkflowMock::new(&self.shared.workflows, plan)
    }

    #[track_caller]
    fn replace_workflow<K: Workflow>(&self) -> WorkflowMock<K> {
        let plan = Plan::new(K::NAME, Location::caller());
        let plan = self.shared.workflows.replace_plans(K::NAME, plan);
        self.shared.workers().attend_own_queue(K::NAME);
        WorkflowMock::new(&self.shared.workflows, plan)
    }

    /// Starts a workflow that is mocked, to see what the mock does.
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
            self.shared.workflows.is_mocked(name),
            "`{name}` is not mocked: mock it with `TestEnv::on_workflow`, or start the real one \
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

    /// The runs of a workflow so far, mocked or real, in the order of their starts: children that
    /// the server has started or that a mock kept from starting, and whatever else the environment's workers have run.
    ///
    /// # Panics
    /// When the arguments or the result of a run are not of the workflow's types.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn nap(ctx: WorkflowContext, hours: u64) -> WorkflowResult<u64> {
    /// #     ctx.sleep(Duration::from_hours(hours)).await?;
    /// #     Ok(hours)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// env.execute(nap, 1).await.unwrap();
    /// env.execute(nap, 2).await.unwrap();
    ///
    /// let naps = env.workflow_calls(nap);
    /// assert_eq!((naps[0].input, naps[1].input), (1, 2));
    /// assert_eq!(naps[1].at, naps[0].at + Duration::from_hours(1));
    /// assert_eq!(naps[1].result.clone().unwrap().unwrap(), 2);
    /// assert_eq!(naps[1].workflow_id.as_str(), "nap-2");
    /// assert!(naps[1].parent.is_none());
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn workflow_calls<F, M>(&self, _workflow: F) -> Vec<WorkflowCallOf<F::Workflow>>
    where
        F: WorkflowFn<M>,
    {
        self.shared.attempts.log.of_workflow::<F::Workflow>()
    }
}
