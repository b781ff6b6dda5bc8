//! Where queries wait for a worker, and for how long.

use std::time::Duration;

use super::{NEVER_STARTED, Query, QueryState};
use crate::server::errors::Error;
use crate::server::execution::Execution;
use crate::server::queues::long_polls::{Answer, CallId};
use crate::server::queues::matching::{QueueKey, QueuedTask};
use crate::server::time::timers::Timer;
use crate::server::world::World;

impl Execution {
    /// Gives waiting queries tasks of their own once no workflow task will carry them.
    pub(in crate::server) fn dispatch_queries(&mut self, world: &mut World) {
        if self.task.is_some() {
            return;
        }
        if !self.has_completed_task() {
            if !self.is_open() {
                self.refuse_waiting_queries(world);
            }
            return;
        }
        let queue = self.query_queue(world);
        let is_open = self.is_open();
        let strays = self.queries.iter().filter(|query| match &query.state {
            QueryState::Waiting => true,
            // Nobody is the sticky worker of a closed run.
            QueryState::Queued(waits_in) => !is_open && *waits_in != queue,
            QueryState::Attached | QueryState::Started(_) => false,
        });
        let strays: Vec<CallId> = strays.map(|query| query.call).collect();
        for call in strays {
            self.queue_query(call, &queue, world);
        }
    }

    /// Puts a query into a queue. If that is a sticky one, its worker gets only so much time.
    fn queue_query(&mut self, call: CallId, queue: &QueueKey, world: &mut World) {
        let patience = self.sticky_patience(queue);
        let run = self.key;
        let Some(query) = self.queries.iter_mut().find(|query| query.call == call) else {
            return;
        };
        query.state = QueryState::Queued(queue.clone());
        query.timer = patience.map(|patience| {
            let timer = Timer::StickyQuery { call };
            world.timers.arm(run, world.after(patience), timer)
        });
        let task = QueuedTask::Query { run, call };
        world.queues.add_task(queue.clone(), task, world.now);
    }

    /// How long a task may wait in a queue, if that is the sticky one.
    fn sticky_patience(&self, queue: &QueueKey) -> Option<Duration> {
        let sticky = self.sticky.as_ref();
        sticky
            .filter(|sticky| sticky.queue.name == queue.name)?
            .schedule_to_start
    }

    /// Gives a query to the other workers, because the sticky one has not answered it in time. It
    /// is not the sticky one any more. A query that has gone elsewhere meanwhile stays there.
    pub(in crate::server) fn pass_over_sticky_worker(&mut self, call: CallId, world: &mut World) {
        let is_sticky = |queue: &QueueKey| {
            let sticky = self.sticky.as_ref();
            sticky.is_some_and(|sticky| sticky.queue.name == queue.name)
        };
        let query = self.queries.iter().find(|query| query.call == call);
        let waits = query.is_some_and(|query| match &query.state {
            QueryState::Queued(queue) | QueryState::Started(queue) => is_sticky(queue),
            QueryState::Attached | QueryState::Waiting => false,
        });
        if !waits {
            return;
        }
        self.sticky = None;
        let queue = self.query_queue(world);
        self.queue_query(call, &queue, world);
    }

    fn refuse_waiting_queries(&mut self, world: &mut World) {
        for query in std::mem::take(&mut self.queries) {
            let error = Error::workflow_not_ready(NEVER_STARTED);
            world
                .calls
                .answer(query.call, Answer::Query(Box::new(Err(error))));
        }
    }

    fn query_queue(&self, world: &World) -> QueueKey {
        let version = self.task_version(world);
        let key = |name: &str| self.queue_key(name).for_version(version.clone());
        self.sticky
            .as_ref()
            .filter(|_| self.is_open())
            .map(|sticky| key(&sticky.queue.name))
            .filter(|key| world.queues.is_attended(key))
            .unwrap_or_else(|| key(self.normal_queue_name()))
    }

    /// The queue where a query belongs now, if it waits in one.
    pub(in crate::server) fn requeue_query(
        &mut self,
        call: CallId,
        world: &World,
    ) -> Option<QueueKey> {
        let queue = self.query_queue(world);
        let query = self.queries.iter_mut().find(|query| query.call == call)?;
        let QueryState::Queued(waits_in) = &mut query.state else {
            return None;
        };
        waits_in.clone_from(&queue);
        Some(queue)
    }

    /// Gives up a query, because it has its answer, or its caller is gone.
    pub(in crate::server) fn drop_query(&mut self, call: CallId, world: &mut World) {
        let at = self.queries.iter().position(|query| query.call == call);
        let query = at.map(|at| self.queries.remove(at));
        if let Some(timer) = query.and_then(|query| query.timer) {
            world.timers.cancel(timer);
        }
    }

    /// Tells a caller whose time is nearly up that no worker can be expected, if that is so.
    pub(in crate::server) fn expire_query(&mut self, call: CallId, world: &mut World) {
        let is_hopeless = |query: &Query| match &query.state {
            QueryState::Queued(queue) => !world.queues.had_poller(queue),
            QueryState::Attached | QueryState::Started(_) | QueryState::Waiting => false,
        };
        let query = self.queries.iter().find(|query| query.call == call);
        if query.is_some_and(is_hopeless) {
            self.refuse_query(call, Error::no_poller(), world);
        }
    }

    /// Answers a caller whose time is up.
    pub(in crate::server) fn time_out_query(&mut self, call: CallId, world: &mut World) {
        self.refuse_query(call, Error::query_deadline(), world);
    }

    fn refuse_query(&mut self, call: CallId, error: Error, world: &mut World) {
        self.drop_query(call, world);
        world
            .calls
            .answer(call, Answer::Query(Box::new(Err(error))));
    }

    /// Whether a query is with a worker, or will soon be.
    pub(in crate::server) fn query_is_under_way(&self, world: &World) -> bool {
        self.queries.iter().any(|query| match &query.state {
            QueryState::Waiting => false,
            QueryState::Attached | QueryState::Started(_) => true,
            QueryState::Queued(queue) => world.queues.is_attended(queue),
        })
    }
}
