//! Where decisions are made, and what they are about.

use std::time::SystemTime;

use crate::server::wire::since_epoch;

/// Where in the server a decision is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Site {
    /// Draws the request id of an activity's attempt.
    ActivityStart,
    /// Draws the ids of a batch operation and of its requests, and picks its next workflow.
    Batch,
    /// Picks the next of the things that runs do to each other.
    Delivery,
    /// Picks what comes first: something that one run does to another, which is zero, or a task on
    /// its way to a worker.
    Dispatch,
    /// Picks which run's timers fire, or which schedule acts, of those due at one instant.
    Due,
    /// Draws the id of a Nexus endpoint.
    Endpoint,
    /// Draws the request id of a signal or a cancellation from another workflow.
    External,
    /// Draws the jitter of an activity, and what that of a schedule depends on.
    Jitter,
    /// Draws the request id of a Nexus operation.
    NexusOperation,
    /// Picks the worker that gets a task.
    Poll,
    /// Draws the id of a query.
    Query,
    /// Picks the queue that is served next, of those with tasks and workers.
    Queue,
    /// Draws the share of the workflows that a workflow is in, for versions that ramp.
    Ramp,
    /// Draws the id of a run.
    Run,
    /// Draws the request id of a start for which nobody chose one.
    Start,
    /// Picks the task that leaves a queue.
    Task,
    /// Draws the id of an update for which nobody chose one.
    Update,
    /// Draws the request id of a workflow task's start.
    WorkflowTaskStart,
}

impl Site {
    /// Its name, which stays the same when sites are added.
    pub fn name(self) -> &'static str {
        match self {
            Self::ActivityStart => "activity-start",
            Self::Batch => "batch",
            Self::Delivery => "delivery",
            Self::Dispatch => "dispatch",
            Self::Due => "due",
            Self::Endpoint => "endpoint",
            Self::External => "external",
            Self::Jitter => "jitter",
            Self::NexusOperation => "nexus-operation",
            Self::Poll => "poll",
            Self::Query => "query",
            Self::Queue => "queue",
            Self::Ramp => "ramp",
            Self::Run => "run",
            Self::Start => "start",
            Self::Task => "task",
            Self::Update => "update",
            Self::WorkflowTaskStart => "workflow-task-start",
        }
    }
}

/// What a decision is about, by names that do not depend on what others do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject<'a> {
    /// The namespace; empty if the decision is about no one namespace.
    pub namespace: &'a str,
    /// The id of a workflow, a schedule or a batch operation, or the name of a queue or an endpoint.
    pub name: &'a str,
    /// Which run of the workflow, counted from one; zero for what is not a run.
    pub run: u64,
    /// Tells what one such thing asks for from what it asks for later. For decisions at one instant,
    /// the instant, in nanoseconds since 1970, modulo 2⁶⁴: it tells instants apart that are less than
    /// 584 years from each other, and is no date from the year 2554 on.
    pub number: u64,
}

impl<'a> Subject<'a> {
    pub(in crate::server) fn named(namespace: &'a str, name: &'a str) -> Self {
        Self {
            namespace,
            name,
            ..Self::default()
        }
    }

    /// What is open at one instant, about nobody in particular.
    pub(in crate::server) fn instant(now: SystemTime) -> Subject<'static> {
        Subject::default().at(now)
    }

    pub(in crate::server) fn at(self, now: SystemTime) -> Self {
        // To stop at the largest number would make one instant of all that come later.
        self.with_number(since_epoch(now).as_nanos() as u64)
    }

    pub(in crate::server) fn with_number(self, number: u64) -> Self {
        Self { number, ..self }
    }
}
