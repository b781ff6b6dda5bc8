//! What is polled when, and what becomes of code that panics or is dropped.

use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use super::{HOUR, run_of, value, words};
use crate::engine::testing::HistoryBuilder;
use crate::engine::{Step, TaskFailureCause};
use crate::prelude::*;

#[workflow]
async fn panics(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.sleep(HOUR).await?;
    panic!("out of ink")
}

#[test]
fn a_panic_fails_the_task_with_its_place() {
    let history = HistoryBuilder::new("panics")
        .task()
        .timer_started("1")
        .timer_fired("1")
        .open_task();
    let failure = run_of(panics).fail_task(history.workflow_task());
    assert_eq!(failure.cause, TaskFailureCause::Panic);
    let text = failure.failure.message();
    assert!(
        text.contains("out of ink (at sdk/src/engine/run/tests/executor.rs"),
        "{text}"
    );
}

/// Looks at the workflow whenever it is woken.
struct Curious(WorkflowContext, Waker);

impl Wake for Curious {
    fn wake(self: Arc<Self>) {
        if !self.0.is_replaying() {
            self.1.wake_by_ref();
        }
    }
}

#[workflow]
async fn brings_its_own_waker(ctx: WorkflowContext) -> WorkflowResult<()> {
    let mut nap = std::pin::pin!(ctx.sleep(HOUR).start());
    std::future::poll_fn(|cx| {
        let waker = Waker::from(Arc::new(Curious(ctx.clone(), cx.waker().clone())));
        nap.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await?;
    Ok(())
}

#[test]
fn a_waker_of_the_users_own_may_use_the_context() {
    let history = HistoryBuilder::new("brings_its_own_waker")
        .task()
        .timer_started("1")
        .timer_fired("1")
        .open_task();
    let commands = run_of(brings_its_own_waker).complete(history.workflow_task());
    assert!(commands.ends_run, "{commands:?}");
}

struct Noisy(Arc<Mutex<Vec<&'static str>>>, WorkflowContext);

impl Drop for Noisy {
    fn drop(&mut self) {
        self.0.lock().unwrap().push("dropped");
        // Neither starts anything nor panics: the run is being dropped.
        self.1.sleep(HOUR).start().detach();
    }
}

thread_local! {
    static LOG: Arc<Mutex<Vec<&'static str>>> = Arc::default();
}

#[workflow]
async fn holds_something(ctx: WorkflowContext) -> WorkflowResult<()> {
    let _noisy = Noisy(LOG.with(Clone::clone), ctx.clone());
    ctx.sleep(HOUR).await?;
    Ok(())
}

#[test]
fn an_eviction_drops_the_code_without_effect() {
    let mut run = run_of(holds_something);
    run.complete(
        HistoryBuilder::new("holds_something")
            .open_task()
            .workflow_task(),
    );
    drop(run);
    assert_eq!(*LOG.with(Clone::clone).lock().unwrap(), ["dropped"]);
}

#[derive(Default)]
struct Order {
    log: Vec<String>,
}

#[workflow]
impl Order {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Vec<String>> {
        ctx.state().log.push("run".to_owned());
        ctx.wait_until(|o| o.log.len() >= 5).await?;
        let log = ctx.state().log.clone();
        Ok(log)
    }

    #[signal]
    async fn later(ctx: WorkflowContext<Self>, who: String) {
        ctx.state().log.push(format!("{who} begins"));
        let _ = ctx.sleep(HOUR).await;
        ctx.state().log.push(format!("{who} ends"));
    }
}

#[test]
fn handlers_are_polled_before_run_in_the_order_of_their_start() {
    let history = HistoryBuilder::new("Order")
        .signaled("later", [value(&"a")])
        .signaled("later", [value(&"b")]);
    let expected = ["start timer `1` of 3600s", "start timer `2` of 3600s"];
    assert_eq!(words(Order::run, &history.clone().open_task()), expected);
    let history = history
        .task()
        .timer_started("1")
        .timer_started("2")
        .timer_fired("2")
        .timer_fired("1")
        .open_task();
    let completion = run_of(Order::run).complete(history.workflow_task());
    let expected = ["a begins", "b begins", "run", "a ends", "b ends"];
    assert_eq!(completion.result::<Vec<String>>(), expected);
}

#[derive(Default)]
struct Fails(());

#[workflow]
impl Fails {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        Ok(ctx.sleep(HOUR).await?)
    }

    #[signal]
    fn fail(&mut self) -> WorkflowResult<()> {
        Err(WorkflowError::application("Stop", "told to"))
    }

    #[signal]
    fn number(&mut self, _n: u32) {}
}

#[test]
fn a_failed_signal_handler_fails_the_workflow() {
    let history = HistoryBuilder::new("Fails")
        .task()
        .timer_started("1")
        .signaled("fail", []);
    assert_eq!(
        words(Fails::run, &history.open_task()),
        ["fail the execution (told to)"]
    );
}

#[test]
fn a_malformed_or_unknown_signal_is_passed_over() {
    let history = HistoryBuilder::new("Fails")
        .task()
        .timer_started("1")
        .signaled("number", [value(&"seven")])
        .signaled("nobody", [])
        .open_task();
    assert!(words(Fails::run, &history).is_empty());
}

#[workflow]
async fn joins(ctx: WorkflowContext) -> WorkflowResult<String> {
    let (a, b) = outlast::join!(ctx.sleep(HOUR), async {
        ctx.sleep(Duration::from_secs(1)).await?;
        ctx.sleep(Duration::from_secs(2)).await
    });
    Ok(format!("{} {}", a.is_ok(), b.is_ok()))
}

#[test]
fn a_join_runs_its_branches_side_by_side_in_order() {
    let history = HistoryBuilder::new("joins");
    let expected = ["start timer `1` of 3600s", "start timer `2` of 1s"];
    assert_eq!(words(joins, &history.clone().open_task()), expected);
    let history = history
        .task()
        .timer_started("1")
        .timer_started("2")
        .timer_fired("2");
    assert_eq!(
        words(joins, &history.clone().open_task()),
        ["start timer `3` of 2s"]
    );
    let history = history
        .task()
        .timer_started("3")
        .timer_fired("3")
        .timer_fired("1")
        .open_task();
    let completion = run_of(joins).complete(history.workflow_task());
    assert_eq!(completion.result::<String>(), "true true");
}

#[derive(Default)]
struct Borrows {
    a: u32,
    b: u32,
}

#[workflow]
impl Borrows {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u32> {
        ctx.state().b = ctx.state().a + 1;
        Ok(ctx.with_state(|s| s.b))
    }
}

#[test]
fn borrowing_the_state_twice_at_once_fails_the_task_with_advice() {
    let history = HistoryBuilder::new("Borrows").open_task();
    let failure = run_of(Borrows::run).fail_task(history.workflow_task());
    let text = failure.failure.message();
    assert!(text.contains("use `ctx.with_state(|state| ..)`"), "{text}");
    assert!(text.contains("executor.rs"), "{text}");
}

#[workflow]
async fn polls(ctx: WorkflowContext, rounds: u32) -> WorkflowResult<u32> {
    if rounds < 3 {
        let next = ctx
            .continue_as_new_as(polls, rounds + 1)
            .task_queue("other");
        return Err(next.into());
    }
    Ok(rounds)
}

#[test]
fn continuing_as_new_ends_the_run_with_the_next_ones_arguments() {
    let history = HistoryBuilder::new("polls")
        .input([value(&1u32)])
        .open_task();
    let completion = run_of(polls).complete(history.workflow_task());
    let [crate::engine::Command::ContinueAsNew(next)] = &completion.commands[..] else {
        panic!("expected a next run, got {completion:?}");
    };
    assert_eq!(next.input, [value(&2u32)]);
    assert_eq!(
        (next.workflow_type.as_str(), next.task_queue.as_str()),
        ("polls", "other")
    );
    let mut run = run_of(polls);
    let history = HistoryBuilder::new("polls")
        .input([value(&1u32)])
        .task()
        .continued_as_new();
    run.handle_task(history.workflow_task());
    assert!(matches!(run.poll(), Step::Completed(_)) && run.is_closed());
}

/// What must not be dropped.
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "it breaks");
    }
}

#[derive(Default)]
struct Careless(());

#[workflow]
impl Careless {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        let _fragile = Fragile;
        Ok(ctx.sleep(HOUR).await?)
    }

    #[signal]
    fn fail(&mut self) -> WorkflowResult<()> {
        Err(WorkflowError::application("Stop", "told to"))
    }
}

#[test]
fn a_destructor_that_panics_when_a_handler_ends_the_workflow_fails_the_task() {
    let history = HistoryBuilder::new("Careless")
        .task()
        .timer_started("1")
        .signaled("fail", [])
        .open_task();
    let failure = run_of(Careless::run).fail_task(history.workflow_task());
    assert!(
        failure.failure.message().contains("it breaks"),
        "{failure:?}"
    );
}
