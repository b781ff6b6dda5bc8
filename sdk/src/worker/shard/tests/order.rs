//! One task of a run after the other.

use super::*;

#[test]
fn a_task_that_waits_is_replaced_by_a_newer_one_together_with_the_queries_behind_it() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.poll(query("a"));
    fixture.poll(task("a", 4..=5));
    fixture.poll(query("a"));
    fixture.poll(task("a", 4..=6));
    assert_eq!(fixture.taken_slots(), 2);
    assert_eq!(
        fixture.recorded("a"),
        [
            "a answers having seen 1 2 3",
            "a completes having seen 1 2 3 4 5 6"
        ]
    );
}

#[test]
fn a_returned_task_wins_over_a_polled_one() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.poll(task("a", 1..=6));
    assert_eq!(
        fixture.returned("a", task("a", 4..=8)),
        ["a completes having seen 1 2 3 4 5 6 7 8"]
    );
    assert_eq!(fixture.taken_slots(), 0);
}

#[test]
fn one_run_works_on_one_task_at_a_time() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    assert_eq!(fixture.poll(task("a", 4..=6)), [""; 0]);
    assert_eq!(
        fixture.recorded("a"),
        ["a completes having seen 1 2 3 4 5 6"]
    );
}
