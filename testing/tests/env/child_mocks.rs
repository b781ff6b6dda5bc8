//! Children in place of real ones, started by a workflow of raw calls.

use std::sync::Arc;
use std::time::SystemTime;

use outlast::Payload;
use outlast::prelude::*;
use outlast::raw::proto::temporal::api::command::v1::Command;
use outlast::raw::proto::temporal::api::command::v1::ScheduleActivityTaskCommandAttributes as Activity;
use outlast::raw::proto::temporal::api::command::v1::StartChildWorkflowExecutionCommandAttributes as Child;
use outlast::raw::proto::temporal::api::common::v1::{Payloads, WorkflowType};
use outlast::raw::proto::temporal::api::enums::v1::EventType as E;
use outlast::raw::proto::temporal::api::history::v1::HistoryEvent;
use outlast_testing::TestEnv;

use crate::caller::Caller;
use crate::scene::*;
use crate::support::builders::{
    activity_in, cancel_external, child_in, schedule_activity, seconds, start_child_with,
    start_timer,
};

#[workflow]
async fn ship(ctx: WorkflowContext, order: String, count: u32) -> WorkflowResult<String> {
    ctx.sleep(count * HOUR).await?;
    Ok(format!("{count} {order}, really"))
}

/// A child of the type `ship`, which has ten hours.
fn child(id: &str, count: u32) -> Child {
    Child {
        workflow_type: Some(WorkflowType {
            name: "ship".to_owned(),
        }),
        input: json(["\"pen\"", &count.to_string()]),
        workflow_run_timeout: seconds(36_000.0),
        ..child_in("ship", id)
    }
}

fn start(children: impl IntoIterator<Item = Child>) -> Vec<Command> {
    children.into_iter().map(start_child_with).collect()
}

/// A parent of one child, which ends with the event that tells how that ended.
async fn parent(env: &TestEnv, end: E) -> Vec<HistoryEvent> {
    let decide = |event| match event {
        E::WorkflowExecutionStarted => start([child("c-1", 2)]),
        _ => vec![],
    };
    Caller::new(env).run(end, decide).await
}

/// Calls the activity `charge`.
fn charge_pen() -> Command {
    schedule_activity(Activity {
        input: json(["\"pen\"", "1"]),
        ..activity_in("tills", "a")
    })
}

fn json(values: [&str; 2]) -> Option<Payloads> {
    let values = values.map(|json| Payload::new("json/plain", json.to_owned()).into());
    Some(Payloads {
        payloads: values.to_vec(),
    })
}

fn has(events: &[HistoryEvent], wanted: E) -> bool {
    events.iter().any(|event| event.event_type() == wanted)
}

#[tokio::test]
async fn a_child_returns_after_virtual_time() {
    let env = TestEnv::new();
    env.on_workflow(ship)
        .with(|(_, count)| *count == 2)
        .once()
        .after(HOUR)
        .returns("x".to_owned());
    let watch = Stopwatch::start(&env);
    let events = parent(&env, E::ChildWorkflowExecutionCompleted).await;
    assert!(has(&events, E::ChildWorkflowExecutionStarted));
    assert_eq!(watch.elapsed(), HOUR);
    let calls = env.workflow_calls(ship);
    assert_eq!(calls[0].input, ("pen".to_owned(), 2));
    assert_eq!(calls[0].workflow_id.as_str(), "c-1");
    assert_eq!(calls[0].result.clone().unwrap().unwrap(), "x");
    assert!(calls[0].parent.is_some());
    env.verify();
}

#[tokio::test]
async fn children_end_in_every_way_there_is() {
    let env = TestEnv::new();
    env.on_workflow(ship)
        .fails(WorkflowError::application("NoPaper", "none is left"))
        .gets_canceled()
        .gets_terminated("a flood")
        .times_out()
        .answers(|(order, count)| Ok(format!("{count} {order}")));
    let ends = [
        E::ChildWorkflowExecutionFailed,
        E::ChildWorkflowExecutionCanceled,
        E::ChildWorkflowExecutionTerminated,
        E::ChildWorkflowExecutionTimedOut,
        E::ChildWorkflowExecutionCompleted,
    ];
    let watch = Stopwatch::start(&env);
    for end in ends {
        assert!(has(&parent(&env, end).await, end), "{end:?}");
    }
    assert_eq!(watch.elapsed(), 10 * HOUR);
}

#[tokio::test]
async fn a_child_that_cannot_start_is_refused_as_existing() {
    let env = TestEnv::new();
    env.on_workflow(ship)
        .times(2)
        .cannot_start()
        .returns("x".to_owned());
    let failed = E::StartChildWorkflowExecutionFailed;
    let decide = |event| match event {
        E::WorkflowExecutionStarted => start([child("c-1", 1)]),
        E::StartChildWorkflowExecutionFailed => start([child("c-2", 2)]),
        _ => vec![],
    };
    let caller = Caller::new(&env);
    let events = caller.run(E::ChildWorkflowExecutionCompleted, decide).await;
    assert!(has(&events, failed));
    let calls = env.workflow_calls(ship);
    assert_eq!(
        (calls[0].run_id.is_none(), calls[1].run_id.is_none()),
        (true, false)
    );
    env.verify();
}

#[tokio::test]
async fn a_child_that_goes_on_leaves_the_parent_to_its_timer() {
    let env = TestEnv::new();
    env.on_workflow(ship).once().goes_on();
    let decide = |event| match event {
        E::WorkflowExecutionStarted => {
            [start([child("c-1", 1)]), vec![start_timer("t", 3600.0)]].concat()
        }
        E::TimerFired => vec![cancel_external("c-1")],
        _ => vec![],
    };
    let watch = Stopwatch::start(&env);
    let caller = Caller::new(&env);
    let events = caller.run(E::ChildWorkflowExecutionCanceled, decide).await;
    assert!(has(&events, E::TimerFired));
    assert_eq!(watch.elapsed(), HOUR);
}

#[tokio::test]
async fn a_real_child_is_counted_as_well() {
    let env = TestEnv::new().workflow(ship);
    let watch = Stopwatch::start(&env);
    parent(&env, E::ChildWorkflowExecutionCompleted).await;
    assert_eq!(watch.elapsed(), 2 * HOUR);
    let calls = env.workflow_calls(ship);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].result.clone().unwrap().unwrap(), "2 pen, really");
}

#[tokio::test]
async fn children_and_activities_are_called_in_one_order() {
    let env = TestEnv::new().task_queue("tills").mock(charge, |_| Ok(1));
    env.on_workflow(ship).after(HOUR).returns("x".to_owned());
    let decide = |event| match event {
        E::WorkflowExecutionStarted => start([child("c-1", 1)]),
        E::ChildWorkflowExecutionCompleted => vec![charge_pen()],
        _ => vec![],
    };
    Caller::new(&env)
        .run(E::ActivityTaskCompleted, decide)
        .await;
    env.assert_order((ship, charge));
}

#[tokio::test]
#[should_panic(expected = "- workflow ship\n  charge")]
async fn a_child_out_of_order_is_shown() {
    let env = TestEnv::new().task_queue("tills").mock(charge, |_| Ok(1));
    let decide = |event| match event {
        E::WorkflowExecutionStarted => vec![charge_pen()],
        _ => vec![],
    };
    Caller::new(&env)
        .run(E::ActivityTaskCompleted, decide)
        .await;
    env.assert_order((ship, charge));
}

#[tokio::test]
#[should_panic(expected = "`ship` was called with (\"pen\", 2), for which it is not mocked")]
async fn a_child_that_no_mock_is_for_fails_the_test() {
    let env = TestEnv::new();
    env.on_workflow(ship)
        .with(|(_, count)| *count == 7)
        .returns("x".to_owned());
    parent(&env, E::ChildWorkflowExecutionCompleted).await;
}

#[tokio::test]
#[should_panic(expected = "a matcher of `ship` panicked: the server waits for this code")]
async fn a_matcher_that_decides_about_a_start_cannot_ask_the_server() {
    let env = Arc::new(TestEnv::new());
    let asked = Arc::downgrade(&env);
    env.on_workflow(ship)
        .with(move |_| {
            asked
                .upgrade()
                .is_some_and(|env| env.now() > SystemTime::UNIX_EPOCH)
        })
        .cannot_start();
    parent(&env, E::StartChildWorkflowExecutionFailed).await;
}

#[tokio::test]
#[should_panic(expected = "workflow type `ship` is not registered with this environment: mock it")]
async fn a_child_that_nobody_knows_fails_the_test() {
    let env = TestEnv::new().task_queue("ship");
    parent(&env, E::ChildWorkflowExecutionCompleted).await;
}
