//! [`WorkflowHandle`]: one execution, to talk to.

use std::fmt;
use std::marker::PhantomData;

use super::Client;
use super::call::Message;
use super::control::{CancelCall, RequestError, TerminateCall};
use super::describe::{WorkflowDescription, describe};
use super::history::history;
use super::query::QueryCall;
use super::result::ResultCall;
use super::send_start::Started;
use super::signal::SignalCall;
use super::target::Target;
use super::update::{StartUpdateCall, UpdateCall, UpdateHandle};
use crate::convert::{Args, FromPayload, InputOf};
use crate::definition::{HandlerNames, QueryFn, SignalFn, UpdateFn, Workflow};
use crate::history::WorkflowHistory;
use crate::ids::{RunId, UpdateId, WorkflowId};

/// One execution of the workflow `K`: to signal, query, update, cancel or await.
///
/// What you send goes to the current run, so it also reaches a workflow that continued as new;
/// a handle [with a run id](Self::with_run_id) means that run and no other.
///
/// # Examples
/// ```no_run
/// # use outlast::prelude::*;
/// # #[derive(Default)]
/// # struct Order { approved: bool, items: u32 }
/// #[outlast::workflow]
/// impl Order {
///     #[run]
///     async fn run(ctx: WorkflowContext<Self>, id: u32) -> WorkflowResult<String> {
///         ctx.wait_until(|order| order.approved).await?;
///         Ok(format!("order {id} is approved"))
///     }
///
///     #[signal]
///     fn approve(&mut self, _by: String) {
///         self.approved = true;
///     }
///
///     #[query]
///     fn status(&self) -> String {
///         format!("approved: {}", self.approved)
///     }
///
///     #[update]
///     fn add(&mut self, _item: String, count: u32) -> WorkflowResult<u32> {
///         self.items += count;
///         Ok(self.items)
///     }
/// }
///
/// # async fn example(client: outlast::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let order = client.workflow(Order::run, "order-42");
/// order.signal(Order::approve, "alice".into()).await?;
/// println!("{}", order.query(Order::status, ()).await?);
/// let items = order.update(Order::add, ("pen".into(), 2)).await?;
/// println!("{items} items");
/// println!("{}", order.result().await?);
/// # Ok(())
/// # }
/// ```
pub struct WorkflowHandle<K> {
    target: Target,
    /// The run that a start led to. Unlike the target's run it is only where waiting begins.
    started_run_id: Option<RunId>,
    key: PhantomData<fn() -> K>,
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "a function that is a key is passed for its type only"
)]
impl<K: Workflow> WorkflowHandle<K> {
    pub(super) fn new(client: Client, workflow_id: WorkflowId) -> Self {
        Self {
            target: Target {
                client,
                workflow_id,
                run_id: None,
                first_run_id: None,
            },
            started_run_id: None,
            key: PhantomData,
        }
    }

    pub(super) fn started(client: Client, started: Started) -> Self {
        Self {
            target: Target {
                client,
                workflow_id: started.workflow_id,
                run_id: None,
                first_run_id: started.first_run_id,
            },
            started_run_id: started.run_id,
            key: PhantomData,
        }
    }

    /// The same execution, but this run of it and no other.
    ///
    /// # Examples
    /// ```no_run
    /// # use outlast::WorkflowHandle;
    /// # use outlast::client::Untyped;
    /// # async fn example(order: WorkflowHandle<Untyped>) -> Result<(), Box<dyn std::error::Error>> {
    /// let described = order.describe().await?;
    /// let this_run = order.with_run_id(described.execution.run_id);
    /// this_run.terminate("replaced").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_run_id(mut self, run_id: impl Into<RunId>) -> Self {
        self.target.run_id = Some(run_id.into());
        self.started_run_id = None;
        self
    }

    /// The id that the starter chose.
    #[must_use]
    pub fn workflow_id(&self) -> &WorkflowId {
        &self.target.workflow_id
    }

    /// The run that this handle began with, unless it means whichever is current.
    #[must_use]
    pub fn run_id(&self) -> Option<&RunId> {
        self.target.run_id.as_ref().or(self.started_run_id.as_ref())
    }

    /// The first run of the execution, if the server named it when it was started.
    #[must_use]
    pub fn first_run_id(&self) -> Option<&RunId> {
        self.target.first_run_id.as_ref()
    }

    /// Waits for the result, of the last run if there are several.
    pub fn result(&self) -> ResultCall<K> {
        let mut target = self.target.clone();
        target.run_id = self.run_id().cloned();
        ResultCall::new(target)
    }

    /// Sends a signal: the call ends when the server has noted it.
    ///
    /// [`WorkflowHandle`] has an example, also of queries, updates and results.
    pub fn signal<F, M>(&self, signal: F, args: InputOf<F::Args>) -> SignalCall
    where
        F: SignalFn<K::State, M>,
    {
        let _ = signal;
        let name = HandlerNames::name_of::<K, F>();
        let message = Message::new(name, F::Args::from_input(args));
        SignalCall::new(self.target.clone(), message)
    }

    /// Sends a signal that is known by its name only, with its arguments as a tuple.
    ///
    /// # Examples
    /// ```no_run
    /// # use outlast::WorkflowHandle;
    /// # use outlast::client::Untyped;
    /// # async fn example(order: WorkflowHandle<Untyped>) -> Result<(), Box<dyn std::error::Error>> {
    /// order.signal_by_name("approve", ("alice".to_owned(),)).await?;
    /// let status: String = order.query_by_name("status", ()).await?;
    /// let items: u32 = order.update_by_name("add", ("pen".to_owned(), 2)).await?;
    /// println!("{status}, {items} items");
    /// # Ok(())
    /// # }
    /// ```
    pub fn signal_by_name(&self, name: impl Into<String>, args: impl Args) -> SignalCall {
        SignalCall::new(self.target.clone(), Message::new(Ok(name), args))
    }

    /// Asks the workflow: the call ends with the answer of a worker.
    pub fn query<F, M>(&self, query: F, args: InputOf<F::Args>) -> QueryCall<F::Output>
    where
        F: QueryFn<K::State, M>,
    {
        let _ = query;
        let name = HandlerNames::name_of::<K, F>();
        let message = Message::new(name, F::Args::from_input(args));
        QueryCall::new(self.target.clone(), message)
    }

    /// Asks by a name only, with the arguments as a tuple: see
    /// [`signal_by_name`](Self::signal_by_name).
    pub fn query_by_name<R>(&self, name: impl Into<String>, args: impl Args) -> QueryCall<R>
    where
        R: FromPayload + Send + 'static,
    {
        QueryCall::new(self.target.clone(), Message::new(Ok(name), args))
    }

    /// Sends an update and waits until it is completed.
    pub fn update<F, M>(&self, update: F, args: InputOf<F::Args>) -> UpdateCall<F::Output>
    where
        F: UpdateFn<K::State, M>,
    {
        let _ = update;
        let name = HandlerNames::name_of::<K, F>();
        let message = Message::new(name, F::Args::from_input(args));
        UpdateCall::new(self.target.clone(), message)
    }

    /// Sends an update that is known by its name only, with its arguments as a tuple: see
    /// [`signal_by_name`](Self::signal_by_name).
    pub fn update_by_name<R>(&self, name: impl Into<String>, args: impl Args) -> UpdateCall<R>
    where
        R: FromPayload + Send + 'static,
    {
        UpdateCall::new(self.target.clone(), Message::new(Ok(name), args))
    }

    /// Sends an update and waits until the workflow has accepted it.
    ///
    /// # Examples
    /// ```no_run
    /// # use outlast::prelude::*;
    /// # #[derive(Default)]
    /// # struct Order { items: u32 }
    /// #[outlast::workflow]
    /// impl Order {
    ///     #[run]
    ///     async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u32> {
    ///         ctx.wait_until(|order| order.items >= 10).await?;
    ///         Ok(ctx.state().items)
    ///     }
    ///
    ///     #[update]
    ///     fn add(&mut self, count: u32) -> WorkflowResult<u32> {
    ///         self.items += count;
    ///         Ok(self.items)
    ///     }
    /// }
    ///
    /// # async fn example(client: outlast::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let order = client.workflow(Order::run, "order-42");
    /// let accepted = order.start_update(Order::add, 2).id("two-more").await?;
    /// println!("{} items", accepted.result().await?);
    /// // Another program asks for the same outcome.
    /// let items: u32 = order.update_handle("two-more").result().await?;
    /// # let _ = items;
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_update<F, M>(
        &self,
        update: F,
        args: InputOf<F::Args>,
    ) -> StartUpdateCall<F::Output>
    where
        F: UpdateFn<K::State, M>,
    {
        self.update(update, args).started()
    }

    /// An update that was sent before, by its id.
    ///
    /// `R` is what the update returns; the server is asked only by
    /// [`result`](UpdateHandle::result).
    #[must_use]
    pub fn update_handle<R>(&self, id: impl Into<UpdateId>) -> UpdateHandle<R>
    where
        R: FromPayload + Send + 'static,
    {
        UpdateHandle::new(self.target.clone(), id.into(), None)
    }

    /// Asks the workflow to stop: the call ends when the server has noted it, and the workflow
    /// decides how it ends. An execution that has ended is left as it is.
    ///
    /// # Examples
    /// ```no_run
    /// # use outlast::WorkflowHandle;
    /// # use outlast::client::Untyped;
    /// # async fn example(order: WorkflowHandle<Untyped>) -> Result<(), Box<dyn std::error::Error>> {
    /// order.cancel().reason("the customer changed her mind").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self) -> CancelCall {
        CancelCall::new(self.target.clone())
    }

    /// Ends the workflow at once, without asking it.
    ///
    /// # Examples
    /// ```no_run
    /// # use outlast::WorkflowHandle;
    /// # use outlast::client::Untyped;
    /// # async fn example(order: WorkflowHandle<Untyped>) -> Result<(), Box<dyn std::error::Error>> {
    /// order.terminate("stuck").detail(&"ticket 7").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn terminate(&self, reason: impl Into<String>) -> TerminateCall {
        TerminateCall::new(self.target.clone(), reason.into())
    }

    /// Reads what the server knows about the run.
    ///
    /// [`WorkflowDescription`] has an example.
    ///
    /// # Errors
    /// When there is no such execution, or the request fails.
    pub async fn describe(&self) -> Result<WorkflowDescription, RequestError> {
        describe(&self.target).await
    }

    /// Reads the whole history of the run.
    ///
    /// # Errors
    /// When there is no such execution, or the request fails.
    ///
    /// # Examples
    /// ```no_run
    /// # use outlast::prelude::*;
    /// # #[outlast::workflow]
    /// # async fn ship(_: WorkflowContext) -> WorkflowResult<()> { Ok(()) }
    /// # async fn example(client: outlast::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// // Does the code of today still do what it did then?
    /// let history = client.workflow(ship, "order-42").history().await?;
    /// outlast::Replayer::new().workflow(ship).replay(&history)?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn history(&self) -> Result<WorkflowHistory, RequestError> {
        history(&self.target).await
    }
}

impl<K> Clone for WorkflowHandle<K> {
    fn clone(&self) -> Self {
        Self {
            target: self.target.clone(),
            started_run_id: self.started_run_id.clone(),
            key: PhantomData,
        }
    }
}

impl<K> fmt::Debug for WorkflowHandle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkflowHandle")
            .field("workflow_id", &self.target.workflow_id)
            .field(
                "run_id",
                &self.target.run_id.as_ref().or(self.started_run_id.as_ref()),
            )
            .finish_non_exhaustive()
    }
}
