//! What a run shares with the futures of its code.
//!
//! The futures issue commands here and find outcomes here; the run matches the commands with
//! history and puts the outcomes in.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use super::command::{Command, ScheduleActivity};
use super::event::ExecutionStarted;
use super::machine::{Activity, Cancellation, Machine, Resolution, Timer};
use super::operation::{Operation, OperationId, Operations, Place, Scope};
use super::queue::{CommandQueue, Origin, Pending};
use super::random::Random;
use super::task::TaskFailure;
use crate::convert::Payload;
use crate::ids::WorkflowExecution;
use crate::options::ActivityOptions;

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
    conditions: BTreeMap<ConditionId, Watched>,
    /// Who is to be woken as soon as the core is not locked.
    woken: Vec<Waker>,
    /// How many handlers have begun and not finished.
    running_handlers: usize,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConditionId(u64);

/// Who waits for the state to change.
struct Watched {
    waker: Waker,
    place: Place,
}

impl Core {
    pub(super) fn new(execution: WorkflowExecution, namespace: Arc<str>) -> Self {
        Self {
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
            conditions: BTreeMap::new(),
            woken: Vec::new(),
            running_handlers: 0,
            timers: 0,
            activities: 0,
            last_condition: 0,
        }
    }

    pub(super) fn start_timer(
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

    pub(super) fn schedule_activity(
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
            started_by: None,
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

    pub(super) fn poll(&mut self, id: OperationId, cx: &mut Context<'_>) -> Poll<Resolution> {
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
        self.woken.extend(operation.waker.take());
    }

    pub(super) fn cancel(&mut self, id: OperationId, by_drop: bool) {
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

    pub(crate) fn handler_began(&mut self) {
        self.running_handlers += 1;
    }

    /// Whoever waits for all handlers to finish looks again.
    pub(crate) fn handler_finished(&mut self) {
        self.running_handlers -= 1;
        self.wake_conditions();
    }

    pub(crate) fn running_handlers(&self) -> usize {
        self.running_handlers
    }

    /// Asks for a wake at the next change of the state or of the cancellation.
    pub(super) fn watch(&mut self, id: &mut Option<ConditionId>, place: Place, waker: &Waker) {
        self.last_await = Some(place);
        let id = *id.get_or_insert_with(|| {
            self.last_condition += 1;
            ConditionId(self.last_condition)
        });
        match self.conditions.entry(id) {
            Entry::Occupied(mut watched) => watched.get_mut().waker.clone_from(waker),
            Entry::Vacant(vacant) => {
                let waker = waker.clone();
                vacant.insert(Watched { waker, place });
            }
        }
    }

    pub(super) fn unwatch(&mut self, id: ConditionId) {
        self.conditions.remove(&id);
    }

    /// What is started from now on belongs to the given scope. Gives the one before.
    pub(super) fn enter_scope(&mut self, scope: Scope) -> Scope {
        std::mem::replace(&mut self.scope, scope)
    }

    pub(super) fn cancel_reason(&self) -> Option<Arc<str>> {
        self.cancel_reason.clone()
    }

    /// Why the scope that runs now is canceled, if it is.
    pub(super) fn cancel_reason_here(&self) -> Option<Arc<str>> {
        self.cancel_reason().filter(|_| self.scope == Scope::Root)
    }

    pub(super) fn wake_conditions(&mut self) {
        let watching = self.conditions.values();
        self.woken
            .extend(watching.map(|watched| watched.waker.clone()));
    }

    /// Who has to be woken now.
    pub(super) fn take_woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }

    /// Where conditions and operations wait, for a stack trace.
    pub(crate) fn open_places(&self) -> impl Iterator<Item = String> {
        let operations = self.operations.awaited();
        let operations = operations
            .map(|(_, operation)| format!("{} at {}", operation.machine, operation.place));
        let conditions = self.conditions.values();
        operations.chain(conditions.map(|watched| format!("condition at {}", watched.place)))
    }

    pub(super) fn forbid_read_only(&self, what: &str) {
        assert!(
            self.mode != Mode::ReadOnly,
            "a query or validator only looks at the workflow: it cannot {what}"
        );
    }
}
