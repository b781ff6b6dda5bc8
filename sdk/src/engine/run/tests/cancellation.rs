use super::{HOUR, run_of, value, words};
use crate::engine::Command;
use crate::engine::testing::HistoryBuilder;
use crate::prelude::*;

#[activity(start_to_close_timeout = "30s")]
async fn clean_up() -> Result<(), ActivityError> {
    Ok(())
}

#[workflow]
async fn waits(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.sleep(HOUR).await?;
    Ok(())
}

fn canceled(name: &str) -> HistoryBuilder {
    HistoryBuilder::new(name)
        .task()
        .timer_started("1")
        .cancel_requested("enough")
}

#[test]
fn a_cancellation_that_passes_through_ends_the_run_as_canceled() {
    let history = canceled("waits").open_task();
    let expected = ["cancel timer `1`", "end the execution as canceled"];
    assert_eq!(words(waits, &history), expected);
}

#[workflow]
async fn cleans_up(ctx: WorkflowContext) -> WorkflowResult<()> {
    let Err(canceled) = ctx.sleep(HOUR).await else {
        return Ok(());
    };
    ctx.shield(async { ctx.activity(clean_up, ()).await })
        .await?;
    Err(canceled.into())
}

#[test]
fn cleanup_runs_in_a_shield_and_the_run_ends_as_canceled() {
    let history = canceled("cleans_up");
    let expected = ["cancel timer `1`", "schedule activity `clean_up` (id `1`)"];
    assert_eq!(words(cleans_up, &history.clone().open_task()), expected);
    let history = history
        .task()
        .timer_canceled("1")
        .activity_scheduled("1", "clean_up")
        .activity_completed("1", value(&()))
        .open_task();
    assert_eq!(
        words(cleans_up, &history),
        ["end the execution as canceled"]
    );
}

#[workflow]
async fn stubborn(ctx: WorkflowContext) -> WorkflowResult<String> {
    let _ = ctx.sleep(HOUR).await;
    // Whatever is started after the cancellation, and not shielded, is canceled at once.
    let again = ctx.sleep(HOUR).await;
    let held = ctx.wait_until(|()| false).await;
    let reason = ctx.cancel_reason().unwrap_or_default();
    Ok(format!("{} {} {reason}", again.is_err(), held.is_err()))
}

#[test]
fn nothing_can_be_started_in_a_canceled_scope() {
    let completion = run_of(stubborn).complete(canceled("stubborn").open_task().workflow_task());
    assert_eq!(completion.result::<String>(), "true true enough");
    assert_eq!(
        completion.words(),
        ["cancel timer `1`", "complete the execution"]
    );
}

#[workflow]
async fn listens(ctx: WorkflowContext) -> WorkflowResult<String> {
    let timer = ctx.shield(async { ctx.sleep(HOUR).await });
    Ok(outlast::select! {
        reason = ctx.canceled() => reason,
        _ = timer => "timer".to_owned(),
    })
}

#[test]
fn a_workflow_can_wait_for_its_cancellation() {
    let completion = run_of(listens).complete(canceled("listens").open_task().workflow_task());
    assert_eq!(completion.result::<String>(), "enough");
}

#[test]
fn a_canceled_error_without_a_request_fails_the_run() {
    #[workflow]
    async fn gives_up(ctx: WorkflowContext) -> WorkflowResult<()> {
        let timer = ctx.sleep(HOUR).start();
        timer.cancel();
        Ok(timer.await?)
    }
    let completion =
        run_of(gives_up).complete(HistoryBuilder::new("gives_up").open_task().workflow_task());
    assert!(
        matches!(completion.commands[..], [Command::FailWorkflow { .. }]),
        "{completion:?}"
    );
}

#[derive(Default)]
struct Collector {
    seen: Vec<String>,
}

#[workflow]
impl Collector {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Vec<String>> {
        let _ = ctx.wait_until(|c| c.seen.len() > 1).await;
        let seen = ctx.state().seen.clone();
        Ok(seen)
    }

    #[signal]
    fn push(&mut self, word: String) {
        self.seen.push(word);
    }
}

#[test]
fn signals_of_a_task_are_seen_before_its_cancellation() {
    let history = HistoryBuilder::new("Collector")
        .task()
        .cancel_requested("enough")
        .signaled("push", [value(&"late")])
        .open_task();
    let completion = run_of(Collector::run).complete(history.workflow_task());
    assert_eq!(completion.result::<Vec<String>>(), ["late"]);
}

#[workflow]
async fn survives(ctx: WorkflowContext) -> WorkflowResult<()> {
    let mut shielded = Box::pin(ctx.shield(async { panic!("in the shield") }));
    std::future::poll_fn(|cx| {
        let poll = std::panic::AssertUnwindSafe(|| shielded.as_mut().poll(cx));
        let _: Result<std::task::Poll<()>, _> = std::panic::catch_unwind(poll);
        std::task::Poll::Ready(())
    })
    .await;
    Ok(ctx.sleep(HOUR).await?)
}

#[test]
fn a_shield_ends_with_a_panic_that_the_workflow_catches() {
    let expected = ["cancel timer `1`", "end the execution as canceled"];
    assert_eq!(words(survives, &canceled("survives").open_task()), expected);
}

#[test]
fn a_cancellation_in_the_first_task_and_a_second_one_change_nothing() {
    let history = HistoryBuilder::new("cleans_up")
        .cancel_requested("enough")
        .cancel_requested("really")
        .open_task();
    assert_eq!(words(waits, &history), ["end the execution as canceled"]);
    let expected = ["schedule activity `clean_up` (id `1`)"];
    assert_eq!(words(cleans_up, &history), expected);
}

#[derive(Default)]
struct Order(());

#[workflow]
impl Order {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        let Err(canceled) = ctx.sleep(HOUR).await else {
            return Ok(());
        };
        ctx.shield(async { ctx.activity(clean_up, ()).await })
            .await?;
        Err(canceled.into())
    }

    #[signal]
    async fn later(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(ctx.sleep(2 * HOUR).await?)
    }
}

#[test]
fn a_handler_that_the_cancellation_stops_leaves_the_end_to_run() {
    let history = HistoryBuilder::new("Order")
        .signaled("later", [])
        .task()
        .timer_started("1")
        .timer_started("2")
        .cancel_requested("enough")
        .open_task();
    let expected = [
        "cancel timer `1`",
        "cancel timer `2`",
        "schedule activity `clean_up` (id `1`)",
    ];
    assert_eq!(words(Order::run, &history), expected);
}
