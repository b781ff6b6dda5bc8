//! The same oracle and the same calls give the same histories.

use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::*;
use super::scene::*;
use crate::server::ids::is_uuid;
use crate::server::{Order, ServerOptions};

fn seeded(seed: u64) -> Scene {
    Scene::with(ServerOptions {
        seed,
        ..ServerOptions::default()
    })
}

fn story(seed: u64) -> Vec<HistoryEvent> {
    let mut scene = seeded(seed);
    tell(&mut scene);
    scene.history()
}

fn tell(scene: &mut Scene) {
    scene.start_with(|request| request.retry_policy = at_most(3, 1.0));
    let task = scene.poll();
    let commands = vec![
        start_timer("b", 5.0),
        start_timer("a", 5.0),
        schedule_activity(activity("x")),
    ];
    scene.complete(&task, commands).unwrap();
    let activity = scene.poll_activity();
    scene.fail_activity(&activity, application_failure("boom"));
    scene.begin_poll_activity();
    scene.advance(5);
    let task = scene.poll();
    scene.signal("s");
    scene.complete(&task, vec![start_timer("c", 1.0)]).unwrap();
}

/// A workflow with a task and an activity that are over, in a queue of its own.
fn bystander(scene: &mut Scene, id: &str) {
    scene.start_with(|request| {
        request.workflow_id = id.to_owned();
        request.task_queue = queue("bystanders");
    });
    let task = scene.poll_queue("bystanders");
    let commands = vec![
        schedule_activity(activity_in("bystanders", "x")),
        signal_external(id, "hello"),
        continue_as_new("more"),
    ];
    scene.complete(&task, commands).unwrap();
}

#[test]
fn the_same_seed_gives_the_same_history() {
    assert_eq!(story(7), story(7));
    assert_ne!(story(7), story(8), "ids differ");
}

#[test]
fn the_ids_of_a_workflow_do_not_depend_on_others() {
    let alone = seeded(7).start();
    let mut scene = seeded(7);
    bystander(&mut scene, "b");
    scene.query("state").unwrap_err();
    assert_eq!(scene.start(), alone);
}

#[test]
fn the_history_of_a_workflow_does_not_depend_on_others() {
    let mut scene = seeded(7);
    bystander(&mut scene, "b");
    tell(&mut scene);
    assert_eq!(scene.history(), story(7));
}

#[test]
fn the_runs_of_a_workflow_have_ids_of_their_own() {
    let mut scene = seeded(7);
    let first = scene.start();
    scene.terminate();
    let second = scene.start();
    assert_ne!(first, second, "although no time has passed");
}

#[test]
fn deleted_runs_do_not_lend_their_ids() {
    let mut scene = seeded(7);
    let first = scene.start();
    let request = api::DeleteWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: execution(""),
    };
    scene.engine.delete_workflow_execution(&request).unwrap();
    assert_ne!(scene.start(), first);
}

#[test]
fn one_workflow_by_itself_is_the_same_in_any_order() {
    let mut shuffled = Scene::with(ServerOptions {
        seed: 7,
        order: Order::Shuffled,
        ..ServerOptions::default()
    });
    tell(&mut shuffled);
    assert_eq!(shuffled.history(), story(7));
}

#[test]
fn run_ids_look_like_uuids() {
    let run_id = Scene::new().start();
    assert!(is_uuid(&run_id), "{run_id}");
    assert_eq!(&run_id[14..15], "7");
}
