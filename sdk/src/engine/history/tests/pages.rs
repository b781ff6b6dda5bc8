//! Chunks do not depend on how their history was cut into pages.

use proptest::prelude::*;

use super::*;

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
