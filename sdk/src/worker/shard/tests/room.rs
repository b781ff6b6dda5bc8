//! The cache: who stays, who makes room, who waits.

use super::*;

#[test]
fn the_run_that_was_not_used_for_the_longest_time_makes_room() {
    let mut fixture = Fixture::with_cache(2);
    for run in ["a", "b"] {
        fixture.poll(task(run, 1..=3));
        fixture.recorded(run);
    }
    fixture.poll(query("a"));
    fixture.poll(task("c", 1..=3));
    assert_eq!(fixture.poll(query("a")), ["a answers having seen 1 2 3"]);
    fixture.recorded("c");
    assert_eq!(fixture.poll(task("b", 4..=6)), ["b fetches"]);
}

#[test]
fn a_run_that_finds_no_room_is_parked_until_another_is_done() {
    let mut fixture = Fixture::with_cache(1);
    fixture.poll(task("a", 1..=3));
    assert_eq!(fixture.poll(task("b", 1..=3)), [""; 0]);
    assert_eq!(fixture.poll(query("b")), [""; 0]);
    assert_eq!(fixture.taken_slots(), 2);
    assert_eq!(fixture.recorded("a"), ["b completes having seen 1 2 3"]);
    assert_eq!(fixture.recorded("b"), ["b answers having seen 1 2 3"]);
}

#[test]
fn without_a_cache_a_run_is_gone_after_its_task() {
    let mut fixture = Fixture::with_cache(0);
    for run in ["a", "b", "c"] {
        fixture.poll(task(run, 1..=3));
    }
    assert_eq!(fixture.shard.runs.len(), 3);
    for run in ["a", "b", "c"] {
        assert_eq!(fixture.recorded(run), [""; 0]);
    }
    assert_eq!(fixture.shard.runs.len(), 0);
}
