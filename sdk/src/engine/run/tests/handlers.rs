//! Handlers that are still running when the run is about to end.

use tracing::Level;

use super::logs::logged;
use super::{HOUR, run_of, words};
use crate::engine::Step;
use crate::engine::testing::HistoryBuilder;
use crate::prelude::*;

#[derive(Default)]
struct Intake {
    closed: bool,
}

#[workflow]
impl Intake {
    #[run]
    async fn run(ctx: WorkflowContext<Self>, drains: bool) -> WorkflowResult<()> {
        ctx.wait_until(|i| i.closed).await?;
        if drains {
            ctx.wait_until(|_| ctx.all_handlers_finished()).await?;
        }
        Ok(())
    }

    #[signal]
    async fn add(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(ctx.sleep(HOUR).await?)
    }

    #[signal]
    fn close(&mut self) {
        self.closed = true;
    }
}

/// Two handlers that wait, and the request to close.
fn busy(drains: bool) -> HistoryBuilder {
    HistoryBuilder::new("Intake")
        .input([super::value(&drains)])
        .signaled("add", [])
        .signaled("add", [])
        .task()
        .timer_started("1")
        .timer_started("2")
        .signaled("close", [])
}

#[test]
fn a_run_can_wait_for_its_handlers() {
    let history = busy(true);
    assert!(words(Intake::run, &history.clone().open_task()).is_empty());
    let history = history.task().timer_fired("2");
    assert!(words(Intake::run, &history.clone().open_task()).is_empty());
    let history = history.task().timer_fired("1").open_task();
    assert_eq!(words(Intake::run, &history), ["complete the execution"]);
}

fn warnings(run: impl FnOnce()) -> usize {
    logged(Level::WARN, run).len()
}

#[test]
fn a_run_that_ends_before_its_handlers_warns_once() {
    let open = busy(false).open_task();
    let end = || {
        let completion = run_of(Intake::run).complete(open.workflow_task());
        assert!(completion.ends_run);
    };
    assert_eq!(warnings(end), 1);
    let closed = busy(false).task().execution_completed();
    let replay = || {
        let mut run = run_of(Intake::run);
        run.handle_task(closed.workflow_task());
        assert!(matches!(run.poll(), Step::Completed(_)) && run.is_closed());
    };
    assert_eq!(warnings(replay), 0, "it was said when it happened");
}

#[test]
fn a_canceled_run_leaves_its_handlers_without_a_warning() {
    #[derive(Default)]
    struct Stubborn(());
    #[workflow]
    impl Stubborn {
        #[run]
        async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
            Ok(ctx.sleep(HOUR).await?)
        }

        #[signal]
        async fn hold(ctx: WorkflowContext<Self>) {
            let _ = ctx.shield(async { ctx.sleep(HOUR).await }).await;
        }
    }
    let history = HistoryBuilder::new("Stubborn")
        .signaled("hold", [])
        .task()
        .timer_started("1")
        .timer_started("2")
        .cancel_requested("enough")
        .open_task();
    let end = || {
        let completion = run_of(Stubborn::run).complete(history.workflow_task());
        assert!(completion.ends_run);
    };
    assert_eq!(warnings(end), 0);
}
