//! Tests of the shard with an engine that only notes what it is handed.

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

#[test]
fn gotcha_1_full_history_for_a_cached_run_brings_only_what_is_new() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=5));
    fixture.recorded("a");
    assert_eq!(
        fixture.poll(task("a", 1..=8)),
        ["a completes having seen 1 2 3 4 5 6 7 8"]
    );
}

#[test]
fn gotcha_2_a_partial_task_of_an_evicted_run_fetches_the_history_once() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.not_recorded("a");
    assert_eq!(fixture.poll(task("a", 4..=6)), ["a fetches"]);
    assert_eq!(
        fixture.page("a", 1..=6, ""),
        ["a completes having seen 1 2 3 4 5 6"]
    );
    assert_eq!(fixture.taken_slots(), 0);
}

#[test]
fn gotcha_3_events_that_only_the_task_holds_are_put_behind_the_fetched_ones() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(fixture.poll(task("a", 4..=7)), ["a fetches"]);
    assert_eq!(
        fixture.page("a", 1..=5, ""),
        ["a completes having seen 1 2 3 4 5 6 7"]
    );
}

#[test]
fn gotcha_3_a_history_without_the_event_that_began_the_task_is_not_used() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 4..=5).started(7));
    assert_eq!(
        fixture.page("a", 1..=5, ""),
        ["a fails: the history ends before the event that began the task"]
    );
    assert_eq!(fixture.taken_slots(), 0);
}

#[test]
fn gotcha_4_empty_pages_are_passed_over() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(fixture.poll(task("a", 1..=3).next("p1")), ["a fetches p1"]);
    assert_eq!(fixture.page("a", [], "p2"), ["a fetches p2"]);
    assert_eq!(fixture.page("a", [], ""), ["a completes having seen 1 2 3"]);
}

#[test]
fn gotcha_4_a_fetch_from_the_start_passes_over_empty_pages_too() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(fixture.poll(task("a", [5])), ["a fetches"]);
    assert_eq!(fixture.page("a", [], "p1"), ["a fetches p1"]);
    assert_eq!(fixture.page("a", 1..=4, "p2"), ["a fetches p2"]);
    assert_eq!(
        fixture.page("a", [], ""),
        ["a completes having seen 1 2 3 4 5"]
    );
}

#[test]
fn the_pages_of_a_partial_task_come_behind_those_from_the_start() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 4..=5).started(7).next("own"));
    assert_eq!(fixture.page("a", 1..=4, ""), ["a fetches own"]);
    assert_eq!(
        fixture.page("a", 5..=7, ""),
        ["a completes having seen 1 2 3 4 5 6 7"]
    );
}

#[test]
fn gotcha_6_a_discarded_task_is_taken_back() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.recorded("a");
    for _ in 0..2 {
        assert_eq!(
            fixture.poll(task("a", 4..=6)),
            ["a completes having seen 1 2 3 4 5 6"]
        );
        let reset_to = Some(3);
        fixture.handle(Input::Recorded {
            run_id: "a".into(),
            reset_to,
            next: None,
        });
    }
    assert_eq!(
        fixture.poll(task("a", 4..=7)),
        ["a completes having seen 1 2 3 4 5 6 7"]
    );
}

#[test]
fn gotcha_12_a_query_is_never_answered_with_a_completion() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(fixture.poll(query("a")), ["a fetches"]);
    assert_eq!(
        fixture.page("a", 1..=4, ""),
        ["a answers having seen 1 2 3 4"]
    );
    assert_eq!(fixture.poll(query("a")), ["a answers having seen 1 2 3 4"]);
}

#[test]
fn gotcha_14_queries_that_wait_for_a_run_that_is_given_up_are_answered() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    assert_eq!(fixture.poll(query("a")), [""; 0]);
    assert_eq!(fixture.poll(query("a")), [""; 0]);
    assert_eq!(fixture.not_recorded("a"), ["a fetches"]);
    let answered = "a answers having seen 1 2 3";
    assert_eq!(fixture.page("a", 1..=3, ""), [answered, answered]);
    assert_eq!(fixture.taken_slots(), 0);
}

#[test]
fn gotcha_14_queries_that_wait_for_a_run_that_ends_are_answered() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3).of("ending"));
    fixture.poll(query("a"));
    assert_eq!(fixture.recorded("a"), ["a answers having seen 1 2 3"]);
    assert_eq!(fixture.shard.runs.len(), 0);
}

#[test]
fn gotcha_15_a_query_of_a_closed_run_is_answered_and_the_run_is_dropped() {
    let mut fixture = Fixture::with_cache(4);
    let mut closed = query("a");
    closed.work.history = page(1..=4, "");
    closed.work.history.events[3].body = EventBody::ExecutionClosed(CloseKind::Completed);
    assert_eq!(fixture.poll(closed), ["a answers having seen 1 2 3 4"]);
    assert_eq!(fixture.shard.runs.len(), 0);
}

#[test]
fn gotcha_16_a_refused_completion_gives_the_run_up_without_a_word() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3).of("ending"));
    assert_eq!(fixture.not_recorded("a"), [""; 0]);
    assert_eq!(fixture.shard.runs.len(), 0);
    let replayed = fixture.poll(task("a", 1..=6).of("ending"));
    assert_eq!(replayed, ["a completes having seen 1 2 3 4 5 6"]);
}

#[test]
fn gotcha_17_only_the_first_attempt_reports_a_failure() {
    let mut fixture = Fixture::with_cache(4);
    let failing = |attempt| task("a", 1..=3).of("failing").attempt(attempt);
    assert_eq!(fixture.poll(failing(1)), ["a fails: differs"]);
    for attempt in [2, 3, 9] {
        assert_eq!(fixture.poll(failing(attempt)), [""; 0], "attempt {attempt}");
    }
}

#[test]
fn gotcha_18_failing_and_dropped_tasks_free_their_slots() {
    let mut fixture = Fixture::with_cache(4);
    for attempt in 1..=20 {
        fixture.poll(task("a", 1..=3).of("failing").attempt(attempt));
        fixture.poll(task("b", 1..=3).of("panicking").attempt(attempt));
        fixture.poll(task("c", []).attempt(attempt));
        assert_eq!(fixture.taken_slots(), 0, "attempt {attempt}");
    }
    assert_eq!(
        fixture.poll(task("d", 1..=3)),
        ["d completes having seen 1 2 3"]
    );
}

#[test]
fn gotcha_30_a_task_that_brings_nothing_new_is_completed() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.recorded("a");
    assert_eq!(
        fixture.poll(task("a", 1..=3)),
        ["a completes having seen 1 2 3"]
    );
}

#[test]
fn a_panic_of_the_engine_fails_its_task_and_nothing_else() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    let failed = fixture.poll(task("b", 1..=3).of("panicking"));
    assert_eq!(failed, ["b fails: the engine panicked: a bug of ours"]);
    fixture.recorded("a");
    assert_eq!(fixture.poll(query("a")), ["a answers having seen 1 2 3"]);
    assert_eq!(fixture.shard.runs.len(), 1);
}

#[test]
fn an_unknown_type_is_answered_with_those_that_are_known() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(
        fixture.poll(task("a", 1..=3).of("other")),
        [
            "a fails: workflow type `other` is not registered with this worker; registered are \
          `ending`, `failing`, `panicking`, `plain`, `refusing`"
        ]
    );
}

#[test]
fn a_query_that_cannot_be_answered_is_refused_whatever_the_attempt() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(query("a").of("failing").attempt(3));
    assert_eq!(fixture.page("a", 1..=3, ""), ["a refuses: differs"]);
}

#[test]
fn a_refused_query_costs_the_run_only_if_replay_may_have_failed() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(query("a").of("refusing"));
    assert_eq!(fixture.page("a", 1..=3, ""), ["a refuses: not now"]);
    assert_eq!(fixture.shard.runs.len(), 0);
    fixture.poll(task("a", 1..=3).of("refusing"));
    fixture.recorded("a");
    assert_eq!(
        fixture.poll(query("a").of("refusing")),
        ["a refuses: not now"]
    );
    assert_eq!(fixture.shard.runs.len(), 1);
}

#[test]
fn a_query_whose_history_cannot_be_had_is_left_to_the_server() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(query("a"));
    let failed = Input::FetchFailed {
        run_id: "a".into(),
        reason: "gone".to_owned(),
    };
    assert_eq!(fixture.handle(failed), [""; 0]);
    assert_eq!((fixture.taken_slots(), fixture.shard.runs.len()), (0, 0));
}

#[test]
fn a_task_that_waits_is_replaced_by_a_newer_one_together_with_the_queries_behind_it() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.poll(query("a"));
    fixture.poll(task("a", 4..=5));
    fixture.poll(query("a"));
    fixture.poll(task("a", 4..=6));
    assert_eq!(fixture.taken_slots(), 2);
    assert_eq!(
        fixture.recorded("a"),
        [
            "a answers having seen 1 2 3",
            "a completes having seen 1 2 3 4 5 6"
        ]
    );
}

#[test]
fn a_returned_task_wins_over_a_polled_one() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.poll(task("a", 1..=6));
    assert_eq!(
        fixture.returned("a", task("a", 4..=8)),
        ["a completes having seen 1 2 3 4 5 6 7 8"]
    );
    assert_eq!(fixture.taken_slots(), 0);
}

#[test]
fn one_run_works_on_one_task_at_a_time() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    assert_eq!(fixture.poll(task("a", 4..=6)), [""; 0]);
    assert_eq!(
        fixture.recorded("a"),
        ["a completes having seen 1 2 3 4 5 6"]
    );
}

#[test]
fn a_stale_run_is_rebuilt() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.recorded("a");
    assert_eq!(fixture.poll(task("a", 9..=12)), ["a fetches"]);
    let mut later = query("a");
    later.work.previous_started = 12;
    assert_eq!(fixture.poll(later), [""; 0]);
    let done = fixture.page("a", 1..=12, "");
    assert_eq!(done, ["a completes having seen 1 2 3 4 5 6 7 8 9 10 11 12"]);
}

#[test]
fn the_run_that_was_not_used_for_the_longest_time_makes_room() {
    let mut fixture = Fixture::with_cache(2);
    for run in ["a", "b"] {
        fixture.poll(task(run, 1..=3));
        fixture.recorded(run);
    }
    fixture.poll(query("a"));
    fixture.poll(task("c", 1..=3));
    assert_eq!(fixture.poll(query("a")), ["a answers having seen 1 2 3"]);
    fixture.recorded("c");
    assert_eq!(fixture.poll(task("b", 4..=6)), ["b fetches"]);
}

#[test]
fn a_run_that_finds_no_room_is_parked_until_another_is_done() {
    let mut fixture = Fixture::with_cache(1);
    fixture.poll(task("a", 1..=3));
    assert_eq!(fixture.poll(task("b", 1..=3)), [""; 0]);
    assert_eq!(fixture.poll(query("b")), [""; 0]);
    assert_eq!(fixture.taken_slots(), 2);
    assert_eq!(fixture.recorded("a"), ["b completes having seen 1 2 3"]);
    assert_eq!(fixture.recorded("b"), ["b answers having seen 1 2 3"]);
}

#[test]
fn without_a_cache_a_run_is_gone_after_its_task() {
    let mut fixture = Fixture::with_cache(0);
    for run in ["a", "b", "c"] {
        fixture.poll(task(run, 1..=3));
    }
    assert_eq!(fixture.shard.runs.len(), 3);
    for run in ["a", "b", "c"] {
        assert_eq!(fixture.recorded(run), [""; 0]);
    }
    assert_eq!(fixture.shard.runs.len(), 0);
}

#[test]
fn a_task_with_both_kinds_of_query_is_not_answered() {
    let mut fixture = Fixture::with_cache(4);
    let mut both = query("a");
    both.work.queries.push(("q".to_owned(), Query::default()));
    assert_eq!(fixture.poll(both), [""; 0]);
    assert_eq!(fixture.taken_slots(), 0);
}

#[test]
fn a_message_for_a_run_that_is_gone_changes_nothing() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(fixture.recorded("a"), [""; 0]);
    assert_eq!(fixture.page("a", 1..=3, ""), [""; 0]);
}
