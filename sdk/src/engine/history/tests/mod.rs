//! Histories that arrive in pages, and go on in chunks.

mod chunks;
mod core;
mod gotchas;
mod pages;

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
