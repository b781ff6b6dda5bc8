//! Signals: their order among other events, and what is refused.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_signal_during_a_started_task_comes_after_its_commands() {
    conform("signal", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.signal("late").await.unwrap();
        assert_eq!(peer.history().await.len(), 3, "the signal is buffered");
        peer.complete(&task, vec![start_timer("t", 60.0)])
            .await
            .unwrap();
        let want = [
            E::WorkflowExecutionStarted,
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
            E::WorkflowTaskCompleted,
            E::TimerStarted,
            E::WorkflowExecutionSignaled,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await, want);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_workflow_that_wanted_to_close_gets_nothing_new_until_its_next_task_ends() {
    conform("signal-closing", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.signal("just in time").await.unwrap();
        let done = vec![complete_workflow("done")];
        let error = peer.complete(&task, done.clone()).await.unwrap_err();
        assert_eq!(error.message(), "UnhandledCommand");
        peer.signal("before the next task").await.unwrap();
        let task = peer.poll().await;
        let refused = peer.signal("late").await.unwrap_err();
        let want = "workflow operation can not be applied because workflow is closing";
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::ResourceExhausted, want)
        );
        let request = peer.signal_with_start_request("late");
        let refused = peer.signal_with_start(request).await.unwrap_err();
        assert_eq!(refused.message(), want);
        let refused = peer.update("late", Stage::Accepted).await.unwrap_err();
        assert_eq!(refused.message(), want);
        peer.complete(&task, done).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_repeated_signal_counts_once() {
    conform("signal-dedupe", async |peer| {
        peer.start().await;
        let mut request = peer.signal_request("once");
        request.request_id = uuid();
        peer.signal_as(request.clone()).await.unwrap();
        peer.signal_as(request.clone()).await.unwrap();
        let task = peer.poll().await;
        peer.signal_as(request.clone()).await.unwrap();
        peer.complete(&task, vec![]).await.unwrap();
        peer.signal_as(request).await.unwrap();
        let signals = peer.types().await.into_iter();
        let signals = signals.filter(|t| *t == E::WorkflowExecutionSignaled);
        assert_eq!(signals.count(), 1);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn buffered_ends_of_activities_come_last() {
    conform("reorder", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let other = peer.kin("other");
        let mut elsewhere = peer.activity("b");
        elsewhere.task_queue = other.normal_queue();
        elsewhere.retry_policy = at_most(1, 1.0);
        let commands = vec![
            schedule_activity(peer.activity("a")),
            schedule_activity(elsewhere),
        ];
        peer.complete(&task, commands).await.unwrap();
        let first = peer.poll_activity().await;
        let second = other.poll_activity().await;
        peer.signal("wake up").await.unwrap();
        let task = peer.poll().await;
        peer.complete_activity(&first).await.unwrap();
        peer.signal("s1").await.unwrap();
        peer.fail_activity(&second, "broken").await.unwrap();
        peer.signal("s2").await.unwrap();
        peer.complete(&task, vec![]).await.unwrap();
        let want = [
            E::WorkflowTaskCompleted,
            E::ActivityTaskStarted,
            E::WorkflowExecutionSignaled,
            E::ActivityTaskStarted,
            E::WorkflowExecutionSignaled,
            E::ActivityTaskCompleted,
            E::ActivityTaskFailed,
            E::WorkflowTaskScheduled,
        ];
        assert_eq!(peer.types().await[9..], want);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn signals_go_to_the_run_that_is_named() {
    conform("signal-run", async |peer| {
        let first = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![continue_as_new("next")])
            .await
            .unwrap();
        let mut request = peer.signal_request("old");
        request.workflow_execution = peer.run(&first);
        let error = peer.signal_as(request).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        peer.signal("new").await.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn signals_that_make_no_sense_are_refused() {
    conform("signal-errors", async |peer| {
        peer.start().await;
        let valid = || peer.signal_request("hello");
        let mut nameless = valid();
        nameless.signal_name.clear();
        let mut nowhere = valid();
        nowhere.workflow_execution = None;
        let mut anonymous = valid();
        anonymous.workflow_execution = peer.of("").execution();
        let mut malformed = valid();
        malformed.workflow_execution = peer.run("no uuid");
        let mut long = valid();
        long.signal_name = "x".repeat(1200);
        let mut spaceless = valid();
        spaceless.namespace.clear();
        for request in [nameless, nowhere, anonymous, malformed, long, spaceless] {
            let error = peer.signal_as(request).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        }
        let mut unknown = valid();
        unknown.workflow_execution = peer.run(&uuid());
        let mut foreign = valid();
        foreign.namespace = "nowhere".to_owned();
        for request in [unknown, foreign] {
            let error = peer.signal_as(request).await.unwrap_err();
            assert_eq!(error.code(), Code::NotFound, "{error}");
        }
        peer.terminate("").await.unwrap();
        let error = peer.signal("late").await.unwrap_err();
        assert_eq!(error.message(), "workflow execution already completed");
    })
    .await;
}
