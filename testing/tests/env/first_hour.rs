//! What people write in their first hour: deadlines, retries, crons, schedules, cleanup, children.

use std::sync::atomic::{AtomicU64, Ordering};

use outlast::client::ResultError;
use outlast::prelude::*;
use outlast::raw::proto::temporal::api::common::v1::WorkflowType;
use outlast::raw::proto::temporal::api::enums::v1::{EventType as E, ParentClosePolicy};
use outlast::raw::proto::temporal::api::schedule::v1::schedule_action::Action;
use outlast::raw::proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_testing::{ActivityTime, TestEnv};

use crate::caller::Caller;
use crate::scene::*;
use crate::support::builders::start_child;
use crate::support::peer::{Peer, by_cron};

const DAY: Duration = Duration::from_hours(24);

/// Sleeps for some hours.
#[workflow]
async fn nap(ctx: WorkflowContext, hours: u32) -> WorkflowResult<u32> {
    ctx.sleep(hours * HOUR).await?;
    Ok(hours)
}

#[tokio::test]
async fn a_run_that_takes_too_long_times_out() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    let short = env.start(nap, 3).run_timeout(HOUR).await;
    let error = short.result().await.unwrap_err();
    assert!(matches!(error, ResultError::TimedOut), "{error:?}");
    assert_eq!(watch.elapsed(), HOUR);
}

#[tokio::test]
async fn a_workflow_is_tried_again_with_its_policy() {
    #[workflow]
    async fn second_try(ctx: WorkflowContext) -> WorkflowResult<u32> {
        match ctx.info().attempt() {
            1 => Err(WorkflowError::application("Busy", "try again")),
            attempt => Ok(attempt),
        }
    }
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    let policy = RetryPolicy::new().initial_interval(HOUR);
    let tried = env.start(second_try, ()).retry(policy).await;
    assert_eq!(tried.result().await.unwrap(), 2);
    assert_eq!(watch.elapsed(), HOUR);
}

#[tokio::test]
async fn a_second_attempt_goes_on_from_the_last_heartbeat() {
    static READ: AtomicU64 = AtomicU64::new(0);
    #[activity(start_to_close_timeout = "1h")]
    async fn read_rows(ctx: ActivityContext, rows: u64) -> Result<u64, ActivityError> {
        let first = ctx.last_heartbeat::<u64>()?.unwrap_or(0);
        for row in first..rows {
            READ.fetch_add(1, Ordering::Relaxed);
            ctx.heartbeat(&(row + 1));
            if row + 1 == rows / 2 && ctx.info().attempt == 1 {
                return Err(ActivityError::application("Torn", "the tape is torn"));
            }
        }
        Ok(first)
    }
    #[workflow]
    async fn read(ctx: WorkflowContext) -> WorkflowResult<u64> {
        Ok(ctx.activity(read_rows, 10).await?)
    }
    let env = TestEnv::new().activity(read_rows);
    assert_eq!(env.execute(read, ()).await.unwrap(), 5);
    assert_eq!(READ.load(Ordering::Relaxed), 10);
}

#[tokio::test]
async fn a_workflow_that_is_canceled_cleans_up() {
    #[workflow]
    async fn careful(ctx: WorkflowContext) -> WorkflowResult<()> {
        ctx.activity(charge, ("pen".to_owned(), 39)).await?;
        let slept = ctx.sleep(DAY).await;
        if slept.is_err() {
            ctx.shield(async { ctx.activity(refund, 39).await }).await?;
        }
        Ok(slept?)
    }
    let env = TestEnv::new();
    env.on(charge).once().returns(39);
    env.on(refund).once().with_args(39).returns(());
    let watch = Stopwatch::start(&env);
    let shopping = env.start(careful, ()).await;
    env.after(2 * HOUR, shopping.cancel());
    let error = shopping.result().await.unwrap_err();
    assert!(matches!(error, ResultError::Canceled(_)), "{error:?}");
    assert_eq!(watch.elapsed(), 2 * HOUR);
    env.assert_order((charge, refund));
}

#[tokio::test]
async fn an_update_that_is_not_valid_leaves_no_trace() {
    let env = TestEnv::new().mock(charge, |_| Ok(7));
    let approval = env.start(Approval::run, 1).await;
    let nameless = approval.update(Approval::approve_later, String::new());
    let error = nameless.await.unwrap_err();
    assert_eq!(error.application_kind(), Some("Nameless"));
    assert_eq!(approval.query(Approval::count, ()).await.unwrap(), 0);
    assert!(!env.transcript(&approval).contains("Update"));
}

#[tokio::test]
async fn a_query_sees_the_state_at_any_time() {
    let env = TestEnv::new().mock(charge, |_| Ok(7));
    let approval = env.start(Approval::run, 3).await;
    for count in 1..=2 {
        approval
            .signal(Approval::approve, "ada".to_owned())
            .await
            .unwrap();
        env.sleep(HOUR).await;
        assert_eq!(approval.query(Approval::count, ()).await.unwrap(), count);
    }
}

#[tokio::test]
async fn a_cron_workflow_runs_every_morning() {
    let env = TestEnv::starting_at("2030-01-01T12:00:00Z").mock(charge, |_| Ok(7));
    let daily = env.start(buy, 39).with(|call| call.cron("0 9 * * *")).await;
    env.sleep(3 * DAY).await;
    let hours: Vec<u64> = env
        .calls(charge)
        .iter()
        .map(|call| {
            call.at
                .duration_since(env.now() - 3 * DAY)
                .unwrap()
                .as_secs()
                / 3600
        })
        .collect();
    assert_eq!(hours, [21, 45, 69]);
    daily.terminate("enough").await.unwrap();
}

#[tokio::test]
async fn a_schedule_acts_every_month_of_a_year() {
    #[workflow]
    async fn bill(ctx: WorkflowContext, input: String) -> WorkflowResult<String> {
        ctx.sleep(HOUR).await?;
        Ok(input)
    }
    let env = TestEnv::new().workflow(bill);
    let peer = Peer::new(env.server().service(), "bills");
    let mut schedule = peer.schedule_by(by_cron("0 0 1 * *"));
    let action = schedule
        .action
        .as_mut()
        .and_then(|action| action.action.as_mut());
    let Some(Action::StartWorkflow(start)) = action else {
        unreachable!("it starts a workflow")
    };
    start.workflow_type = Some(WorkflowType {
        name: "bill".to_owned(),
    });
    start.task_queue = Some(TaskQueue {
        name: "bill".to_owned(),
        ..TaskQueue::default()
    });
    peer.create_schedule(schedule).await.unwrap();
    env.sleep(365 * DAY + HOUR).await;
    let bills = env.workflow_calls(bill).into_iter();
    assert_eq!(
        bills.map(|call| call.input).collect::<Vec<_>>(),
        ["input"; 12]
    );
}

#[tokio::test]
async fn a_child_ends_with_its_parent() {
    #[workflow(name = "Order")]
    async fn order(ctx: WorkflowContext) -> WorkflowResult<()> {
        Ok(ctx.sleep(DAY).await?)
    }
    let env = TestEnv::new().workflow(order);
    let watch = Stopwatch::start(&env);
    let decide = |event| match event {
        E::WorkflowExecutionStarted => {
            vec![start_child(
                "Order",
                "child",
                ParentClosePolicy::RequestCancel,
            )]
        }
        _ => vec![],
    };
    let parent = Caller::new(&env);
    parent.run(E::ChildWorkflowExecutionStarted, decide).await;
    let child = env.client().workflow(order, "child");
    let error = child.result().await.unwrap_err();
    assert!(matches!(error, ResultError::Canceled(_)), "{error:?}");
    let by = env.cancel_request("child").unwrap().by.unwrap();
    assert_eq!(by.workflow_id.as_str(), parent.workflow_id());
    assert!(watch.elapsed().is_zero());
}

#[tokio::test]
async fn a_slow_activity_misses_its_deadline_and_a_fast_one_does_not() {
    let cases = [(10, true), (40, false)];
    for (seconds, is_in_time) in cases {
        let takes = ActivityTime::Takes(Duration::from_secs(seconds));
        let env = TestEnv::new().activity(charge).activity_time(charge, takes);
        let start = env.start(buy, 4).execution_timeout(HOUR).await;
        assert_eq!(start.result().await.is_ok(), is_in_time, "{seconds} s");
    }
}

#[tokio::test]
async fn a_signal_can_come_with_a_workflow_task() {
    let env = TestEnv::new().mock(charge, |_| Ok(7));
    let approval = env.start(Approval::run, 2).await;
    let ada = approval.signal(Approval::approve, "ada".to_owned());
    env.at_event(&approval, "WorkflowTaskStarted", 1, ada);
    let bob = approval.signal(Approval::approve, "bob".to_owned());
    env.at_event(&approval, "WorkflowTaskScheduled", 2, bob);
    assert_eq!(approval.result().await.unwrap(), 7);
    assert_eq!(
        env.signals::<(String,)>(approval.workflow_id().clone(), "approve")
            .len(),
        2
    );
}

#[tokio::test]
#[should_panic(expected = "`nap` is mocked: start the mock with `TestEnv::start_mocked`")]
async fn starting_the_real_workflow_of_a_mock_is_refused() {
    let env = TestEnv::new().mock_workflow(nap, Ok);
    env.start(nap, 1).await;
}
