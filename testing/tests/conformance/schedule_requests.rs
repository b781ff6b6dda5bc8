//! Requests that change and delete schedules, and those that make no sense.

use outlast_proto::temporal::api::enums::v1::ScheduleOverlapPolicy as Overlap;
use outlast_proto::temporal::api::schedule::v1::SchedulePatch;
use outlast_proto::temporal::api::schedule::v1::schedule_action::Action;
use outlast_proto::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_schedule_is_paused_unpaused_and_updated() {
    conform("schedule-update", async |peer| {
        let created = peer.create_schedule(peer.schedule()).await.unwrap();
        assert_eq!(created.conflict_token, 1_i64.to_be_bytes().to_vec());
        let described = peer.describe_schedule().await.unwrap();
        assert_eq!(info(&described).update_time, None);
        let policies = described.schedule.as_ref().unwrap().policies.unwrap();
        assert_eq!(policies.overlap_policy(), Overlap::Skip);
        assert_eq!(policies.catchup_window, seconds(365.0 * 86_400.0));

        for (pause, unpause, paused, notes) in [("p", "", true, "p"), ("p", "u", false, "u")] {
            let patch = SchedulePatch {
                pause: pause.to_owned(),
                unpause: unpause.to_owned(),
                ..Default::default()
            };
            peer.patch_schedule(Some(patch)).await.unwrap();
            let is = |d: &api::DescribeScheduleResponse| {
                let state = d.schedule.as_ref().unwrap().state.as_ref().unwrap();
                state.paused == paused && state.notes == notes
            };
            peer.schedule_when(is).await;
        }

        let mut schedule = peer.schedule_by(every(3600.0));
        schedule.policies.as_mut().unwrap().catchup_window = seconds(1.0);
        peer.update_schedule(Some(schedule.clone()), vec![])
            .await
            .unwrap();
        let described = peer.schedule_when(|d| info(d).update_time.is_some()).await;
        assert_eq!(info(&described).future_action_times.len(), 10);
        let policies = described.schedule.as_ref().unwrap().policies.unwrap();
        assert_eq!(
            policies.catchup_window,
            seconds(10.0),
            "no window is shorter"
        );

        let token = described.conflict_token.to_vec();
        schedule.state.as_mut().unwrap().notes = "first".to_owned();
        peer.update_schedule(Some(schedule.clone()), token.clone())
            .await
            .unwrap();
        peer.schedule_when(|d| d.conflict_token != token).await;
        schedule.state.as_mut().unwrap().notes = "second".to_owned();
        peer.update_schedule(Some(schedule), token).await.unwrap();
        peer.trigger(1, Overlap::Skip).await;
        let described = peer.schedule_when(|d| info(d).action_count == 1).await;
        let state = described.schedule.unwrap().state.unwrap();
        assert_eq!(
            state.notes, "first",
            "the second update was based on an old version"
        );
        peer.delete_schedule().await.unwrap();
        peer.of(&peer.scheduled(1)).terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn schedule_requests_that_make_no_sense_are_refused() {
    conform("schedule-errors", async |peer| {
        let missing = format!(
            "workflow not found for ID: temporal-sys-scheduler:{}",
            peer.workflow_id
        );
        let errors = [
            peer.describe_schedule().await.unwrap_err(),
            peer.delete_schedule().await.unwrap_err(),
            peer.patch_schedule(Some(SchedulePatch::default()))
                .await
                .unwrap_err(),
            peer.update_schedule(Some(peer.schedule()), vec![])
                .await
                .unwrap_err(),
            peer.matching_times(0, 1).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(
                (error.code(), error.message()),
                (Code::NotFound, missing.as_str())
            );
            assert_eq!(detail(&error), "NotFoundFailure");
        }

        let request = peer.create_schedule_request(peer.schedule());
        peer.create_schedule_with(request.clone()).await.unwrap();
        peer.create_schedule_with(request.clone())
            .await
            .expect("the same request again");
        let error = peer.create_schedule(peer.schedule()).await.unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
        let want = format!("schedule \"{}\" is already registered", peer.workflow_id);
        assert_eq!(error.message(), want);
        assert_eq!(detail(&error), "WorkflowExecutionAlreadyStartedFailure");

        type Change = fn(&mut api::CreateScheduleRequest);
        let changes: [(Change, &str); 6] = [
            (|r| r.request_id.clear(), "RequestId is not set on request."),
            (
                |r| workflow(r).workflow_type = None,
                "WorkflowType is not set on request.",
            ),
            (|r| workflow(r).task_queue = None, "taskQueue is not set"),
            (
                |r| workflow(r).cron_schedule = "* * * * *".to_owned(),
                "Scheduled workflow must not contain CronSchedule",
            ),
            (
                |r| workflow(r).workflow_id_reuse_policy = 3,
                "Scheduled workflow must not contain WorkflowIDReusePolicy",
            ),
            (
                |r| {
                    workflow(r).workflow_run_timeout = Some(prost_types::Duration {
                        seconds: -1,
                        nanos: 0,
                    })
                },
                "An invalid WorkflowRunTimeoutSeconds is set on request. cause: negative duration",
            ),
        ];
        for (change, want) in changes {
            let mut request = request.clone();
            change(&mut request);
            let error = peer.create_schedule_with(request).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, want)
            );
        }
        let error = peer.patch_schedule(None).await.unwrap_err();
        assert_eq!(error.message(), "Patch is not set on request.");
        let error = peer.update_schedule(None, vec![]).await.unwrap_err();
        assert_eq!(
            error.message(),
            "Only StartWorkflow action is supported for schedules"
        );
    })
    .await;
}

#[tokio::test]
async fn a_deleted_schedule_is_gone_but_what_it_started_runs_on() {
    conform("schedule-delete", async |peer| {
        peer.create_schedule(peer.schedule()).await.unwrap();
        peer.trigger(1, Overlap::Skip).await;
        let task = peer.poll().await;
        peer.delete_schedule().await.unwrap();
        let error = peer.describe_schedule().await.unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (Code::NotFound, "schedule not found")
        );
        let errors = [
            peer.delete_schedule().await.unwrap_err(),
            peer.patch_schedule(Some(SchedulePatch::default()))
                .await
                .unwrap_err(),
        ];
        for error in errors {
            let want = (Code::NotFound, "workflow execution already completed");
            assert_eq!((error.code(), error.message()), want);
        }
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        peer.create_schedule(peer.schedule())
            .await
            .expect("the id is free again");
        peer.delete_schedule().await.unwrap();
    })
    .await;
}

fn workflow(request: &mut api::CreateScheduleRequest) -> &mut NewWorkflowExecutionInfo {
    let action = request.schedule.as_mut().unwrap().action.as_mut().unwrap();
    let Action::StartWorkflow(workflow) = action.action.as_mut().unwrap();
    workflow
}
