//! Histories for tests, written as stories.
//!
//! ```ignore
//! let history = HistoryBuilder::new("Order")
//!     .task()
//!     .activity_scheduled("1", "charge")
//!     .activity_completed("1", Payload::new("json/plain", "42"))
//!     .task()
//!     .execution_completed();
//! run.handle_task(history.workflow_task());
//! ```

#![allow(
    dead_code,
    reason = "a vocabulary: not every word is in use at all times"
)]

mod activities;
mod tasks;
mod updates;

pub(super) use self::updates::update;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::chunk::SDK_NAME;
use super::event::{Event, EventBody, EventType, ExecutionStarted, Signaled, TaskCompleted};
use super::task::{HistoryPage, PageToken, WorkflowTask};
use crate::convert::Payload;

/// A history in the making. Events get their ids in order, and times a second apart.
#[derive(Clone, Debug)]
pub(super) struct HistoryBuilder {
    events: Vec<Event>,
    /// What the first completed task says of its author; taken by it.
    author: TaskCompleted,
    /// The last completed task's start.
    previous_started: i64,
    /// The start of a task that is not answered.
    started: i64,
    /// Scheduled events, by activity id.
    activities: BTreeMap<String, i64>,
    /// Started events, by timer id.
    timers: BTreeMap<String, i64>,
    /// Accepted events, by update id.
    updates: BTreeMap<String, i64>,
}

impl HistoryBuilder {
    /// A history of that workflow type, made by this SDK, that says only how it started.
    pub(super) fn new(workflow_type: &str) -> Self {
        Self::started(ExecutionStarted {
            workflow_id: "workflow".to_owned(),
            workflow_type: workflow_type.to_owned(),
            task_queue: "queue".to_owned(),
            attempt: 1,
            original_run: "01a20222-51e3-7a4b-a642-d1a5adf47f7f".to_owned(),
            first_run: "01a20222-51e3-7a4b-a642-d1a5adf47f7f".to_owned(),
            task_timeout: Some(Duration::from_secs(10)),
            ..ExecutionStarted::default()
        })
    }

    /// A history that starts with those attributes.
    pub(super) fn started(started: ExecutionStarted) -> Self {
        let builder = Self {
            events: Vec::new(),
            author: TaskCompleted {
                sdk_name: SDK_NAME.into(),
                ..TaskCompleted::default()
            },
            previous_started: 0,
            started: 0,
            activities: BTreeMap::new(),
            timers: BTreeMap::new(),
            updates: BTreeMap::new(),
        };
        builder.event(EventBody::ExecutionStarted(Box::new(started)))
    }

    /// Gives the run its arguments.
    pub(super) fn input(mut self, input: impl IntoIterator<Item = Payload>) -> Self {
        if let EventBody::ExecutionStarted(started) = &mut self.events[0].body {
            started.input = input.into_iter().collect();
        }
        self
    }

    /// Has the first completed task name another SDK, and these flags of Core. It may be said
    /// before or after that task.
    pub(super) fn by(mut self, sdk_name: &str, core_flags: &[u32]) -> Self {
        let first = self
            .events
            .iter_mut()
            .find_map(|event| match &mut event.body {
                EventBody::TaskCompleted(task) => Some(&mut **task),
                _ => None,
            });
        let author = first.unwrap_or(&mut self.author);
        author.sdk_name = sdk_name.into();
        author.core_flags = core_flags.to_vec();
        self
    }

    /// Has the next completed task name this SDK, which takes over from another.
    pub(super) fn taken_over(mut self) -> Self {
        self.author.sdk_name = SDK_NAME.into();
        self
    }

    /// Has the next completed task say that these flags of the SDK are in use.
    pub(super) fn lang_flags(mut self, flags: &[u32]) -> Self {
        self.author.lang_flags = flags.to_vec();
        self
    }

    pub(super) fn marker(self, name: &str) -> Self {
        self.event(EventBody::MarkerRecorded(name.into()))
    }

    pub(super) fn signaled(self, name: &str, input: impl IntoIterator<Item = Payload>) -> Self {
        self.event(EventBody::Signaled(Box::new(Signaled {
            name: name.to_owned(),
            input: input.into_iter().collect(),
        })))
    }

    pub(super) fn cancel_requested(self, reason: &str) -> Self {
        self.event(EventBody::CancelRequested {
            reason: reason.into(),
        })
    }

    /// An event of any other type, by its number on the wire.
    pub(super) fn other(self, event_type: i32) -> Self {
        self.event(EventBody::Other(EventType::from_number(event_type)))
    }

    /// Lets workers that do not know the last event's type pass over it.
    pub(super) fn ignorable(mut self) -> Self {
        if let Some(event) = self.events.last_mut() {
            event.ignorable = true;
        }
        self
    }

    /// Any event.
    pub(super) fn event(mut self, body: EventBody) -> Self {
        let id = self.next_id();
        self.events.push(Event {
            id,
            time: time_of(id),
            ignorable: false,
            body,
        });
        self
    }

    /// The id that the next event gets.
    pub(super) fn next_id(&self) -> i64 {
        self.last_id() + 1
    }

    /// The id of the last event.
    pub(super) fn last_id(&self) -> i64 {
        self.events.last().map_or(0, |event| event.id)
    }

    /// All events so far.
    pub(super) fn events(&self) -> Vec<Event> {
        self.events.clone()
    }

    /// All events so far, in one page.
    pub(super) fn page(&self) -> HistoryPage {
        self.page_since(1)
    }

    /// The last page, from that event on.
    pub(super) fn page_since(&self, first: i64) -> HistoryPage {
        let since = |event: &&Event| event.id >= first;
        HistoryPage {
            events: self.events.iter().filter(since).cloned().collect(),
            next: None,
        }
    }

    /// All events so far, in pages of that many.
    pub(super) fn pages(&self, size: usize) -> Vec<HistoryPage> {
        pages(&self.events, size)
    }

    /// The task that is open, or else a task that is only a query, with the whole history.
    pub(super) fn workflow_task(&self) -> WorkflowTask {
        self.workflow_task_since(1)
    }

    /// The same, with the history from that event on.
    pub(super) fn workflow_task_since(&self, first: i64) -> WorkflowTask {
        WorkflowTask {
            previous_started: self.previous_started,
            started: self.started,
            history: self.page_since(first),
            ..WorkflowTask::default()
        }
    }
}

/// When the event of that id is recorded.
pub(super) fn time_of(id: i64) -> SystemTime {
    let seconds = u64::try_from(id).expect("event ids are positive");
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A page that says where the next one is.
pub(super) fn page_with_more(events: Vec<Event>, token: &'static str) -> HistoryPage {
    HistoryPage {
        events,
        next: Some(PageToken(token.into())),
    }
}

/// The events in pages of that many.
pub(super) fn pages(events: &[Event], size: usize) -> Vec<HistoryPage> {
    let chunks = events.chunks(size);
    let last = chunks.len().saturating_sub(1);
    let page = |(place, events): (usize, &[Event])| HistoryPage {
        events: events.to_vec(),
        next: (place < last).then(|| PageToken(format!("page {}", place + 1).into())),
    };
    chunks.enumerate().map(page).collect()
}
