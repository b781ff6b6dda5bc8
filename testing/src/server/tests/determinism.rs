//! The same seed and the same calls give the same histories.

use outlast_proto::temporal::api::history::v1::HistoryEvent;

use super::builders::*;
use super::scene::*;
use crate::server::ServerOptions;
use crate::server::ids::is_uuid;

fn story(seed: u64) -> Vec<HistoryEvent> {
    let mut scene = Scene::with(ServerOptions {
        seed,
        ..ServerOptions::default()
    });
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
    scene.history()
}

#[test]
fn the_same_seed_gives_the_same_history() {
    assert_eq!(story(7), story(7));
    assert_ne!(story(7), story(8), "ids differ");
}

#[test]
fn run_ids_look_like_uuids() {
    let run_id = Scene::new().start();
    assert!(is_uuid(&run_id), "{run_id}");
    assert_eq!(&run_id[14..15], "7");
}
