//! Schedules on a virtual clock.

use std::time::Duration;

use outlast_proto::temporal::api::common::v1::WorkflowType;
use outlast_proto::temporal::api::enums::v1::ScheduleOverlapPolicy as Overlap;
use outlast_proto::temporal::api::operatorservice::v1 as operator;
use outlast_proto::temporal::api::schedule::v1::schedule_action::Action;
use outlast_proto::temporal::api::schedule::v1::{
    Schedule, ScheduleAction, ScheduleInfo, SchedulePolicies, ScheduleSpec,
};
use outlast_proto::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::*;
use super::scene::*;
use crate::server::{Answer, ServerOptions, TimeMode};

const DAY: u64 = 86_400;

fn create(scene: &mut Scene, cron: &str) {
    create_with(scene, cron, SchedulePolicies::default());
}

fn create_with(scene: &mut Scene, cron: &str, policies: SchedulePolicies) {
    let workflow = NewWorkflowExecutionInfo {
        workflow_id: "report".to_owned(),
        workflow_type: Some(WorkflowType {
            name: "Report".to_owned(),
        }),
        task_queue: queue("q"),
        ..Default::default()
    };
    let schedule = Schedule {
        spec: Some(ScheduleSpec {
            cron_string: vec![cron.to_owned()],
            ..Default::default()
        }),
        action: Some(ScheduleAction {
            action: Some(Action::StartWorkflow(workflow)),
        }),
        policies: Some(policies),
        state: None,
    };
    let request = api::CreateScheduleRequest {
        namespace: "default".to_owned(),
        schedule_id: "s".to_owned(),
        schedule: Some(schedule),
        request_id: "r".to_owned(),
        ..Default::default()
    };
    scene.engine.create_schedule(request).unwrap();
}

fn info(scene: &Scene) -> ScheduleInfo {
    let request = api::DescribeScheduleRequest {
        namespace: "default".to_owned(),
        schedule_id: "s".to_owned(),
    };
    scene
        .engine
        .describe_schedule(&request)
        .unwrap()
        .info
        .unwrap()
}

/// Sleeps while a worker completes whatever it gets; returns the ids of those workflows.
fn work_for(scene: &mut Scene, days: u64) -> Vec<String> {
    let mut done = Vec::new();
    let mut poll = scene.begin_poll("q");
    let sleep = scene.engine.sleep(Duration::from_secs(days * DAY));
    while let Some(task) = scene.workflow_task(poll) {
        done.push(task.workflow_execution.clone().unwrap().workflow_id);
        poll = scene.begin_poll("q");
        let commands = vec![complete_workflow("done")];
        scene.complete(&task, commands).unwrap();
    }
    assert_eq!(scene.answer(sleep), Some(Answer::Slept));
    done
}

#[test]
fn a_schedule_runs_through_a_year_while_somebody_sleeps() {
    let mut scene = Scene::new();
    create(&mut scene, "0 12 * * MON-FRI");
    let done = work_for(&mut scene, 365);
    assert_eq!(done.len(), 261, "the working days of 2030");
    assert_eq!(done[0], "report-2030-01-01T12:00:00Z");
    assert_eq!(done[260], "report-2030-12-31T12:00:00Z");
    assert_eq!(scene.elapsed(), 365.0 * DAY as f64);
    let info = info(&scene);
    assert_eq!((info.action_count, info.overlap_skipped), (261, 0));
    assert_eq!(info.recent_actions.len(), 10);
}

#[test]
fn a_schedule_alone_moves_no_time() {
    for mode in [TimeMode::Frozen, TimeMode::Skipping] {
        let mut scene = Scene::in_mode(mode);
        create(&mut scene, "@hourly");
        scene.start();
        let task = scene.poll();
        scene.complete(&task, vec![]).unwrap();
        scene.await_result();
        assert_eq!(scene.elapsed(), 0.0, "{mode:?}");
        assert_eq!(info(&scene).action_count, 0);
    }
}

#[test]
fn the_timeouts_of_what_a_schedule_starts_do_not_make_it_act_again() {
    let mut scene = Scene::in_mode(TimeMode::Skipping);
    scene.start_with(|request| request.workflow_run_timeout = seconds(2.0 * DAY as f64));
    let task = scene.poll();
    scene.complete(&task, vec![]).unwrap();
    create(&mut scene, "@hourly");
    assert_eq!(info(&scene).action_count, 0);
}

#[test]
fn a_schedule_acts_on_the_way_to_a_timer() {
    let mut scene = Scene::after(vec![start_timer("t", 150.0 * 60.0)]);
    create(&mut scene, "@hourly");
    scene.await_result();
    assert_eq!(
        scene.elapsed(),
        60.0 * 60.0,
        "the workflow of the first hour is in the queue"
    );
    let ids = [(); 3].map(|()| {
        let task = scene.poll();
        let id = task.workflow_execution.clone().unwrap().workflow_id;
        scene
            .complete(&task, vec![complete_workflow("done")])
            .unwrap();
        id
    });
    let want = [
        "report-2030-01-01T01:00:00Z",
        "report-2030-01-01T02:00:00Z",
        "w",
    ];
    assert_eq!(ids, want);
}

#[test]
fn nothing_waits_for_a_workflow_that_no_worker_takes() {
    let mut scene = Scene::new();
    create(&mut scene, "@hourly");
    scene.advance(3 * 3600);
    let info = info(&scene);
    assert_eq!((info.action_count, info.overlap_skipped), (1, 2));
}

#[test]
fn equal_seeds_give_equal_jitter() {
    let times = |seed| {
        let mut scene = Scene::with(ServerOptions {
            seed,
            ..ServerOptions::default()
        });
        create(&mut scene, "@every 1h");
        let mut schedule = described(&scene);
        schedule.spec.as_mut().unwrap().jitter = seconds(1800.0);
        let request = api::UpdateScheduleRequest {
            namespace: "default".to_owned(),
            schedule_id: "s".to_owned(),
            schedule: Some(schedule),
            ..Default::default()
        };
        scene.engine.update_schedule(request).unwrap();
        info(&scene).future_action_times
    };
    assert_eq!(times(1), times(1));
    assert_ne!(times(1), times(2));
}

fn described(scene: &Scene) -> Schedule {
    let request = api::DescribeScheduleRequest {
        namespace: "default".to_owned(),
        schedule_id: "s".to_owned(),
    };
    let described = scene.engine.describe_schedule(&request).unwrap();
    described.schedule.unwrap()
}

#[test]
fn a_chain_of_runs_counts_as_one_workflow() {
    let mut scene = Scene::new();
    let policies = SchedulePolicies {
        overlap_policy: Overlap::BufferOne as i32,
        ..Default::default()
    };
    create_with(&mut scene, "@hourly", policies);
    scene.advance(3600);
    let task = scene.poll();
    scene
        .complete(&task, vec![continue_as_new("next")])
        .unwrap();
    scene.advance(3600);
    assert_eq!(info(&scene).buffer_size, 1, "the chain goes on");
    let task = scene.poll();
    scene
        .complete(&task, vec![complete_workflow("done")])
        .unwrap();
    let info = info(&scene);
    assert_eq!((info.buffer_size, info.action_count), (0, 2));
}

#[test]
fn pending_actions_are_among_the_pending_timers() {
    let mut scene = Scene::new();
    create(&mut scene, "@hourly");
    let pending = scene.engine.pending_timers();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].what, "action of schedule \"s\"");
    assert_eq!(pending[0].workflow_id, "report-2030-01-01T01:00:00Z");
}

#[test]
fn a_repeated_hour_repeats_its_actions_in_every_zone() {
    // Berlin's clocks go back at 01:00 UTC on 2030-10-27, 299 days into the year.
    let mut scene = Scene::new();
    create(&mut scene, "CRON_TZ=Europe/Berlin 30 2 * * *");
    let at = |hours: u64| {
        let seconds = 1_893_456_000 + 299 * DAY + hours * 3600;
        Some(prost_types::Timestamp {
            seconds: seconds as i64,
            nanos: 0,
        })
    };
    let request = api::ListScheduleMatchingTimesRequest {
        namespace: "default".to_owned(),
        schedule_id: "s".to_owned(),
        start_time: at(0),
        end_time: at(24),
    };
    let times = scene.engine.list_schedule_matching_times(&request).unwrap();
    let minutes: Vec<i64> = times
        .start_time
        .iter()
        .map(|time| (time.seconds - at(0).unwrap().seconds) / 60)
        .collect();
    assert_eq!(minutes, [30, 90]);
}

#[test]
fn a_deleted_namespace_takes_its_schedules_along() {
    let mut scene = Scene::new();
    let policies = SchedulePolicies {
        overlap_policy: Overlap::BufferOne as i32,
        ..Default::default()
    };
    create_with(&mut scene, "0 * * * *", policies);
    scene.advance(2 * 3600);
    assert_eq!(info(&scene).buffer_size, 1);
    let request = operator::DeleteNamespaceRequest {
        namespace: "default".to_owned(),
        ..Default::default()
    };
    scene.engine.delete_namespace(&request).unwrap();
    assert_eq!(scene.engine.histories(), []);
    assert_eq!(scene.engine.pending_timers(), []);
}
