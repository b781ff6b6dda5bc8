//! Tells the code what happened and lets it run until it waits.
//!
//! The order is fixed: the run begins, randomness is seeded anew, signals and updates come in
//! the order of their arrival, then what was waited for and the cancellation in the order of
//! theirs. Only after all of that is told are coroutines polled.

use super::{CloseKind, End, Jobs, Message, Outcome, Run, TaskFailure, Told, undecodable};
use crate::convert::Payload;
use crate::engine::command::{Command, NextRun};
use crate::engine::core::{Core, Mode};
use crate::engine::executor::{Finished, HandlerFuture};
use crate::engine::machine::Update;
use crate::engine::message::{UpdateIndex, UpdateReply, UpdateRequest};
use crate::engine::panic::{Panicked, guard};
use crate::engine::program::Dispatch;
use crate::engine::queue::{Origin, Pending};
use crate::engine::random::Random;
use crate::engine::task::TaskFailureCause;
use crate::error::{ContinueAsNew, WorkflowError, WorkflowErrorKind};
use crate::failure::Failure;

impl Run {
    /// Tells the code what a chunk of history says.
    pub(super) fn activate(&mut self, jobs: Jobs) -> Result<(), TaskFailure> {
        if self.end != End::Open {
            return Ok(());
        }
        let entered = self.executor.wakes().clone().enter();
        if jobs.starts {
            self.begin()?;
        }
        if let Some(run_id) = jobs.reseed {
            self.core.lock().random = Random::of_run(run_id.as_str());
        }
        for message in jobs.messages {
            match message {
                Message::Signal(signal, event_id) => {
                    self.signal(&signal.name, &signal.input, event_id)?;
                }
                Message::Update(request) => self.update(request)?,
            }
        }
        for told in jobs.resolutions {
            match told {
                Told::Resolved(id, outcome) => self.core.lock().resolve(id, outcome),
                Told::Cancel(reason) => self.core.lock().request_cancel(&reason),
            }
        }
        self.run_code()?;
        drop(entered);
        self.conclude();
        Ok(())
    }

    /// Makes the state and starts `run`.
    fn begin(&mut self) -> Result<(), TaskFailure> {
        let (program, core) = (&self.program, &self.core);
        let input = core.lock().started.input.clone();
        let made = guard(|| {
            let mut instance = program.instantiate(core, &input)?;
            let main = instance.main(&input)?;
            Ok((instance, main))
        });
        let made: Result<_, crate::convert::DecodeError> = made.map_err(panicked)?;
        let (instance, main) =
            made.map_err(|error| unreadable(undecodable("workflow", program.name(), &error)))?;
        self.instance = Some(instance);
        self.executor.start_main(main);
        Ok(())
    }

    fn signal(&mut self, name: &str, input: &[Payload], event_id: i64) -> Result<(), TaskFailure> {
        let Some(instance) = &mut self.instance else {
            return Ok(());
        };
        match guard(|| instance.signal(name, input)).map_err(panicked)? {
            Dispatch::Done(Ok(())) => {}
            Dispatch::Done(Err(error)) => self.end_by_handler(error)?,
            Dispatch::Running(future) => {
                self.start_handler(HandlerFuture::Signal(future));
            }
            Dispatch::Undecodable(error) if self.program.options().refuses_undecodable_signals => {
                let what = format!("event {event_id}, signal");
                return Err(unreadable(undecodable(&what, name, &error)));
            }
            Dispatch::Undecodable(error) => {
                self.warn(
                    event_id,
                    &format!("signal `{name}` is passed over: {error}"),
                );
            }
            Dispatch::Unknown => {
                let known = self.program.handlers().signals.join(", ");
                let reason = format!("signal `{name}` has no handler; known are [{known}]");
                self.warn(event_id, &reason);
            }
        }
        self.take_fault()
    }

    fn update(&mut self, request: UpdateRequest) -> Result<(), TaskFailure> {
        let is_replaying = self.core.lock().facts.is_replaying;
        let input = request.input();
        if !is_replaying && let Err(failure) = self.validate(&request, &input)? {
            let reply = request.reject(failure);
            self.task
                .as_mut()
                .expect("only a task is not a replay")
                .rejections
                .push(reply);
            return Ok(());
        }
        let Some(instance) = &mut self.instance else {
            return Ok(());
        };
        let index = self.accepted_updates;
        self.accepted_updates += 1;
        push_reply(&self.core, Origin::UpdateAccept(index), request.accept());
        self.updates.insert(index, Update::new(request));
        let name = self.updates[&index].request().name();
        match guard(|| instance.update(name, &input)).map_err(panicked)? {
            Dispatch::Done(outcome) => self.complete_update(index, outcome),
            Dispatch::Running(future) => {
                self.start_handler(HandlerFuture::Update(index, future));
            }
            Dispatch::Undecodable(error) => {
                let failure = undecodable("update", name, &error);
                self.complete_update(index, Err(failure.into()));
            }
            Dispatch::Unknown => {
                let message = format!("history has update `{name}`, which has no handler now");
                return Err(TaskFailure {
                    cause: TaskFailureCause::Nondeterminism,
                    failure: Failure::application("Nondeterminism", message),
                });
            }
        }
        self.take_fault()
    }

    fn start_handler(&mut self, handler: HandlerFuture) {
        self.core.lock().handler_began();
        self.executor.start_handler(handler);
    }

    /// Asks the validator of a new update. A panic in it rejects the update.
    fn validate(
        &mut self,
        request: &UpdateRequest,
        input: &[Payload],
    ) -> Result<Result<(), Failure>, TaskFailure> {
        let Some(instance) = &self.instance else {
            let failure = Failure::application("NotStarted", "the workflow has not started");
            return Ok(Err(failure));
        };
        self.core.lock().mode = Mode::ReadOnly;
        let verdict = guard(|| instance.validate(request.name(), input));
        self.core.lock().mode = Mode::Running;
        self.take_fault()?;
        Ok(match verdict {
            Ok(Dispatch::Done(verdict)) => verdict,
            Ok(Dispatch::Undecodable(error)) => Err(undecodable("update", request.name(), &error)),
            Ok(Dispatch::Unknown | Dispatch::Running(_)) => {
                let known = self.program.handlers().updates.join(", ");
                let name = request.name();
                let message = format!("update `{name}` has no handler; known are [{known}]");
                Err(Failure::application("UnknownUpdate", message))
            }
            Err(panicked) => Err(panicked.into_failure()),
        })
    }

    /// Polls whoever is awake, until nobody is.
    fn run_code(&mut self) -> Result<(), TaskFailure> {
        loop {
            self.check_foreign_wake()?;
            let mut finished = Vec::new();
            let core = &self.core;
            let polled = self.executor.poll_pass(|outcome| {
                let mut core = core.lock();
                if !matches!(outcome, Finished::Main(_)) {
                    core.handler_finished();
                }
                finished.push((outcome, core.commands.end()));
            });
            let polled = polled.map_err(panicked)?;
            for (outcome, commands_before) in finished {
                match outcome {
                    Finished::Main(result) => {
                        self.outcome.get_or_insert(Outcome {
                            result,
                            commands_before,
                        });
                    }
                    Finished::Signal(Ok(())) => {}
                    Finished::Signal(Err(error)) => self.end_by_handler(error)?,
                    Finished::Update(index, outcome) => self.complete_update(index, outcome),
                }
            }
            self.take_fault()?;
            if !polled {
                return Ok(());
            }
        }
    }

    /// A failed signal handler fails the workflow as if `run` had. One that gives up because
    /// the workflow is canceled does not: how that ends is for `run` to say, after its cleanup.
    fn end_by_handler(&mut self, error: WorkflowError) -> Result<(), TaskFailure> {
        let is_canceled = error.as_failure().is_some_and(Failure::is_canceled);
        if is_canceled && self.core.lock().is_cancel_requested() {
            return Ok(());
        }
        self.executor.stop_main().map_err(panicked)?;
        let commands_before = self.core.lock().commands.end();
        self.outcome.get_or_insert(Outcome {
            result: Err(error),
            commands_before,
        });
        Ok(())
    }

    fn complete_update(&mut self, index: UpdateIndex, outcome: Result<Payload, WorkflowError>) {
        let outcome = outcome.map_err(WorkflowError::into_failure);
        let reply = self.updates[&index].request().complete(outcome);
        push_reply(&self.core, Origin::UpdateComplete(index), reply);
    }

    /// Turns the outcome of `run`, if there is one, into the command that ends the run.
    fn conclude(&mut self) {
        let Some(Outcome {
            result,
            commands_before,
        }) = self.outcome.take()
        else {
            return;
        };
        let keeps_all = self.keeps_commands_after_end();
        let mut core = self.core.lock();
        if !keeps_all {
            core.commands.truncate(commands_before);
        }
        core.commands.take_back_drops();
        let (kind, command) = match result.map_err(WorkflowError::into_kind) {
            Ok(result) => (CloseKind::Completed, Command::CompleteWorkflow { result }),
            Err(WorkflowErrorKind::ContinueAsNew(next)) => {
                let next = next_run(&core.started, *next);
                (
                    CloseKind::ContinuedAsNew,
                    Command::ContinueAsNew(Box::new(next)),
                )
            }
            Err(WorkflowErrorKind::Failed(failure)) => {
                if core.is_cancel_requested() && failure.is_canceled() {
                    let details = failure.canceled_details();
                    (CloseKind::Canceled, Command::CancelWorkflow { details })
                } else {
                    (CloseKind::Failed, Command::FailWorkflow { failure })
                }
            }
        };
        if matches!(kind, CloseKind::Completed | CloseKind::ContinuedAsNew) {
            warn_of_unfinished_handlers(&core);
        }
        let (origin, command) = (Origin::End, Some(command));
        core.commands.push(Pending {
            origin,
            command,
            reply: None,
            place: None,
        });
        self.end = End::Issued(kind);
    }

    /// A wake from outside would come at another time on replay.
    fn check_foreign_wake(&self) -> Result<(), TaskFailure> {
        if !self.executor.wakes().was_woken_from_outside() {
            return Ok(());
        }
        let core = self.core.lock();
        let place = match core.last_await {
            Some(place) => format!("last waited for Outlast at {place}"),
            None => "has not waited for Outlast yet".to_owned(),
        };
        let message = format!(
            "the code of workflow `{}`, which {place}, was woken from outside: it waits for \
             something that is not in its history, such as a channel, a task or a lock of \
             another thread; wait for activities, timers, signals and conditions only",
            core.started.workflow_type
        );
        let failure = Failure::application("Nondeterminism", message);
        Err(TaskFailure {
            cause: TaskFailureCause::Nondeterminism,
            failure,
        })
    }

    fn take_fault(&self) -> Result<(), TaskFailure> {
        match self.core.lock().fault.take() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    fn warn(&self, event_id: i64, message: &str) {
        let core = self.core.lock();
        if !core.facts.is_replaying {
            tracing::error!(
                workflow = %core.started.workflow_type,
                workflow_id = %core.execution.workflow_id,
                run_id = %core.execution.run_id,
                event_id,
                "{message}"
            );
        }
    }
}

/// What they were about to do is not done, and nobody gets an answer to their updates.
fn warn_of_unfinished_handlers(core: &Core) {
    let handlers = core.running_handlers();
    if handlers > 0 && !core.facts.is_replaying {
        tracing::warn!(
            workflow = %core.started.workflow_type,
            workflow_id = %core.execution.workflow_id,
            run_id = %core.execution.run_id,
            handlers,
            "the run ends while handlers are running: wait for `ctx.all_handlers_finished()` first"
        );
    }
}

fn push_reply(core: &crate::engine::CoreHandle, origin: Origin, reply: UpdateReply) {
    let command = Command::UpdateReply {
        message_id: reply.id().to_owned(),
    };
    core.lock().commands.push(Pending {
        origin,
        command: Some(command),
        reply: Some(reply),
        place: None,
    });
}

fn panicked(panicked: Panicked) -> TaskFailure {
    TaskFailure {
        cause: TaskFailureCause::Panic,
        failure: panicked.into_failure(),
    }
}

fn unreadable(failure: Failure) -> TaskFailure {
    TaskFailure {
        cause: TaskFailureCause::Arguments,
        failure,
    }
}

/// What the workflow left open is as it was.
fn next_run(started: &crate::engine::ExecutionStarted, next: ContinueAsNew) -> NextRun {
    NextRun {
        workflow_type: next.workflow_type,
        input: next.input,
        task_queue: next
            .task_queue
            .unwrap_or_else(|| started.task_queue.clone()),
        run_timeout: next.run_timeout.or(started.run_timeout),
        task_timeout: next.task_timeout.or(started.task_timeout),
        carried: started.carried.clone(),
    }
}
