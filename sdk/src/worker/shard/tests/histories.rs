//! Histories: known, partial, fetched, taken back.

use super::*;

#[test]
fn gotcha_01_full_history_for_a_cached_run_brings_only_what_is_new() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=5));
    fixture.recorded("a");
    assert_eq!(
        fixture.poll(task("a", 1..=8)),
        ["a completes having seen 1 2 3 4 5 6 7 8"]
    );
}

#[test]
fn gotcha_02_a_partial_task_of_an_evicted_run_fetches_the_history_once() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.not_recorded("a");
    assert_eq!(fixture.poll(task("a", 4..=6)), ["a fetches"]);
    assert_eq!(
        fixture.page("a", 1..=6, ""),
        ["a completes having seen 1 2 3 4 5 6"]
    );
    assert_eq!(fixture.taken_slots(), 0);
}

#[test]
fn gotcha_03_events_that_only_the_task_holds_are_put_behind_the_fetched_ones() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(fixture.poll(task("a", 4..=7)), ["a fetches"]);
    assert_eq!(
        fixture.page("a", 1..=5, ""),
        ["a completes having seen 1 2 3 4 5 6 7"]
    );
}

#[test]
fn gotcha_03_a_history_without_the_event_that_began_the_task_is_not_used() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 4..=5).started(7));
    assert_eq!(
        fixture.page("a", 1..=5, ""),
        ["a fails: the history ends before the event that began the task"]
    );
    assert_eq!(fixture.taken_slots(), 0);
}

#[test]
fn gotcha_04_empty_pages_are_passed_over() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(fixture.poll(task("a", 1..=3).next("p1")), ["a fetches p1"]);
    assert_eq!(fixture.page("a", [], "p2"), ["a fetches p2"]);
    assert_eq!(fixture.page("a", [], ""), ["a completes having seen 1 2 3"]);
}

#[test]
fn gotcha_04_a_fetch_from_the_start_passes_over_empty_pages_too() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(fixture.poll(task("a", [5])), ["a fetches"]);
    assert_eq!(fixture.page("a", [], "p1"), ["a fetches p1"]);
    assert_eq!(fixture.page("a", 1..=4, "p2"), ["a fetches p2"]);
    assert_eq!(
        fixture.page("a", [], ""),
        ["a completes having seen 1 2 3 4 5"]
    );
}

#[test]
fn the_pages_of_a_partial_task_come_behind_those_from_the_start() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 4..=5).started(7).next("own"));
    assert_eq!(fixture.page("a", 1..=4, ""), ["a fetches own"]);
    assert_eq!(
        fixture.page("a", 5..=7, ""),
        ["a completes having seen 1 2 3 4 5 6 7"]
    );
}

#[test]
fn gotcha_06_a_discarded_task_is_taken_back() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.recorded("a");
    for _ in 0..2 {
        assert_eq!(
            fixture.poll(task("a", 4..=6)),
            ["a completes having seen 1 2 3 4 5 6"]
        );
        let reset_to = Some(3);
        fixture.handle(Input::Recorded {
            run_id: "a".into(),
            reset_to,
            next: None,
        });
    }
    assert_eq!(
        fixture.poll(task("a", 4..=7)),
        ["a completes having seen 1 2 3 4 5 6 7"]
    );
}

#[test]
fn gotcha_30_a_task_that_brings_nothing_new_is_completed() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.recorded("a");
    assert_eq!(
        fixture.poll(task("a", 1..=3)),
        ["a completes having seen 1 2 3"]
    );
}

#[test]
fn a_stale_run_is_rebuilt() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    fixture.recorded("a");
    assert_eq!(fixture.poll(task("a", 9..=12)), ["a fetches"]);
    let mut later = query("a");
    later.work.previous_started = 12;
    assert_eq!(fixture.poll(later), [""; 0]);
    let done = fixture.page("a", 1..=12, "");
    assert_eq!(done, ["a completes having seen 1 2 3 4 5 6 7 8 9 10 11 12"]);
}
