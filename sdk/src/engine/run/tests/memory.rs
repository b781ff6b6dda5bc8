//! What is over is forgotten, so that a run can last.

use super::{HOUR, run_of, value};
use crate::engine::testing::{HistoryBuilder, update};
use crate::engine::{Query, Step, WorkflowTask};
use crate::options::ActivityCancellation;
use crate::prelude::*;

#[activity(start_to_close_timeout = "30s")]
async fn charge() -> Result<(), ActivityError> {
    Ok(())
}

#[workflow]
async fn leaves_things(ctx: WorkflowContext) -> WorkflowResult<()> {
    let timer = ctx.sleep(HOUR).start();
    let charging = ctx
        .activity(charge, ())
        .cancellation(ActivityCancellation::Abandon)
        .start();
    ctx.sleep(Duration::from_secs(1)).await?;
    timer.cancel();
    charging.cancel();
    drop((timer, charging));
    ctx.sleep(Duration::from_secs(2)).await?;
    ctx.sleep(Duration::from_secs(3)).await?;
    Ok(())
}

#[test]
fn canceled_and_abandoned_things_are_forgotten_when_they_end() {
    let history = HistoryBuilder::new("leaves_things")
        .task()
        .timer_started("1")
        .activity_scheduled("1", "charge")
        .timer_started("2")
        .timer_fired("2")
        .task()
        .timer_canceled("1")
        .timer_started("3")
        .activity_completed("1", value(&()))
        .timer_fired("3")
        .open_task();
    let mut run = run_of(leaves_things);
    let completion = run.complete(history.workflow_task());
    assert_eq!(completion.words(), ["start timer `4` of 3s"]);
    let history = history.task_completed().timer_started("4").open_task();
    run.complete(history.workflow_task_since(history.last_id() - 3));
    assert_eq!(run.core.lock().operations.counts(), (1, 1));
}

#[derive(Default)]
struct Board {
    is_done: bool,
}

#[workflow]
impl Board {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(ctx.wait_until(|b| b.is_done).await?)
    }

    #[update]
    fn post(&mut self) {}
}

#[test]
fn completed_updates_are_forgotten() {
    let mut run = run_of(Board::run);
    let history = HistoryBuilder::new("Board").open_task();
    run.complete(WorkflowTask {
        updates: vec![update("u", "post", [], 2)],
        ..history.workflow_task()
    });
    assert_eq!(run.updates.len(), 1);
    let history = history
        .task_completed()
        .update_accepted("u", "post", [])
        .update_completed("u")
        .open_task();
    let task = WorkflowTask {
        updates: vec![update("v", "post", [], 7)],
        ..history.workflow_task_since(4)
    };
    let completion = run.complete(task);
    assert_eq!(completion.commands.len(), 2);
    assert_eq!(run.updates.len(), 1);
}

#[test]
fn a_condition_is_in_the_stack_trace_while_it_is_waited_for() {
    let history = HistoryBuilder::new("Board").task();
    let mut run = run_of(Board::run);
    run.handle_task(WorkflowTask {
        query: Some(Query {
            name: "__stack_trace".to_owned(),
            input: vec![],
        }),
        ..history.workflow_task()
    });
    let Step::Answered(Ok(answer)) = run.poll() else {
        panic!("expected an answer")
    };
    let trace = answer.data();
    let trace = String::from_utf8_lossy(trace);
    assert!(
        trace.contains("condition at sdk/src/engine/run/tests/memory.rs"),
        "{trace}"
    );
}
