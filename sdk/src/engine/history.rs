//! [`History`]: pages in, chunks out.

use std::collections::VecDeque;

use super::chunk::{Known, Rule, SDK_NAME, Scan};
use super::event::{Event, EventBody, EventType};
use super::task::{HistoryPage, PageToken};

/// The events of a run that are known and not yet applied.
///
/// A chunk is handed out only when the one after it is known too, or does not exist: applying a
/// chunk takes a look at what its commands came to.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Ids are contiguous and end with `last_event_id`.
    events: VecDeque<Event>,
    last_event_id: i64,
    /// Where the rest of the history is.
    next_page: Option<PageToken>,
    /// Known from the first completed task on.
    author: Option<Author>,
    /// The first completed task that names this SDK.
    taken_over: Option<i64>,
    /// How many events the next chunk has.
    next: Option<usize>,
    /// How many events the chunk after the next has; known only if `next` is.
    after_next: Option<usize>,
    /// The search for the end of the first chunk that is not known.
    scan: Scan,
}

/// Who made a history.
#[derive(Debug)]
struct Author {
    sdk_name: Box<str>,
    rule: Rule,
}

/// The events that a run applies together.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The events, in order.
    pub(crate) events: Vec<Event>,
    /// Whether nothing follows.
    pub(crate) last: bool,
}

impl Chunk {
    /// Takes out the events that belong to no task that was answered: the next task is told of
    /// them, together with what comes until then. A closed run has no next task.
    pub(super) fn split_off_unanswered(&mut self) -> Vec<Event> {
        if self.events.last().is_some_and(Event::is_terminal) {
            return Vec::new();
        }
        let is_answer = |event: &Event| matches!(event.body, EventBody::TaskCompleted(_));
        let mut answered = self
            .events
            .iter()
            .rposition(is_answer)
            .map_or(0, |at| at + 1);
        if answered > 0 {
            let rest = &self.events[answered..];
            answered += rest.iter().take_while(|event| event.is_command()).count();
        }
        self.events.split_off(answered)
    }
}

/// What [`History::next_chunk`] has.
#[derive(Debug)]
pub(crate) enum NextChunk {
    /// A chunk to apply.
    Chunk(Chunk),
    /// Nothing more, until the next task.
    End,
    /// Nothing before that page is known.
    NeedsPage(PageToken),
}

/// Why a history cannot be taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum HistoryError {
    /// The history holds a marker whose meaning only another SDK knows.
    #[error(
        "event {event} is a marker `{marker}`, which {sdk} wrote: its histories cannot be replayed here"
    )]
    ForeignMarker {
        /// The marker's event.
        event: i64,
        /// The marker's name.
        marker: String,
        /// Who wrote it.
        sdk: String,
    },
    /// Events are missing.
    #[error("the history goes on with event {found} where event {expected} belongs")]
    Gap {
        /// The event that should have come.
        expected: i64,
        /// The event that came.
        found: i64,
    },
    /// An event is of a type that this version does not know, and it must not be passed over.
    #[error("event {event} is of a type unknown to this version ({event_type})")]
    UnknownEvent {
        /// The event.
        event: i64,
        /// Its type.
        event_type: EventType,
    },
}

impl History {
    /// Takes a page. Events that were taken in before are passed over.
    ///
    /// # Errors
    /// If events are missing, or if one of them cannot be understood. The history is of no use
    /// after that.
    pub(crate) fn handle_page(&mut self, page: HistoryPage) -> Result<(), HistoryError> {
        if self.next_page.is_none() {
            // What was found on the assumption that nothing follows no longer holds.
            self.forget_chunks();
        }
        self.next_page = page.next;
        for event in page.events {
            if event.id <= self.last_event_id {
                continue;
            }
            self.check(&event)?;
            if let EventBody::TaskCompleted(task) = &event.body {
                self.author.get_or_insert_with(|| Author {
                    sdk_name: task.sdk_name.clone(),
                    rule: Rule::of(task),
                });
                if self.taken_over.is_none() && *task.sdk_name == *SDK_NAME {
                    self.taken_over = Some(event.id);
                }
            }
            self.last_event_id = event.id;
            self.events.push_back(event);
        }
        Ok(())
    }

    /// Hands out the next chunk, if it and the one after it are known.
    pub(crate) fn next_chunk(&mut self) -> NextChunk {
        self.look_ahead();
        let len = match (self.next, self.after_next, &self.next_page) {
            (Some(len), Some(_), _) | (Some(len), None, None) => len,
            (None, _, None) => return NextChunk::End,
            (_, _, Some(token)) => return NextChunk::NeedsPage(token.clone()),
        };
        let events = self.events.drain(..len).collect();
        self.next = self.after_next.take();
        NextChunk::Chunk(Chunk {
            events,
            last: self.events.is_empty() && self.next_page.is_none(),
        })
    }

    /// Takes back the end of the chunk that was handed out last: nothing followed it.
    pub(super) fn put_back(&mut self, events: Vec<Event>) {
        debug_assert!(self.events.is_empty(), "the chunk was the last");
        self.events = events.into();
    }

    /// Takes back the workflow task that was handed out last and that the server discarded. The
    /// task before it began with event `to_started`.
    ///
    /// Its two events will come again, as others or the same; the events before them stay taken
    /// in, though the server may send them again.
    pub(crate) fn roll_back(&mut self, to_started: i64) {
        debug_assert!(
            self.events.is_empty(),
            "a task is answered when it is applied"
        );
        self.last_event_id = (self.last_event_id - EVENTS_OF_A_TASK).max(to_started);
    }

    /// The events of the next chunk, after [`Self::next_chunk`] has handed out the one before it.
    pub(crate) fn upcoming(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().take(self.next.unwrap_or(0))
    }

    /// The last event that was taken in; 0 before the first.
    #[must_use]
    pub(crate) fn last_event_id(&self) -> i64 {
        self.last_event_id
    }

    fn look_ahead(&mut self) {
        if self.next.is_none() {
            self.next = self.scan(0);
        }
        if let (Some(next), None) = (self.next, self.after_next) {
            self.after_next = self.scan(next);
        }
    }

    /// The number of events in the chunk that begins there.
    fn scan(&mut self, begin: usize) -> Option<usize> {
        let complete = self.next_page.is_none();
        let rule = match &self.author {
            Some(author) => author.rule,
            // Without a completed task there is nothing that rules could see differently.
            None if complete => Rule::EachTask,
            None => return None,
        };
        let known = Known {
            events: &self.events,
            begin,
            complete,
            taken_over: self.taken_over,
        };
        let len = self.scan.chunk_len(known, rule)?;
        self.scan = Scan::default();
        Some(len)
    }

    fn forget_chunks(&mut self) {
        self.next = None;
        self.after_next = None;
        self.scan = Scan::default();
    }

    fn check(&self, event: &Event) -> Result<(), HistoryError> {
        let expected = self.last_event_id + 1;
        if event.id != expected {
            return Err(HistoryError::Gap {
                expected,
                found: event.id,
            });
        }
        match &event.body {
            EventBody::MarkerRecorded(name) => self.check_marker(event.id, name),
            EventBody::Other(event_type) if !event.ignorable && is_unknown(*event_type) => {
                Err(HistoryError::UnknownEvent {
                    event: event.id,
                    event_type: *event_type,
                })
            }
            _ => Ok(()),
        }
    }

    fn check_marker(&self, event: i64, marker: &str) -> Result<(), HistoryError> {
        let named = self.author.as_ref().map(|author| &*author.sdk_name);
        let sdk = match named {
            Some("temporal-go") => "the Go SDK",
            Some("temporal-java") => "the Java SDK",
            _ if FOREIGN_MARKERS.contains(&marker) => "the Go or Java SDK",
            _ => return Ok(()),
        };
        Err(HistoryError::ForeignMarker {
            event,
            marker: marker.to_owned(),
            sdk: sdk.to_owned(),
        })
    }
}

/// A type that this version has no name for, or that a file names in a way it does not know.
fn is_unknown(event_type: EventType) -> bool {
    !event_type.is_known() || event_type == EventType::from_number(0)
}

/// A speculative task is scheduled and started, and nothing comes between.
const EVENTS_OF_A_TASK: i64 = 2;

/// The markers of SDKs that are not based on Core and that name them all alike.
const FOREIGN_MARKERS: [&str; 4] = [
    "LocalActivity",
    "MutableSideEffect",
    "SideEffect",
    "Version",
];

#[cfg(test)]
mod tests;
