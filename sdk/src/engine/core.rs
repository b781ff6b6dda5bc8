//! What a run shares with the futures of its code.
//!
//! The futures issue commands here and find outcomes here; the run matches the commands with
//! history and puts the outcomes in. Neither ever holds the lock while user code runs.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use super::command::{Command, ScheduleActivity};
use super::event::ExecutionStarted;
use super::machine::{Activity, Cancellation, Machine, Resolution, Timer};
use super::operation::{Operation, OperationId, Operations, Scope};
use super::queue::{CommandQueue, Origin, Pending, Place};
use super::random::Random;
use super::task::{TaskFailure, TaskFailureCause};
use crate::convert::Payload;
use crate::failure::Failure;
use crate::ids::WorkflowExecution;
use crate::options::ActivityOptions;

/// A run's core, as its futures hold it.
#[derive(Clone)]
pub struct CoreHandle(Arc<Mutex<Core>>);

/// The facts and the open business of a run.
pub(crate) struct Core {
    pub(crate) execution: WorkflowExecution,
    pub(crate) namespace: Arc<str>,
    pub(crate) started: Arc<ExecutionStarted>,
    pub(crate) facts: Facts,
    pub(crate) random: Random,
    pub(crate) operations: Operations,
    pub(crate) commands: CommandQueue,
    pub(crate) mode: Mode,
    /// Why the task has to fail, found while user code ran.
    pub(crate) fault: Option<TaskFailure>,
    /// Where the code last waited for something.
    pub(crate) last_await: Option<Place>,
    cancel_reason: Option<Arc<str>>,
    scope: Scope,
    conditions: Vec<(ConditionId, Waker)>,
    timers: u64,
    activities: u64,
    last_condition: u64,
}

/// What the last workflow task that was taken in says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) now: SystemTime,
    pub(crate) is_replaying: bool,
    pub(crate) history_length: i64,
    pub(crate) history_bytes: u64,
    pub(crate) continue_as_new_suggested: bool,
}

/// What user code may do at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing has an effect: the run is being dropped.
    Inert,
    /// Look, and start nothing: a query or a validator runs.
    ReadOnly,
    /// Everything.
    Running,
}

/// The name of something that waits for the state to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConditionId(u64);

/// A scope that was entered, until it is dropped: also by a panic, which the workflow may catch.
pub(crate) struct EnteredScope<'a> {
    core: &'a CoreHandle,
    outer: Scope,
}

impl CoreHandle {
    pub(crate) fn new(execution: WorkflowExecution, namespace: Arc<str>) -> Self {
        Self(Arc::new(Mutex::new(Core {
            execution,
            namespace,
            started: Arc::default(),
            facts: Facts {
                now: SystemTime::UNIX_EPOCH,
                is_replaying: false,
                history_length: 0,
                history_bytes: 0,
                continue_as_new_suggested: false,
            },
            random: Random::of_run(""),
            operations: Operations::default(),
            commands: CommandQueue::default(),
            mode: Mode::Running,
            fault: None,
            last_await: None,
            cancel_reason: None,
            scope: Scope::Root,
            conditions: Vec::new(),
            timers: 0,
            activities: 0,
            last_condition: 0,
        })))
    }

    /// Locks the core for a moment. A panic while it was locked has failed the run already.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Core> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a timer.
    pub(crate) fn start_timer(
        &self,
        after: Duration,
        summary: Option<String>,
        place: Place,
    ) -> OperationId {
        self.lock().start_timer(after, summary, place)
    }

    /// Schedules an activity.
    pub(crate) fn schedule_activity(
        &self,
        kind: &'static str,
        input: Vec<Payload>,
        options: ActivityOptions,
        place: Place,
    ) -> OperationId {
        self.lock().schedule_activity(kind, input, options, place)
    }

    /// Looks for the outcome of an operation.
    pub(crate) fn poll(&self, id: OperationId, cx: &mut Context<'_>) -> Poll<Resolution> {
        self.lock().poll(id, cx)
    }

    /// Draws from the run's randomness.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut Random) -> T) -> T {
        let mut core = self.lock();
        core.forbid_read_only("draw a random number");
        draw(&mut core.random)
    }

    /// Cancels an operation because the workflow says so.
    pub(crate) fn cancel(&self, id: OperationId) {
        self.lock().cancel(id, false);
    }

    /// Cancels an operation because its future is gone, unless it is over.
    pub(crate) fn release(&self, id: OperationId) {
        let mut core = self.lock();
        let Some(operation) = core.operations.get_mut(id) else {
            return;
        };
        operation.is_awaited = false;
        if operation.outcome.take().is_none() {
            core.cancel(id, true);
        }
        core.operations.forget_if_over(id);
    }

    /// Lets an operation go on although its future is gone.
    pub(crate) fn detach(&self, id: OperationId) {
        let mut core = self.lock();
        let Some(operation) = core.operations.get_mut(id) else {
            return;
        };
        operation.is_awaited = false;
        core.operations.forget_if_over(id);
    }

    /// Wakes whoever waits for the state to change.
    pub(crate) fn state_changed(&self) {
        self.lock().wake_conditions();
    }

    /// Fails the workflow task: what happened is for the code or the deployment to mend.
    pub(crate) fn fail_task(&self, failure: Failure) {
        let cause = TaskFailureCause::Unhandled;
        self.lock()
            .fault
            .get_or_insert(TaskFailure { cause, failure });
    }

    /// Asks for a wake at the next change of the state or of the cancellation.
    pub(crate) fn watch(&self, id: &mut Option<ConditionId>, place: Place, cx: &Context<'_>) {
        let mut core = self.lock();
        core.last_await = Some(place);
        let id = *id.get_or_insert_with(|| {
            core.last_condition += 1;
            ConditionId(core.last_condition)
        });
        match core
            .conditions
            .iter_mut()
            .find(|(watched, _)| *watched == id)
        {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => core.conditions.push((id, cx.waker().clone())),
        }
    }

    /// Takes a watch back.
    pub(crate) fn unwatch(&self, id: ConditionId) {
        self.lock().conditions.retain(|(watched, _)| *watched != id);
    }

    /// Enters another scope; what is started until the result is dropped belongs there.
    pub(crate) fn enter_scope(&self, scope: Scope) -> EnteredScope<'_> {
        let outer = std::mem::replace(&mut self.lock().scope, scope);
        EnteredScope { core: self, outer }
    }

    /// Why the scope that runs now is canceled, if it is.
    pub(crate) fn cancel_reason_here(&self) -> Option<Arc<str>> {
        let core = self.lock();
        core.cancel_reason
            .clone()
            .filter(|_| core.scope == Scope::Root)
    }

    /// Why the workflow is to be canceled, if it is.
    pub(crate) fn cancel_reason(&self) -> Option<Arc<str>> {
        self.lock().cancel_reason.clone()
    }
}

impl Drop for EnteredScope<'_> {
    fn drop(&mut self) {
        self.core.lock().scope = self.outer;
    }
}

impl Core {
    fn start_timer(
        &mut self,
        after: Duration,
        summary: Option<String>,
        place: Place,
    ) -> OperationId {
        self.forbid_read_only("start a timer");
        self.timers += 1;
        let timer = self.timers.to_string();
        // The server refuses shorter ones; zero means "as soon as possible".
        let after = after.max(Duration::from_millis(1));
        let machine = Machine::Timer(Timer::new(timer.as_str()));
        self.issue(
            machine,
            Command::StartTimer {
                timer,
                after,
                summary,
            },
            place,
        )
    }

    fn schedule_activity(
        &mut self,
        kind: &'static str,
        input: Vec<Payload>,
        options: ActivityOptions,
        place: Place,
    ) -> OperationId {
        self.forbid_read_only("schedule an activity");
        self.activities += 1;
        let number = self.activities;
        let id = options
            .activity_id
            .clone()
            .unwrap_or_else(|| number.to_string().into());
        let cancellation = options.cancellation.unwrap_or_default();
        let machine = Machine::Activity(Activity::new(id.clone(), kind, cancellation));
        let workflow_task_queue = self.started.task_queue.clone();
        let command = ScheduleActivity {
            id,
            kind,
            input,
            workflow_task_queue,
            options,
        };
        self.issue(machine, Command::ScheduleActivity(Box::new(command)), place)
    }

    fn issue(&mut self, machine: Machine, command: Command, place: Place) -> OperationId {
        let (scope, outcome, waker) = (self.scope, None, None);
        let id = self.operations.insert(Operation {
            machine,
            outcome,
            waker,
            scope,
            is_awaited: true,
            place,
        });
        let is_canceled = scope == Scope::Root && self.cancel_reason.is_some();
        let command = Some(command);
        self.commands.push(Pending {
            origin: Origin::Start(id),
            command,
            reply: None,
            place: Some(place),
        });
        if is_canceled {
            self.cancel(id, false);
        }
        id
    }

    fn poll(&mut self, id: OperationId, cx: &mut Context<'_>) -> Poll<Resolution> {
        let Some(operation) = self.operations.get_mut(id) else {
            return Poll::Pending;
        };
        if let Some(outcome) = operation.outcome.take() {
            operation.is_awaited = false;
            self.operations.forget_if_over(id);
            return Poll::Ready(outcome);
        }
        match &mut operation.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        self.last_await = Some(operation.place);
        Poll::Pending
    }

    /// Puts the outcome of an operation where its future finds it.
    pub(crate) fn resolve(&mut self, id: OperationId, outcome: Resolution) {
        let Some(operation) = self.operations.get_mut(id) else {
            return;
        };
        if !operation.is_awaited {
            return self.operations.forget_if_over(id);
        }
        operation.outcome = Some(outcome);
        if let Some(waker) = operation.waker.take() {
            waker.wake();
        }
    }

    fn cancel(&mut self, id: OperationId, by_drop: bool) {
        if self.mode == Mode::Inert {
            return;
        }
        // A second panic, from a destructor that the first one runs, would end the process.
        if !std::thread::panicking() {
            self.forbid_read_only("cancel anything");
        }
        let Some(operation) = self.operations.get_mut(id) else {
            return;
        };
        let place = operation.place;
        let outcome = match operation.machine.handle_cancel() {
            Cancellation::None => None,
            Cancellation::Resolved(outcome) => Some(outcome),
            Cancellation::Unsent(outcome) => {
                self.commands.take_back(id);
                Some(outcome)
            }
            Cancellation::Command(command, outcome) => {
                self.commands.push(Pending {
                    origin: Origin::Cancel {
                        operation: id,
                        by_drop,
                    },
                    command: Some(command),
                    reply: None,
                    place: Some(place),
                });
                outcome
            }
        };
        if let Some(outcome) = outcome {
            self.resolve(id, outcome);
        }
    }

    /// Cancels the workflow: whatever is open and not shielded, in order of start.
    pub(crate) fn request_cancel(&mut self, reason: &str) {
        if self.cancel_reason.is_some() {
            return;
        }
        self.cancel_reason = Some(reason.into());
        let open = self.operations.awaited();
        let open: Vec<_> = open
            .filter(|(_, op)| op.scope == Scope::Root)
            .map(|(id, _)| id)
            .collect();
        for id in open {
            self.cancel(id, false);
        }
        self.wake_conditions();
    }

    pub(crate) fn is_cancel_requested(&self) -> bool {
        self.cancel_reason.is_some()
    }

    fn wake_conditions(&mut self) {
        for (_, waker) in &self.conditions {
            waker.wake_by_ref();
        }
    }

    /// Where conditions and operations wait, for a stack trace.
    pub(crate) fn open_places(&self) -> impl Iterator<Item = String> {
        let places = self.operations.awaited();
        places.map(|(_, operation)| format!("{} at {}", operation.machine, operation.place))
    }

    fn forbid_read_only(&self, what: &str) {
        assert!(
            self.mode != Mode::ReadOnly,
            "a query or validator only looks at the workflow: it cannot {what}"
        );
    }
}

impl fmt::Debug for CoreHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreHandle").finish_non_exhaustive()
    }
}
