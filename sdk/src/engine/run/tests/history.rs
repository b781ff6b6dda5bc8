//! Histories in all shapes: pages, failed attempts, ends, gaps.

use std::time::{Duration, SystemTime};

use super::{HOUR, complete_in_pages, run_of, value, words};
use crate::engine::testing::{HistoryBuilder, time_of, update};
use crate::engine::{HistoryPage, PageToken, Step, WorkflowTask};
use crate::prelude::{
    ActivityError, WorkflowContext, WorkflowError, WorkflowResult, activity, workflow,
};

#[activity(start_to_close_timeout = "30s")]
async fn step(n: u32) -> Result<u32, ActivityError> {
    Ok(n)
}

#[derive(Default)]
struct Steps {
    extra: u32,
    seen: Vec<u64>,
}

#[workflow]
impl Steps {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u32> {
        let mut total = 0;
        for n in 0..3 {
            total += ctx.activity(step, n).await?;
            ctx.sleep(HOUR).await?;
            let random = ctx.random_u64();
            ctx.state().seen.push(random);
        }
        let extra = ctx.state().extra;
        Ok(total + extra)
    }

    #[signal]
    async fn add(ctx: WorkflowContext<Self>, n: u32) -> WorkflowResult<()> {
        let more = ctx.activity(step, n).await?;
        ctx.state().extra += more;
        Ok(())
    }

    #[query]
    fn seen(&self) -> Vec<u64> {
        self.seen.clone()
    }
}

/// Three rounds with a signal in the middle of the second.
fn story() -> HistoryBuilder {
    HistoryBuilder::new("Steps")
        .task()
        .activity_scheduled("1", "step")
        .activity_completed("1", value(&1u32))
        .task()
        .timer_started("1")
        .signaled("add", [value(&5u32)])
        .task()
        .activity_scheduled("2", "step")
        .timer_fired("1")
        .activity_completed("2", value(&50u32))
        .task()
        .activity_scheduled("3", "step")
        .activity_completed("3", value(&2u32))
        .task()
        .timer_started("2")
        .timer_fired("2")
        .task()
        .activity_scheduled("4", "step")
        .activity_completed("4", value(&3u32))
        .task()
        .timer_started("3")
        .timer_fired("3")
        .open_task()
}

#[test]
fn gotcha_05_any_page_size_gives_the_same_commands() {
    for size in 1..=14 {
        let completion = complete_in_pages(&mut run_of(Steps::run), &story(), size);
        assert_eq!(completion.result::<u32>(), 56, "pages of {size}");
    }
}

#[test]
fn gotcha_04_an_empty_page_with_a_token_is_not_the_end() {
    let history = story();
    let mut run = run_of(Steps::run);
    let token = |text: &'static str| Some(PageToken(text.into()));
    let first = HistoryPage {
        next: token("a"),
        ..history.page()
    };
    run.handle_task(WorkflowTask {
        history: first,
        ..history.workflow_task()
    });
    let asked = |run: &mut crate::engine::Run| match run.poll() {
        Step::NeedsHistory(token) => token.0,
        other => panic!("expected a wish for history, got {other:?}"),
    };
    assert_eq!(asked(&mut run), "a");
    run.handle_page(HistoryPage {
        events: vec![],
        next: token("b"),
    });
    assert_eq!(asked(&mut run), "b");
    run.handle_page(HistoryPage::default());
    assert!(matches!(run.poll(), Step::Completed(completion) if completion.ends_run));
}

#[test]
fn gotcha_02_a_run_that_was_evicted_is_rebuilt_from_its_history() {
    let before = HistoryBuilder::new("Steps").open_task();
    let mut evicted = run_of(Steps::run);
    let live = evicted.complete(before.workflow_task()).words();
    drop(evicted);
    assert_eq!(live, words(Steps::run, &before));
    assert_eq!(
        run_of(Steps::run)
            .complete(story().workflow_task())
            .result::<u32>(),
        56
    );
}

#[test]
fn gotcha_03_a_task_that_is_not_in_the_fetched_history_comes_on_its_own() {
    let history = HistoryBuilder::new("Steps")
        .task()
        .activity_scheduled("1", "step");
    let fetched = history.page();
    let task = history.open_task();
    let mut run = run_of(Steps::run);
    let first = HistoryPage {
        next: Some(PageToken("t".into())),
        ..fetched
    };
    run.handle_task(WorkflowTask {
        history: first,
        ..task.workflow_task()
    });
    assert!(matches!(run.poll(), Step::NeedsHistory(_)));
    run.handle_page(task.page_since(6));
    assert!(matches!(run.poll(), Step::Completed(completion) if completion.commands.is_empty()));
}

#[test]
fn gotcha_30_a_task_with_nothing_to_do_is_completed_with_nothing() {
    let history = HistoryBuilder::new("Steps").open_task();
    let mut run = run_of(Steps::run);
    run.complete(history.workflow_task());
    let history = history
        .task_completed()
        .activity_scheduled("1", "step")
        .open_task();
    let completion = run.complete(history.workflow_task_since(4));
    assert!(completion.commands.is_empty() && completion.replies.is_empty());
}

#[test]
fn gotcha_31_a_task_may_time_out_without_a_start() {
    let history = HistoryBuilder::new("Steps")
        .task_scheduled()
        .task_timed_out()
        .task()
        .activity_scheduled("1", "step")
        .activity_completed("1", value(&1u32))
        .open_task();
    assert_eq!(words(Steps::run, &history), ["start timer `1` of 3600s"]);
}

#[test]
fn a_failed_attempt_leaves_nothing_and_its_events_come_with_the_next() {
    let history = HistoryBuilder::new("Steps")
        .task()
        .activity_scheduled("1", "step")
        .activity_completed("1", value(&1u32))
        .failed_task()
        .open_task()
        .task_timed_out()
        .open_task();
    assert_eq!(words(Steps::run, &history), ["start timer `1` of 3600s"]);
}

#[test]
fn gotcha_32_a_history_may_end_in_many_ways() {
    let open = HistoryBuilder::new("Steps")
        .task()
        .activity_scheduled("1", "step");
    let ends = [
        open.clone(),
        open.clone().execution_terminated(),
        open.clone().execution_timed_out(),
        open.clone().open_task().execution_terminated(),
        open.clone().task_scheduled().execution_terminated(),
        open.task_scheduled().task_timed_out(),
    ];
    for end in ends {
        let mut run = run_of(Steps::run);
        run.handle_task(end.workflow_task());
        let step = run.poll();
        assert!(
            matches!(&step, Step::Completed(done) if done.commands.is_empty()),
            "{step:?}"
        );
    }
}

#[test]
fn gotcha_33_ignorable_events_are_passed_over() {
    let history = HistoryBuilder::new("Steps")
        .other(999)
        .ignorable()
        .other(55)
        .ignorable()
        .open_task();
    assert_eq!(
        words(Steps::run, &history),
        ["schedule activity `step` (id `1`)"]
    );
    let unknown = HistoryBuilder::new("Steps").other(999).open_task();
    let failure = run_of(Steps::run).fail_task(unknown.workflow_task());
    assert!(
        failure.failure.message().contains("999"),
        "{:?}",
        failure.failure
    );
}

#[workflow]
async fn clocks(ctx: WorkflowContext) -> WorkflowResult<Vec<SystemTime>> {
    let mut times = vec![ctx.now()];
    ctx.sleep(HOUR).await?;
    times.push(ctx.now());
    Ok(times)
}

#[test]
fn the_time_is_the_start_of_the_task() {
    let history = HistoryBuilder::new("clocks")
        .task()
        .timer_started("1")
        .timer_fired("1")
        .open_task();
    let completion = run_of(clocks).complete(history.workflow_task());
    assert_eq!(
        completion.result::<Vec<SystemTime>>(),
        [time_of(3), time_of(8)]
    );
}

#[workflow]
async fn dice(ctx: WorkflowContext) -> WorkflowResult<Vec<String>> {
    let mut thrown = vec![ctx.random_u64().to_string(), ctx.uuid().to_string()];
    ctx.sleep(Duration::from_secs(1)).await?;
    thrown.push(ctx.random_u64().to_string());
    Ok(thrown)
}

#[test]
fn gotcha_39_randomness_repeats_and_is_seeded_anew_by_a_reset() {
    let task = HistoryBuilder::new("dice")
        .task()
        .timer_started("1")
        .timer_fired("1");
    let throw = |history: HistoryBuilder| {
        let completion = run_of(dice).complete(history.open_task().workflow_task());
        completion.result::<Vec<String>>()
    };
    let (first, again) = (throw(task.clone()), throw(task.clone()));
    assert_eq!(first, again);
    let reset = task
        .open_task()
        .task_reset("01a20222-51e3-7a4b-a642-d1a5adf47f70");
    let after = throw(reset);
    assert_eq!(
        first[..2],
        after[..2],
        "what was thrown before the reset stays"
    );
    assert_ne!(first[2], after[2]);
}

#[test]
fn gotcha_24_without_the_flag_commands_after_the_end_never_were() {
    #[derive(Default)]
    struct Hurried {
        done: bool,
    }
    #[workflow]
    impl Hurried {
        #[run]
        async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
            ctx.state().done = true;
            Ok(())
        }

        #[signal]
        async fn after(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
            ctx.wait_until(|h| h.done).await?;
            ctx.sleep(HOUR).start().detach();
            Ok(())
        }
    }
    let begun = HistoryBuilder::new("Hurried").signaled("after", []);
    let replay = |history: HistoryBuilder| {
        let mut run = run_of(Hurried::run);
        run.handle_task(history.execution_completed().workflow_task());
        matches!(run.poll(), Step::Completed(_))
    };
    // The flag is in the completion that follows the chunk, and holds for it.
    let (with, without) = (
        begun.clone().by("temporal-python", &[1, 2, 3]),
        begun.by("", &[1, 2]),
    );
    assert!(replay(with.task().timer_started("1")));
    assert!(replay(without.task()));
}

#[test]
fn a_gap_in_a_history_fails_the_task() {
    let history = HistoryBuilder::new("Steps")
        .task()
        .activity_scheduled("1", "step")
        .open_task();
    let mut page = history.page();
    page.events.remove(4);
    let task = WorkflowTask {
        history: page,
        ..history.workflow_task()
    };
    let failure = run_of(Steps::run).fail_task(task);
    assert!(
        failure.failure.message().contains('5'),
        "{:?}",
        failure.failure
    );
}

#[derive(Default)]
struct Notes {
    notes: Vec<String>,
    is_done: bool,
}

#[workflow]
impl Notes {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Vec<String>> {
        ctx.sleep(HOUR).await?;
        ctx.state().notes.push("slept".to_owned());
        ctx.wait_until(|w| w.is_done).await?;
        let notes = ctx.state().notes.clone();
        Ok(notes)
    }

    #[signal]
    fn poke(&mut self) {
        self.notes.push("poked".to_owned());
    }

    #[update]
    fn finish(&mut self) -> Result<(), WorkflowError> {
        self.notes.push("updated".to_owned());
        self.is_done = true;
        Ok(())
    }
}

#[test]
fn tasks_answered_here_are_not_merged_in_a_history_taken_over() {
    let begun = HistoryBuilder::new("Notes").by("temporal-python", &[1, 2, 3]);
    let begun = begun.task().timer_started("1").signaled("poke", []);
    let woken = begun.taken_over().task().timer_fired("1").open_task();
    let mut cached = run_of(Notes::run);
    assert!(cached.complete(woken.workflow_task()).commands.is_empty());

    let updated = woken.task_completed().open_task();
    let updates = vec![update("u", "finish", [], updated.last_id() - 1)];
    let task = WorkflowTask {
        updates,
        ..updated.workflow_task()
    };
    let live = cached.complete(task.clone()).result::<Vec<String>>();
    assert_eq!(live, ["poked", "slept", "updated"]);
    let rebuilt = run_of(Notes::run).complete(task);
    assert_eq!(rebuilt.result::<Vec<String>>(), live);
}
