//! Where a chunk of history ends.
//!
//! A chunk is what a run applies at a time: the events up to the start of a workflow task whose
//! answer counts. On replay the chunks must be those of the live run, so the rule belongs to the
//! history, not to the worker that reads it.
//!
//! Flag 4 of Core-based SDKs does not enter into it: Python 1.35, which sets the flag, cuts a
//! history in the same way with it and without it.

use std::collections::VecDeque;

use super::event::{CloseKind, Event, EventBody, TaskCompleted};

/// The name under which this SDK completes workflow tasks.
pub const SDK_NAME: &str = "outlast";

/// How a history is cut into chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// One completed task is one chunk.
    EachTask,
    /// Core-based SDKs: tasks that look empty join the next one, unless a command came before
    /// them. Tasks that this SDK completes in such a history stay apart, as they were live.
    MergeEmpty,
}

impl Rule {
    /// The rule of a history whose first completed task is this one.
    pub(super) fn of(first: &TaskCompleted) -> Self {
        if &*first.sdk_name == SDK_NAME {
            Self::EachTask
        } else {
            Self::MergeEmpty
        }
    }
}

/// The events from the beginning of a chunk, as far as they are known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) events: &'a VecDeque<Event>,
    /// Where in `events` the chunk begins.
    pub(super) begin: usize,
    /// Whether there are no further events.
    pub(super) complete: bool,
    /// The first completed task that names this SDK, in a history that another one began.
    pub(super) taken_over: Option<i64>,
}

impl<'a> Known<'a> {
    fn len(self) -> usize {
        self.events.len() - self.begin
    }

    fn get(self, index: usize) -> Option<&'a EventBody> {
        Some(&self.events.get(self.begin + index)?.body)
    }

    /// Whether the completed task at that place is the answer of this SDK.
    fn is_ours(self, index: usize) -> bool {
        let event = self.events.get(self.begin + index);
        event.is_some_and(|event| self.taken_over.is_some_and(|since| since <= event.id))
    }

    fn next(self, index: usize) -> Next<'a> {
        match self.get(index) {
            Some(body) => Next::Event(body),
            None if self.complete => Next::Nothing,
            None => Next::Unknown,
        }
    }
}

/// What there is at a place that may be beyond the known events.
enum Next<'a> {
    Event(&'a EventBody),
    Nothing,
    Unknown,
}

/// A search for the end of one chunk, which goes on where it stopped for lack of events.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// How many events the search has left behind.
    position: usize,
    /// Whether a command's event is among them.
    saw_command: bool,
    /// Whether the execution's start is among them.
    saw_start: bool,
    /// The task that began last, while its outcome is not known.
    open_task: Option<usize>,
    /// The tasks that began and did not fail, by event id and place.
    tasks: Vec<(i64, usize)>,
}

impl Scan {
    /// The number of events in the chunk; `None` if more must be known to tell, or if there is
    /// no event at all.
    pub(super) fn chunk_len(&mut self, known: Known<'_>, rule: Rule) -> Option<usize> {
        let found = match rule {
            Rule::EachTask => self.each_task(known),
            Rule::MergeEmpty => self.merge_empty(known),
        };
        // What remains of a complete history is a chunk, even if no task takes it in.
        let rest = || Some(known.len()).filter(|len| known.complete && *len > 0);
        match found {
            Found::End(len) => Some(len),
            Found::NeedMore => None,
            Found::RanOut => rest(),
        }
    }

    fn each_task(&mut self, known: Known<'_>) -> Found {
        while let Some(event) = known.events.get(known.begin + self.position) {
            match &event.body {
                _ if event.is_terminal() => return Found::End(self.position + 1),
                EventBody::TaskStarted(_) => self.open_task = Some(self.position),
                EventBody::TaskCompleted(_) => {
                    if let Some(started) = self.open_task {
                        return Found::End(started + 1);
                    }
                }
                // A task that is scheduled anew takes the place of one that came to nothing.
                EventBody::TaskFailed { .. }
                | EventBody::TaskScheduled
                | EventBody::TaskTimedOut => self.open_task = None,
                _ => {}
            }
            self.position += 1;
        }
        Found::RanOut
    }

    fn merge_empty(&mut self, known: Known<'_>) -> Found {
        while let Some(event) = known.events.get(known.begin + self.position) {
            self.saw_command |= event.is_command();
            self.saw_start |= matches!(event.body, EventBody::ExecutionStarted(_));
            if event.is_terminal() {
                return Found::End(self.position + 1);
            }
            if matches!(event.body, EventBody::TaskStarted(_)) {
                match self.merges_empty(known, event.id) {
                    Verdict::Ends(len) => return Found::End(len),
                    Verdict::GoesOn => {}
                    Verdict::NotKnown => return Found::NeedMore,
                }
            }
            self.position += 1;
        }
        Found::RanOut
    }

    /// Whether the chunk ends with the start of a task, which is at the search's position.
    fn merges_empty(&mut self, known: Known<'_>, id: i64) -> Verdict {
        let here = self.position;
        let ends_if_begun = if self.saw_command || self.saw_start {
            Verdict::Ends(here + 1)
        } else {
            Verdict::GoesOn
        };
        match known.next(here + 1) {
            Next::Unknown => return Verdict::NotKnown,
            Next::Event(body) if comes_to_nothing(body) => return Verdict::GoesOn,
            Next::Event(EventBody::TaskCompleted(_)) if known.is_ours(here + 1) => {
                return Verdict::Ends(here + 1);
            }
            Next::Event(EventBody::TaskCompleted(_)) => {}
            Next::Event(_) | Next::Nothing => {
                self.tasks.push((id, here));
                return ends_if_begun;
            }
        }
        let after = known.next(here + 2);
        if matches!(after, Next::Unknown) {
            return Verdict::NotKnown;
        }
        self.tasks.push((id, here));
        match after {
            Next::Event(EventBody::TaskScheduled) if !self.saw_command => Verdict::GoesOn,
            // The update reached the last task before the one that accepted it.
            Next::Event(EventBody::UpdateAccepted(update)) => {
                let before = |(id, _): &&(i64, usize)| *id < update.sequencing;
                let task = self.tasks.iter().rev().find(before);
                Verdict::Ends(task.map_or(here, |(_, place)| *place) + 1)
            }
            Next::Event(_) => Verdict::Ends(here + 1),
            Next::Nothing | Next::Unknown => ends_if_begun,
        }
    }
}

/// What a search came to.
enum Found {
    /// The chunk has that many events.
    End(usize),
    /// It needs to know more.
    NeedMore,
    /// All known events belong to the chunk.
    RanOut,
}

/// Whether a chunk ends with the start of a task.
enum Verdict {
    /// A chunk of that many events ends.
    Ends(usize),
    /// The task joins the next one.
    GoesOn,
    /// More must be known to tell.
    NotKnown,
}

/// Whether the event, right after the start of a task, means that the task had no effect.
fn comes_to_nothing(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::ExecutionClosed(CloseKind::Canceled)
            | EventBody::ExecutionEnded(_)
            | EventBody::TaskFailed { .. }
            | EventBody::TaskTimedOut
    )
}
