//! Task queues: tasks that wait for a worker, and polls that wait for a task.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1::WorkerVersionStamp;
use outlast_proto::temporal::api::taskqueue::v1::{PollerInfo, PollerScalingDecision};

use crate::server::Engine;
use crate::server::deployments::Version;
use crate::server::execution::RunKey;
use crate::server::options::TimeMode;
use crate::server::oracle::{Decisions, Site, Subject};
use crate::server::queues::long_polls::CallId;
use crate::server::task_queues::Ledger;
use crate::server::workflow_task::taker::Taker;

/// What a queue holds tasks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::server) enum QueueType {
    Activity,
    Nexus,
    Workflow,
}

/// Names one queue. Sticky queues are ordinary queues of one worker.
///
/// Workers of a version have a queue of their own behind each name, so that tasks and polls of
/// different versions never meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::server) struct QueueKey {
    pub(in crate::server) namespace: String,
    pub(in crate::server) queue_type: QueueType,
    pub(in crate::server) name: String,
    /// None for unversioned workers.
    pub(in crate::server) version: Option<Version>,
}

impl QueueKey {
    /// The queue of unversioned workers, by which all queues of this name are known.
    pub(in crate::server) fn new(namespace: &str, queue_type: QueueType, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            queue_type,
            name: name.to_owned(),
            version: None,
        }
    }

    pub(in crate::server) fn for_version(self, version: Option<Version>) -> Self {
        Self { version, ..self }
    }

    fn has_name_of(&self, other: &Self) -> bool {
        self.namespace == other.namespace
            && self.queue_type == other.queue_type
            && self.name == other.name
    }
}

/// The name of the queue, and the version whose workers it is for, as people are told.
impl fmt::Display for QueueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name)?;
        match &self.version {
            Some(version) => write!(f, " for version {:?}", version.text()),
            None => Ok(()),
        }
    }
}

/// A task in a queue.
///
/// Tasks are not removed when their run moves on; the stamp tells that they are stale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) enum QueuedTask {
    Activity {
        run: RunKey,
        scheduled_event_id: i64,
        stamp: u64,
    },
    Nexus {
        run: RunKey,
        scheduled_event_id: i64,
        stamp: u64,
    },
    Query {
        run: RunKey,
        call: CallId,
    },
    Workflow {
        run: RunKey,
        stamp: u64,
    },
}

/// A worker's request for a task.
#[derive(Clone, Debug)]
pub(in crate::server) struct Poll {
    pub(in crate::server) call: CallId,
    pub(in crate::server) identity: String,
    /// The build of a worker that polls for workflow tasks.
    pub(in crate::server) build: Option<WorkerVersionStamp>,
    pub(in crate::server) worker_instance_key: String,
    /// How many tasks the worker wants from the queue at the most.
    pub(in crate::server) rate_per_second: Option<f64>,
    /// The poll found tasks waiting, so the worker is advised to poll more.
    pub(in crate::server) found_backlog: bool,
}

impl Poll {
    /// The worker, as it takes a workflow task.
    pub(in crate::server) fn taker(&self) -> Taker {
        Taker {
            identity: self.identity.clone(),
            build: self.build.clone(),
        }
    }

    pub(in crate::server) fn scaling_decision(&self) -> Option<PollerScalingDecision> {
        self.found_backlog.then_some(PollerScalingDecision {
            poll_request_delta_suggestion: 1,
        })
    }
}

#[derive(Debug, Default)]
struct Queue {
    tasks: VecDeque<QueuedTask>,
    polls: VecDeque<Poll>,
    /// A worker polls this queue, or took its last task from it and will be back.
    attended: bool,
    /// When a worker last began to poll, by the wall clock.
    last_poll_began: Option<Duration>,
    /// When a worker last polled, or stopped to, by the wall clock.
    last_polled: Option<Duration>,
    ledger: Ledger,
}

impl Queue {
    /// The workers whose polls wait.
    fn waiting(&self) -> BTreeSet<&str> {
        let polls = self.polls.iter();
        polls.map(|poll| poll.identity.as_str()).collect()
    }

    fn note_poller(&mut self, wall: Option<Duration>) {
        self.attended = true;
        self.last_poll_began = wall;
        self.last_polled = wall;
    }

    fn has_match(&self) -> bool {
        !self.tasks.is_empty() && !self.polls.is_empty()
    }
}

/// All task queues: first come, first served, on both sides, unless the oracle wants it otherwise.
#[derive(Debug)]
pub(in crate::server) struct TaskQueues {
    queues: BTreeMap<QueueKey, Queue>,
    /// Queues where a task and a poll may have met.
    ready: BTreeSet<QueueKey>,
    /// The time by the wall clock; none if time is all virtual.
    wall: Option<Duration>,
}

impl TaskQueues {
    pub(in crate::server) fn new(time: TimeMode) -> Self {
        Self {
            queues: BTreeMap::new(),
            ready: BTreeSet::new(),
            wall: time.follows_wall().then_some(Duration::ZERO),
        }
    }

    pub(in crate::server) fn observe_wall_clock(&mut self, since_start: Duration) {
        self.wall = Some(since_start);
    }

    pub(in crate::server) fn add_task(&mut self, key: QueueKey, task: QueuedTask, now: SystemTime) {
        let queue = self.queues.entry(key.clone()).or_default();
        if !matches!(task, QueuedTask::Query { .. }) {
            queue.ledger.note_added(now);
        }
        queue.tasks.push_back(task);
        self.ready.insert(key);
    }

    /// Puts a task back that was not picked up, because its worker is gone.
    pub(in crate::server) fn return_task(&mut self, key: QueueKey, task: QueuedTask) {
        let queue = self.queues.entry(key.clone()).or_default();
        queue.tasks.push_front(task);
        queue.attended = !queue.polls.is_empty();
        self.ready.insert(key);
    }

    pub(in crate::server) fn add_poll(&mut self, key: QueueKey, mut poll: Poll, now: SystemTime) {
        let queue = self.queues.entry(key.clone()).or_default();
        queue
            .ledger
            .note_poll(&poll.identity, poll.rate_per_second, now);
        poll.found_backlog = !queue.tasks.is_empty();
        queue.polls.push_back(poll);
        queue.note_poller(self.wall);
        self.ready.insert(key);
    }

    /// Declares that a worker is about to poll.
    pub(in crate::server) fn expect(&mut self, key: QueueKey) {
        let queue = self.queues.entry(key).or_default();
        queue.note_poller(self.wall);
    }

    /// Puts a poll back whose task turned out to be stale.
    pub(in crate::server) fn return_poll(&mut self, key: QueueKey, poll: Poll) {
        self.queues
            .entry(key.clone())
            .or_default()
            .polls
            .push_front(poll);
        self.ready.insert(key);
    }

    /// Ends a poll without a task, because its worker is gone.
    pub(in crate::server) fn abandon_poll(&mut self, key: &QueueKey, call: CallId) {
        if let Some(queue) = self.queues.get_mut(key) {
            queue.polls.retain(|poll| poll.call != call);
            queue.attended = !queue.polls.is_empty();
        }
    }

    /// Ends a poll without a task, because its time is up; its worker will poll again.
    pub(in crate::server) fn expire_poll(&mut self, key: &QueueKey, call: CallId) {
        if let Some(queue) = self.queues.get_mut(key) {
            queue.polls.retain(|poll| poll.call != call);
            queue.last_polled = self.wall;
        }
    }

    /// Ends all polls of one worker and returns their calls.
    pub(in crate::server) fn shut_down(&mut self, worker_instance_key: &str) -> Vec<CallId> {
        let mut ended = Vec::new();
        for queue in self.queues.values_mut() {
            let before = ended.len();
            queue.polls.retain(|poll| {
                let stays = poll.worker_instance_key != worker_instance_key;
                if !stays {
                    ended.push(poll.call);
                }
                stays
            });
            if ended.len() > before {
                queue.attended = !queue.polls.is_empty();
            }
        }
        ended
    }

    /// Declares that the worker behind a (sticky) queue is gone, whatever its version.
    pub(in crate::server) fn forsake(&mut self, key: &QueueKey) {
        let queues = self.queues.range_mut(key.clone()..);
        for (_, queue) in queues.take_while(|(each, _)| each.has_name_of(key)) {
            queue.attended = !queue.polls.is_empty();
        }
    }

    /// Takes all tasks out of all queues, because they may belong elsewhere now.
    pub(in crate::server) fn take_tasks(&mut self) -> Vec<(QueueKey, QueuedTask)> {
        let queues = self.queues.iter_mut();
        let tasks = queues.flat_map(|(key, queue)| {
            let tasks = std::mem::take(&mut queue.tasks).into_iter();
            tasks.map(|task| (key.clone(), task))
        });
        tasks.collect()
    }

    /// Puts a task, which has been taken out, at the end of the queue where it belongs.
    pub(in crate::server) fn put_task(&mut self, key: QueueKey, task: QueuedTask) {
        let queue = self.queues.entry(key.clone()).or_default();
        queue.tasks.push_back(task);
        self.ready.insert(key);
    }

    /// The next task and the poll that takes it.
    pub(in crate::server) fn next_match(
        &mut self,
        decisions: &mut Decisions,
        now: SystemTime,
    ) -> Option<(QueueKey, QueuedTask, Poll)> {
        let key = self.next_ready(decisions, now)?;
        let queue = self.queues.get_mut(&key)?;
        let subject = Subject::named(&key.namespace, &key.name).at(now);
        let task = decisions.pick(Site::Task, subject, queue.tasks.len());
        let poll = decisions.pick(Site::Poll, subject, queue.polls.len());
        let (task, poll) = (queue.tasks.remove(task)?, queue.polls.remove(poll)?);
        Some((key, task, poll))
    }

    /// The queue that has the next match.
    fn next_ready(&mut self, decisions: &mut Decisions, now: SystemTime) -> Option<QueueKey> {
        let queues = &self.queues;
        let has_match = |key: &QueueKey| queues.get(key).is_some_and(Queue::has_match);
        if decisions.keeps_order() {
            // Looks no further than it has to.
            while !has_match(self.ready.first()?) {
                self.ready.pop_first();
            }
            return self.ready.first().cloned();
        }
        self.ready.retain(has_match);
        let pick = decisions.pick(Site::Queue, Subject::instant(now), self.ready.len());
        self.ready.iter().nth(pick).cloned()
    }

    /// Whether some poll can have some task.
    pub(in crate::server) fn has_match(&self) -> bool {
        let queues = self.ready.iter().filter_map(|key| self.queues.get(key));
        queues.into_iter().any(Queue::has_match)
    }

    /// Notes that a task has left the queue for a worker.
    pub(in crate::server) fn note_dispatch(&mut self, key: &QueueKey, now: SystemTime) {
        if let Some(queue) = self.queues.get_mut(key) {
            queue.ledger.note_dispatched(now);
        }
    }

    /// What the queues of a name remember, for workers of each version.
    pub(in crate::server) fn ledgers(
        &self,
        key: &QueueKey,
    ) -> impl Iterator<Item = (Option<&Version>, &Ledger)> {
        let named = self.named(key);
        named.map(|(key, queue)| (key.version.as_ref(), &queue.ledger))
    }

    /// What one queue remembers.
    pub(in crate::server) fn ledger(&self, key: &QueueKey) -> Option<&Ledger> {
        self.queues.get(key).map(|queue| &queue.ledger)
    }

    /// Who polls the queues of a name or has done so lately, for workers of each version.
    pub(in crate::server) fn pollers(
        &self,
        key: &QueueKey,
        now: SystemTime,
    ) -> impl Iterator<Item = (Option<&Version>, PollerInfo)> {
        self.named(key).flat_map(move |(key, queue)| {
            let pollers = queue.ledger.pollers(&queue.waiting(), now).into_iter();
            pollers.map(|poller| (key.version.as_ref(), poller))
        })
    }

    /// Whether anybody polls one queue or has done so lately.
    pub(in crate::server) fn has_pollers(&self, key: &QueueKey, now: SystemTime) -> bool {
        let queue = self.queues.get(key);
        queue.is_some_and(|queue| !queue.ledger.pollers(&queue.waiting(), now).is_empty())
    }

    /// Whether tasks have come to the queues of a name lately.
    pub(in crate::server) fn is_in_use(&self, key: &QueueKey, now: SystemTime) -> bool {
        self.ledgers(key).any(|(_, ledger)| ledger.is_in_use(now))
    }

    /// The tasks that wait in the queues of a name, some of them out of date.
    pub(in crate::server) fn tasks(&self, key: &QueueKey) -> impl Iterator<Item = &QueuedTask> {
        self.named(key).flat_map(|(_, queue)| &queue.tasks)
    }

    /// The tasks that wait in one queue, some of them out of date.
    pub(in crate::server) fn own_tasks(&self, key: &QueueKey) -> impl Iterator<Item = &QueuedTask> {
        self.queues
            .get(key)
            .into_iter()
            .flat_map(|queue| &queue.tasks)
    }

    /// The queues behind the name of an unversioned one, which is the first of them.
    fn named(&self, key: &QueueKey) -> impl Iterator<Item = (&QueueKey, &Queue)> {
        let name = key.clone();
        self.queues
            .range(key.clone()..)
            .take_while(move |(each, _)| each.has_name_of(&name))
    }

    /// Whether a worker can be expected to take tasks from this queue.
    pub(in crate::server) fn is_attended(&self, key: &QueueKey) -> bool {
        self.queues.get(key).is_some_and(|queue| {
            let lately = self.is_recent(queue.last_polled, ATTENDANCE);
            queue.attended && (lately || !queue.polls.is_empty())
        })
    }

    /// Whether a worker has begun to poll this queue recently enough to be waited for.
    ///
    /// Where time is all virtual, nothing tells what is recent. There it counts whether the last
    /// worker has left: by shutting down, or by breaking off its poll.
    pub(in crate::server) fn had_poller(&self, key: &QueueKey) -> bool {
        self.queues.get(key).is_some_and(|queue| match self.wall {
            Some(_) => self.is_recent(queue.last_poll_began, QUERY_WINDOW),
            None => queue.attended,
        })
    }

    /// Whether it is not longer ago than this; where time is all virtual, nothing is.
    fn is_recent(&self, at: Option<Duration>, window: Duration) -> bool {
        match (self.wall, at) {
            (Some(wall), Some(at)) => wall.saturating_sub(at) < window,
            (Some(_), None) => false,
            (None, _) => true,
        }
    }
}

/// How long a worker that has polled counts as being there.
const ATTENDANCE: Duration = Duration::from_secs(10);
/// How long after the beginning of a poll its worker is waited for with a query.
const QUERY_WINDOW: Duration = Duration::from_secs(20);

impl Engine {
    /// Announces a worker of a task queue in the namespace `default`.
    pub fn expect_worker(&mut self, task_queue: &str) {
        self.expect_worker_in("default", task_queue);
    }

    /// Announces a worker of a task queue.
    pub fn expect_worker_in(&mut self, namespace: &str, task_queue: &str) {
        for queue_type in [QueueType::Activity, QueueType::Nexus, QueueType::Workflow] {
            let key = QueueKey::new(namespace, queue_type, task_queue);
            self.world.queues.expect(key);
        }
    }
}
