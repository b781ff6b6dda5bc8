//! What every replayer gets wrong once, by its number in the list of such things.

use super::*;

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
