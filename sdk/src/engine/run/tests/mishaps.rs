//! What becomes of a run that goes wrong, by its options.

use tracing::Level;

use super::logs::logged;
use super::{HOUR, Run, value};
use crate::WorkflowOptions;
use crate::definition::WorkflowFn;
use crate::engine::testing::HistoryBuilder;
use crate::engine::{Command, Query, Step, TaskFailureCause, WorkflowTask};
use crate::ids::WorkflowExecution;
use crate::prelude::*;
use crate::workflow::{WorkflowImpl, program_with};

#[derive(Default)]
struct Fragile;

#[workflow]
impl Fragile {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, panics: bool) -> WorkflowResult<()> {
        assert!(!panics, "told to");
        Ok(ctx.sleep(HOUR).await?)
    }

    #[signal]
    fn number(&mut self, _n: u32) {}

    #[query]
    fn zero(&self) -> u32 {
        0
    }
}

fn run_with<F, M>(_function: F, options: WorkflowOptions) -> Run
where
    F: WorkflowFn<M>,
    F::Workflow: WorkflowImpl,
{
    let execution = WorkflowExecution {
        workflow_id: "w".into(),
        run_id: "r".into(),
    };
    Run::new(program_with::<F::Workflow>(options), execution, "default")
}

fn panicking() -> HistoryBuilder {
    HistoryBuilder::new("Fragile").input([value(&true)])
}

fn sound() -> HistoryBuilder {
    HistoryBuilder::new("Fragile").input([value(&false)])
}

/// The message with which the run fails, and nothing else happens.
fn ends_with(options: WorkflowOptions, history: &HistoryBuilder) -> String {
    let completion = run_with(Fragile::run, options).complete(history.workflow_task());
    assert!(completion.ends_run);
    match &completion.commands[..] {
        [Command::FailWorkflow { failure }] => failure.message().to_owned(),
        other => panic!("expected a failed run, got {other:?}"),
    }
}

#[test]
fn a_panic_fails_the_run_where_it_is_told_to() {
    let history = panicking().open_task();
    let text = ends_with(WorkflowOptions::new().fail_on_panic(), &history);
    assert!(text.starts_with("told to (at "), "{text}");
    let failure = run_with(Fragile::run, WorkflowOptions::new()).fail_task(history.workflow_task());
    assert_eq!(failure.cause, TaskFailureCause::Panic);
}

#[test]
fn nondeterminism_fails_the_run_where_it_is_told_to() {
    let history = sound().task().activity_scheduled("1", "charge").open_task();
    let text = ends_with(WorkflowOptions::new().fail_on_nondeterminism(), &history);
    assert!(
        text.starts_with("nondeterminism in workflow `Fragile`"),
        "{text}"
    );
    // A panic is something else.
    let options = WorkflowOptions::new().fail_on_panic();
    let failure = run_with(Fragile::run, options).fail_task(history.workflow_task());
    assert_eq!(failure.cause, TaskFailureCause::Nondeterminism);
}

#[test]
fn undecodable_arguments_fail_the_run_where_they_are_told_to() {
    let history = HistoryBuilder::new("Fragile")
        .input([value(&"yes")])
        .open_task();
    let text = ends_with(
        WorkflowOptions::new().fail_on_undecodable_arguments(),
        &history,
    );
    assert!(
        text.starts_with("the arguments of workflow `Fragile`"),
        "{text}"
    );
}

#[test]
fn a_query_of_a_run_that_would_fail_is_only_answered() {
    let task = WorkflowTask {
        query: Some(Query {
            name: "zero".to_owned(),
            input: vec![],
        }),
        ..panicking().task().workflow_task()
    };
    let mut run = run_with(Fragile::run, WorkflowOptions::new().fail_on_panic());
    run.handle_task(task);
    assert!(matches!(run.poll(), Step::Answered(Err(_))));
}

#[test]
fn a_malformed_signal_is_passed_over_with_an_error_that_names_it() {
    let history = sound()
        .task()
        .timer_started("1")
        .signaled("number", [value(&"seven")]);
    let logged = |history: HistoryBuilder| {
        let mut run = run_with(Fragile::run, WorkflowOptions::new());
        logged(Level::ERROR, || {
            assert!(run.complete(history.workflow_task()).commands.is_empty());
        })
    };
    let lines = logged(history.clone().open_task());
    let [line] = &lines[..] else {
        panic!("{lines:?}");
    };
    for part in [
        "workflow=Fragile",
        "workflow_id=w",
        "run_id=r",
        "event_id=6",
        "signal `number`",
    ] {
        assert!(line.contains(part), "`{part}` is not in: {line}");
    }
    assert_eq!(logged(history.task().open_task()), [""; 0], "it was said");
}

#[test]
fn a_malformed_signal_fails_the_task_where_it_is_told_to() {
    let history = sound()
        .task()
        .timer_started("1")
        .signaled("number", [value(&"seven")])
        .open_task();
    let options = WorkflowOptions::new().refuse_undecodable_signals();
    let failure = run_with(Fragile::run, options).fail_task(history.workflow_task());
    assert_eq!(failure.cause, TaskFailureCause::Arguments);
    assert!(
        failure
            .failure
            .message()
            .starts_with("the arguments of event 6, signal `number`")
    );
}
