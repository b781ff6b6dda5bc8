//! A server that makes histories: commands become events, and by chance things happen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use outlast::convert::ToPayload;
use outlast::engine::{
    ActivityFailed, ActivityOutcome, ActivityScheduled, CloseKind, Command, Event, EventBody,
    ExecutionStarted, Program, Run, SDK_NAME, Signaled, TaskCompleted, TaskCompletion,
    UpdateAccepted, UpdateRequest,
};
use outlast::{Failure, Payload, RetryState};
use outlast_proto::temporal::api::protocol::v1 as protocol;
use outlast_proto::temporal::api::update::v1 as wire;
use prost::Message;

use super::kitchen::Action;
use crate::recording::new_run;
use crate::story::{Answer, Fate, Story, Task, answer};

/// Lets a workflow live, its run in memory unless a task is lost. Gives its story, and the
/// answers to its tasks.
pub(crate) fn live(
    program: &Arc<dyn Program>,
    author: Author,
    actions: &[Action],
    chances: &[u8],
) -> Result<(Story, Vec<Answer>), String> {
    let mut server = Server::new(author, actions, chances);
    let mut cached: Option<Run> = None;
    let mut answers = Vec::new();
    while !server.is_closed && server.tasks.len() < MOST_TASKS {
        let Some(task) = server.next_task() else {
            break;
        };
        let mut run = cached.take().unwrap_or_else(|| new_run(program));
        let from = usize::try_from(run.last_event_id()).expect("event ids are positive");
        let completion = answer(&mut run, &task, &server.events[from..], usize::MAX);
        let completion = completion.map_err(|failure| {
            format!(
                "live, task {} fails: {}\nin {:#?}",
                task.started,
                failure.failure.report(),
                server.story().lines()
            )
        })?;
        answers.push(Answer::of(&completion));
        cached = server.take_answer(task, completion, run);
    }
    Ok((server.story(), answers))
}

const MOST_TASKS: usize = 14;

/// Whose worker answers the first task; all others are Outlast's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    Outlast,
    Python,
}

struct Server<'a> {
    author: Author,
    actions: &'a [Action],
    chances: std::iter::Cycle<std::slice::Iter<'a, u8>>,
    events: Vec<Event>,
    tasks: Vec<Task>,
    previous_started: i64,
    /// Started events by timer id.
    timers: BTreeMap<String, i64>,
    /// Open activities by the events that scheduled them.
    activities: BTreeMap<i64, Activity>,
    /// Updates that are not sent.
    updates: Vec<protocol::Message>,
    /// Updates that came with the last task.
    sent: Vec<protocol::Message>,
    /// Admitted events by update.
    admitted: BTreeMap<String, i64>,
    /// Accepted events by update.
    accepted: BTreeMap<String, i64>,
    updates_so_far: u32,
    is_cancel_requested: bool,
    is_closed: bool,
}

#[derive(Default)]
struct Activity {
    is_started: bool,
    is_cancel_requested: bool,
}

impl<'a> Server<'a> {
    fn new(author: Author, actions: &'a [Action], chances: &'a [u8]) -> Self {
        let mut server = Self {
            author,
            actions,
            chances: chances.iter().cycle(),
            events: Vec::new(),
            tasks: Vec::new(),
            previous_started: 0,
            timers: BTreeMap::new(),
            activities: BTreeMap::new(),
            updates: Vec::new(),
            sent: Vec::new(),
            admitted: BTreeMap::new(),
            accepted: BTreeMap::new(),
            updates_so_far: 0,
            is_cancel_requested: false,
            is_closed: false,
        };
        server.record(EventBody::ExecutionStarted(Box::new(ExecutionStarted {
            workflow_id: "workflow".to_owned(),
            workflow_type: "Kitchen".to_owned(),
            input: vec![payload(&actions.to_vec())],
            task_queue: "queue".to_owned(),
            attempt: 1,
            original_run: "01a20222-51e3-7a4b-a642-d1a5adf47f7f".to_owned(),
            ..ExecutionStarted::default()
        })));
        server
    }

    fn story(&self) -> Story {
        Story {
            events: self.events.clone(),
            tasks: self.tasks.clone(),
        }
    }

    /// Lets things happen until there is a task; none if nothing can happen any more.
    fn next_task(&mut self) -> Option<Task> {
        let is_first = self.tasks.is_empty();
        let quiet_since = self.events.len();
        let retries = self
            .tasks
            .last()
            .is_some_and(|task| task.fate == Fate::Lost);
        let mut needs_task = is_first || retries;
        let only_updates = !needs_task && self.chance(5) == 0;
        if only_updates {
            let pokes = u8::try_from(self.chance(4)).expect("it is small");
            let update = self.request("poke_and_tell", &pokes);
            self.updates.push(update);
        }
        for _ in 0..if only_updates { 0 } else { 6 } {
            if needs_task && self.chance(2) == 0 {
                break;
            }
            needs_task |= self.happen();
        }
        if !needs_task && self.updates.is_empty() {
            self.signal("poke", Vec::new());
        }
        let is_quiet = self.events.len() == quiet_since && !is_first && !retries;
        self.record(EventBody::TaskScheduled);
        if !is_quiet {
            if self.chance(12) == 0 {
                self.record(EventBody::TaskTimedOut);
                self.record(EventBody::TaskScheduled);
            }
            if self.chance(4) == 0 {
                self.happen();
            }
        }
        let scheduled = self.last_id();
        let started = self.record(EventBody::TaskStarted(Box::default()));
        self.sent = std::mem::take(&mut self.updates);
        let sent = self.sent.iter().cloned();
        Some(Task {
            previous_started: self.previous_started,
            started,
            updates: sent.map(|update| request_at(update, scheduled)).collect(),
            fate: Fate::Completed,
            discarded: is_quiet.then(|| self.events.clone()),
        })
    }

    /// Lets something happen. Whether the workflow has to hear of it.
    fn happen(&mut self) -> bool {
        match self.chance(12) {
            0..=2 => self.fire_timer(),
            3 => self.start_activity(),
            4..=6 => self.close_activity(),
            7 => self.signal("poke", Vec::new()),
            8 => {
                let actions = self.some_actions();
                self.signal("act", vec![payload(&actions)])
            }
            9 => {
                if self.chance(3) != 0 || self.is_cancel_requested {
                    return false;
                }
                self.is_cancel_requested = true;
                let reason = "enough".into();
                self.record(EventBody::CancelRequested { reason });
                true
            }
            _ => {
                let update = match self.chance(2) {
                    0 => {
                        let pokes = u8::try_from(self.chance(4)).expect("it is small");
                        self.request("poke_and_tell", &pokes)
                    }
                    _ => {
                        let actions = self.some_actions();
                        self.request("act_and_tell", &actions)
                    }
                };
                self.updates.push(update);
                // The task that it makes is of another sort, and comes after what happens.
                false
            }
        }
    }

    fn fire_timer(&mut self) -> bool {
        let Some(timer) = self.choose(&self.timers.keys().cloned().collect::<Vec<_>>()) else {
            return false;
        };
        let started = self
            .timers
            .remove(&timer)
            .expect("it was chosen from there");
        let timer = timer.into();
        self.record(EventBody::TimerFired { started, timer });
        true
    }

    fn start_activity(&mut self) -> bool {
        let waiting = self.activities.iter().filter(|(_, a)| !a.is_started);
        let waiting: Vec<_> = waiting.map(|(scheduled, _)| *scheduled).collect();
        if let Some(scheduled) = self.choose(&waiting) {
            self.activities.entry(scheduled).or_default().is_started = true;
            self.record(EventBody::ActivityStarted { scheduled });
        }
        false
    }

    fn close_activity(&mut self) -> bool {
        let open: Vec<_> = self.activities.keys().copied().collect();
        let Some(scheduled) = self.choose(&open) else {
            return false;
        };
        let activity = self
            .activities
            .remove(&scheduled)
            .expect("it was chosen from there");
        let failed = |message: &str| ActivityFailed {
            failure: Failure::application("Made", message),
            retry_state: RetryState::MaximumAttemptsReached,
            identity: "worker".to_owned(),
            started: 0,
        };
        let outcome = match self.chance(6) {
            0 => ActivityOutcome::Failed(failed("made to fail")),
            1 => ActivityOutcome::TimedOut(failed("made to be late")),
            2..=4 if activity.is_cancel_requested => ActivityOutcome::Canceled(Vec::new()),
            _ => ActivityOutcome::Completed(vec![payload(&self.last_id().unsigned_abs())]),
        };
        let ran = activity.is_started || matches!(outcome, ActivityOutcome::TimedOut(_));
        if !ran {
            self.record(EventBody::ActivityStarted { scheduled });
        }
        let outcome = Box::new(outcome);
        self.record(EventBody::ActivityClosed { scheduled, outcome });
        true
    }

    fn signal(&mut self, name: &str, input: Vec<Payload>) -> bool {
        let name = name.to_owned();
        self.record(EventBody::Signaled(Box::new(Signaled { name, input })));
        true
    }

    fn request(&mut self, name: &str, arg: &impl ToPayload) -> protocol::Message {
        self.updates_so_far += 1;
        let id = format!("update-{}", self.updates_so_far);
        let request = wire::Request {
            meta: Some(wire::Meta {
                update_id: id.clone(),
                ..wire::Meta::default()
            }),
            input: Some(wire::Input {
                name: name.to_owned(),
                args: Some(outlast_proto::temporal::api::common::v1::Payloads {
                    payloads: vec![payload(arg).into()],
                }),
                ..wire::Input::default()
            }),
            ..wire::Request::default()
        };
        protocol::Message {
            id: format!("{id}/request"),
            protocol_instance_id: id,
            body: Some(prost_types::Any {
                type_url: "type.googleapis.com/temporal.api.update.v1.Request".to_owned(),
                value: request.encode_to_vec(),
            }),
            sequencing_id: None,
        }
    }

    /// Records an answer, unless it is lost on the way. Gives the run back if it is still good.
    fn take_answer(
        &mut self,
        mut task: Task,
        completion: TaskCompletion,
        mut run: Run,
    ) -> Option<Run> {
        let is_empty = completion.commands.is_empty();
        // How the rule of Core cuts a task depends on the next one, so it must not go away again.
        let is_ours = self.tasks.iter().any(|task| task.fate == Fate::Completed);
        if task.discarded.is_some() && is_ours && is_empty && self.chance(3) != 0 {
            // It was for updates only, and all were rejected.
            self.events.truncate(self.events.len() - 2);
            task.fate = Fate::Discarded;
            run.handle_recorded(Some(task.previous_started));
            self.tasks.push(task);
            return Some(run);
        }
        task.discarded = None;
        if self.chance(6) == 0 {
            task.fate = Fate::Lost;
            let later = std::mem::take(&mut self.updates);
            self.updates = std::mem::take(&mut self.sent);
            self.updates.extend(later);
            self.tasks.push(task);
            match self.chance(3) {
                0 => drop(self.record(EventBody::TaskTimedOut)),
                1 => drop(self.record(EventBody::TaskFailed { reset_run: None })),
                _ => self.reset(),
            }
            return None;
        }
        if self.previous_started == 0 && self.author != Author::Outlast {
            task.fate = Fate::CompletedElsewhere;
        }
        let (sdk_name, core_flags) = match (task.fate, self.author) {
            (Fate::CompletedElsewhere, _) => ("temporal-python", vec![1, 2, 3]),
            _ if completion.names_sdk => (SDK_NAME, Vec::new()),
            _ => ("", Vec::new()),
        };
        self.record(EventBody::TaskCompleted(Box::new(TaskCompleted {
            sdk_name: sdk_name.into(),
            core_flags,
            ..TaskCompleted::default()
        })));
        self.previous_started = task.started;
        let replies: BTreeMap<_, _> = completion
            .replies
            .into_iter()
            .map(|reply| (reply.id().to_owned(), protocol::Message::from(reply)))
            .collect();
        for command in completion.commands {
            assert!(!self.is_closed, "nothing is decided after the end");
            self.take_command(command, &task, &replies);
        }
        let is_ours = task.fate == Fate::Completed;
        self.tasks.push(task);
        run.handle_recorded(None);
        is_ours.then_some(run)
    }

    /// The run is one that a reset made: the task is where the old one was left, and its open
    /// updates are in history.
    fn reset(&mut self) {
        let reset_run = Some(format!("reset-at-{}", self.last_id()).into());
        self.record(EventBody::TaskFailed { reset_run });
        for update in std::mem::take(&mut self.updates) {
            let update = Box::new(request_at(update, 0));
            let instance = update.update_id().to_owned();
            let event = self.record(EventBody::UpdateAdmitted(update));
            self.admitted.insert(instance, event);
        }
    }

    fn take_command(
        &mut self,
        command: Command,
        task: &Task,
        replies: &BTreeMap<String, protocol::Message>,
    ) {
        match command {
            Command::ScheduleActivity(scheduled) => {
                let activity = ActivityScheduled {
                    id: scheduled.id.as_str().into(),
                    kind: scheduled.kind.into(),
                };
                let scheduled = self.record(EventBody::ActivityScheduled(Box::new(activity)));
                self.activities.insert(scheduled, Activity::default());
            }
            Command::RequestCancelActivity { scheduled } => {
                self.record(EventBody::ActivityCancelRequested { scheduled });
                let activity = self.activities.get_mut(&scheduled);
                let activity = activity.expect("an open activity is canceled");
                assert!(!activity.is_cancel_requested, "it is canceled twice");
                activity.is_cancel_requested = true;
            }
            Command::StartTimer { timer, .. } => {
                let id = timer.as_str().into();
                let started = self.record(EventBody::TimerStarted { timer: id });
                self.timers.insert(timer, started);
            }
            Command::CancelTimer { timer } => {
                let started = self.timers.remove(&timer);
                started.expect("a running timer is canceled");
                let timer = timer.into();
                self.record(EventBody::TimerCanceled { timer });
            }
            Command::UpdateReply { message_id } => {
                self.take_reply(&replies[&message_id], task);
            }
            Command::CancelWorkflow { .. } => self.close(CloseKind::Canceled),
            Command::CompleteWorkflow { .. } => self.close(CloseKind::Completed),
            Command::ContinueAsNew(_) => self.close(CloseKind::ContinuedAsNew),
            Command::FailWorkflow { .. } => self.close(CloseKind::Failed),
        }
    }

    fn take_reply(&mut self, reply: &protocol::Message, task: &Task) {
        let instance = &reply.protocol_instance_id;
        let body = reply.body.as_ref().expect("a reply has a body");
        if body.type_url.ends_with("Response") {
            let accepted = self.accepted[instance];
            self.record(EventBody::UpdateCompleted { accepted });
            return;
        }
        let mut requests = task.updates.iter();
        let request = requests.find(|request| request.update_id() == instance);
        let sequencing = match request {
            Some(request) => request.sequencing(),
            None => self.admitted[instance],
        };
        let accepted = self.record(EventBody::UpdateAccepted(Box::new(UpdateAccepted {
            instance: instance.clone(),
            message_id: format!("{instance}/request"),
            sequencing,
            request: request.cloned(),
        })));
        self.accepted.insert(instance.clone(), accepted);
    }

    fn close(&mut self, kind: CloseKind) {
        self.record(EventBody::ExecutionClosed(kind));
        self.is_closed = true;
    }

    fn record(&mut self, body: EventBody) -> i64 {
        let id = self.last_id() + 1;
        self.events.push(Event {
            id,
            time: SystemTime::UNIX_EPOCH + Duration::from_secs(id.unsigned_abs()),
            ignorable: false,
            body,
        });
        id
    }

    fn last_id(&self) -> i64 {
        self.events.last().map_or(0, |event| event.id)
    }

    fn some_actions(&mut self) -> Vec<Action> {
        let from = self.chance(self.actions.len());
        let len = 1 + self.chance(3);
        self.actions.iter().skip(from).take(len).cloned().collect()
    }

    fn choose<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let place = (!from.is_empty()).then(|| self.chance(from.len()))?;
        Some(from[place].clone())
    }

    /// A number below the given one.
    fn chance(&mut self, below: usize) -> usize {
        usize::from(*self.chances.next().expect("there is at least one")) % below
    }
}

/// The request as it is sent with a task.
fn request_at(mut message: protocol::Message, event: i64) -> UpdateRequest {
    message.sequencing_id = Some(protocol::message::SequencingId::EventId(event));
    message.try_into().expect("the message is a request")
}

fn payload(value: &impl ToPayload) -> Payload {
    value.to_payload().expect("the value can be written")
}
