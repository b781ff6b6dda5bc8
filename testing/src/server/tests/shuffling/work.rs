//! How much work shuffling is.

use super::super::builders::*;
use super::super::scene::*;
use super::{Order, options};
use crate::server::Engine;

/// So many workflows with a timer each, all due at one instant.
fn crowd(count: usize) -> Scene {
    let mut scene = Scene::of(Engine::new(options(5, Order::Shuffled)));
    for number in 0..count {
        scene.start_with(|request| request.workflow_id = number.to_string());
        let task = scene.poll();
        let timer = start_timer("t", 60.0);
        scene.complete(&task, vec![timer]).unwrap();
    }
    scene
}

#[test]
fn timers_at_one_instant_are_looked_at_once_or_twice_each() {
    let mut scene = crowd(500);
    scene.advance(60);
    assert!(scene.engine.pending_timers().is_empty());
    let looks = scene.engine.world.timers.looks();
    assert!(looks <= 1000, "{looks} looks at 500 timers");
}
