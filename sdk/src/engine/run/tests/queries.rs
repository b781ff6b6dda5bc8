//! Queries: alone, and with a task.

use super::{HOUR, run_of, value, words};
use crate::convert::FromPayload;
use crate::engine::testing::HistoryBuilder;
use crate::engine::{Query, Step, WorkflowTask};
use crate::prelude::*;
use crate::workflow::TimerHandle;

#[derive(Default)]
struct Counter {
    total: u32,
}

#[workflow]
impl Counter {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u32> {
        ctx.wait_until(|c| c.total >= 10).await?;
        ctx.sleep(HOUR).await?;
        let total = ctx.state().total;
        Ok(total)
    }

    #[signal]
    fn add(&mut self, n: u32) {
        self.total += n;
    }

    #[query]
    fn total(&self, plus: u32) -> u32 {
        self.total + plus
    }

    #[query]
    fn broken(&self) -> u32 {
        panic!("no total today")
    }
}

fn ask(name: &str, plus: u32) -> Query {
    Query {
        name: name.to_owned(),
        input: vec![value(&plus)],
    }
}

fn only_a_query(history: &HistoryBuilder, query: Query) -> WorkflowTask {
    WorkflowTask {
        query: Some(query),
        ..history.workflow_task()
    }
}

#[test]
fn gotcha_12_a_query_task_is_answered_and_not_completed() {
    let history = HistoryBuilder::new("Counter")
        .signaled("add", [value(&3u32)])
        .task();
    let mut run = run_of(Counter::run);
    run.handle_task(only_a_query(&history, ask("total", 4)));
    let Step::Answered(Ok(answer)) = run.poll() else {
        panic!("expected an answer")
    };
    assert_eq!(u32::from_payload(&answer).unwrap(), 7);
    assert!(matches!(run.poll(), Step::Idle));
}

#[test]
fn queries_with_a_task_see_the_state_after_it() {
    let history = HistoryBuilder::new("Counter")
        .signaled("add", [value(&30u32)])
        .open_task();
    let task = WorkflowTask {
        queries: vec![
            ("a".to_owned(), ask("total", 0)),
            ("b".to_owned(), ask("broken", 0)),
        ],
        ..history.workflow_task()
    };
    let completion = run_of(Counter::run).complete(task);
    assert_eq!(completion.words(), ["start timer `1` of 3600s"]);
    let [(a, total), (b, broken)] = &completion.answers[..] else {
        panic!("expected two")
    };
    assert_eq!((a.as_str(), b.as_str()), ("a", "b"));
    assert_eq!(u32::from_payload(total.as_ref().unwrap()).unwrap(), 30);
    assert!(
        broken
            .as_ref()
            .unwrap_err()
            .message()
            .contains("no total today")
    );
}

#[test]
fn an_unknown_query_is_told_the_known_ones() {
    let history = HistoryBuilder::new("Counter").task();
    let mut run = run_of(Counter::run);
    run.handle_task(only_a_query(&history, ask("sum", 0)));
    let Step::Answered(Err(failure)) = run.poll() else {
        panic!("expected a failure")
    };
    assert_eq!(
        failure.message(),
        "query `sum` has no handler; known are [broken, total]"
    );
}

#[test]
fn a_query_with_arguments_of_another_type_is_named() {
    let history = HistoryBuilder::new("Counter").task();
    let mut run = run_of(Counter::run);
    let query = Query {
        input: vec![value(&"odd")],
        ..ask("total", 0)
    };
    run.handle_task(only_a_query(&history, query));
    let Step::Answered(Err(failure)) = run.poll() else {
        panic!("expected a failure")
    };
    assert_eq!(failure.application_kind(), Some("UndecodableArguments"));
    let message = failure.message();
    assert!(
        message.starts_with("the arguments of query `total`: "),
        "{message}"
    );
}

#[test]
fn gotcha_15_a_query_of_a_closed_run_answers_and_does_nothing_else() {
    let history = HistoryBuilder::new("Counter")
        .signaled("add", [value(&30u32)])
        .task()
        .timer_started("1")
        .timer_fired("1")
        .task()
        .execution_completed();
    let mut run = run_of(Counter::run);
    run.handle_task(only_a_query(&history, ask("total", 0)));
    let Step::Answered(Ok(answer)) = run.poll() else {
        panic!("expected an answer")
    };
    assert_eq!(u32::from_payload(&answer).unwrap(), 30);
    assert!(run.is_closed());
}

#[derive(Default)]
struct Rounds {
    round: u32,
}

#[workflow]
impl Rounds {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, round: u32) -> WorkflowResult<()> {
        ctx.state().round = round;
        ctx.sleep(HOUR).await?;
        ctx.continue_as_new(round + 1)
    }

    #[query]
    fn round(&self) -> u32 {
        self.round
    }
}

#[test]
fn gotcha_15_a_query_of_a_run_that_continued_as_new_answers_and_does_not_continue_again() {
    let history = HistoryBuilder::new("Rounds")
        .input([value(&4u32)])
        .task()
        .timer_started("1")
        .timer_fired("1");
    let query = Query {
        name: "round".to_owned(),
        input: vec![],
    };
    let ended = history.task().continued_as_new();
    let mut run = run_of(Rounds::run);
    // A run that is kept is asked as one that is rebuilt.
    for task in [ended.workflow_task(), WorkflowTask::default()] {
        run.handle_task(WorkflowTask {
            query: Some(query.clone()),
            ..task
        });
        let Step::Answered(Ok(answer)) = run.poll() else {
            panic!("expected an answer")
        };
        assert_eq!(u32::from_payload(&answer).unwrap(), 4);
        assert!(matches!(run.poll(), Step::Idle));
        assert!(run.is_closed());
    }
}

#[test]
fn a_query_of_a_history_that_does_not_fit_is_answered_with_the_report() {
    let history = HistoryBuilder::new("Counter").task().timer_started("1");
    let mut run = run_of(Counter::run);
    run.handle_task(only_a_query(&history, ask("total", 0)));
    let Step::Answered(Err(failure)) = run.poll() else {
        panic!("expected a failure")
    };
    assert!(failure.message().contains("nondeterminism"), "{failure}");
}

#[test]
fn the_built_in_queries_show_where_it_waits_and_what_it_handles() {
    let history = HistoryBuilder::new("Counter")
        .signaled("add", [value(&30u32)])
        .task();
    let history = history.timer_started("1");
    let mut run = run_of(Counter::run);
    run.handle_task(only_a_query(&history, ask("__stack_trace", 0)));
    let Step::Answered(Ok(answer)) = run.poll() else {
        panic!("expected an answer")
    };
    let trace = String::from_payload(&answer).unwrap();
    assert!(
        trace.contains("timer `1` at sdk/src/engine/run/tests/queries.rs"),
        "{trace}"
    );

    run.handle_task(WorkflowTask {
        query: Some(ask("__temporal_workflow_metadata", 0)),
        ..WorkflowTask::default()
    });
    let Step::Answered(Ok(answer)) = run.poll() else {
        panic!("expected an answer")
    };
    let metadata = serde_json::Value::from_payload(&answer).unwrap();
    assert_eq!(
        metadata["definition"]["signalDefinitions"][0]["name"],
        "add"
    );
}

#[derive(Default)]
struct Keeper {
    ctx: Option<WorkflowContext<Self>>,
    timer: Option<TimerHandle>,
}

#[workflow]
impl Keeper {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u64> {
        let timer = ctx.sleep(HOUR).start();
        let own = ctx.clone();
        ctx.with_state(|keeper| {
            keeper.timer = Some(timer);
            keeper.ctx = Some(own);
        });
        ctx.sleep(2 * HOUR).await?;
        Ok(ctx.random_u64())
    }

    #[query]
    fn cancel(&self) {
        self.timer.as_ref().unwrap().cancel();
    }

    #[query]
    fn draw(&self) -> u64 {
        self.ctx.as_ref().unwrap().random_u64()
    }
}

#[test]
fn a_query_can_neither_cancel_nor_draw() {
    let history = HistoryBuilder::new("Keeper").open_task();
    let queries = [("a", "cancel"), ("b", "draw")].map(|(id, name)| {
        let name = name.to_owned();
        (
            id.to_owned(),
            Query {
                name,
                input: vec![],
            },
        )
    });
    let mut run = run_of(Keeper::run);
    let completion = run.complete(WorkflowTask {
        queries: queries.into(),
        ..history.workflow_task()
    });
    let expected = ["start timer `1` of 3600s", "start timer `2` of 7200s"];
    assert_eq!(completion.words(), expected);
    for (id, answer) in completion.answers {
        let failure = answer.expect_err(&id);
        assert!(failure.message().contains("only looks"), "{failure}");
    }
    let history = history
        .task_completed()
        .timer_started("1")
        .timer_started("2")
        .timer_fired("2")
        .open_task();
    let live: u64 = run.complete(history.workflow_task_since(4)).result();
    let replayed: u64 = run_of(Keeper::run)
        .complete(history.workflow_task())
        .result();
    assert_eq!(live, replayed);
}

#[derive(Default)]
struct Tally {
    count: u64,
}

#[workflow]
impl Tally {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        ctx.wait_until(|t| t.count > 0).await?;
        let count = ctx.state().count;
        Ok(ctx.sleep(Duration::from_secs(count)).await?)
    }

    #[signal]
    fn add(&mut self) {
        self.count += 1;
    }

    #[query]
    fn count(&self) -> u64 {
        self.count
    }
}

#[test]
fn a_query_does_not_take_in_what_no_task_has() {
    // A signal can be sent so that it begins no task; a query may then come between.
    let history = HistoryBuilder::new("Tally").task().signaled("add", []);
    let mut run = run_of(Tally::run);
    for _ in 0..2 {
        let query = Query {
            name: "count".to_owned(),
            input: vec![],
        };
        run.handle_task(only_a_query(&history, query));
        let Step::Answered(Ok(answer)) = run.poll() else {
            panic!("expected an answer")
        };
        assert_eq!(u64::from_payload(&answer).unwrap(), 0);
    }
    let history = history.signaled("add", []).open_task();
    let live = run.complete(history.workflow_task_since(6)).words();
    assert_eq!(live, ["start timer `1` of 2s"]);
    assert_eq!(live, words(Tally::run, &history));
}
