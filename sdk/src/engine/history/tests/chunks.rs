//! Events, known or not, and how many of them make a chunk.

use super::*;

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
