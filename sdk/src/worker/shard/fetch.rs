//! [`Fetch`]: history that comes page by page.

use crate::engine::{Event, HistoryPage, PageToken, WorkflowTask};

/// What is known of a history of which further pages may come.
#[derive(Debug)]
pub(super) struct Fetch {
    /// The last event that the run knew before.
    known: i64,
    /// The last event that came.
    last: i64,
    /// The task began with this event, so the history is complete only with it.
    started: i64,
    /// Set while the history is read from its start: what the task itself brought, which may
    /// hold events that the server never writes down.
    from_task: Option<HistoryPage>,
}

/// What to do about a page.
#[derive(Debug)]
pub(super) enum Fetched {
    /// Hand it to the run.
    Page(HistoryPage),
    /// Nothing was in it, so get the next.
    Next(PageToken),
    /// The history ends before the event that began the task, or is empty.
    TooShort,
}

impl Fetch {
    /// Pages that may follow those of the task, for a run that knows the history up to `known`.
    pub(super) fn following(task: &WorkflowTask, known: i64) -> Self {
        Self {
            known,
            last: task
                .history
                .events
                .last()
                .map_or(known, |event| event.id.max(known)),
            started: task.started,
            from_task: None,
        }
    }

    /// All pages from the start, with those of the task behind them.
    pub(super) fn from_start(task: &mut WorkflowTask) -> Self {
        Self {
            known: 0,
            last: 0,
            started: task.started,
            from_task: Some(std::mem::take(&mut task.history)),
        }
    }

    pub(super) fn handle_page(&mut self, mut page: HistoryPage) -> Fetched {
        self.take_new(&mut page.events);
        if page.next.is_none()
            && let Some(own) = self.from_task.take()
        {
            let mut events = own.events;
            self.take_new(&mut events);
            page.events.append(&mut events);
            if self.last < self.started {
                page.next = own.next;
            }
        }
        match page.next {
            None if self.last < self.started.max(1) => Fetched::TooShort,
            Some(next) if page.events.is_empty() => Fetched::Next(next),
            _ => Fetched::Page(page),
        }
    }

    /// Whether there is anything that the run did not know.
    pub(super) fn has_news(&self) -> bool {
        self.last > self.known
    }

    /// Drops what came before.
    fn take_new(&mut self, events: &mut Vec<Event>) {
        events.retain(|event| event.id > self.last);
        self.last = events.last().map_or(self.last, |event| event.id);
    }
}
