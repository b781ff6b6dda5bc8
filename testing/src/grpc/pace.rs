//! Who lets time pass on a paced clock, and the waits that take part in it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use outlast::Payload;
use outlast_proto::temporal::api::common::v1::Payloads;
use outlast_proto::temporal::api::history::v1::History;
use outlast_proto::temporal::api::workflowservice::v1::RecordActivityTaskHeartbeatRequest;

use super::Server;
use super::calls::Waiting;
use super::handle::Shared;
use crate::server::{CallId, Engine, HoldId};

impl Server {
    /// Announces somebody who waits, and lets time pass meanwhile. It has to come before the wait
    /// begins: time passes for the wait only as its own task says.
    pub(crate) fn driver(&self) -> Driver {
        self.shared.drivers.fetch_add(1, Ordering::Relaxed);
        Driver(Arc::clone(&self.shared))
    }

    /// The history of a run, of the latest one if `run_id` is empty.
    pub(crate) fn history_of(
        &self,
        namespace: &str,
        workflow_id: &str,
        run_id: &str,
    ) -> crate::server::Result<outlast::WorkflowHistory> {
        let events = self
            .shared
            .call(|engine| engine.history(namespace, workflow_id, run_id))?;
        let history = outlast::WorkflowHistory::from(History { events });
        Ok(history.with_workflow_id(workflow_id))
    }

    /// The histories of all runs, in the order in which they were opened.
    pub(crate) fn histories(&self) -> Vec<outlast::WorkflowHistory> {
        let runs = self.shared.call(|engine| engine.histories());
        let histories = runs.into_iter().map(|(workflow_id, events)| {
            outlast::WorkflowHistory::from(History { events }).with_workflow_id(workflow_id)
        });
        histories.collect()
    }

    /// Announces a worker of a task queue in a namespace of that name.
    pub(crate) fn expect_worker_in(&self, namespace: &str, task_queue: &str) {
        self.shared
            .call(|engine| engine.expect_worker_in(namespace, task_queue));
    }

    /// Keeps time from jumping while the value lives; it can be moved ahead by force.
    pub(crate) fn forbid_skips(&self) -> SkipLock {
        self.shared.call(Engine::lock_time_skipping);
        SkipLock(Arc::clone(&self.shared))
    }

    /// Whether nothing keeps time from passing for somebody who wants it to.
    pub(crate) fn may_pass_time(&self) -> bool {
        self.shared.look(Engine::may_skip)
    }

    /// The next moment at which something is due, apart from the timeouts of whole runs and
    /// the actions of schedules.
    pub(crate) fn next_event(&self) -> Option<SystemTime> {
        self.shared.look(Engine::next_event)
    }

    /// When the next schedule acts.
    pub(crate) fn next_schedule_action(&self) -> Option<SystemTime> {
        self.shared.look(Engine::next_schedule_action)
    }

    /// Lets time pass for those who wait without a [`Driver`].
    pub(crate) async fn pass_time_for_others(&self) -> Infallible {
        let drivers = &self.shared.drivers;
        pass_time(&self.shared, || drivers.load(Ordering::Relaxed) == 0).await
    }

    /// Lets time pass although the attempt of an activity runs: until a moment if one is given,
    /// and until the server has given the attempt up in any case.
    pub(crate) async fn nap(&self, task_token: &Bytes, until: Option<SystemTime>) {
        let begun = Waiting::begin(&self.shared, |engine| engine.nap(task_token, until));
        // An attempt that is not under way any more has nothing to wait for.
        if let Ok(mut waiting) = begun {
            waiting.answer().await;
        }
    }

    /// Lets time pass from now on although the attempt runs, without anybody to hear of its end.
    pub(crate) fn let_go(&self, task_token: &Bytes) {
        // An attempt that is not under way any more holds nothing.
        let _ = self.shared.call(|engine| engine.nap(task_token, None));
    }

    /// Records a heartbeat; says whether the activity is to stop.
    pub(crate) fn heartbeat(&self, task_token: &Bytes, progress: Payload) -> bool {
        let request = RecordActivityTaskHeartbeatRequest {
            task_token: task_token.clone(),
            details: Some(Payloads {
                payloads: vec![progress.into()],
            }),
            ..RecordActivityTaskHeartbeatRequest::default()
        };
        let answer = self
            .shared
            .call(|engine| engine.record_activity_task_heartbeat(request));
        answer.map_or(true, |answer| answer.cancel_requested)
    }

    /// Waits for a moment without wanting time to pass; see [`Engine::set_alarm`].
    pub(crate) fn set_alarm(&self, at: SystemTime, what: String) -> Alarm {
        let begun = Waiting::begin(&self.shared, |engine| Ok(engine.set_alarm(at, what)));
        Alarm(begun.unwrap_or_else(|_| unreachable!("an alarm is never refused")))
    }
}

impl Server {
    /// Waits for an event; see [`Engine::set_event_alarm`].
    pub(crate) fn set_event_alarm(
        &self,
        namespace: &str,
        workflow_id: &str,
        event: &str,
        count: usize,
        what: String,
    ) -> crate::server::Result<Alarm> {
        let begun = Waiting::begin(&self.shared, |engine| {
            engine.set_event_alarm(namespace, workflow_id, event, count, what)
        });
        begun.map(Alarm)
    }
}

/// A moment that somebody waits for; dropping it takes it back, or ends it if it rings.
#[derive(Debug)]
pub(crate) struct Alarm(Waiting);

impl Alarm {
    /// Waits until it rings. Time stands still from then on, for as long as this value lives.
    pub(crate) async fn rings(&mut self) {
        self.0.answer().await;
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let call: CallId = self.0.call();
        self.0.shared().call(|engine| engine.end_alarm(call));
    }
}

/// Keeps time from being skipped while it lives; see [`Server::hold_time`].
#[derive(Debug)]
#[must_use = "time is free again as soon as this is dropped"]
pub struct TimeHold {
    shared: Arc<Shared>,
    hold: HoldId,
}

impl TimeHold {
    pub(super) fn new(shared: &Arc<Shared>, reason: String) -> Self {
        Self {
            hold: shared.call(|engine| engine.hold(reason)),
            shared: Arc::clone(shared),
        }
    }
}

impl Drop for TimeHold {
    fn drop(&mut self) {
        self.shared.call(|engine| engine.release(self.hold));
    }
}

/// Keeps time from jumping while it lives.
#[derive(Debug)]
pub(crate) struct SkipLock(Arc<Shared>);

impl Drop for SkipLock {
    fn drop(&mut self) {
        // Nobody else takes locks of this server back.
        let _ = self.0.call(Engine::unlock_time_skipping);
    }
}

/// Somebody who waits, and lets time pass on a [paced](crate::TimeMode::Paced) clock.
#[derive(Debug)]
pub(crate) struct Driver(Arc<Shared>);

impl Driver {
    /// Lets time pass for as long as it is polled.
    ///
    /// A jump comes only after the task that polls this, and all that were ready to run, have had
    /// their turn and nothing came of it: what they do, they do before time passes.
    pub(crate) async fn pass_time(&self) -> Infallible {
        pass_time(&self.0, || true).await
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.drivers.fetch_sub(1, Ordering::Relaxed);
        self.0.announce_change();
    }
}

async fn pass_time(shared: &Shared, is_ours: impl Fn() -> bool) -> Infallible {
    let mut version = shared.version.subscribe();
    loop {
        version.mark_unchanged();
        if let Some(calls) = shared.time_may_pass().filter(|_| is_ours()) {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            shared.pass_time(calls, &is_ours);
        } else {
            // The sender lives as long as the server, so this cannot fail.
            let _ = version.changed().await;
        }
    }
}

impl Shared {
    /// Says after how many calls it is that time may pass, if it may.
    fn time_may_pass(&self) -> Option<u64> {
        let state = self.lock();
        state.engine.may_skip().then_some(state.calls)
    }

    /// Lets time pass once, unless there was a call since then.
    fn pass_time(&self, calls: u64, is_ours: impl Fn() -> bool) {
        let mut state = self.lock();
        if state.calls != calls || !is_ours() {
            return;
        }
        state.engine.skip();
        state.deliver();
        drop(state);
        self.announce_change();
    }
}

/// How many turns the other futures of a task have between two looks at the clock. After one, a
/// future that was polled before the first look may not have been polled since.
const TURNS: usize = 3;

/// How many of them there are.
pub(super) type Drivers = AtomicUsize;
