//! Histories that the code does not fit, or that nobody can replay here.

use outlast::prelude::*;
use outlast::{ReplayError, Replayer, WorkflowHistory};
use serde_json::json;

use crate::recorded::{act_fails_workflow, act_simple, timer_basic};
use crate::recording::own;

fn refused(name: &str) -> String {
    let replayer = Replayer::new()
        .workflow(act_fails_workflow)
        .workflow(act_simple)
        .workflow(timer_basic);
    match replayer.replay(&own(&format!("must-fail/{name}"))) {
        Err(ReplayError::Nondeterminism(report)) => report.to_string(),
        other => panic!("{name}: expected nondeterminism, got {other:?}"),
    }
}

#[test]
fn falsified_recordings_are_refused_with_both_sides_and_the_place() {
    let cases = [
        (
            "ActSimple--act-type",
            "event 5, ActivityTaskScheduled (id `1`, type `other`)",
            "schedule activity `echo` (id `1`), at ",
            "activity.rs:",
        ),
        (
            "ActSimple--act-id",
            "event 5, ActivityTaskScheduled (id `9`, type `echo`)",
            "schedule activity `echo` (id `1`), at ",
            "activity.rs:",
        ),
        (
            "ActSimple--act-missing",
            "event 11, WorkflowExecutionCompleted",
            "schedule activity `add` (id `2`), at ",
            "activity.rs:",
        ),
        (
            "TimerBasic--timer-id",
            "event 5, TimerStarted (id `9`)",
            "start timer `1` of 100ms, at ",
            "timer.rs:",
        ),
        (
            "TimerBasic--timer-extra-in-code",
            "event 15, WorkflowExecutionCompleted",
            "start timer `3` of 1.5s, at ",
            "timer.rs:",
        ),
        (
            "ActFailsWorkflow--final-kind",
            "event 11, WorkflowExecutionCompleted",
            "fail the execution (activity `fail_type`: activity failed), after the await at ",
            "activity.rs:",
        ),
    ];
    for (name, history, code, file) in cases {
        let report = refused(name);
        let expected = format!("\n  history: {history}\n  code:    {code}");
        assert!(report.contains(&expected), "{name}: {report}");
        assert!(report.contains(file), "{name}: {report}");
    }
}

#[test]
fn code_that_waits_where_it_went_on_is_told_with_its_await() {
    #[workflow(name = "TimerBasic")]
    async fn waits(ctx: WorkflowContext) -> WorkflowResult<()> {
        ctx.sleep(Duration::from_millis(100)).await?;
        ctx.wait_until(|()| false).await?;
        Ok(())
    }
    let error = Replayer::new()
        .workflow(waits)
        .replay(&own("py-TimerBasic"));
    let report = error.unwrap_err().to_string();
    let expected =
        "history: event 10, TimerStarted (id `2`)\n  code:    nothing, after the await at ";
    assert!(report.contains(expected), "{report}");
}

#[workflow]
async fn unknown(_ctx: WorkflowContext) -> WorkflowResult<()> {
    Ok(())
}

#[test]
fn a_history_of_an_unknown_workflow_is_refused_with_what_is_known() {
    let replayer = Replayer::new().workflow(unknown).workflow(act_simple);
    let error = replayer.replay(&own("py-Saga")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the history is of workflow `Saga`, which is not registered (registered are \
         [ActSimple, unknown]); add it with `Replayer::workflow`"
    );
}

/// A run of `unknown` that goes on with the given events after its first task.
fn begun(sdk: &str, more: &[serde_json::Value]) -> WorkflowHistory {
    let mut events = vec![
        json!({"eventType": "WorkflowExecutionStarted", "workflowExecutionStartedEventAttributes": {
            "workflowType": {"name": "unknown"}, "workflowId": "made-up",
        }}),
        json!({"eventType": "WorkflowTaskScheduled", "workflowTaskScheduledEventAttributes": {}}),
        json!({"eventType": "WorkflowTaskStarted", "workflowTaskStartedEventAttributes": {}}),
        json!({"eventType": "WorkflowTaskCompleted", "workflowTaskCompletedEventAttributes": {
            "sdkMetadata": {"sdkName": sdk},
        }}),
    ];
    events.extend_from_slice(more);
    for (event, id) in events.iter_mut().zip(1..) {
        event["eventId"] = json!(id);
    }
    WorkflowHistory::from_json(&json!({ "events": events }).to_string()).unwrap()
}

fn replay_unknown(history: &WorkflowHistory) -> Result<outlast::Replay, ReplayError> {
    Replayer::new().workflow(unknown).replay(history)
}

#[test]
fn markers_of_go_and_java_are_refused_by_name() {
    let marker = |name| json!({"eventType": "MarkerRecorded", "markerRecordedEventAttributes": {"markerName": name}});
    for (sdk, name, author) in [
        ("temporal-go", "Version", "the Go SDK"),
        ("temporal-go", "SideEffect", "the Go SDK"),
        ("temporal-go", "anything", "the Go SDK"),
        ("temporal-java", "LocalActivity", "the Java SDK"),
        ("", "MutableSideEffect", "the Go or Java SDK"),
    ] {
        match replay_unknown(&begun(sdk, &[marker(name)])) {
            Err(ReplayError::UnusableHistory(failure)) => assert_eq!(
                failure.to_string(),
                format!(
                    "event 5 is a marker `{name}`, which {author} wrote: its histories cannot \
                     be replayed here"
                )
            ),
            other => panic!("`{name}` of `{sdk}`: {other:?}"),
        }
    }
}

#[test]
fn a_history_without_its_beginning_is_refused() {
    let history = begun("outlast", &[]).to_json();
    let mut history: serde_json::Value = serde_json::from_str(&history).unwrap();
    history["events"].as_array_mut().unwrap().remove(0);
    let history = WorkflowHistory::from_json(&history.to_string()).unwrap();
    assert!(matches!(
        replay_unknown(&history),
        Err(ReplayError::NoStart)
    ));
}

#[test]
fn a_command_that_is_left_over_at_the_end_is_refused() {
    let terminated = json!({
        "eventType": "WorkflowExecutionTerminated",
        "workflowExecutionTerminatedEventAttributes": {},
    });
    // The code ends the run in its first task, and history says that it did nothing.
    for more in [&[][..], &[terminated]] {
        match replay_unknown(&begun("outlast", more)) {
            Err(ReplayError::Nondeterminism(report)) => {
                let report = report.to_string();
                assert!(report.contains("history: nothing"), "{report}");
                assert!(
                    report.contains("code:    complete the execution"),
                    "{report}"
                );
            }
            other => panic!("{more:?}: {other:?}"),
        }
    }
}

#[test]
fn a_panic_is_told_as_a_failed_task() {
    #[workflow(name = "unknown")]
    async fn panics(_ctx: WorkflowContext) -> WorkflowResult<()> {
        panic!("no bananas")
    }
    let replayer = Replayer::new().workflow(panics);
    match replayer.replay(&begun("outlast", &[])) {
        Err(ReplayError::Task(failure)) => {
            assert!(failure.to_string().contains("no bananas"), "{failure}");
        }
        other => panic!("expected a failed task, got {other:?}"),
    }
}
