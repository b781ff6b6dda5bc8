//! What schedules do: the workflows they start, and how they get on with those that run.

use outlast_proto::temporal::api::common::v1::Payloads;
use outlast_proto::temporal::api::enums::v1::ScheduleOverlapPolicy as Overlap;
use outlast_proto::temporal::api::enums::v1::WorkflowExecutionStatus as Status;
use outlast_proto::temporal::api::history::v1::WorkflowExecutionStartedEventAttributes as Started;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::schedule::v1::{BackfillRequest, SchedulePatch};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

fn started(task: &WorkflowTask) -> &Started {
    match events_of(task)[0].attributes.as_ref() {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => started,
        other => panic!("{other:?}"),
    }
}

fn statuses(described: &api::DescribeScheduleResponse) -> Vec<Status> {
    let recent = info(described).recent_actions.iter();
    recent
        .map(|action| action.start_workflow_status())
        .collect()
}

fn text(payloads: &Option<Payloads>) -> Option<String> {
    let payload = payloads.as_ref()?.payloads.first()?;
    Some(String::from_utf8_lossy(&payload.data).into_owned())
}

#[tokio::test]
async fn a_trigger_starts_a_workflow_that_knows_its_schedule() {
    conform("schedule-trigger", async |peer| {
        peer.create_schedule(peer.schedule()).await.unwrap();
        peer.trigger(1, Overlap::Unspecified).await;
        let task = peer.poll().await;
        let workflow_id = peer.scheduled(1);
        assert_eq!(
            task.workflow_execution.as_ref().unwrap().workflow_id,
            workflow_id
        );
        let started = started(&task);
        let schedule_id = &peer.workflow_id;
        assert_eq!(
            started.identity,
            format!("temporal-scheduler-default-{schedule_id}")
        );
        assert_eq!(text(&started.input).unwrap(), "\"input\"");
        let attributes = &started.search_attributes.as_ref().unwrap().indexed_fields;
        let by_id = &attributes["TemporalScheduledById"];
        assert_eq!(by_id.data, format!("\"{schedule_id}\""));
        assert_eq!(by_id.metadata["type"], "Keyword");
        let start_time = &attributes["TemporalScheduledStartTime"];
        assert_eq!(start_time.data, "\"2020-01-01T00:00:01Z\"");
        assert_eq!(start_time.metadata["type"], "Datetime");

        let described = peer.schedule_when(|d| info(d).action_count == 1).await;
        let info = info(&described);
        assert_eq!(info.running_workflows.len(), 1);
        let action = &info.recent_actions[0];
        assert_eq!(action.schedule_time, Some(second_of_2020(1)));
        assert_eq!(action.start_workflow_result, task.workflow_execution);
        assert_eq!(statuses(&described), [Status::Running]);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        peer.schedule_when(|d| statuses(d) == [Status::Completed])
            .await;
        peer.delete_schedule().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn results_and_failures_are_passed_on_from_action_to_action() {
    conform("schedule-passes-on", async |peer| {
        peer.create_schedule(peer.schedule()).await.unwrap();
        peer.trigger(1, Overlap::Skip).await;
        let first = peer.poll().await;
        for (second, buffered) in [(2, 1), (3, 2)] {
            peer.trigger(second, Overlap::BufferAll).await;
            peer.schedule_when(|d| info(d).buffer_size == buffered)
                .await;
        }
        peer.complete(&first, vec![complete_workflow("one")])
            .await
            .unwrap();

        let second = peer.poll().await;
        assert_eq!(
            second.workflow_execution.as_ref().unwrap().workflow_id,
            peer.scheduled(2)
        );
        assert_eq!(
            text(&started(&second).last_completion_result).unwrap(),
            "\"one\""
        );
        assert_eq!(started(&second).continued_failure, None);
        peer.complete(&second, vec![fail_workflow("declined")])
            .await
            .unwrap();

        let third = peer.poll().await;
        assert_eq!(
            text(&started(&third).last_completion_result).unwrap(),
            "\"one\""
        );
        let failure = started(&third).continued_failure.as_ref().unwrap();
        assert_eq!(failure.message, "declined");
        let want = [Status::Completed, Status::Failed, Status::Running];
        peer.schedule_when(|d| statuses(d) == want).await;

        peer.trigger(4, Overlap::AllowAll).await;
        let beside = peer.poll().await;
        assert_eq!(
            started(&beside).last_completion_result,
            None,
            "it does not come after them"
        );
        assert_eq!(started(&beside).continued_failure, None);
        let described = peer.schedule_when(|d| info(d).action_count == 4).await;
        assert_eq!(info(&described).running_workflows.len(), 1);
        peer.delete_schedule().await.unwrap();
        for second in [3, 4] {
            peer.of(&peer.scheduled(second))
                .terminate("")
                .await
                .unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn what_overlaps_is_skipped_or_buffered_as_its_policy_says() {
    conform("schedule-overlap", async |peer| {
        peer.create_schedule(peer.schedule()).await.unwrap();
        peer.trigger(1, Overlap::Skip).await;
        let task = peer.poll().await;
        let triggers = [
            (Overlap::Unspecified, 0, 1),
            (Overlap::BufferOne, 1, 1),
            (Overlap::BufferOne, 1, 2),
            (Overlap::BufferAll, 2, 2),
            (Overlap::Skip, 2, 3),
        ];
        for (at, (policy, buffered, skipped)) in (2..).zip(triggers) {
            peer.trigger(at, policy).await;
            peer.schedule_when(|d| {
                (info(d).buffer_size, info(d).overlap_skipped) == (buffered, skipped)
            })
            .await;
        }
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        let task = peer.poll().await;
        assert_eq!(
            task.workflow_execution.as_ref().unwrap().workflow_id,
            peer.scheduled(3)
        );
        peer.schedule_when(|d| info(d).buffer_size == 1).await;
        peer.delete_schedule().await.unwrap();
        peer.of(&peer.scheduled(3)).terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_action_may_cancel_or_terminate_the_one_before() {
    conform("schedule-ends-other", async |peer| {
        peer.create_schedule(peer.schedule()).await.unwrap();
        peer.trigger(1, Overlap::Skip).await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        peer.trigger(2, Overlap::CancelOther).await;
        let task = peer.poll().await;
        let identity = format!("temporal-scheduler-default-{}", peer.workflow_id);
        let Some(Attributes::WorkflowExecutionCancelRequestedEventAttributes(requested)) =
            &events_of(&task)[4].attributes
        else {
            panic!("{task:?}")
        };
        assert_eq!(requested.cause, "cancelled by schedule overlap policy");
        assert_eq!(requested.identity, identity);
        peer.trigger(3, Overlap::CancelOther).await;
        peer.schedule_when(|d| info(d).buffer_size == 2).await;
        peer.complete(&task, vec![cancel_workflow()]).await.unwrap();

        let task = peer.poll().await;
        let execution = task.workflow_execution.as_ref().unwrap();
        assert_eq!(
            execution.workflow_id,
            peer.scheduled(3),
            "the last one takes over"
        );
        let want = [Status::Canceled, Status::Running];
        peer.schedule_when(|d| statuses(d) == want).await;

        peer.trigger(4, Overlap::TerminateOther).await;
        let closed = peer.of(&peer.scheduled(3)).close_event().await;
        let Some(Attributes::WorkflowExecutionTerminatedEventAttributes(terminated)) =
            &closed.attributes
        else {
            panic!("{closed:?}")
        };
        assert_eq!(terminated.reason, "terminated by schedule overlap policy");
        assert_eq!(terminated.identity, identity);
        peer.poll_for(&peer.scheduled(4)).await;
        peer.delete_schedule().await.unwrap();
        peer.of(&peer.scheduled(4)).terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_backfill_takes_the_actions_of_a_time_gone_by() {
    conform("schedule-backfill", async |peer| {
        let mut schedule = peer.schedule_by(every(2.0));
        schedule.state.as_mut().unwrap().paused = true;
        peer.create_schedule(schedule).await.unwrap();
        let backfill = |from, to, policy: Overlap| SchedulePatch {
            backfill_request: vec![BackfillRequest {
                start_time: Some(second_of_2020(from)),
                end_time: Some(second_of_2020(to)),
                overlap_policy: policy as i32,
            }],
            ..Default::default()
        };
        peer.patch_schedule(Some(backfill(0, 4, Overlap::AllowAll)))
            .await
            .unwrap();
        let described = peer.schedule_when(|d| info(d).action_count == 3).await;
        let recent = info(&described).recent_actions.iter();
        let ids: Vec<String> = recent
            .map(|action| action.start_workflow_result.clone().unwrap().workflow_id)
            .collect();
        assert_eq!(ids, [0, 2, 4].map(|second| peer.scheduled(second)));

        peer.patch_schedule(Some(backfill(9, 15, Overlap::Unspecified)))
            .await
            .unwrap();
        let described = peer.schedule_when(|d| info(d).action_count == 4).await;
        assert_eq!(info(&described).overlap_skipped, 2);
        peer.patch_schedule(Some(backfill(30, 20, Overlap::AllowAll)))
            .await
            .unwrap();
        peer.delete_schedule().await.unwrap();
        for second in [0, 2, 4, 10] {
            peer.of(&peer.scheduled(second))
                .terminate("")
                .await
                .unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_limited_schedule_stops_acting_but_can_be_triggered() {
    conform("schedule-limited", async |peer| {
        // These workflows are named after the time at which they start.
        let peer = &peer.unrecorded();
        let mut schedule = peer.schedule_by(every(1.0));
        schedule.policies.as_mut().unwrap().overlap_policy = Overlap::AllowAll as i32;
        let state = schedule.state.as_mut().unwrap();
        (state.limited_actions, state.remaining_actions) = (true, 2);
        peer.create_schedule(schedule).await.unwrap();
        let described = peer.describe_schedule().await.unwrap();
        assert!(info(&described).future_action_times.len() <= 2);
        let described = peer.schedule_when(|d| info(d).action_count == 2).await;
        let state = described.schedule.as_ref().unwrap().state.as_ref().unwrap();
        assert_eq!(state.remaining_actions, 0);
        assert_eq!(info(&described).future_action_times, []);
        assert_eq!(described.conflict_token, 3_i64.to_be_bytes().to_vec());

        peer.trigger(1, Overlap::Unspecified).await;
        let described = peer.schedule_when(|d| info(d).action_count == 3).await;
        peer.delete_schedule().await.unwrap();
        for action in &info(&described).recent_actions {
            let workflow = action.start_workflow_result.as_ref().unwrap();
            peer.of(&workflow.workflow_id).terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_failure_pauses_a_schedule_that_asked_for_it() {
    conform("schedule-pauses", async |peer| {
        let mut schedule = peer.schedule();
        schedule.policies.as_mut().unwrap().pause_on_failure = true;
        schedule.state.as_mut().unwrap().notes = "mine".to_owned();
        peer.create_schedule(schedule).await.unwrap();
        peer.trigger(1, Overlap::Skip).await;
        let task = peer.poll().await;
        peer.complete(&task, vec![fail_workflow("declined")])
            .await
            .unwrap();
        let described = peer
            .schedule_when(|d| statuses(d) == [Status::Failed])
            .await;
        let state = described.schedule.unwrap().state.unwrap();
        assert!(state.paused);
        let want = format!(
            "paused due to workflow failure: {}: declined",
            peer.scheduled(1)
        );
        assert_eq!(state.notes, want);
        assert_eq!(described.conflict_token, 2_i64.to_be_bytes().to_vec());
        peer.delete_schedule().await.unwrap();
    })
    .await;
}
