//! What workflow code must not wait for: tokio's runtime, and wakes from outside the run.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tokio::sync::mpsc;

use super::{HOUR, run_of};
use crate::engine::TaskFailureCause;
use crate::engine::testing::HistoryBuilder;
use crate::prelude::*;

/// The report of the first task of a workflow that does what it must not do.
macro_rules! report {
    ($workflow:ident) => {{
        let history = HistoryBuilder::new(stringify!($workflow)).open_task();
        let failure = run_of($workflow).fail_task(history.workflow_task());
        assert_eq!(failure.cause, TaskFailureCause::Panic);
        failure.failure.message().to_owned()
    }};
}

/// What fails at `line` of this file, with advice.
fn assert_names(report: &str, line: u32) {
    let place = format!("src/engine/run/tests/outside.rs:{line}:");
    assert!(
        report.contains(&place) && report.contains("use `ctx.sleep`"),
        "{place} is not in: {report}"
    );
}

#[workflow]
async fn naps_on_tokio(_ctx: WorkflowContext) -> WorkflowResult<()> {
    tokio::time::sleep(HOUR).await;
    Ok(())
}

const NAP: u32 = line!() - 4;

#[test]
fn a_tokio_timer_fails_the_task_at_the_first_poll_with_a_hint() {
    assert_names(&report!(naps_on_tokio), NAP);
}

#[workflow]
async fn spawns(_ctx: WorkflowContext) -> WorkflowResult<()> {
    #[expect(clippy::disallowed_methods, reason = "this is what must not be done")]
    drop(tokio::spawn(async {}));
    Ok(())
}

const SPAWN: u32 = line!() - 4;

#[test]
fn a_task_spawned_on_tokio_fails_the_task_with_a_hint() {
    assert_names(&report!(spawns), SPAWN);
}

#[workflow]
async fn connects(_ctx: WorkflowContext) -> WorkflowResult<()> {
    tokio::net::TcpStream::connect("127.0.0.1:9").await?;
    Ok(())
}

const CONNECT: u32 = line!() - 4;

#[test]
fn a_socket_fails_the_task_with_a_hint_at_the_users_line() {
    assert_names(&report!(connects), CONNECT);
}

#[workflow]
async fn listens(_ctx: WorkflowContext) -> WorkflowResult<()> {
    tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    Ok(())
}

const LISTEN: u32 = line!() - 4;

#[test]
fn a_listener_fails_the_task_with_a_hint_at_the_users_line() {
    assert_names(&report!(listens), LISTEN);
}

#[workflow]
async fn talks_to_itself(ctx: WorkflowContext) -> WorkflowResult<Vec<u32>> {
    let (send, mut receive) = mpsc::channel(1);
    let (sent, received) = outlast::join!(
        async {
            for n in 0..3 {
                ctx.sleep(HOUR).await?;
                send.send(n).await?;
            }
            drop(send);
            WorkflowResult::Ok(())
        },
        async {
            let mut received = Vec::new();
            while let Some(n) = receive.recv().await {
                received.push(n);
            }
            received
        },
    );
    sent?;
    Ok(received)
}

#[test]
fn a_channel_of_tokio_within_one_run_is_a_matter_of_the_run() {
    let mut history = HistoryBuilder::new("talks_to_itself");
    for timer in ["1", "2", "3"] {
        history = history.task().timer_started(timer).timer_fired(timer);
    }
    let completion = run_of(talks_to_itself).complete(history.open_task().workflow_task());
    assert_eq!(completion.result::<Vec<u32>>(), [0, 1, 2]);
}

thread_local! {
    /// What the test sends from outside.
    static LINE: Mutex<Option<mpsc::Sender<u32>>> = const { Mutex::new(None) };
}

#[workflow]
async fn listens_to_a_channel(ctx: WorkflowContext) -> WorkflowResult<Option<u32>> {
    let (send, mut receive) = mpsc::channel(1);
    LINE.with(|line| *line.lock().unwrap() = Some(send));
    ctx.sleep(HOUR).await?;
    Ok(receive.recv().await)
}

const SLEEP: u32 = line!() - 4;

#[test]
fn a_channel_fed_from_outside_fails_the_next_task_and_names_the_last_await() {
    let history = HistoryBuilder::new("listens_to_a_channel")
        .task()
        .timer_started("1")
        .timer_fired("1")
        .open_task();
    let mut run = run_of(listens_to_a_channel);
    run.complete(history.workflow_task());
    let line = LINE.with(|line| line.lock().unwrap().take()).unwrap();
    line.try_send(7).unwrap();
    let history = history.task_completed().signaled("x", []).open_task();
    let failure = run.fail_task(history.workflow_task_since(9));
    assert_eq!(failure.cause, TaskFailureCause::Nondeterminism);
    let text = failure.failure.message();
    assert!(
        text.contains("woken from outside") && text.contains(&format!("outside.rs:{SLEEP}:")),
        "{text}"
    );
}

/// A future that is woken by whoever has its waker.
#[derive(Clone, Default)]
struct Outside(Arc<Mutex<Option<Waker>>>);

thread_local! {
    static OUTSIDE: Outside = Outside::default();
}

impl Future for Outside {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        *self.0.lock().unwrap() = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[workflow]
async fn listens_outside(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.sleep(HOUR).await?;
    let outside = OUTSIDE.with(Clone::clone);
    outside.await;
    Ok(())
}

#[test]
fn a_wake_from_outside_fails_the_next_task_and_names_the_last_await() {
    let history = HistoryBuilder::new("listens_outside")
        .task()
        .timer_started("1")
        .timer_fired("1");
    let history = history.open_task();
    let mut run = run_of(listens_outside);
    run.complete(history.workflow_task());
    let waker = OUTSIDE
        .with(|outside| outside.0.lock().unwrap().take())
        .unwrap();
    std::thread::spawn(move || waker.wake()).join().unwrap();
    let history = history.task_completed().signaled("x", []).open_task();
    let failure = run.fail_task(history.workflow_task_since(9));
    assert_eq!(failure.cause, TaskFailureCause::Nondeterminism);
    let text = failure.failure.message();
    assert!(
        text.contains("woken from outside") && text.contains("outside.rs:"),
        "{text}"
    );
}

/// A future that a thread wakes before its poll is over.
struct Hasty;

impl Future for Hasty {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        std::thread::spawn(move || waker.wake()).join().unwrap();
        Poll::Pending
    }
}

#[workflow]
async fn is_hasty(_ctx: WorkflowContext) -> WorkflowResult<()> {
    Hasty.await;
    Ok(())
}

#[test]
fn a_wake_from_outside_while_a_task_is_done_fails_that_task() {
    let history = HistoryBuilder::new("is_hasty").open_task();
    let failure = run_of(is_hasty).fail_task(history.workflow_task());
    assert_eq!(failure.cause, TaskFailureCause::Nondeterminism);
    let text = failure.failure.message();
    assert!(
        text.contains("`is_hasty`, which has not waited for Outlast yet, was woken from outside"),
        "{text}"
    );
}
