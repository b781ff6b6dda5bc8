use super::{HOUR, report, run_of, words};
use crate::engine::TaskFailureCause;
use crate::engine::testing::HistoryBuilder;
use crate::prelude::*;

#[workflow]
async fn naps(ctx: WorkflowContext) -> WorkflowResult<u32> {
    ctx.sleep(HOUR).await?;
    ctx.sleep(2 * HOUR).await?;
    Ok(7)
}

#[test]
fn timers_are_started_one_after_the_other() {
    let history = HistoryBuilder::new("naps").open_task();
    assert_eq!(words(naps, &history), ["start timer `1` of 3600s"]);
    let history = HistoryBuilder::new("naps")
        .task()
        .timer_started("1")
        .timer_fired("1");
    assert_eq!(
        words(naps, &history.clone().open_task()),
        ["start timer `2` of 7200s"]
    );
    let history = history
        .task()
        .timer_started("2")
        .timer_fired("2")
        .open_task();
    let completion = run_of(naps).complete(history.workflow_task());
    assert_eq!(completion.result::<u32>(), 7);
    assert!(completion.ends_run);
}

#[test]
fn a_cached_run_goes_on_with_what_is_new() {
    let mut run = run_of(naps);
    let history = HistoryBuilder::new("naps").open_task();
    run.complete(history.workflow_task());
    let history = history
        .task_completed()
        .timer_started("1")
        .timer_fired("1")
        .open_task();
    let completion = run.complete(history.workflow_task_since(4));
    assert_eq!(completion.words(), ["start timer `2` of 7200s"]);
}

#[test]
fn gotcha_01_events_that_a_cached_run_knows_are_dropped() {
    let mut run = run_of(naps);
    let history = HistoryBuilder::new("naps").open_task();
    run.complete(history.workflow_task());
    let history = history
        .task_completed()
        .timer_started("1")
        .timer_fired("1")
        .open_task();
    let completion = run.complete(history.workflow_task());
    assert_eq!(completion.words(), ["start timer `2` of 7200s"]);
}

#[workflow]
async fn no_timer_after_all(ctx: WorkflowContext) -> WorkflowResult<()> {
    let timer = ctx.sleep(HOUR).start();
    drop(timer);
    ctx.sleep(2 * HOUR).await?;
    Ok(())
}

#[test]
fn gotcha_22_a_timer_canceled_in_its_own_activation_is_never_sent() {
    let history = HistoryBuilder::new("no_timer_after_all").open_task();
    assert_eq!(
        words(no_timer_after_all, &history),
        ["start timer `2` of 7200s"]
    );
}

#[workflow]
async fn drops_later(ctx: WorkflowContext) -> WorkflowResult<()> {
    let slow = ctx.sleep(HOUR).start();
    ctx.sleep(Duration::from_secs(1)).await?;
    drop(slow);
    ctx.sleep(Duration::from_secs(2)).await?;
    Ok(())
}

#[test]
fn gotcha_22_a_running_timer_that_is_dropped_is_canceled_on_the_server() {
    let history = HistoryBuilder::new("drops_later")
        .task()
        .timer_started("1")
        .timer_started("2")
        .timer_fired("2");
    let expected = ["cancel timer `1`", "start timer `3` of 2s"];
    assert_eq!(words(drops_later, &history.clone().open_task()), expected);
    let history = history
        .task()
        .timer_canceled("1")
        .timer_started("3")
        .timer_fired("3")
        .open_task();
    assert_eq!(words(drops_later, &history), ["complete the execution"]);
}

#[workflow]
async fn forgets_at_the_end(ctx: WorkflowContext) -> WorkflowResult<()> {
    let _slow = ctx.sleep(HOUR).start();
    ctx.sleep(Duration::from_secs(1)).await?;
    Ok(())
}

#[test]
fn what_is_dropped_when_the_run_ends_is_not_canceled() {
    let history = HistoryBuilder::new("forgets_at_the_end")
        .task()
        .timer_started("1")
        .timer_started("2")
        .timer_fired("2");
    let open = history.clone().open_task();
    assert_eq!(words(forgets_at_the_end, &open), ["complete the execution"]);
    // And the recorded run, which says no more than that, replays.
    let mut run = run_of(forgets_at_the_end);
    run.handle_task(history.task().execution_completed().workflow_task());
    assert!(matches!(run.poll(), crate::engine::Step::Completed(_)));
    assert!(run.is_closed());
}

#[workflow]
async fn detaches(ctx: WorkflowContext) -> WorkflowResult<()> {
    ctx.sleep(HOUR).start().detach();
    ctx.sleep(Duration::from_secs(1)).await?;
    ctx.sleep(Duration::from_secs(2)).await?;
    Ok(())
}

#[test]
fn a_detached_timer_runs_on_and_its_end_is_nobodys() {
    let history = HistoryBuilder::new("detaches")
        .task()
        .timer_started("1")
        .timer_started("2")
        .timer_fired("1")
        .timer_fired("2")
        .open_task();
    assert_eq!(words(detaches, &history), ["start timer `3` of 2s"]);
}

#[workflow]
async fn impatient(ctx: WorkflowContext) -> WorkflowResult<String> {
    let timer = ctx.sleep(HOUR).start();
    timer.cancel();
    Ok(if timer.await.is_err() {
        "canceled"
    } else {
        "fired"
    }
    .to_owned())
}

#[test]
fn a_timer_that_is_canceled_says_so() {
    let history = HistoryBuilder::new("impatient").open_task();
    let completion = run_of(impatient).complete(history.workflow_task());
    assert_eq!(completion.result::<String>(), "canceled");
    assert_eq!(completion.commands.len(), 1);
}

#[test]
fn a_zero_timer_is_still_a_timer() {
    #[workflow]
    async fn at_once(ctx: WorkflowContext) -> WorkflowResult<()> {
        Ok(ctx.sleep(Duration::ZERO).await?)
    }
    let history = HistoryBuilder::new("at_once").open_task();
    assert_eq!(words(at_once, &history), ["start timer `1` of 1ms"]);
}

#[test]
fn a_history_with_another_command_is_reported_as_a_diff() {
    let history = HistoryBuilder::new("naps")
        .task()
        .activity_scheduled("1", "charge")
        .open_task();
    let failure = run_of(naps).fail_task(history.workflow_task());
    assert_eq!(failure.cause, TaskFailureCause::Nondeterminism);
    let text = failure.failure.message().to_owned();
    for part in [
        "nondeterminism in workflow `naps` (id `w`)",
        "history: event 5, ActivityTaskScheduled (id `1`, type `charge`)",
        "code:    start timer `1` of 3600s, at sdk/src/engine/run/tests/timers.rs:8:",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_command_that_history_lacks_is_reported() {
    let history = HistoryBuilder::new("naps")
        .task()
        .signaled("x", [])
        .open_task();
    let text = report(naps, &history);
    assert!(text.contains("history: nothing"), "{text}");
    assert!(text.contains("start timer `1`"), "{text}");
}

#[test]
fn a_command_that_the_code_lacks_is_reported() {
    let history = HistoryBuilder::new("naps")
        .task()
        .timer_started("1")
        .timer_started("2")
        .open_task();
    let text = report(naps, &history);
    assert!(text.contains("event 6, TimerStarted (id `2`)"), "{text}");
    assert!(text.contains("code:    nothing"), "{text}");
}

#[test]
fn an_event_about_what_was_never_started_is_reported() {
    let history = HistoryBuilder::new("naps")
        .task()
        .timer_started("1")
        .event(crate::engine::EventBody::TimerFired {
            started: 3,
            timer: "1".into(),
        })
        .open_task();
    assert!(report(naps, &history).contains("something that the code did not start"));
}
