//! Tasks on their way to polls, and calls that end without having got what they waited for.

use crate::server::Engine;
use crate::server::execution::{Execution, RunKey};
use crate::server::oracle::{Site, Subject};
use crate::server::queues::long_polls::{Answer, CallId, Place};
use crate::server::queues::matching::{Poll, QueueKey, QueueType, QueuedTask};

impl Engine {
    /// Gives waiting polls the tasks they can have.
    pub(in crate::server) fn dispatch(&mut self) {
        while self.dispatch_next() {}
    }

    /// Lets one waiting poll meet one task; false if there are no two that may meet.
    ///
    /// A task that its run has moved on from, as its stamp tells, is dropped here, and one whose run
    /// has to be on another version first comes back when it is. The poll stays then.
    pub(in crate::server) fn dispatch_next(&mut self) -> bool {
        let (now, world) = (self.world.now, &mut self.world);
        let next = world.queues.next_match(&mut world.decisions, now);
        let Some((queue, task, poll)) = next else {
            return false;
        };
        let key = match task {
            QueuedTask::Activity { run, .. }
            | QueuedTask::Nexus { run, .. }
            | QueuedTask::Query { run, .. }
            | QueuedTask::Workflow { run, .. } => run,
        };
        let answer = self.start(key, &queue, &task, &poll);
        match answer {
            Some(answer) => {
                if let Some(run) = self.runs.get_mut(&key) {
                    run.touched |= match task {
                        QueuedTask::Activity { .. } => true,
                        // A task that only updates need is in memory until it is completed.
                        QueuedTask::Workflow { .. } => !run.has_speculative_task(),
                        QueuedTask::Nexus { .. } | QueuedTask::Query { .. } => false,
                    };
                    run.count_transition();
                }
                self.world.queues.note_dispatch(&queue, now);
                self.world.calls.answer(poll.call, answer);
            }
            None => {
                self.world.queues.return_poll(queue, poll);
                if self.runs.get(&key).is_some_and(|run| run.needs_task) {
                    self.transact(key, |_, _| ());
                }
            }
        }
        self.note_business(key);
        true
    }

    /// Whether a task goes out although it is still under way what runs do to each other.
    pub(in crate::server) fn dispatches_early(&mut self) -> bool {
        let world = &mut self.world;
        let is_open = !world.decisions.keeps_order()
            && !world.deliveries.is_empty()
            && world.queues.has_match();
        let instant = Subject::instant(world.now);
        is_open && world.decisions.pick(Site::Dispatch, instant, 2) == 1
    }

    /// Starts a queued task, unless it is stale.
    fn start(
        &mut self,
        key: RunKey,
        queue: &QueueKey,
        task: &QueuedTask,
        poll: &Poll,
    ) -> Option<Answer> {
        let (run, world) = (self.runs.get_mut(&key)?, &mut self.world);
        match *task {
            QueuedTask::Activity {
                scheduled_event_id,
                stamp,
                ..
            } => {
                if run.holds_activity(scheduled_event_id, stamp, queue, world) {
                    return None;
                }
                let mut task =
                    run.start_activity(scheduled_event_id, stamp, &poll.identity, world)?;
                run.note_activity_version(scheduled_event_id, queue.version.clone());
                task.poller_scaling_decision = poll.scaling_decision();
                Some(Answer::ActivityTask(Box::new(task)))
            }
            QueuedTask::Nexus {
                scheduled_event_id,
                stamp,
                ..
            } => {
                let mut task = run.start_nexus(scheduled_event_id, stamp, world)?;
                task.poller_scaling_decision = poll.scaling_decision();
                Some(Answer::NexusTask(Box::new(task)))
            }
            QueuedTask::Query { call, .. } => {
                let task = run.start_query(call, queue)?;
                Some(Answer::WorkflowTask(Box::new(task)))
            }
            QueuedTask::Workflow { stamp, .. } => {
                run.task
                    .as_ref()
                    .filter(|task| task.stamp == stamp && !task.is_started())?;
                run.check_room_for_start(world).ok()?;
                run.meet_worker(queue.version.as_ref(), world);
                let from_sticky = queue.name != run.normal_queue_name();
                let request_id = run.draw_id(Site::WorkflowTaskStart, world);
                let mut task = run.start_task(poll.taker(), request_id, from_sticky, world);
                task.poller_scaling_decision = poll.scaling_decision();
                Some(Answer::WorkflowTask(Box::new(task)))
            }
        }
    }

    /// Takes a task back whose answer never left the server; another worker will get it.
    pub fn return_undelivered(&mut self, answer: Answer) {
        match answer {
            Answer::WorkflowTask(task) => {
                let Ok((key, token)) = self.task_run(&task.task_token) else {
                    return;
                };
                self.in_run(key, |run, world| {
                    if !run.unstart_query(token.stamp, world) {
                        run.unstart_task(token.stamp, world);
                    }
                });
            }
            Answer::ActivityTask(task) => {
                let Ok((key, token)) = self.task_run(&task.task_token) else {
                    return;
                };
                self.in_run(key, |run, world| run.unstart_activity(&token, world));
            }
            Answer::NexusTask(task) => {
                let Ok((key, token)) = self.task_run(&task.task_token) else {
                    return;
                };
                self.in_run(key, |run, world| run.unstart_nexus(&token, world));
            }
            Answer::History(_) | Answer::Query(_) | Answer::Slept | Answer::Update(_) => {}
        }
    }

    /// Ends a call that has waited for long enough: polls get nothing, reads and updates what there
    /// is. A query goes on waiting if a worker can be expected to take it.
    pub fn expire_call(&mut self, call: CallId) {
        match self.world.calls.place(call).cloned() {
            Some(Place::Queue(queue)) => {
                self.world.queues.expire_poll(&queue, call);
                self.answer_empty(call);
            }
            Some(Place::History(key)) => {
                self.in_run(key, |run, world| run.expire_read(call, world))
            }
            Some(Place::Update(key)) => {
                self.in_run(key, |run, world| run.expire_update(call, world));
            }
            Some(Place::Query(key)) => {
                self.in_run(key, |run, world| run.expire_query(call, world));
            }
            Some(Place::Nap(_) | Place::Sleep) | None => {}
        }
    }

    /// Ends a call whose deadline has come: queries and updates with an error, others as
    /// [`Self::expire_call`] does.
    pub fn time_out_call(&mut self, call: CallId) {
        match self.world.calls.place(call).cloned() {
            Some(Place::Query(key)) => {
                self.in_run(key, |run, world| run.time_out_query(call, world));
            }
            Some(Place::Update(key)) => {
                self.in_run(key, |run, world| run.time_out_update(call, world));
            }
            Some(Place::History(_) | Place::Nap(_) | Place::Queue(_) | Place::Sleep) | None => {
                self.expire_call(call);
            }
        }
    }

    /// Forgets a call whose caller is gone.
    pub fn cancel_call(&mut self, call: CallId) {
        match self.world.calls.forget(call) {
            Some(Place::Queue(queue)) => self.world.queues.abandon_poll(&queue, call),
            Some(Place::History(key)) => {
                self.in_run(key, |run, _| run.reads.retain(|read| !read.is(call)));
            }
            Some(Place::Query(key)) => {
                self.in_run(key, |run, world| run.drop_query(call, world));
            }
            Some(Place::Update(key)) => {
                self.in_run(key, |run, _| run.drop_update_waiter(call));
            }
            Some(Place::Nap(napper)) => self.forget_nap(napper),
            Some(Place::Sleep) => self.forget_sleeper(call),
            None => {}
        }
    }

    /// Answers a poll with nothing.
    pub(in crate::server) fn answer_empty(&mut self, call: CallId) {
        let queue_type = match self.world.calls.place(call) {
            Some(Place::Queue(queue)) => queue.queue_type,
            Some(
                Place::History(_)
                | Place::Nap(_)
                | Place::Query(_)
                | Place::Sleep
                | Place::Update(_),
            )
            | None => return,
        };
        let answer = match queue_type {
            QueueType::Activity => Answer::ActivityTask(Box::default()),
            QueueType::Nexus => Answer::NexusTask(Box::default()),
            QueueType::Workflow => Answer::WorkflowTask(Box::default()),
        };
        self.world.calls.answer(call, answer);
    }
}

impl Execution {
    /// Whether the run may be holding the clock; whether it does depends on its workers.
    pub(in crate::server) fn may_be_busy(&self) -> bool {
        self.task.is_some()
            || !self.activities.is_empty()
            || !self.queries.is_empty()
            || (self.is_open() && !(self.operations.is_empty() && self.nexus_tasks.is_empty()))
    }
}
