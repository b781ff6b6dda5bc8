//! [`TestEnvBuilder`]: environments that differ from the default.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use outlast::WorkerBuilder;
use outlast_proto::temporal::api::enums::v1::IndexedValueType;

use super::TestEnv;
use super::backend::Backend;
use super::shared::Shared;
use crate::Server;
use crate::server::{Order, SearchAttributes, ServerOptions, TimeMode};

/// Sets up a [`TestEnv`] that differs from the default; [`TestEnv::builder`] makes one.
#[derive(Clone)]
#[must_use = "an environment is made by `.build()`"]
pub struct TestEnvBuilder {
    options: ServerOptions,
    namespace: String,
    attributes: BTreeMap<String, IndexedValueType>,
    worker: Arc<WorkerSetup>,
}

/// What an environment sets on each of its workers.
pub(super) type WorkerSetup = dyn Fn(WorkerBuilder) -> WorkerBuilder + Send + Sync;

/// What values a search attribute takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchAttributeType {
    /// True or false.
    Bool,
    /// A moment.
    Datetime,
    /// A number with a fraction.
    Double,
    /// A whole number.
    Int,
    /// A text that is matched as a whole.
    Keyword,
    /// Several texts, each matched as a whole.
    KeywordList,
    /// A text that is searched by words.
    Text,
}

/// When a clock starts: a time, or text such as `2030-01-01` or `2030-01-01T09:30:00Z`.
pub trait StartTime {
    /// The moment.
    ///
    /// # Panics
    /// When the text is no date or time.
    fn moment(self) -> SystemTime;
}

impl StartTime for SystemTime {
    fn moment(self) -> SystemTime {
        self
    }
}

impl StartTime for &str {
    #[track_caller]
    fn moment(self) -> SystemTime {
        let midnight = || {
            let date: jiff::civil::Date = self.parse().ok()?;
            Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        };
        let time: Option<jiff::Timestamp> = self.parse().ok().or_else(midnight);
        match time {
            Some(time) => time.into(),
            None => panic!("{self:?} is no time such as `2030-01-01` or `2030-01-01T09:30:00Z`"),
        }
    }
}

impl TestEnvBuilder {
    pub(super) fn new() -> Self {
        Self {
            options: ServerOptions::default(),
            namespace: "default".to_owned(),
            attributes: BTreeMap::new(),
            worker: Arc::new(|worker| worker),
        }
    }

    /// When the virtual clock starts. Default: 2030-01-01, in UTC.
    ///
    /// # Panics
    /// When a text is no date or time.
    #[track_caller]
    pub fn start_time(mut self, time: impl StartTime) -> Self {
        self.options.start_time = time.moment();
        self
    }

    /// The namespace that client and workers use. Default: `default`.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Registers a search attribute. Without any, workflows may use whatever they like; with one,
    /// those that are not registered are refused, as they would be in production.
    pub fn search_attribute(
        mut self,
        name: impl Into<String>,
        values: SearchAttributeType,
    ) -> Self {
        let values = match values {
            SearchAttributeType::Bool => IndexedValueType::Bool,
            SearchAttributeType::Datetime => IndexedValueType::Datetime,
            SearchAttributeType::Double => IndexedValueType::Double,
            SearchAttributeType::Int => IndexedValueType::Int,
            SearchAttributeType::Keyword => IndexedValueType::Keyword,
            SearchAttributeType::KeywordList => IndexedValueType::KeywordList,
            SearchAttributeType::Text => IndexedValueType::Text,
        };
        self.attributes.insert(name.into(), values);
        self
    }

    /// Where the server's ids come from. The same seed gives the same ids. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }

    /// Lets things happen in any order that a real server might come to: the timers of several
    /// workflows at one instant, the starts of children, signals from one workflow to others, the
    /// tasks of a queue. The seed says in which. Without this, they happen in the order in which
    /// they came up.
    ///
    /// A workflow that does well in one order only is a bug that production finds at some time. A
    /// test that runs with a few dozen seeds finds it today, and a seed that fails fails again: the
    /// server decides alike. Where several workflows run on several threads of a worker, these add
    /// some chance of their own.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn checkout(ctx: WorkflowContext) -> WorkflowResult<u64> { Ok(1999) }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// for seed in 0..30 {
    ///     let env = TestEnv::builder().shuffled(seed).build();
    ///     assert_eq!(env.execute(checkout, ()).await.unwrap(), 1999, "seed {seed}");
    /// }
    /// # }
    /// ```
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.options.order = Order::Shuffled;
        self.seed(seed)
    }

    /// From how many events on a workflow is advised to continue as new. Default: 4096.
    pub fn suggest_continue_as_new_at(mut self, events: u32) -> Self {
        self.options.suggest_continue_as_new_events = i64::from(events);
        self
    }

    /// Sets options of the environment's workers, as those of the application have them.
    ///
    /// # Examples
    /// ```
    /// # use outlast_testing::TestEnv;
    /// // No workflow stays in memory: each of its tasks replays it.
    /// let env = TestEnv::builder().worker(|worker| worker.max_cached_workflows(0)).build();
    /// # drop(env);
    /// ```
    pub fn worker(
        mut self,
        setup: impl Fn(WorkerBuilder) -> WorkerBuilder + Send + Sync + 'static,
    ) -> Self {
        let before = self.worker;
        self.worker = Arc::new(move |worker| setup(before(worker)));
        self
    }

    /// Makes the environment.
    #[must_use]
    pub fn build(self) -> TestEnv {
        let server = Server::new(ServerOptions {
            time: TimeMode::Paced,
            namespaces: vec![self.namespace.clone()],
            search_attributes: match self.attributes.is_empty() {
                true => SearchAttributes::Any,
                false => SearchAttributes::Registered(self.attributes),
            },
            ..self.options
        });
        let client = outlast::raw::client_from_service(server.service(), self.namespace, "test");
        let shared = Shared::new(Backend::InMemory(server), client);
        shared.workers().setup = Some(self.worker);
        TestEnv {
            shared: Arc::new(shared),
        }
    }
}

impl fmt::Debug for TestEnvBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestEnvBuilder")
            .field("options", &self.options)
            .field("namespace", &self.namespace)
            .field("attributes", &self.attributes)
            .finish_non_exhaustive()
    }
}
