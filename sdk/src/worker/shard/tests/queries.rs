//! Tasks that are only a query.

use super::*;

#[test]
fn gotcha_12_a_query_is_never_answered_with_a_completion() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(fixture.poll(query("a")), ["a fetches"]);
    assert_eq!(
        fixture.page("a", 1..=4, ""),
        ["a answers having seen 1 2 3 4"]
    );
    assert_eq!(fixture.poll(query("a")), ["a answers having seen 1 2 3 4"]);
}

#[test]
fn gotcha_14_queries_that_wait_for_a_run_that_is_given_up_are_answered() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    assert_eq!(fixture.poll(query("a")), [""; 0]);
    assert_eq!(fixture.poll(query("a")), [""; 0]);
    assert_eq!(fixture.not_recorded("a"), ["a fetches"]);
    let answered = "a answers having seen 1 2 3";
    assert_eq!(fixture.page("a", 1..=3, ""), [answered, answered]);
    assert_eq!(fixture.taken_slots(), 0);
}

#[test]
fn gotcha_14_queries_that_wait_for_a_run_that_ends_are_answered() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3).of("ending"));
    fixture.poll(query("a"));
    assert_eq!(fixture.recorded("a"), ["a answers having seen 1 2 3"]);
    assert_eq!(fixture.shard.runs.len(), 0);
}

#[test]
fn gotcha_15_a_query_of_a_closed_run_is_answered_and_the_run_is_dropped() {
    for end in [CloseKind::Completed, CloseKind::ContinuedAsNew] {
        let mut fixture = Fixture::with_cache(4);
        let mut closed = query("a");
        closed.work.history = page(1..=4, "");
        closed.work.history.events[3].body = EventBody::ExecutionClosed(end);
        assert_eq!(fixture.poll(closed), ["a answers having seen 1 2 3 4"]);
        assert_eq!(fixture.shard.runs.len(), 0);
    }
}

#[test]
fn a_query_that_cannot_be_answered_is_refused_whatever_the_attempt() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(query("a").of("failing").attempt(3));
    assert_eq!(fixture.page("a", 1..=3, ""), ["a refuses: differs"]);
}

#[test]
fn a_refused_query_costs_the_run_only_if_replay_may_have_failed() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(query("a").of("refusing"));
    assert_eq!(fixture.page("a", 1..=3, ""), ["a refuses: not now"]);
    assert_eq!(fixture.shard.runs.len(), 0);
    fixture.poll(task("a", 1..=3).of("refusing"));
    fixture.recorded("a");
    assert_eq!(
        fixture.poll(query("a").of("refusing")),
        ["a refuses: not now"]
    );
    assert_eq!(fixture.shard.runs.len(), 1);
}

#[test]
fn a_query_whose_history_cannot_be_had_is_left_to_the_server() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(query("a"));
    let failed = Input::FetchFailed {
        run_id: "a".into(),
        reason: "gone".to_owned(),
    };
    assert_eq!(fixture.handle(failed), [""; 0]);
    assert_eq!((fixture.taken_slots(), fixture.shard.runs.len()), (0, 0));
}

#[test]
fn a_task_with_both_kinds_of_query_is_not_answered() {
    let mut fixture = Fixture::with_cache(4);
    let mut both = query("a");
    both.work.queries.push(("q".to_owned(), Query::default()));
    assert_eq!(fixture.poll(both), [""; 0]);
    assert_eq!(fixture.taken_slots(), 0);
}
