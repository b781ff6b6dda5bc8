//! Calls whose answer comes later, and the answers on their way out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::activities::naps::Napper;
use crate::server::errors::Result;
use crate::server::execution::RunKey;
use crate::server::queues::matching::QueueKey;

/// Names a call whose answer comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(u64);

/// The answer to a call that had to wait.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To `PollActivityTaskQueue`; empty if there was no task.
    ActivityTask(Box<api::PollActivityTaskQueueResponse>),
    /// To `GetWorkflowExecutionHistory`.
    History(Box<Result<api::GetWorkflowExecutionHistoryResponse>>),
    /// To `PollNexusTaskQueue`; empty if there was no task.
    NexusTask(Box<api::PollNexusTaskQueueResponse>),
    /// To `QueryWorkflow`.
    Query(Box<Result<api::QueryWorkflowResponse>>),
    /// To a sleep: its moment has come.
    Slept,
    /// To `UpdateWorkflowExecution` and `PollWorkflowExecutionUpdate`.
    Update(Box<Result<api::UpdateWorkflowExecutionResponse>>),
    /// To `PollWorkflowTaskQueue`; empty if there was no task.
    WorkflowTask(Box<api::PollWorkflowTaskQueueResponse>),
}

/// Where a call waits.
#[derive(Clone, Debug)]
pub(in crate::server) enum Place {
    History(RunKey),
    Nap(Napper),
    Queue(QueueKey),
    Query(RunKey),
    Sleep,
    Update(RunKey),
}

/// All calls that wait.
#[derive(Debug, Default)]
pub(in crate::server) struct Calls {
    next: u64,
    open: BTreeMap<CallId, Place>,
    /// Callers that wait for the end of something, and so want time to pass.
    want_time: BTreeSet<CallId>,
    outbox: VecDeque<(CallId, Answer)>,
}

impl Calls {
    /// Names a new call.
    pub(in crate::server) fn next_id(&mut self) -> CallId {
        self.next += 1;
        CallId(self.next)
    }

    pub(in crate::server) fn park(&mut self, call: CallId, place: Place) {
        self.open.insert(call, place);
    }

    /// Parks a call that wants time to pass until it is answered.
    pub(in crate::server) fn park_for_time(&mut self, call: CallId, place: Place) {
        self.park(call, place);
        self.want_time.insert(call);
    }

    pub(in crate::server) fn answer(&mut self, call: CallId, answer: Answer) {
        self.forget(call);
        self.outbox.push_back((call, answer));
    }

    pub(in crate::server) fn forget(&mut self, call: CallId) -> Option<Place> {
        self.want_time.remove(&call);
        self.open.remove(&call)
    }

    pub(in crate::server) fn place(&self, call: CallId) -> Option<&Place> {
        self.open.get(&call)
    }

    pub(in crate::server) fn poll_answer(&mut self) -> Option<(CallId, Answer)> {
        self.outbox.pop_front()
    }

    /// The runs that somebody waits for.
    pub(in crate::server) fn awaited_runs(&self) -> BTreeSet<RunKey> {
        self.want_time
            .iter()
            .filter_map(|call| match self.open.get(call)? {
                Place::History(run) | Place::Update(run) | Place::Query(run) => Some(*run),
                Place::Nap(_) | Place::Queue(_) | Place::Sleep => None,
            })
            .collect()
    }

    pub(in crate::server) fn anyone_wants_time(&self) -> bool {
        !self.want_time.is_empty()
    }
}
