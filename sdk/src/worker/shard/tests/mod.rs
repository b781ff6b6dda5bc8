//! Tests of the shard with an engine that only notes what it is handed.

mod failures;
mod histories;
mod order;
mod queries;
mod room;

use std::time::SystemTime;

use super::*;
use crate::convert::{DecodeError, Payload};
use crate::engine::{
    CloseKind, Command, CoreHandle, Event, EventBody, EventType, HandlerList, Instance, Program,
    Query, Step, TaskFailureCause, WorkflowTask,
};
use crate::failure::Failure;
use crate::worker::slots::Slots;

/// What a run does is told by its type's name; what it was handed, by its answers.
struct FakeRun {
    kind: &'static str,
    seen: Vec<i64>,
    started: i64,
    is_query: bool,
    is_closed: bool,
    next: Option<PageToken>,
}

impl FakeRun {
    fn take(&mut self, page: HistoryPage) {
        for event in page.events {
            self.is_closed |= event.is_terminal();
            self.seen.push(event.id);
        }
        self.next = page.next;
    }

    fn seen(&self) -> String {
        let ids: Vec<String> = self.seen.iter().map(ToString::to_string).collect();
        ids.join(" ")
    }
}

impl Replay for FakeRun {
    fn begin(program: Arc<dyn Program>, _: WorkflowExecution, _: &str) -> Self {
        Self {
            kind: program.name(),
            seen: Vec::new(),
            started: 0,
            is_query: false,
            is_closed: false,
            next: None,
        }
    }

    fn handle_task(&mut self, task: WorkflowTask) {
        self.is_query = task.query.is_some();
        self.started = self.started.max(task.started);
        self.take(task.history);
    }

    fn handle_page(&mut self, page: HistoryPage) {
        self.take(page);
    }

    fn handle_recorded(&mut self, reset_to: Option<i64>) {
        if let Some(started) = reset_to {
            self.started = started;
            self.seen.truncate(self.seen.len() - 2);
        }
    }

    fn poll(&mut self) -> Step {
        if let Some(token) = self.next.take() {
            return Step::NeedsHistory(token);
        }
        match self.kind {
            "panicking" => panic!("a bug of ours"),
            "failing" => Step::Failed(TaskFailure {
                cause: TaskFailureCause::Nondeterminism,
                failure: Failure::application("Nondeterminism", "differs"),
            }),
            "refusing" if self.is_query => {
                Step::Answered(Err(Failure::application("Refused", "not now")))
            }
            _ if self.is_query => Step::Answered(Ok(Payload::new("json/plain", self.seen()))),
            kind => Step::Completed(TaskCompletion {
                commands: vec![Command::CancelTimer { timer: self.seen() }],
                ends_run: kind == "ending",
                ..TaskCompletion::default()
            }),
        }
    }

    fn last_event_id(&self) -> i64 {
        self.seen.last().copied().unwrap_or(0)
    }

    fn last_started(&self) -> i64 {
        self.started
    }

    fn is_closed(&self) -> bool {
        self.is_closed
    }
}

struct Named(&'static str);

impl Program for Named {
    fn name(&self) -> &'static str {
        self.0
    }

    fn handlers(&self) -> HandlerList<'_> {
        HandlerList {
            signals: &[],
            queries: &[],
            updates: &[],
        }
    }

    fn instantiate(&self, _: &CoreHandle, _: &[Payload]) -> Result<Box<dyn Instance>, DecodeError> {
        unreachable!("the fake engine has no instances")
    }
}

struct Fixture {
    shard: Shard<FakeRun>,
    slots: Slots,
}

impl Fixture {
    fn with_cache(capacity: usize) -> Self {
        let mut programs = Programs::default();
        for name in ["ending", "failing", "panicking", "plain", "refusing"] {
            programs.add(Arc::new(Named(name)));
        }
        Self {
            shard: Shard::new(Arc::new(programs), "default".to_owned(), capacity),
            slots: Slots::new(SLOTS),
        }
    }

    /// Hands over what happened, and tells what is to be done about it in words.
    fn handle(&mut self, input: Input) -> Vec<String> {
        self.shard.handle(input);
        // Carried out at once: the permit of an answered task is free again.
        self.shard.actions().map(|action| spell(&action)).collect()
    }

    fn poll(&mut self, task: Task) -> Vec<String> {
        let permit = self.slots.try_acquire().expect("a slot is free");
        let task = task.into_polled(permit);
        self.handle(Input::Task(task))
    }

    fn recorded(&mut self, run: &str) -> Vec<String> {
        self.handle(Input::Recorded {
            run_id: run.into(),
            reset_to: None,
            next: None,
        })
    }

    fn returned(&mut self, run: &str, next: Task) -> Vec<String> {
        let permit = self.slots.try_acquire().expect("a slot is free");
        let next = Some(next.into_polled(permit));
        self.handle(Input::Recorded {
            run_id: run.into(),
            reset_to: None,
            next,
        })
    }

    fn not_recorded(&mut self, run: &str) -> Vec<String> {
        self.handle(Input::NotRecorded { run_id: run.into() })
    }

    fn page(&mut self, run: &str, ids: impl IntoIterator<Item = i64>, next: &str) -> Vec<String> {
        self.handle(Input::Page {
            run_id: run.into(),
            page: page(ids, next),
        })
    }

    fn taken_slots(&self) -> usize {
        SLOTS - self.slots.free()
    }
}

const SLOTS: usize = 8;

fn spell(action: &Action) -> String {
    let run = |execution: &WorkflowExecution| execution.run_id.to_string();
    match action {
        Action::AnswerQuery {
            task,
            answer: Ok(payload),
        } => {
            let seen = String::from_utf8_lossy(payload.data()).into_owned();
            format!("{} answers having seen {seen}", run(&task.header.execution))
        }
        Action::AnswerQuery {
            task,
            answer: Err(failure),
        } => {
            format!("{} refuses: {failure}", run(&task.header.execution))
        }
        Action::Complete { task, completion } => match &completion.commands[..] {
            [Command::CancelTimer { timer }] => {
                format!(
                    "{} completes having seen {timer}",
                    run(&task.header.execution)
                )
            }
            other => unreachable!("{other:?}"),
        },
        Action::Fail { task, failure } => {
            format!("{} fails: {}", run(&task.header.execution), failure.failure)
        }
        Action::FetchHistory {
            execution,
            from: None,
        } => {
            format!("{} fetches", run(execution))
        }
        Action::FetchHistory {
            execution,
            from: Some(token),
        } => {
            let token = String::from_utf8_lossy(&token.0).into_owned();
            format!("{} fetches {token}", run(execution))
        }
    }
}

struct Task {
    run: &'static str,
    kind: &'static str,
    attempt: u32,
    work: WorkflowTask,
}

/// A task with these events, the last of which began it.
fn task(run: &'static str, ids: impl IntoIterator<Item = i64>) -> Task {
    let history = page(ids, "");
    let started = history.events.last().map_or(0, |event| event.id);
    Task {
        run,
        kind: "plain",
        attempt: 1,
        work: WorkflowTask {
            started,
            history,
            ..WorkflowTask::default()
        },
    }
}

fn query(run: &'static str) -> Task {
    let work = WorkflowTask {
        query: Some(Query::default()),
        ..WorkflowTask::default()
    };
    Task {
        work,
        ..task(run, [])
    }
}

impl Task {
    fn of(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    fn attempt(self, attempt: u32) -> Self {
        Self { attempt, ..self }
    }

    fn next(mut self, token: &'static str) -> Self {
        self.work.history.next = Some(PageToken(token.into()));
        self
    }

    fn started(mut self, id: i64) -> Self {
        self.work.started = id;
        self
    }

    fn into_polled(self, permit: crate::worker::slots::Permit) -> PolledTask {
        let header = TaskHeader {
            execution: WorkflowExecution {
                workflow_id: "w".into(),
                run_id: self.run.into(),
            },
            workflow_type: self.kind.to_owned(),
            token: bytes::Bytes::new(),
            attempt: self.attempt,
            poller_group: String::new(),
        };
        PolledTask::new(header, self.work, permit)
    }
}

fn page(ids: impl IntoIterator<Item = i64>, next: &str) -> HistoryPage {
    let next = next.to_owned();
    HistoryPage {
        events: ids.into_iter().map(event).collect(),
        next: (!next.is_empty()).then(|| PageToken(next.into())),
    }
}

fn event(id: i64) -> Event {
    Event {
        id,
        time: SystemTime::UNIX_EPOCH,
        ignorable: false,
        body: EventBody::Other(EventType::from_number(0)),
    }
}
