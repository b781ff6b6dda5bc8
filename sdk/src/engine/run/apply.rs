//! Takes a chunk of history in: commands meet their events, machines hear what happened, and
//! what the code has to be told is collected.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    End, Jobs, Message, Nondeterminism, Run, Told, UNUSABLE_HISTORY, accepted_request, unhandled,
};
use crate::engine::core::Core;
use crate::engine::event::{ActivityOutcome, Event, EventBody, ExecutionStarted, TaskCompleted};
use crate::engine::history::Chunk;
use crate::engine::machine::{Handled, Machine, Mismatch, Update};
use crate::engine::message::{UpdateIndex, UpdateRequest};
use crate::engine::operation::OperationId;
use crate::engine::queue::{Origin, Pending};
use crate::engine::random::Random;
use crate::engine::task::TaskFailure;
use crate::failure::Failure;

impl Run {
    /// Takes a chunk in and gives what the code has to be told.
    pub(super) fn apply(&mut self, chunk: Chunk) -> Result<Jobs, TaskFailure> {
        self.note_flags(&chunk);
        self.note_replaying(&chunk);
        let mut updates = self.requests(&chunk)?.into_iter().peekable();
        let mut jobs = Jobs::default();
        let answers_task = chunk.events.iter().any(is_task_completed);
        for event in chunk.events {
            // A request comes right after the event that it names.
            while let Some(request) = updates.next_if(|update| update.sequencing() < event.id) {
                jobs.messages.push(Message::Update(request));
            }
            self.apply_event(event, &mut jobs)?;
        }
        jobs.messages.extend(updates.map(Message::Update));
        let mut core = self.core.lock();
        let left_over = answers_task.then(|| core.commands.pop()).flatten();
        match left_over {
            Some(pending) => Err(Nondeterminism::left_over(&core, &pending).into_failure(&core)),
            None => Ok(jobs),
        }
    }

    /// Flags hold from the task whose completion records them, which follows the chunk.
    fn note_flags(&mut self, chunk: &Chunk) {
        let first_upcoming = self.history.upcoming().find_map(task_completed);
        for completed in chunk
            .events
            .iter()
            .filter_map(task_completed)
            .chain(first_upcoming)
        {
            self.sdk.has_answered = true;
            if !completed.sdk_name.is_empty() {
                self.sdk.name.clone_from(&completed.sdk_name);
            }
            self.sdk.core_flags.extend(&completed.core_flags);
        }
    }

    /// The last chunk is new if it tells more than what was answered and what came of it.
    fn note_replaying(&mut self, chunk: &Chunk) {
        let is_new = self.task.as_ref().is_some_and(|task| {
            task.started != 0
                && chunk.last
                && chunk.events.iter().any(|event| {
                    event.id > task.previous_started
                        && !is_task_completed(event)
                        && !event.is_command()
                })
        });
        self.core.lock().facts.is_replaying = !is_new;
    }

    /// The updates that the code hears of in this chunk: the task's own if the chunk is new,
    /// else those that history says were accepted after it.
    fn requests(&mut self, chunk: &Chunk) -> Result<Vec<UpdateRequest>, TaskFailure> {
        let is_replaying = self.core.lock().facts.is_replaying;
        let mut requests = Vec::new();
        for event in &chunk.events {
            if let EventBody::UpdateAdmitted(request) = &event.body {
                let request = (**request).clone().sequenced_at(event.id);
                if is_replaying {
                    self.admitted
                        .insert(request.update_id().to_owned(), request);
                } else {
                    requests.push(request);
                }
            }
        }
        for event in self.history.upcoming() {
            let EventBody::UpdateAccepted(accepted) = &event.body else {
                continue;
            };
            let request = accepted_request(accepted, &self.admitted).ok_or_else(|| {
                unhandled(Failure::application(
                    UNUSABLE_HISTORY,
                    format!("{event} does not hold the request, nor does an event before it"),
                ))
            })?;
            requests.push(request);
        }
        if let Some(task) = self.task.as_mut().filter(|_| chunk.last) {
            requests.append(&mut task.updates);
        }
        requests.sort_by_key(UpdateRequest::sequencing);
        Ok(requests)
    }

    fn apply_event(&mut self, event: Event, jobs: &mut Jobs) -> Result<(), TaskFailure> {
        if event.is_command() {
            return self.match_command(&event);
        }
        self.core.lock().facts.history_length = event.id;
        match event.body {
            EventBody::ExecutionStarted(started) => {
                self.start(*started, event.time);
                jobs.starts = true;
            }
            EventBody::TaskStarted(started) => {
                self.last_started = event.id;
                let facts = &mut self.core.lock().facts;
                facts.now = facts.now.max(event.time);
                facts.history_bytes = started.history_bytes;
                facts.continue_as_new_suggested = started.continue_as_new_suggested;
            }
            EventBody::TaskFailed {
                reset_run: Some(run),
            } => jobs.reseed = Some(run),
            EventBody::CancelRequested { reason } => jobs.resolutions.push(Told::Cancel(reason)),
            EventBody::Signaled(signal) => jobs.messages.push(Message::Signal(signal, event.id)),
            EventBody::ExecutionEnded(_) => self.end = End::Recorded,
            EventBody::ActivityStarted { .. }
            | EventBody::ActivityClosed { .. }
            | EventBody::TimerFired { .. } => return self.route(&event, jobs),
            EventBody::Other(event_type) if event_type.is_unsupported() => {
                return Err(self.nondeterminism(Nondeterminism::unknown_target(&event)));
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, started: ExecutionStarted, time: std::time::SystemTime) {
        let mut core = self.core.lock();
        core.random = Random::of_run(&started.original_run);
        core.facts.now = time;
        core.started = Arc::new(started);
    }

    /// Hands an event to the machine that it is for.
    fn route(&mut self, event: &Event, jobs: &mut Jobs) -> Result<(), TaskFailure> {
        let mut guard = self.core.lock();
        let core = &mut *guard;
        let target = match &event.body {
            EventBody::TimerFired { started, .. } => *started,
            EventBody::ActivityStarted { scheduled }
            | EventBody::ActivityClosed { scheduled, .. } => *scheduled,
            _ => unreachable!("only resolutions are routed"),
        };
        let id = core.operations.started_by(target);
        let Some((id, operation)) = id.and_then(|id| Some((id, core.operations.get_mut(id)?)))
        else {
            return Err(Nondeterminism::unknown_target(event).into_failure(core));
        };
        let handled = match (&mut operation.machine, &event.body) {
            (Machine::Timer(timer), EventBody::TimerFired { .. }) => timer.handle_fired().map(Some),
            (Machine::Activity(activity), EventBody::ActivityStarted { .. }) => {
                activity.handle_started().map(|()| None)
            }
            (Machine::Activity(activity), EventBody::ActivityClosed { outcome, .. }) => {
                let outcome: ActivityOutcome = (**outcome).clone();
                activity.handle_closed(outcome)
            }
            _ => Err(Mismatch("the event is about something of another kind")),
        };
        let resolution = handled.map_err(|mismatch| {
            Nondeterminism::mismatch(core, event, None, &mismatch).into_failure(core)
        })?;
        match resolution {
            Some(resolution) => jobs.resolutions.push(Told::Resolved(id, resolution)),
            None => core.operations.forget_if_over(id),
        }
        Ok(())
    }

    /// Holds the event of a command against the command that the code issued.
    fn match_command(&mut self, event: &Event) -> Result<(), TaskFailure> {
        let checks_ids = self.checks_ids();
        let mut guard = self.core.lock();
        let core = &mut *guard;
        let Some(pending) = core.commands.pop() else {
            return Err(Nondeterminism::unmatched(core, event, None).into_failure(core));
        };
        let matched = match_pending(
            core,
            &mut self.updates,
            &mut self.end,
            &pending,
            event,
            checks_ids,
        );
        match matched {
            Ok(true) => {
                if pending.origin == Origin::End {
                    self.closing = pending.command;
                }
                Ok(())
            }
            Ok(false) => {
                Err(Nondeterminism::unmatched(core, event, Some(&pending)).into_failure(core))
            }
            Err(mismatch) => {
                let report = Nondeterminism::mismatch(core, event, Some(&pending), &mismatch);
                Err(report.into_failure(core))
            }
        }
    }
}

/// Whether the event is of the command's type; an error if it is but does not fit.
fn match_pending(
    core: &mut Core,
    updates: &mut BTreeMap<UpdateIndex, Update>,
    end: &mut End,
    pending: &Pending,
    event: &Event,
    checks_ids: bool,
) -> Handled<bool> {
    match pending.origin {
        Origin::Start(id) => match_start(core, id, event, checks_ids),
        Origin::Cancel { operation: id, .. } => match_cancel(core, id, event),
        Origin::UpdateAccept(index) => {
            let EventBody::UpdateAccepted(accepted) = &event.body else {
                return Ok(false);
            };
            let Some(update) = updates.get_mut(&index) else {
                return Ok(false);
            };
            update.handle_accepted(event.id, &accepted.instance)?;
            Ok(true)
        }
        Origin::UpdateComplete(index) => {
            let EventBody::UpdateCompleted { accepted } = &event.body else {
                return Ok(false);
            };
            let Some(mut update) = updates.remove(&index) else {
                return Ok(false);
            };
            update.handle_completed(*accepted)?;
            Ok(true)
        }
        Origin::End => {
            let EventBody::ExecutionClosed(kind) = &event.body else {
                return Ok(false);
            };
            if *end != End::Issued(*kind) {
                return Ok(false);
            }
            *end = End::Recorded;
            Ok(true)
        }
    }
}

fn match_start(core: &mut Core, id: OperationId, event: &Event, checks_ids: bool) -> Handled<bool> {
    let Some(operation) = core.operations.get_mut(id) else {
        return Ok(false);
    };
    match (&mut operation.machine, &event.body) {
        (Machine::Activity(activity), EventBody::ActivityScheduled(recorded)) => {
            activity.handle_scheduled(event.id, recorded, checks_ids)?;
        }
        (Machine::Timer(timer), EventBody::TimerStarted { timer: recorded }) => {
            timer.handle_started(recorded, checks_ids)?;
        }
        _ => return Ok(false),
    }
    core.operations.index(event.id, id);
    Ok(true)
}

fn match_cancel(core: &mut Core, id: OperationId, event: &Event) -> Handled<bool> {
    let Some(operation) = core.operations.get_mut(id) else {
        return Ok(false);
    };
    match (&mut operation.machine, &event.body) {
        (Machine::Activity(activity), EventBody::ActivityCancelRequested { scheduled }) => {
            if activity.scheduled_event() != *scheduled {
                return Err(Mismatch("another activity was canceled"));
            }
            activity.handle_cancel_requested()?;
        }
        (Machine::Timer(timer), EventBody::TimerCanceled { timer: recorded }) => {
            timer.handle_canceled(recorded)?;
            core.operations.forget_if_over(id);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn task_completed(event: &Event) -> Option<&TaskCompleted> {
    match &event.body {
        EventBody::TaskCompleted(completed) => Some(completed),
        _ => None,
    }
}

fn is_task_completed(event: &Event) -> bool {
    task_completed(event).is_some()
}
