//! Activities: scheduled, resolved, canceled, in lists and races.

use super::{HOUR, report, run_of, value, words};
use crate::engine::testing::HistoryBuilder;
use crate::engine::{Command, Step, TaskFailureCause};
use crate::prelude::*;
use crate::{ActivityCancellation, FailureKind};

#[activity(start_to_close_timeout = "30s")]
async fn charge(order: String) -> Result<u32, ActivityError> {
    Ok(u32::try_from(order.len())?)
}

#[workflow]
async fn pay(ctx: WorkflowContext, order: String) -> WorkflowResult<u32> {
    Ok(ctx.activity(charge, order).await? + 1)
}

fn paying() -> HistoryBuilder {
    HistoryBuilder::new("pay").input([value(&"pen")])
}

#[test]
fn an_activity_is_scheduled_with_its_arguments_and_options() {
    let completion = run_of(pay).complete(paying().open_task().workflow_task());
    let [Command::ScheduleActivity(scheduled)] = &completion.commands[..] else {
        panic!("expected one activity, got {completion:?}");
    };
    assert_eq!((scheduled.kind, scheduled.id.as_str()), ("charge", "1"));
    assert_eq!(scheduled.input, [value(&"pen")]);
    assert_eq!(scheduled.workflow_task_queue, "queue");
    assert_eq!(
        scheduled.options.start_to_close_timeout,
        Some(Duration::from_secs(30))
    );
}

#[test]
fn an_activitys_result_is_the_outcome_of_the_await() {
    let history = paying().task().activity_scheduled("1", "charge");
    let history = history.activity_completed("1", value(&3u32)).open_task();
    let completion = run_of(pay).complete(history.workflow_task());
    assert_eq!(completion.result::<u32>(), 4);
}

#[test]
fn an_activitys_failure_fails_the_workflow_with_the_whole_chain() {
    let history = paying()
        .task()
        .activity_scheduled("1", "charge")
        .activity_failed("1", Failure::application("Declined", "no funds"))
        .open_task();
    let completion = run_of(pay).complete(history.workflow_task());
    let [Command::FailWorkflow { failure }] = &completion.commands[..] else {
        panic!("expected a failed run, got {completion:?}");
    };
    assert_eq!(
        failure.report(),
        "activity `charge`: activity failed\n  caused by: no funds"
    );
    assert_eq!(failure.application_kind(), Some("Declined"));
}

#[test]
fn a_failure_names_the_activity_by_its_id_in_history() {
    let history = paying()
        .by("", &[])
        .task()
        .activity_scheduled("5", "charge");
    let history = history.activity_failed("5", Failure::application("Declined", "no funds"));
    let completion = run_of(pay).complete(history.open_task().workflow_task());
    let [Command::FailWorkflow { failure }] = &completion.commands[..] else {
        panic!("expected a failed run, got {completion:?}");
    };
    let FailureKind::Activity(activity) = failure.kind() else {
        panic!("expected an activity's failure, got {failure:?}");
    };
    assert_eq!(activity.activity_id, Some("5".into()));
}

#[test]
fn an_undecodable_result_fails_the_task_and_not_the_run() {
    let history = paying().task().activity_scheduled("1", "charge");
    let history = history.activity_completed("1", value(&"three")).open_task();
    let failure = run_of(pay).fail_task(history.workflow_task());
    assert_eq!(failure.cause, TaskFailureCause::Unhandled);
    let text = failure.failure.message();
    assert!(
        text.contains("the result of activity `charge`") && text.contains("`u32`"),
        "{text}"
    );
}

#[test]
fn undecodable_arguments_fail_the_task() {
    let history = HistoryBuilder::new("pay").input([value(&7u32)]).open_task();
    let failure = run_of(pay).fail_task(history.workflow_task());
    assert_eq!(failure.cause, TaskFailureCause::Arguments);
    assert!(
        failure
            .failure
            .message()
            .starts_with("the arguments of workflow `pay`")
    );
}

#[test]
fn another_activity_in_history_is_reported() {
    let history = paying()
        .task()
        .activity_scheduled("1", "refund")
        .open_task();
    let text = report(pay, &history);
    assert!(text.contains("the activity types differ"), "{text}");
    let history = paying()
        .task()
        .activity_scheduled("9", "charge")
        .open_task();
    assert!(report(pay, &history).contains("the activity ids differ"));
    // Ids of SDKs that number otherwise are not compared.
    let foreign = paying()
        .by("", &[])
        .task()
        .activity_scheduled("9", "charge")
        .open_task();
    assert!(words(pay, &foreign).is_empty());
}

macro_rules! cancels_with {
    ($name:ident, $cancellation:expr) => {
        #[workflow]
        async fn $name(ctx: WorkflowContext) -> WorkflowResult<String> {
            let charging = ctx
                .activity(charge, "pen".to_owned())
                .cancellation($cancellation)
                .start();
            ctx.sleep(Duration::from_secs(1)).await?;
            charging.cancel();
            let how = match charging.await {
                Ok(_) => "completed",
                Err(failure) if failure.is_canceled() => "canceled",
                Err(_) => "failed",
            };
            ctx.sleep(HOUR).await?;
            Ok(how.to_owned())
        }
    };
}
cancels_with!(tries, ActivityCancellation::TryCancel);
cancels_with!(waits, ActivityCancellation::WaitCompleted);
cancels_with!(abandons, ActivityCancellation::Abandon);

fn ripe_to_cancel(name: &str) -> HistoryBuilder {
    HistoryBuilder::new(name)
        .task()
        .activity_scheduled("1", "charge")
        .timer_started("1")
        .timer_fired("1")
}

#[test]
fn gotcha_19_a_tried_cancel_goes_on_at_once_and_swallows_what_comes() {
    let history = ripe_to_cancel("tries");
    let expected = [
        "cancel the activity scheduled by event 5",
        "start timer `2` of 3600s",
    ];
    assert_eq!(words(tries, &history.clone().open_task()), expected);
    let history = history
        .task()
        .activity_cancel_requested("1")
        .timer_started("2")
        .activity_completed("1", value(&3u32))
        .timer_fired("2")
        .open_task();
    let completion = run_of(tries).complete(history.workflow_task());
    assert_eq!(completion.result::<String>(), "canceled");
}

#[test]
fn a_waiting_cancel_gives_how_it_really_ended() {
    let history = ripe_to_cancel("waits");
    let expected = ["cancel the activity scheduled by event 5"];
    assert_eq!(words(waits, &history.open_task()), expected);
    let ended = |close: fn(HistoryBuilder) -> HistoryBuilder| {
        let history = close(
            ripe_to_cancel("waits")
                .task()
                .activity_cancel_requested("1"),
        );
        let history = history
            .task()
            .timer_started("2")
            .timer_fired("2")
            .open_task();
        run_of(waits)
            .complete(history.workflow_task())
            .result::<String>()
    };
    assert_eq!(
        ended(|h| h.activity_completed("1", value(&3u32))),
        "completed"
    );
    assert_eq!(ended(|h| h.activity_canceled("1")), "canceled");
    assert_eq!(
        ended(|h| h.activity_failed("1", Failure::application("X", "x"))),
        "failed"
    );
}

#[test]
fn gotcha_34_an_activity_may_start_after_the_request_to_cancel_it() {
    let history = ripe_to_cancel("waits")
        .task()
        .activity_cancel_requested("1")
        .activity_started("1")
        .activity_canceled("1")
        .open_task();
    assert_eq!(words(waits, &history), ["start timer `2` of 3600s"]);
}

#[test]
fn gotcha_20_an_abandoned_activity_swallows_whatever_comes() {
    let history = ripe_to_cancel("abandons");
    let expected = ["start timer `2` of 3600s"];
    assert_eq!(words(abandons, &history.clone().open_task()), expected);
    let closings: [fn(HistoryBuilder) -> HistoryBuilder; 4] = [
        |h| h.activity_completed("1", value(&3u32)),
        |h| h.activity_failed("1", Failure::application("X", "x")),
        |h| h.activity_timed_out("1", Failure::application("X", "x")),
        |h| h.activity_canceled("1"),
    ];
    for close in closings {
        let history = close(
            history
                .clone()
                .task()
                .timer_started("2")
                .activity_started("1"),
        );
        let history = history.timer_fired("2").open_task();
        let completion = run_of(abandons).complete(history.workflow_task());
        assert_eq!(completion.result::<String>(), "canceled");
    }
}

#[workflow]
async fn many(ctx: WorkflowContext) -> WorkflowResult<u32> {
    let charges = (0..5u32).map(|n| ctx.activity(charge, "x".repeat(n as usize)));
    let mut total = 0;
    for result in crate::join_all(charges).await {
        total += result?;
    }
    Ok(total)
}

#[test]
fn many_activities_are_scheduled_in_order_and_may_end_in_any() {
    let mut history = HistoryBuilder::new("many").task();
    for id in ["1", "2", "3", "4", "5"] {
        history = history.activity_scheduled(id, "charge");
    }
    for id in ["4", "2", "5"] {
        history = history.activity_completed(id, value(&1u32));
    }
    assert!(words(many, &history.clone().open_task()).is_empty());
    history = history.task();
    for id in ["1", "3"] {
        history = history.activity_completed(id, value(&10u32));
    }
    let completion = run_of(many).complete(history.open_task().workflow_task());
    assert_eq!(completion.result::<u32>(), 23);
}

#[workflow]
async fn races(ctx: WorkflowContext) -> WorkflowResult<String> {
    let winner = outlast::select! {
        charged = ctx.activity(charge, "pen".to_owned()) => charged?.to_string(),
        late = ctx.sleep(HOUR) => {
            late?;
            "late".to_owned()
        }
    };
    ctx.sleep(2 * HOUR).await?;
    Ok(winner)
}

#[test]
fn a_select_cancels_what_lost() {
    let history = HistoryBuilder::new("races")
        .task()
        .activity_scheduled("1", "charge")
        .timer_started("1")
        .timer_fired("1");
    let expected = [
        "cancel the activity scheduled by event 5",
        "start timer `2` of 7200s",
    ];
    assert_eq!(words(races, &history.open_task()), expected);
}

#[test]
fn a_select_takes_the_first_written_where_both_are_done() {
    let history = HistoryBuilder::new("races")
        .task()
        .activity_scheduled("1", "charge")
        .timer_started("1")
        .timer_fired("1")
        .activity_completed("1", value(&3u32))
        .task()
        .timer_started("2")
        .timer_fired("2")
        .open_task();
    let completion = run_of(races).complete(history.workflow_task());
    assert_eq!(completion.result::<String>(), "3");
}

#[test]
fn a_run_waits_for_nothing_while_its_activity_runs() {
    let history = paying()
        .task()
        .activity_scheduled("1", "charge")
        .activity_started("1");
    let mut run = run_of(pay);
    run.handle_task(history.open_task().workflow_task());
    assert!(matches!(run.poll(), Step::Completed(completion) if completion.commands.is_empty()));
    assert!(matches!(run.poll(), Step::Idle));
}

#[activity]
async fn print(_text: String) -> Result<(), ActivityError> {
    Ok(())
}

#[workflow]
async fn prints(ctx: WorkflowContext, seconds: Option<u64>) -> WorkflowResult<()> {
    let mut shared = ActivityOptions::new().task_queue("printers");
    if let Some(seconds) = seconds {
        shared = shared.schedule_to_close_timeout(Duration::from_secs(seconds));
    }
    ctx.activity(print, "hi".to_owned()).options(shared).await?;
    Ok(())
}

const PRINT: u32 = line!() - 4;

#[test]
fn an_activity_whose_shared_options_have_no_timeout_fails_the_task_and_says_what_to_set() {
    for seconds in [None, Some(0u64)] {
        let history = HistoryBuilder::new("prints").input([value(&seconds)]);
        let failure = run_of(prints).fail_task(history.open_task().workflow_task());
        let text = failure.failure.message();
        for part in [
            "activity `print` has no timeout",
            &format!("activities.rs:{PRINT}:"),
            "set `start_to_close_timeout` or `schedule_to_close_timeout`",
        ] {
            assert!(text.contains(part), "`{part}` is not in: {text}");
        }
    }
}

#[test]
fn a_timeout_in_shared_options_is_enough() {
    let history = HistoryBuilder::new("prints").input([value(&Some(7u64))]);
    assert_eq!(
        words(prints, &history.open_task()),
        ["schedule activity `print` (id `1`)"]
    );
}
