//! What a run reaches outside itself: time, ids, queues, and the calls that wait.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause;
use outlast_proto::temporal::api::failure::v1::Failure;

use super::activities::naps::{Nap, Napper};
use super::deployments::Deployments;
use super::execution::NewRun;
use super::namespaces::Namespaces;
use super::nexus::Endpoints;
use super::options::ServerOptions;
use super::oracle::{Decisions, Oracle, Site, Subject};
use super::queues::long_polls::Calls;
use super::queues::matching::TaskQueues;
use super::relations::deliveries::Delivery;
use super::time::end::{last_moment, later};
use super::time::timers::TimerQueue;
use super::workers::Workers;

/// The shared surroundings of all runs.
#[derive(Debug)]
pub(super) struct World {
    pub(super) now: SystemTime,
    pub(super) options: ServerOptions,
    pub(super) decisions: Decisions,
    pub(super) namespaces: Namespaces,
    pub(super) timers: TimerQueue,
    pub(super) queues: TaskQueues,
    pub(super) workers: Workers,
    pub(super) deployments: Deployments,
    pub(super) calls: Calls,
    /// Successors of closed runs, to be opened before anything else happens.
    pub(super) new_runs: VecDeque<NewRun>,
    /// What runs do to each other, to be delivered before time moves.
    pub(super) deliveries: VecDeque<Delivery>,
    /// Chains of runs, by their first run, whose end somebody wants to hear of.
    pub(super) awaited_chains: BTreeSet<String>,
    pub(super) endpoints: Endpoints,
    pub(super) task_failures: VecDeque<WorkflowTaskFailure>,
    /// Types of activities that others complete, at some time, and that hold no clock.
    pub(super) detached: BTreeSet<String>,
    /// Attempts of activities that run and hold no clock.
    pub(super) naps: BTreeMap<Napper, Nap>,
}

impl World {
    pub(super) fn new(options: ServerOptions, oracle: Box<dyn Oracle>) -> Self {
        Self {
            now: options
                .start_time
                .clamp(SystemTime::UNIX_EPOCH, last_moment()),
            decisions: Decisions::new(oracle),
            namespaces: Namespaces::new(&options),
            queues: TaskQueues::new(options.time),
            options,
            timers: TimerQueue::default(),
            workers: Workers::default(),
            deployments: Deployments::default(),
            calls: Calls::default(),
            new_runs: VecDeque::new(),
            deliveries: VecDeque::new(),
            awaited_chains: BTreeSet::new(),
            endpoints: Endpoints::default(),
            task_failures: VecDeque::new(),
            detached: BTreeSet::new(),
            naps: BTreeMap::new(),
        }
    }

    pub(super) fn uuid(&self, site: Site, subject: Subject<'_>) -> String {
        self.decisions.uuid(site, subject, self.now)
    }

    /// An id for the next thing of this name, for things that count nothing themselves.
    pub(super) fn next_uuid(&mut self, site: Site, namespace: &str, name: &str) -> String {
        let number = self.decisions.count(site, namespace, name);
        self.uuid(site, Subject::named(namespace, name).with_number(number))
    }

    /// Takes the next of the things that runs do to each other.
    pub(super) fn next_delivery(&mut self) -> Option<Delivery> {
        let (subject, count) = (Subject::instant(self.now), self.deliveries.len());
        let pick = self.decisions.pick(Site::Delivery, subject, count);
        self.deliveries.remove(pick)
    }

    pub(super) fn after(&self, delay: Duration) -> SystemTime {
        later(self.now, delay)
    }
}

/// A workflow task that its worker or the server failed.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowTaskFailure {
    /// The workflow whose task failed.
    pub workflow_id: String,
    /// The run whose task failed.
    pub run_id: String,
    /// Which attempt of the task this was.
    pub attempt: i32,
    /// Why it failed.
    pub cause: WorkflowTaskFailedCause,
    /// What the worker reported, or what the server found wrong.
    pub failure: Option<Failure>,
}

/// Says which workflow, and what the worker reported.
impl fmt::Display for WorkflowTaskFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "workflow {:?}, {}",
            self.workflow_id,
            self.cause.as_str_name()
        )?;
        let mut failure = self.failure.as_ref();
        while let Some(reported) = failure {
            write!(f, ": {}", reported.message)?;
            failure = reported.cause.as_deref();
        }
        Ok(())
    }
}
