//! What fails costs its own run at most.

use super::*;

#[test]
fn gotcha_16_a_refused_completion_gives_the_run_up_without_a_word() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3).of("ending"));
    assert_eq!(fixture.not_recorded("a"), [""; 0]);
    assert_eq!(fixture.shard.runs.len(), 0);
    let replayed = fixture.poll(task("a", 1..=6).of("ending"));
    assert_eq!(replayed, ["a completes having seen 1 2 3 4 5 6"]);
}

#[test]
fn gotcha_17_only_the_first_attempt_reports_a_failure() {
    let mut fixture = Fixture::with_cache(4);
    let failing = |attempt| task("a", 1..=3).of("failing").attempt(attempt);
    assert_eq!(fixture.poll(failing(1)), ["a fails: differs"]);
    for attempt in [2, 3, 9] {
        assert_eq!(fixture.poll(failing(attempt)), [""; 0], "attempt {attempt}");
    }
}

#[test]
fn gotcha_18_failing_and_dropped_tasks_free_their_slots() {
    let mut fixture = Fixture::with_cache(4);
    for attempt in 1..=20 {
        fixture.poll(task("a", 1..=3).of("failing").attempt(attempt));
        fixture.poll(task("b", 1..=3).of("panicking").attempt(attempt));
        fixture.poll(task("c", []).attempt(attempt));
        assert_eq!(fixture.taken_slots(), 0, "attempt {attempt}");
    }
    assert_eq!(
        fixture.poll(task("d", 1..=3)),
        ["d completes having seen 1 2 3"]
    );
}

#[test]
fn a_panic_of_the_engine_fails_its_task_and_nothing_else() {
    let mut fixture = Fixture::with_cache(4);
    fixture.poll(task("a", 1..=3));
    let failed = fixture.poll(task("b", 1..=3).of("panicking"));
    assert_eq!(failed, ["b fails: the engine panicked: a bug of ours"]);
    fixture.recorded("a");
    assert_eq!(fixture.poll(query("a")), ["a answers having seen 1 2 3"]);
    assert_eq!(fixture.shard.runs.len(), 1);
}

#[test]
fn an_unknown_type_is_answered_with_those_that_are_known() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(
        fixture.poll(task("a", 1..=3).of("other")),
        [
            "a fails: workflow type `other` is not registered with this worker; registered are \
          `ending`, `failing`, `panicking`, `plain`, `refusing`"
        ]
    );
}

#[test]
fn a_message_for_a_run_that_is_gone_changes_nothing() {
    let mut fixture = Fixture::with_cache(4);
    assert_eq!(fixture.recorded("a"), [""; 0]);
    assert_eq!(fixture.page("a", 1..=3, ""), [""; 0]);
}
