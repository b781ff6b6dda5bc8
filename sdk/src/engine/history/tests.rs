use proptest::prelude::*;

use super::*;
use crate::convert::Payload;
use crate::engine::testing::{HistoryBuilder, page_with_more};

const CORE: &str = "temporal-python";

/// The last event of each chunk.
fn ends(history: &HistoryBuilder) -> Vec<i64> {
    ends_of(history.pages(usize::MAX))
}

fn ends_of(pages: Vec<HistoryPage>) -> Vec<i64> {
    let mut history = History::default();
    let mut pages = pages.into_iter();
    let mut ends = Vec::new();
    let mut taken = 0;
    loop {
        match history.next_chunk() {
            NextChunk::Chunk(chunk) => {
                let ids: Vec<i64> = chunk.events.iter().map(|event| event.id).collect();
                let last = *ids.last().expect("a chunk has events");
                assert_eq!(ids, (taken + 1..=last).collect::<Vec<_>>());
                taken = last;
                ends.push(last);
                assert_eq!(chunk.last, history.upcoming().next().is_none());
            }
            // A new history wants its first page, and has no token for it.
            NextChunk::End | NextChunk::NeedsPage(_) => match pages.next() {
                Some(page) => history.handle_page(page).expect("a good page"),
                None => break,
            },
        }
    }
    assert_eq!(taken, history.last_event_id(), "all is handed out");
    ends
}

/// The history of a cached run, which has been through everything in it.
fn applied(story: &HistoryBuilder) -> History {
    let mut history = History::default();
    history.handle_page(story.page()).expect("a good page");
    drain(&mut history);
    history
}

/// The last event of each chunk that is left.
fn drain(history: &mut History) -> Vec<i64> {
    let mut ends = Vec::new();
    while let NextChunk::Chunk(chunk) = history.next_chunk() {
        ends.push(chunk.events.last().expect("a chunk has events").id);
    }
    ends
}

fn ids(event: impl IntoIterator<Item = Event>) -> Vec<i64> {
    event.into_iter().map(|event| event.id).collect()
}

fn chunk(next: NextChunk) -> Chunk {
    match next {
        NextChunk::Chunk(chunk) => chunk,
        other => panic!("a chunk is expected, not {other:?}"),
    }
}

/// Three tasks: one schedules, one fails and is tried again, one ends the run.
fn order() -> HistoryBuilder {
    HistoryBuilder::new("Order")
        .task()
        .activity_scheduled("1", "charge")
        .activity_completed("1", Payload::new("json/plain", "1"))
        .failed_task()
        .task()
        .timer_started("1")
        .timer_fired("1")
        .task()
        .execution_completed()
}

/// A task, an empty one, and one that ends the run.
fn heartbeat() -> HistoryBuilder {
    HistoryBuilder::new("Slow")
        .task()
        .task()
        .task()
        .marker("core_local_activity")
        .execution_completed()
}

#[test]
fn gotcha_01_a_cached_run_passes_over_what_it_has_taken_in() {
    let story = HistoryBuilder::new("Order").open_task();
    let mut history = applied(&story);
    let story = story
        .task_completed()
        .timer_started("1")
        .timer_fired("1")
        .open_task();
    history.handle_page(story.page()).expect("a good page");
    let chunk = chunk(history.next_chunk());
    assert_eq!(ids(chunk.events), [4, 5, 6, 7, 8]);
    assert!(chunk.last);
}

#[test]
fn gotcha_04_pages_may_be_empty() {
    let events = order().events();
    let pages = vec![
        page_with_more(events[..5].to_vec(), "a"),
        page_with_more(Vec::new(), "b"),
        page_with_more(Vec::new(), "c"),
        page_with_more(events[5..].to_vec(), "d"),
        HistoryPage::default(),
    ];
    assert_eq!(ends_of(pages), ends(&order()));
}

#[test]
fn gotcha_04_an_empty_page_asks_for_the_next() {
    let mut history = History::default();
    let page = page_with_more(Vec::new(), "b");
    history.handle_page(page).expect("a good page");
    let next = history.next_chunk();
    assert!(matches!(next, NextChunk::NeedsPage(token) if token.0 == "b"));
}

#[test]
fn gotcha_05_chunks_do_not_depend_on_pages() {
    let histories = [order(), order().by(CORE, &[]), heartbeat()];
    for story in histories {
        for size in 1..=14 {
            let found = ends_of(story.pages(size));
            assert_eq!(found, ends(&story), "pages of {size}");
        }
    }
}

#[test]
fn gotcha_06_a_discarded_task_comes_again() {
    let story = HistoryBuilder::new("Order").task();
    let mut history = applied(&story);
    for _ in 0..2 {
        let speculative = story.clone().open_task();
        let page = speculative.page_since(4);
        history.handle_page(page).expect("a good page");
        assert_eq!(drain(&mut history), [6]);
        history.roll_back(3);
        assert_eq!(history.last_event_id(), 4);
    }
    let story = story.signaled("ping", []).open_task();
    let page = story.page_since(4);
    history.handle_page(page).expect("a good page");
    let chunk = chunk(history.next_chunk());
    assert_eq!(ids(chunk.events), [5, 6, 7]);
}

#[test]
fn gotcha_07_commands_before_a_discarded_task_are_not_applied_again() {
    let story = HistoryBuilder::new("Order").open_task();
    let mut history = applied(&story);
    let story = story.task_completed().timer_started("1");
    let speculative = story.clone().open_task();
    let page = speculative.page_since(4);
    history.handle_page(page).expect("a good page");
    assert_eq!(drain(&mut history), [7]);

    history.roll_back(3);
    let story = story.timer_fired("1").open_task();
    let page = story.page_since(4);
    history.handle_page(page).expect("a good page");
    let chunk = chunk(history.next_chunk());
    assert_eq!(ids(chunk.events), [6, 7, 8]);
}

#[test]
fn gotcha_08_an_update_after_an_empty_task_is_ahead_of_the_right_chunk() {
    let story = HistoryBuilder::new("Order")
        .task()
        .task()
        .task()
        .update_accepted("u", "add", [])
        .update_completed("u")
        .open_task();
    for (story, chunks) in [
        (story.clone(), vec![3, 6, 9, 14]),
        (story.by(CORE, &[]), vec![6, 9, 14]),
    ] {
        let mut history = History::default();
        history.handle_page(story.page()).expect("a good page");
        let mut found = Vec::new();
        while let NextChunk::Chunk(chunk) = history.next_chunk() {
            let end = chunk.events.last().expect("a chunk has events").id;
            let accepted = |event: &Event| matches!(event.body, EventBody::UpdateAccepted(_));
            // The update came with the third task, so its handler starts there.
            assert_eq!(history.upcoming().any(accepted), end == 9);
            found.push(end);
        }
        assert_eq!(found, chunks);
    }
}

#[test]
fn gotcha_31_a_task_may_time_out_before_it_starts() {
    let story = HistoryBuilder::new("Order")
        .task()
        .signaled("ping", [])
        .task_scheduled()
        .task_timed_out()
        .task()
        .execution_completed();
    assert_eq!(ends(&story), [3, 9, 11]);
    assert_eq!(ends(&story.by(CORE, &[])), [3, 9, 11]);
}

#[test]
fn gotcha_32_a_history_may_end_without_a_task() {
    let story = HistoryBuilder::new("Order").task().timer_started("1");
    let mut history = History::default();
    history.handle_page(story.page()).expect("a good page");
    let first = chunk(history.next_chunk());
    assert!(!first.last);
    assert_eq!(ids(history.upcoming().cloned()), [4, 5]);
    let second = chunk(history.next_chunk());
    assert_eq!(ids(second.events), [4, 5]);
    assert!(second.last);
    assert!(matches!(history.next_chunk(), NextChunk::End));
}

#[test]
fn gotcha_32_the_server_may_end_a_run_at_any_time() {
    let begun = HistoryBuilder::new("Order").task().timer_started("1");
    for ended in [
        begun.clone().execution_terminated(),
        begun.execution_timed_out(),
    ] {
        assert_eq!(ends(&ended), [3, 6]);
    }
    let never_answered = HistoryBuilder::new("Order").open_task();
    assert_eq!(ends(&never_answered.execution_terminated()), [4]);
    let in_a_task = HistoryBuilder::new("Order").task().signaled("ping", []);
    let in_a_task = in_a_task.open_task().execution_terminated();
    assert_eq!(ends(&in_a_task), [3, 8]);
    assert_eq!(ends(&in_a_task.by(CORE, &[])), [3, 8]);
}

#[test]
fn gotcha_33_an_unknown_event_is_passed_over_only_if_it_says_so() {
    let story = HistoryBuilder::new("Order").task();
    assert_eq!(
        ends(&story.clone().other(999).ignorable().open_task()),
        [3, 7]
    );
    assert_eq!(
        ends(&story.clone().other(58).ignorable().open_task()),
        [3, 7]
    );

    let mut history = History::default();
    let error = history.handle_page(story.other(999).page()).unwrap_err();
    let expected = HistoryError::UnknownEvent {
        event: 5,
        event_type: EventType::from_number(999),
    };
    assert_eq!(error, expected);
    assert_eq!(
        error.to_string(),
        "event 5 is of a type unknown to this version (event type 999)"
    );
}

#[test]
fn an_event_without_a_known_type_is_unknown() {
    let story = HistoryBuilder::new("Order").other(0);
    let error = History::default().handle_page(story.page()).unwrap_err();
    assert!(matches!(error, HistoryError::UnknownEvent { event: 2, .. }));
}

#[test]
fn events_of_known_types_are_the_engines_business() {
    // Of child workflows, for one.
    let story = HistoryBuilder::new("Order").task().other(29).open_task();
    assert_eq!(ends(&story), [3, 7]);
}

#[test]
fn missing_events_are_an_error() {
    let events = order().events();
    let mut history = History::default();
    let page = page_with_more(events[..3].to_vec(), "a");
    history.handle_page(page).expect("a good page");
    let page = page_with_more(events[5..].to_vec(), "b");
    let error = history.handle_page(page).unwrap_err();
    assert_eq!(
        error,
        HistoryError::Gap {
            expected: 4,
            found: 6
        }
    );
    assert_eq!(
        error.to_string(),
        "the history goes on with event 6 where event 4 belongs"
    );
}

#[test]
fn a_chunk_waits_until_the_next_is_known() {
    let events = order().events();
    let mut history = History::default();
    // The first chunk ends with event 3; what is ahead of it, with the second start after it.
    for end in 1..=12 {
        let page = page_with_more(events[end - 1..end].to_vec(), "more");
        history.handle_page(page).expect("a good page");
        let next = history.next_chunk();
        assert!(matches!(next, NextChunk::NeedsPage(_)), "after event {end}");
    }
    let page = page_with_more(events[12..13].to_vec(), "more");
    history.handle_page(page).expect("a good page");
    assert_eq!(ids(chunk(history.next_chunk()).events), [1, 2, 3]);
    assert_eq!(
        ids(history.upcoming().cloned()),
        (4..=12).collect::<Vec<_>>()
    );
}

#[test]
fn a_live_run_gets_its_tasks_one_by_one() {
    let mut story = HistoryBuilder::new("Order").open_task();
    let mut history = applied(&story);
    for n in 0..3 {
        let first = story.next_id();
        story = story.task_completed().signaled("ping", []).open_task();
        let page = story.page_since(first);
        history.handle_page(page).expect("a good page");
        assert_eq!(drain(&mut history), [story.last_id()], "task {n}");
    }
}

#[test]
fn our_tasks_are_chunks_even_if_they_are_empty() {
    assert_eq!(ends(&heartbeat()), [3, 6, 9, 12]);
    assert_eq!(ends(&order()), [3, 12, 17, 19]);
}

#[test]
fn events_in_the_middle_of_our_task_do_not_hide_its_answer() {
    let story = HistoryBuilder::new("Order")
        .open_task()
        .other(58)
        .ignorable()
        .task_completed()
        .open_task();
    assert_eq!(ends(&story), [3, 7]);
}

#[test]
fn a_run_without_a_completed_task_has_one_chunk() {
    let story = HistoryBuilder::new("Order").failed_task().open_task();
    assert_eq!(ends(&story), [6]);
    assert_eq!(ends(&HistoryBuilder::new("Order").task_scheduled()), [2]);
}

#[test]
fn the_rule_is_known_only_with_the_first_completed_task() {
    let story = HistoryBuilder::new("Slow").failed_task().failed_task();
    let events = story.task().by(CORE, &[]).task().task().events();
    let mut history = History::default();
    let page = page_with_more(events[..9].to_vec(), "more");
    history.handle_page(page).expect("a good page");
    let next = history.next_chunk();
    assert!(matches!(next, NextChunk::NeedsPage(_)));
}

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

#[test]
fn a_long_chunk_in_many_pages_is_looked_through_once() {
    let mut story = HistoryBuilder::new("Order").task();
    for _ in 0..50_000 {
        story = story.signaled("ping", []);
    }
    // Quadratic work would take minutes.
    let story = story.open_task();
    assert_eq!(ends_of(story.pages(1)), [3, story.last_id()]);
}

proptest! {
    #[test]
    fn any_split_into_pages_gives_the_same_chunks(
        story in any_history(),
        cuts in prop::collection::vec(0.0..1.0, 0..12),
    ) {
        let events = story.events();
        let place = |cut: f64| (cut * events.len() as f64) as usize;
        let mut cuts: Vec<_> = cuts.into_iter().map(place).collect();
        cuts.sort_unstable();
        cuts.push(events.len());
        let mut begin = 0;
        let mut split = Vec::new();
        for end in cuts {
            split.push(page_with_more(events[begin..end].to_vec(), "more"));
            begin = end;
        }
        split.last_mut().expect("there is a last page").next = None;
        let whole = ends_of(story.pages(usize::MAX));
        prop_assert_eq!(ends_of(split), whole);
    }
}

/// A history as a server could write it: tasks, some of which fail, with commands and news.
fn any_history() -> impl Strategy<Value = HistoryBuilder> {
    let author = prop_oneof![Just("outlast"), Just(CORE)];
    let tasks = prop::collection::vec((0..4usize, 0..4usize, 0..3usize), 0..12);
    (author, tasks, 0..5usize).prop_map(|(sdk, tasks, end)| {
        let mut story = HistoryBuilder::new("Any").by(sdk, &[]);
        for (attempts, commands, news) in tasks {
            // Half of all tasks need one attempt.
            for _ in 2..attempts {
                story = story.failed_task();
            }
            story = story.task();
            for n in 0..commands {
                let id = story.next_id().to_string();
                story = match n {
                    0 => story.update_accepted(&id, "add", []),
                    1 => story.timer_started(&id),
                    _ => story.marker("core_patch"),
                };
            }
            for _ in 0..news {
                story = story.signaled("ping", []);
            }
        }
        match end {
            0 => story.open_task(),
            1 => story.execution_terminated(),
            2 => story.task().execution_completed(),
            3 => story.failed_task(),
            _ => story,
        }
    })
}
