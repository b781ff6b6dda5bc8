//! What a run's description shows, in each of its states.

use outlast_proto::temporal::api::common::v1::Memo;
use outlast_proto::temporal::api::enums::v1::{
    ParentClosePolicy, PendingActivityState, PendingWorkflowTaskState, WorkflowExecutionStatus,
};
use outlast_proto::temporal::api::sdk::v1::UserMetadata;
use outlast_proto::temporal::api::workflowservice::v1::DescribeWorkflowExecutionResponse;

use crate::support::builders::*;
use crate::{Peer, conform};

fn status(described: &DescribeWorkflowExecutionResponse) -> WorkflowExecutionStatus {
    described.workflow_execution_info.as_ref().unwrap().status()
}

fn task_state(described: &DescribeWorkflowExecutionResponse) -> Option<PendingWorkflowTaskState> {
    let task = described.pending_workflow_task.as_ref();
    task.map(|task| task.state())
}

#[tokio::test]
async fn a_task_is_described_while_it_is_under_way() {
    conform("describe-tasks", async |peer| {
        peer.start().await;
        let scheduled = peer.describe("").await;
        let want = PendingWorkflowTaskState::Scheduled;
        assert_eq!(task_state(&scheduled), Some(want));
        let task = peer.poll().await;
        let started = peer.describe("").await;
        let want = PendingWorkflowTaskState::Started;
        assert_eq!(task_state(&started), Some(want));
        peer.fail(&task).await.unwrap();
        let failed = peer.describe("").await;
        assert_eq!(failed.pending_workflow_task.unwrap().attempt, 2);
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        assert_eq!(task_state(&peer.describe("").await), None);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_description_tells_how_the_workflow_was_started() {
    conform("describe-starts", async |peer| {
        let value = |text| payloads(text).unwrap().payloads.remove(0);
        let mut request = peer.start_request();
        request.memo = Some(Memo {
            fields: [("why".to_owned(), value("because"))].into(),
        });
        request.user_metadata = Some(UserMetadata {
            summary: Some(value("summary")),
            details: Some(value("details")),
        });
        request.workflow_execution_timeout = seconds(300.0);
        request.workflow_run_timeout = seconds(200.0);
        request.workflow_task_timeout = seconds(20.0);
        request.workflow_start_delay = seconds(100.0);
        peer.start_with(request).await.unwrap();
        let described = peer.describe("").await;
        assert_eq!(task_state(&described), None);
        peer.cancel().await.unwrap();
        let described = peer.describe("").await;
        assert!(described.workflow_extended_info.unwrap().cancel_requested);
        peer.terminate("").await.unwrap();
        peer.describe("").await;
    })
    .await;
}

/// Has an activity queued, one started, one told to stop and one backing off, a child and a timer.
async fn busy(peer: &Peer) {
    peer.start().await;
    for id in ["backing off", "told to stop", "started"] {
        let task = peer.poll().await;
        let mut activity = peer.activity(id);
        activity.retry_policy = at_most(3, 100.0);
        activity.heartbeat_timeout = seconds(9.0);
        peer.complete(&task, vec![schedule_activity(activity)])
            .await
            .unwrap();
        let task = peer.poll_activity().await;
        peer.heartbeat(&task, "alive").await.unwrap();
        if id == "backing off" {
            peer.fail_activity(&task, "not yet").await.unwrap();
        }
        peer.signal("go on").await.unwrap();
    }
    let task = peer.poll().await;
    let child_queue = peer.kin("child").queue;
    let child = format!("{}-child", peer.workflow_id);
    let commands = vec![
        cancel_activity(10),
        schedule_activity(peer.activity("queued")),
        start_child(&child_queue, &child, ParentClosePolicy::Abandon),
        start_timer("t", 100.0),
    ];
    peer.complete(&task, commands).await.unwrap();
    let child_started = peer.poll().await;
    peer.complete(&child_started, vec![]).await.unwrap();
}

#[tokio::test]
async fn everything_that_a_run_waits_for_is_described() {
    conform("describe-pending", async |peer| {
        busy(peer).await;
        let described = peer.describe("").await;
        let mut states: Vec<_> = described.pending_activities.iter().collect();
        states.sort_by(|a, b| a.activity_id.cmp(&b.activity_id));
        let states: Vec<_> = states.into_iter().map(|a| a.state()).collect();
        let want = [
            PendingActivityState::Scheduled,
            PendingActivityState::Scheduled,
            PendingActivityState::Started,
            PendingActivityState::CancelRequested,
        ];
        assert_eq!(states, want);
        assert_eq!(described.pending_children.len(), 1);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_closed_run_shows_what_it_waited_for() {
    conform("describe-completed", async |peer| {
        busy(peer).await;
        peer.signal("finish").await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        let described = peer.describe("").await;
        assert_eq!(status(&described), WorkflowExecutionStatus::Completed);
        assert_eq!(described.pending_activities.len(), 4);
        assert_eq!(described.pending_children.len(), 1);
        assert_eq!(task_state(&described), None);
        peer.of(&format!("{}-child", peer.workflow_id))
            .terminate("")
            .await
            .unwrap();
        let described = peer.describe("").await;
        assert_eq!(described.pending_children.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_terminated_run_shows_what_it_waited_for() {
    conform("describe-terminated", async |peer| {
        busy(peer).await;
        peer.signal("wait").await.unwrap();
        let task = peer.poll().await;
        assert!(!task.task_token.is_empty());
        peer.terminate("").await.unwrap();
        let described = peer.describe("").await;
        assert_eq!(status(&described), WorkflowExecutionStatus::Terminated);
        assert_eq!(described.pending_activities.len(), 4);
        assert_eq!(task_state(&described), None, "the worker had it");
    })
    .await;
}

#[tokio::test]
async fn a_task_that_nobody_took_stays_in_the_description() {
    conform("describe-untaken", async |peer| {
        peer.start().await;
        peer.terminate("").await.unwrap();
        let described = peer.describe("").await;
        let want = PendingWorkflowTaskState::Scheduled;
        assert_eq!(task_state(&described), Some(want));
    })
    .await;
}

#[tokio::test]
async fn a_run_that_timed_out_shows_what_it_waited_for() {
    conform("describe-timed-out", async |peer| {
        let mut request = peer.start_request();
        request.workflow_run_timeout = seconds(2.0);
        peer.start_with(request).await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![schedule_activity(peer.activity("a"))])
            .await
            .unwrap();
        peer.close_event().await;
        let described = peer.describe("").await;
        assert_eq!(status(&described), WorkflowExecutionStatus::TimedOut);
        assert_eq!(described.pending_activities.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn failed_and_canceled_runs_are_described() {
    conform("describe-closed", async |peer| {
        let closes = [
            (fail_workflow("no"), WorkflowExecutionStatus::Failed),
            (cancel_workflow(), WorkflowExecutionStatus::Canceled),
        ];
        for (number, (command, want)) in closes.into_iter().enumerate() {
            let kin = peer.kin(&number.to_string());
            kin.start().await;
            let task = kin.poll().await;
            kin.complete(&task, vec![command]).await.unwrap();
            assert_eq!(status(&kin.describe("").await), want);
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_can_be_reset_to_where_the_run_before_it_could_be() {
    conform("describe-continued", async |peer| {
        let first = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![continue_as_new("more")])
            .await
            .unwrap();
        let described = peer.describe("").await;
        let info = described.workflow_execution_info.unwrap();
        assert_eq!(info.auto_reset_points.unwrap().points[0].run_id, first);
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        peer.describe("").await;
        peer.describe(&first).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_reset_and_the_one_that_follows_are_described() {
    conform("describe-reset", async |peer| {
        let base = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![schedule_activity(peer.activity("a"))])
            .await
            .unwrap();
        let reset = peer.reset(4).await.unwrap();
        let described = peer.describe(&base).await;
        let extended = described.workflow_extended_info.unwrap();
        assert_eq!(extended.reset_run_id, reset);
        let described = peer.describe(&reset).await;
        assert!(described.pending_activities.is_empty());
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        peer.describe(&reset).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}
