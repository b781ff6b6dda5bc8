//! What runs for real in an environment.

use std::sync::Arc;

use outlast::activity::{ActivityImpl, ActivitySet};
use outlast::definition::{ActivityFn, Workflow, WorkflowFn};
use outlast::workflow::WorkflowImpl;

use super::TestEnv;

impl TestEnv {
    /// Runs the real activity.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[activity(start_to_close_timeout = "30s")]
    /// # async fn charge(cents: u64) -> Result<u64, ActivityError> { Ok(cents) }
    /// # #[workflow]
    /// # async fn buy(ctx: WorkflowContext, cents: u64) -> WorkflowResult<u64> {
    /// #     Ok(ctx.activity(charge, cents).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().activity(charge);
    /// assert_eq!(env.execute(buy, 5).await.unwrap(), 5);
    /// assert_eq!(env.calls(charge).len(), 1);
    /// # }
    /// ```
    #[must_use]
    pub fn activity<F, M>(self, _activity: F) -> Self
    where
        F: ActivityFn<M>,
        F::Activity: ActivityImpl<Receiver = ()>,
    {
        self.shared.activities().add::<F::Activity>(Arc::new(()));
        self
    }

    /// Runs the real activities of a type's methods. Single ones can be mocked nevertheless.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// struct Till { name: String }
    ///
    /// #[activities]
    /// impl Till {
    ///     #[activity(start_to_close_timeout = "30s")]
    ///     async fn charge(&self, cents: u64) -> Result<String, ActivityError> {
    ///         Ok(format!("{cents} at {}", self.name))
    ///     }
    /// }
    ///
    /// #[workflow]
    /// async fn buy(ctx: WorkflowContext) -> WorkflowResult<String> {
    ///     Ok(ctx.activity(Till::charge, 5).await?)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().activities(Till { name: "till 7".to_owned() });
    /// assert_eq!(env.execute(buy, ()).await.unwrap(), "5 at till 7");
    /// # }
    /// ```
    #[must_use]
    pub fn activities(self, set: impl ActivitySet) -> Self {
        // How a set registers itself is code of the test.
        let mut activities = self.shared.activities().clone();
        Arc::new(set).register(&mut activities);
        *self.shared.activities() = activities;
        self
    }

    /// Runs the real workflow also where the test itself does not start it: as a child, by a
    /// schedule, or by its name, in the task queue of that name. What the test
    /// [starts](Self::start) need not be registered.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn bill(ctx: WorkflowContext, month: String) -> WorkflowResult<String> {
    ///     ctx.sleep(Duration::from_hours(1)).await?;
    ///     Ok(format!("the bill of {month}"))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().workflow(bill);
    /// let started = env.client().start_by_name("bill", ("May".to_owned(),)).task_queue("bill");
    /// let billing = started.id("may").await.unwrap();
    /// env.run_until_idle().await;
    /// assert_eq!(env.client().workflow(bill, "may").result().await.unwrap(), "the bill of May");
    /// # drop(billing);
    /// # }
    /// ```
    #[must_use]
    pub fn workflow<F, M>(self, workflow: F) -> Self
    where
        F: WorkflowFn<M> + Copy + Send + Sync + 'static,
        F::Workflow: WorkflowImpl,
    {
        self.shared.replays().add(workflow);
        let mut workers = self.shared.workers();
        workers.add_workflow(workflow);
        workers.attend_own_queue(F::Workflow::NAME);
        drop(workers);
        self
    }

    /// Also runs a worker for the given task queue.
    ///
    /// Without it, an activity or a child that names a queue of its own waits there for a worker.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[activity(start_to_close_timeout = "30s")]
    /// # async fn render() -> Result<(), ActivityError> { Ok(()) }
    /// #[workflow]
    /// async fn print(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     Ok(ctx.activity(render, ()).task_queue("gpu").await?)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().task_queue("gpu").activity(render);
    /// env.execute(print, ()).await.unwrap();
    /// # }
    /// ```
    #[must_use]
    pub fn task_queue(self, name: impl Into<String>) -> Self {
        self.shared.workers().queues_to_come.push(name.into());
        self
    }
}
