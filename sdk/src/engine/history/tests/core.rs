//! Histories of SDKs that are built on Core, and of those that are not.

use super::*;

#[test]
fn core_merges_tasks_that_look_empty() {
    let story = heartbeat().by(CORE, &[]);
    assert_eq!(ends(&story), [9, 12]);
    let unnamed = heartbeat().by("", &[]);
    assert_eq!(ends(&unnamed), [9, 12]);
}

/// What Python 1.35 showed on replay: each signal and update with the length of the history that
/// the workflow saw.
#[test]
fn core_cuts_as_its_own_sdks_do() {
    for (words, chunks) in [
        // Empty tasks join the next one, from the first task on.
        ("s S C s S C timer s S C", &[6, 10, 11][..]),
        ("s S C s S", &[6]),
        ("s S C s", &[5]),
        ("s S C s signal S C s S C", &[10, 11]),
        ("s S C signal s S C s S C s S", &[3, 13]),
        // A command keeps the tasks after it apart.
        ("s S C timer signal s S C s S C s S", &[3, 8, 14]),
        (
            "s S C timer s S C s S C s S C update timer s S",
            &[3, 7, 10, 13, 18],
        ),
        // Failed attempts join the next one, and do not count as empty.
        (
            "s S C signal s S F s S C s S C update timer s S",
            &[3, 10, 13, 18],
        ),
        ("s S C s S F s S C signal s S C", &[9, 14]),
        ("s S C signal s S C s X s S C", &[3, 13]),
        // The task that an update came with stays apart.
        ("s S C s S C update timer s S", &[3, 6, 11]),
        ("s S C s S C s S C update timer s S", &[6, 9, 14]),
        (
            "s S C signal s S C s S X s S C update timer s S",
            &[3, 7, 13, 18],
        ),
        // What remains is applied at once, if no command came before.
        ("s S C signal s S C", &[3, 8]),
        ("s S C signal s S C s S C s S C", &[3, 14]),
        ("s S C signal s S terminated", &[3, 8]),
    ] {
        // The flags make no difference, not even the fourth.
        for flags in [&[][..], &[1, 2, 3], &[4, 1, 2, 3]] {
            let story = told(words).by(CORE, flags);
            assert_eq!(ends(&story), chunks, "{words}, flags {flags:?}");
        }
    }
}

/// A history in words: `s`, `S`, `C`, `F` and `X` are a task that is scheduled, started,
/// completed, failed and timed out.
fn told(words: &str) -> HistoryBuilder {
    let mut story = HistoryBuilder::new("Told");
    for word in words.split(' ') {
        let id = story.next_id().to_string();
        story = match word {
            "s" => story.task_scheduled(),
            "S" => story.task_started(),
            "C" => story.task_completed(),
            "F" => story.task_failed(),
            "X" => story.task_timed_out(),
            "signal" => story.signaled("ping", []),
            "timer" => story.timer_started(&id),
            "update" => story.update_accepted(&id, "add", []),
            "terminated" => story.execution_terminated(),
            _ => unreachable!("no such word: {word}"),
        };
    }
    story
}

#[test]
fn markers_of_sdks_without_core_are_refused() {
    let go = HistoryBuilder::new("Order").by("temporal-go", &[]).task();
    assert_eq!(ends(&go.clone().timer_started("1").open_task()), [3, 7]);

    for (story, marker, sdk) in [
        (go, "Version", "the Go SDK"),
        (order().by("temporal-java", &[]), "Version", "the Java SDK"),
        (order().by("", &[]), "SideEffect", "the Go or Java SDK"),
    ] {
        let story = story.marker(marker);
        let error = History::default().handle_page(story.page()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "event {} is a marker `{marker}`, which {sdk} wrote: its histories cannot be \
                 replayed here",
                story.last_id()
            )
        );
    }
    let core = HistoryBuilder::new("Order").by(CORE, &[]).task();
    assert_eq!(ends(&core.marker("core_patch").open_task()), [3, 7]);
}
