//! When code is told that it does again what it did before: each line is logged once.

use super::{HOUR, complete_in_pages, run_of};
use crate::convert::FromPayload;
use crate::engine::testing::HistoryBuilder;
use crate::engine::{Query, Run, Step, WorkflowTask};
use crate::prelude::*;

/// Writes down what it would log.
#[derive(Default)]
struct Logs {
    logged: Vec<String>,
    is_closed: bool,
}

impl Logs {
    fn log(ctx: &WorkflowContext<Self>, line: &str) {
        if !ctx.is_replaying() {
            ctx.state().logged.push(line.to_owned());
        }
    }
}

#[workflow]
impl Logs {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Vec<String>> {
        Self::log(&ctx, "begun");
        ctx.sleep(HOUR).await?;
        Self::log(&ctx, "slept");
        ctx.wait_until(|logs| logs.is_closed).await?;
        Self::log(&ctx, "closed");
        let logged = ctx.state().logged.clone();
        Ok(logged)
    }

    #[signal]
    async fn close(ctx: WorkflowContext<Self>) {
        Self::log(&ctx, "signaled");
        ctx.state().is_closed = true;
    }

    #[query]
    fn logged(&self) -> Vec<String> {
        self.logged.clone()
    }
}

fn begun() -> HistoryBuilder {
    HistoryBuilder::new("Logs").open_task()
}

/// The first task is done, and the timer fired.
fn slept() -> HistoryBuilder {
    begun().task_completed().timer_started("1").timer_fired("1")
}

/// What the run logged by the time of a task that is only a query.
fn asked(run: &mut Run, task: WorkflowTask) -> Vec<String> {
    run.handle_task(WorkflowTask {
        query: Some(Query {
            name: "logged".to_owned(),
            input: vec![],
        }),
        ..task
    });
    match run.poll() {
        Step::Answered(Ok(answer)) => FromPayload::from_payload(&answer).unwrap(),
        other => panic!("expected an answer, got {other:?}"),
    }
}

#[test]
fn gotcha_35_replaying_ends_where_the_new_events_begin() {
    let history = slept().task().signaled("close", []).open_task();
    let logged: Vec<String> = run_of(Logs::run).complete(history.workflow_task()).result();
    assert_eq!(logged, ["signaled", "closed"]);
}

#[test]
fn gotcha_35_a_kept_run_that_gets_the_rest_of_its_history_logs_all_once() {
    let mut run = run_of(Logs::run);
    run.complete(begun().workflow_task());
    let woken = slept().open_task();
    run.complete(woken.workflow_task_since(4));
    let seen = woken.last_id();
    let closed = woken.task_completed().signaled("close", []).open_task();
    let task = closed.workflow_task_since(seen + 1);
    let logged: Vec<String> = run.complete(task).result();
    assert_eq!(logged, ["begun", "slept", "signaled", "closed"]);
}

#[test]
fn gotcha_35_pages_that_end_anywhere_change_nothing() {
    let history = slept().task().signaled("close", []).open_task();
    for size in 1..=12 {
        let completion = complete_in_pages(&mut run_of(Logs::run), &history, size);
        let logged: Vec<String> = completion.result();
        assert_eq!(logged, ["signaled", "closed"], "pages of {size}");
    }
}

#[test]
fn gotcha_35_a_run_that_is_rebuilt_for_a_query_alone_replays_all() {
    let history = slept().task();
    let mut run = run_of(Logs::run);
    assert_eq!(asked(&mut run, history.workflow_task()), [""; 0]);
    // What comes then is new.
    let closed = history.clone().signaled("close", []).open_task();
    let task = closed.workflow_task_since(history.last_id() + 1);
    let logged: Vec<String> = run.complete(task).result();
    assert_eq!(logged, ["signaled", "closed"]);
}

#[test]
fn gotcha_35_a_signal_before_a_query_is_logged_once_by_its_own_task() {
    let signaled = slept().task().signaled("close", []);
    let mut run = run_of(Logs::run);
    assert_eq!(asked(&mut run, signaled.workflow_task()), [""; 0]);
    let task = signaled.open_task();
    let logged: Vec<String> = run.complete(task.workflow_task()).result();
    assert_eq!(logged, ["signaled", "closed"]);
}

#[test]
fn gotcha_35_a_signal_that_comes_with_a_query_is_logged_once() {
    let history = slept().task().signaled("close", []).open_task();
    let query = Query {
        name: "logged".to_owned(),
        input: vec![],
    };
    let task = WorkflowTask {
        queries: vec![("q".to_owned(), query)],
        ..history.workflow_task()
    };
    let completion = run_of(Logs::run).complete(task);
    let answer = completion.answers[0].1.as_ref().unwrap();
    let logged: Vec<String> = FromPayload::from_payload(answer).unwrap();
    assert_eq!(logged, ["signaled", "closed"]);
}
