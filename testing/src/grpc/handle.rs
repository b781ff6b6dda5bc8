//! The handle of a server: what tests and doors hold on to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::history::v1::HistoryEvent;

use super::alarms::TimeHold;
use super::calls::Waiting;
use super::service::InProcessServer;
use super::shared::Shared;
use super::tcp::BoundServer;
use crate::server::{
    Engine, Error, Oracle, PendingTimer, ServerOptions, Stalled, TimeMode, WorkflowTaskFailure,
};

/// A Temporal server inside this process.
///
/// The handle is cheap to clone; all clones are the same server. Its state lives as long as any of
/// them, or of the services made from them.
///
/// # Examples
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use std::time::Duration;
/// use outlast_testing::{Server, ServerOptions};
///
/// let server = Server::new(ServerOptions::default());
/// let start = server.now();
/// server.sleep(Duration::from_secs(86_400)).await;
/// assert_eq!(server.now(), start + Duration::from_secs(86_400));
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) shared: Arc<Shared>,
}

impl Server {
    /// A server without any workflows.
    ///
    /// With a clock that follows the wall clock, this must be called inside a tokio runtime.
    pub fn new(options: ServerOptions) -> Self {
        let time = options.time;
        Self::around(Engine::new(options), time)
    }

    /// A server without any workflows, with an oracle of its own for all that the options' seed and
    /// order decide otherwise.
    ///
    /// With a clock that follows the wall clock, this must be called inside a tokio runtime.
    ///
    /// # Examples
    /// ```
    /// use outlast_testing::server::{Oracle, Order, Seeded, Site, Subject};
    /// use outlast_testing::{Server, ServerOptions};
    ///
    /// /// Whatever came last comes first.
    /// #[derive(Debug)]
    /// struct Backwards(Seeded);
    ///
    /// impl Oracle for Backwards {
    ///     fn draw(&self, site: Site, subject: Subject<'_>) -> u64 {
    ///         self.0.draw(site, subject)
    ///     }
    ///
    ///     fn pick(&mut self, _site: Site, _subject: Subject<'_>, count: usize) -> usize {
    ///         count - 1
    ///     }
    /// }
    ///
    /// let oracle = Backwards(Seeded::new(7, Order::Arrival));
    /// let server = Server::with_oracle(ServerOptions::default(), oracle);
    /// assert!(server.pending_timers().is_empty());
    /// ```
    pub fn with_oracle(options: ServerOptions, oracle: impl Oracle + 'static) -> Self {
        let time = options.time;
        Self::around(Engine::with_oracle(options, Box::new(oracle)), time)
    }

    fn around(engine: Engine, time: TimeMode) -> Self {
        Self {
            shared: Arc::new(Shared::new(engine, time)),
        }
    }

    /// The server as a tower service, to be used as the transport of a generated client.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use outlast_testing::{Server, ServerOptions};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use outlast::raw::proto::temporal::api::workflowservice::v1::GetClusterInfoRequest;
    /// use outlast::raw::proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
    ///
    /// let server = Server::new(ServerOptions::default());
    /// let mut client = WorkflowServiceClient::new(server.service());
    /// let cluster = client.get_cluster_info(GetClusterInfoRequest {}).await?.into_inner();
    /// assert!(!cluster.server_version.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn service(&self) -> InProcessServer {
        InProcessServer::new(self)
    }

    /// An ordinary client of the server's namespace `default`, without a network between.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use outlast_testing::{Server, ServerOptions};
    /// let server = Server::new(ServerOptions::default());
    /// assert_eq!(server.client().namespace(), "default");
    /// ```
    pub fn client(&self) -> outlast::Client {
        outlast::raw::client_from_service(self.service(), "default", "test")
    }

    /// Binds a TCP address, for clients of other processes and languages.
    ///
    /// # Errors
    /// The address cannot be bound.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use outlast_testing::{Server, ServerOptions};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use outlast::Client;
    ///
    /// let server = Server::new(ServerOptions::default());
    /// // Port 0 is any that is free.
    /// let bound = server.bind("127.0.0.1:0".parse()?)?;
    /// let address = bound.local_address()?;
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    ///
    /// let (served, client) = tokio::join!(
    ///     bound.serve(async { drop(stopped.await) }),
    ///     async {
    ///         // This one is in Rust; any other will do.
    ///         let client = Client::connect(format!("http://{address}")).await;
    ///         drop(stop);
    ///         client
    ///     },
    /// );
    /// served?;
    /// assert_eq!(client?.namespace(), "default");
    /// # Ok(()) }
    /// ```
    pub fn bind(&self, address: SocketAddr) -> std::io::Result<BoundServer> {
        BoundServer::bind(self, address)
    }

    /// Sleeps in virtual time; it is over when all that became due meanwhile has been dealt with.
    ///
    /// On a frozen clock this makes time pass, as far as nothing is busy.
    ///
    /// # Panics
    /// When virtual time ends before: it goes no further than the year 9998.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait; time that has passed stays passed.
    pub async fn sleep(&self, duration: Duration) {
        self.look_ahead("a sleep", duration);
        let driver = self.driver();
        let begun = Waiting::begin(&self.shared, |engine| Ok(engine.sleep(duration)));
        let Ok(mut waiting) = begun else { return };
        tokio::select! {
            biased;
            _ = waiting.answer() => {}
            never = driver.pass_time() => match never {},
        }
    }

    /// Waits until the server has stalled: somebody waits for a workflow, nothing is under way, and
    /// no passing of time will help. It must stay so for a moment of real time, because a test may
    /// be just about to send a signal.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn waits(ctx: WorkflowContext) -> WorkflowResult<String> {
    ///     Ok(ctx.canceled().await)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let waiting = env.start(waits, ()).id("forgotten").await;
    /// // An ordinary client would wait for ever; a `TestHandle` fails the test instead.
    /// let forgotten = env.client().workflow_by_id("forgotten");
    /// tokio::select! {
    ///     _ = forgotten.result().into_future() => unreachable!("nobody cancels it"),
    ///     stalled = env.server().stall() => {
    ///         assert_eq!(stalled.workflow_ids, ["forgotten"]);
    ///         assert!(stalled.to_string().starts_with("time cannot pass"));
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn stall(&self) -> Stalled {
        let mut version = self.shared.version.subscribe();
        loop {
            version.mark_unchanged();
            if let Some(stalled) = self.stalled() {
                match tokio::time::timeout(STALL_GRACE, version.changed()).await {
                    Ok(_) => continue,
                    Err(_) => return stalled,
                }
            }
            // The sender lives in `self`, so this cannot fail.
            let _ = version.changed().await;
        }
    }

    /// Waits until nothing is under way, so that only time, or a client, can change anything.
    pub async fn idle(&self) {
        let mut version = self.shared.version.subscribe();
        loop {
            version.mark_unchanged();
            if self.shared.look(Engine::is_idle) {
                return;
            }
            let _ = version.changed().await;
        }
    }

    /// Waits for the next workflow task that fails, and takes it off the list.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn broken(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     panic!("there is a bug in {ctx:?}")
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().tolerate_task_failures();
    /// env.start(broken, ()).id("order-7").await;
    /// let failure = env.server().workflow_task_failure().await;
    /// assert_eq!(failure.workflow_id, "order-7");
    /// assert!(failure.to_string().contains("there is a bug"));
    /// # }
    /// ```
    pub async fn workflow_task_failure(&self) -> WorkflowTaskFailure {
        let mut version = self.shared.version.subscribe();
        loop {
            version.mark_unchanged();
            if let Some(failure) = self.shared.lock().task_failures.pop_front() {
                return failure;
            }
            let _ = version.changed().await;
        }
    }

    /// Keeps a clock that follows the wall clock going: without it, what becomes due happens only
    /// at the next call. Never returns; poll it next to whatever else the program does.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use outlast_testing::{Server, ServerOptions, TimeMode};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::new(ServerOptions { time: TimeMode::Flowing, ..ServerOptions::default() });
    /// let before = server.now();
    /// tokio::select! {
    ///     () = server.run_clock() => unreachable!("it goes on"),
    ///     () = server.sleep(Duration::from_millis(5)) => {}
    /// }
    /// assert!(server.now() >= before + Duration::from_millis(5));
    /// # Ok(()) }
    /// ```
    pub async fn run_clock(&self) {
        let mut version = self.shared.version.subscribe();
        loop {
            version.mark_unchanged();
            let due = self
                .shared
                .look(|engine| engine.next_due().map(|at| (at, engine.now())));
            let wait = due.map(|(at, now)| at.duration_since(now).unwrap_or_default());
            match wait.filter(|_| self.shared.started.is_some()) {
                Some(wait) => {
                    let _ = tokio::time::timeout(wait, version.changed()).await;
                }
                None => drop(version.changed().await),
            }
        }
    }

    /// Moves time ahead by force, even while something is busy.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use outlast_testing::{Server, ServerOptions};
    /// let server = Server::new(ServerOptions::default());
    /// let before = server.now();
    /// server.advance(Duration::from_hours(1));
    /// assert_eq!(server.now(), before + Duration::from_hours(1));
    /// ```
    pub fn advance(&self, duration: Duration) {
        self.shared.call(|engine| engine.advance(duration));
    }

    /// Announces a worker of a task queue: from now on, tasks in it are busy with it.
    ///
    /// Without it, a task that is in the queue before its worker's first poll holds no time.
    pub fn expect_worker(&self, task_queue: &str) {
        self.shared.call(|engine| engine.expect_worker(task_queue));
    }

    /// Lets time pass while activities of this type run, because something other than a worker
    /// completes them, at some time. Without this, a running activity holds the clock.
    pub fn detach_activities(&self, activity_type: &str) {
        self.shared
            .call(|engine| engine.detach_activities(activity_type));
    }

    /// Keeps time from being skipped until the guard is dropped, for as long as a test does things
    /// that the server cannot see. The reason is for [`Self::diagnostics`].
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use outlast_testing::{Server, ServerOptions};
    /// let server = Server::new(ServerOptions::default());
    /// let hold = server.hold_time("the fixture is loaded");
    /// assert!(server.diagnostics().contains("the fixture is loaded"));
    /// drop(hold);
    /// assert!(!server.diagnostics().contains("the fixture is loaded"));
    /// ```
    pub fn hold_time(&self, reason: impl Into<String>) -> TimeHold {
        TimeHold::new(&self.shared, reason.into())
    }

    /// The virtual time.
    pub fn now(&self) -> SystemTime {
        self.shared.look(Engine::now)
    }

    /// Everything that is due at some time, soonest first. What is due later than virtual time goes,
    /// beyond the year 9998, never comes, and is not there.
    pub fn pending_timers(&self) -> Vec<PendingTimer> {
        self.shared.look(Engine::pending_timers)
    }

    /// Whether somebody waits in vain at this instant; see [`Self::stall`].
    pub fn stalled(&self) -> Option<Stalled> {
        self.shared.lock().engine.stalled()
    }

    /// What every open workflow is doing, for people whose test hangs.
    pub fn diagnostics(&self) -> String {
        self.shared.look(Engine::diagnostics)
    }

    /// Takes the workflow task failures that happened so far, of which a server keeps the latest
    /// thousand.
    pub fn workflow_task_failures(&self) -> Vec<WorkflowTaskFailure> {
        self.shared.lock().task_failures.drain(..).collect()
    }

    /// The history of a run in the namespace `default`; of the latest run if `run_id` is empty.
    ///
    /// # Errors
    /// The workflow is unknown.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    /// #     Ok(ctx.sleep(Duration::from_hours(1)).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// env.start(nap, ()).id("siesta").await.result().await.unwrap();
    /// let events = env.server().history("siesta", "").unwrap();
    /// assert_eq!(events.last().unwrap().event_id, 10);
    /// assert!(env.server().history("no such workflow", "").is_err());
    /// # }
    /// ```
    pub fn history(&self, workflow_id: &str, run_id: &str) -> Result<Vec<HistoryEvent>, Error> {
        self.shared
            .call(|engine| engine.history("default", workflow_id, run_id))
    }
}

/// How long a server must be stalled before it says so.
const STALL_GRACE: Duration = Duration::from_millis(200);
