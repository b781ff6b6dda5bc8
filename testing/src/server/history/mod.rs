//! The history of one run: event ids, transactions, and the buffer of early arrivals.

pub(super) mod event_types;
pub(super) mod links;
pub(super) mod reads;

use std::collections::BTreeMap;
use std::time::SystemTime;

use outlast_proto::temporal::api::common::v1::Link;
use outlast_proto::temporal::api::enums::v1::EventType;
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::sdk::v1::{EventGroupMarker, UserMetadata};
use prost::Message;

use self::event_types::{EventAttributes, event_type};
use super::wire::timestamp;

/// An event that has no id yet.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) at: SystemTime,
    pub(super) attributes: Attributes,
    pub(super) user_metadata: Option<UserMetadata>,
    pub(super) links: Vec<Link>,
}

impl Draft {
    pub(super) fn new(at: SystemTime, attributes: impl EventAttributes) -> Self {
        let attributes = attributes.into_attributes();
        Self {
            at,
            attributes,
            user_metadata: None,
            links: Vec::new(),
        }
    }

    pub(super) fn with_metadata(mut self, user_metadata: Option<UserMetadata>) -> Self {
        self.user_metadata = user_metadata;
        self
    }

    pub(super) fn with_links(mut self, links: Vec<Link>) -> Self {
        self.links = links;
        self
    }
}

/// The events of one run.
///
/// While a workflow task is in a worker's hands, what happens outside is *buffered*: it gets its
/// event ids only when that task is over, behind the events of the task's own commands.
#[derive(Debug)]
pub(super) struct History {
    events: Vec<HistoryEvent>,
    /// Index of the first event of each transaction; pages are counted in transactions.
    batches: Vec<usize>,
    open_batch: bool,
    has_changed: bool,
    buffered: Vec<Draft>,
    size_bytes: i64,
    first_task_id: i64,
}

impl History {
    /// An empty history, of the run of this number of its workflow, from one.
    pub(super) fn new(run: u64) -> Self {
        Self {
            events: Vec::new(),
            batches: Vec::new(),
            open_batch: false,
            has_changed: false,
            buffered: Vec::new(),
            size_bytes: 0,
            first_task_id: (run << 20) as i64,
        }
    }

    /// The history of another run that begins with the first `events` events of this one.
    pub(super) fn branch(&self, run: u64, events: usize) -> Self {
        let mut branch = Self::new(run);
        branch.batches = self.batches.clone();
        branch.batches.retain(|start| *start < events);
        for event in &self.events[..events] {
            branch.size_bytes += event.encoded_len() as i64;
            branch.events.push(HistoryEvent {
                task_id: branch.first_task_id + event.event_id,
                ..event.clone()
            });
        }
        branch
    }

    /// Appends an event and returns its id.
    pub(super) fn append(&mut self, draft: Draft) -> i64 {
        self.has_changed = true;
        if !self.open_batch {
            self.batches.push(self.events.len());
            self.open_batch = true;
        }
        let event = self.numbered(draft, self.next_id());
        self.size_bytes += event.encoded_len() as i64;
        self.events.push(event);
        self.last_id()
    }

    /// Gives an event, if it has been appended, what its command had to say to people.
    pub(super) fn annotate(
        &mut self,
        event_id: i64,
        metadata: Option<UserMetadata>,
        groups: Vec<EventGroupMarker>,
    ) {
        if metadata.is_none() && groups.is_empty() {
            return;
        }
        if let Some(event) = self.events.get_mut(event_id as usize - 1) {
            self.size_bytes -= event.encoded_len() as i64;
            event.user_metadata = metadata;
            event.event_group_markers = groups;
            self.size_bytes += event.encoded_len() as i64;
        }
    }

    /// Puts an event aside until the running workflow task is over.
    pub(super) fn buffer(&mut self, draft: Draft) {
        self.has_changed = true;
        self.buffered.push(draft);
    }

    /// Appends the buffered events, and tells whether there were any.
    ///
    /// Events that end an activity or a child move behind all others: their starts precede them,
    /// and a signal that arrived later is still seen first.
    pub(super) fn flush(&mut self) -> bool {
        let buffered = std::mem::take(&mut self.buffered);
        let any = !buffered.is_empty();
        let (mut others, mut ends) = (Vec::new(), Vec::new());
        for mut draft in buffered {
            if end_of(&mut draft.attributes).is_some()
                || ended_operation(&draft.attributes).is_some()
            {
                ends.push(draft);
            } else {
                others.push(draft);
            }
        }
        let mut started = BTreeMap::new();
        for draft in others {
            let opened_by = start_of(&draft.attributes);
            let id = self.append(draft);
            if let Some(opened_by) = opened_by {
                started.insert(opened_by, id);
            }
        }
        for mut draft in ends {
            if let Some((opened_by, started_event_id)) = end_of(&mut draft.attributes)
                && let Some(id) = started.get(&opened_by)
            {
                *started_event_id = *id;
            }
            self.append(draft);
        }
        any
    }

    /// Gives back the room for further events.
    pub(super) fn shrink(&mut self) {
        self.events.shrink_to_fit();
        self.batches.shrink_to_fit();
    }

    /// Forgets the buffered firing of a timer; returns the event that started the timer.
    pub(super) fn unbuffer_timer(&mut self, timer_id: &str) -> Option<i64> {
        let at = self
            .buffered
            .iter()
            .position(|draft| fires(draft, timer_id))?;
        match self.buffered.remove(at).attributes {
            Attributes::TimerFiredEventAttributes(fired) => Some(fired.started_event_id),
            _ => None,
        }
    }

    /// Whether there were events, also buffered ones, since the last call of this method.
    pub(super) fn take_changes(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// Takes back the last event: the task it started never reached its worker.
    pub(super) fn take_back(&mut self, event_id: i64) {
        debug_assert_eq!(
            self.last_id(),
            event_id,
            "only the last event can be taken back"
        );
        if let Some(event) = self.events.pop() {
            self.size_bytes -= event.encoded_len() as i64;
        }
        if self.batches.last() == Some(&self.events.len()) {
            self.batches.pop();
        }
    }

    /// Takes back what the transaction has written so far.
    pub(super) fn undo_batch(&mut self) {
        if !self.open_batch {
            return;
        }
        let start = self.batches.pop().unwrap_or_default();
        for event in self.events.drain(start..) {
            self.size_bytes -= event.encoded_len() as i64;
        }
        self.open_batch = false;
    }

    /// Ends the transaction that is being written.
    pub(super) fn close_batch(&mut self) {
        self.open_batch = false;
    }

    pub(super) fn events(&self) -> &[HistoryEvent] {
        &self.events
    }

    /// Whether a transaction ended with this event.
    pub(super) fn ends_batch(&self, event_id: i64) -> bool {
        event_id == self.last_id() || self.batches.binary_search(&(event_id as usize)).is_ok()
    }

    pub(super) fn next_id(&self) -> i64 {
        self.events.len() as i64 + 1
    }

    pub(super) fn last_id(&self) -> i64 {
        self.events.len() as i64
    }

    pub(super) fn size_bytes(&self) -> i64 {
        self.size_bytes
    }

    /// The buffered events other than the firings of `timer_ids`.
    pub(super) fn has_buffered_besides(&self, timer_ids: &[&str]) -> bool {
        self.buffered
            .iter()
            .any(|draft| !timer_ids.iter().any(|id| fires(draft, id)))
    }

    pub(super) fn buffered_events(&self) -> usize {
        self.buffered.len()
    }

    pub(super) fn has_buffered_timer(&self, timer_id: &str) -> bool {
        self.buffered.iter().any(|draft| fires(draft, timer_id))
    }

    /// Whether the end of an activity is buffered.
    pub(super) fn has_buffered_activity_end(&self, scheduled_event_id: i64) -> bool {
        let mut buffered = self.buffered.iter();
        buffered.any(|draft| ended_activity(&draft.attributes) == Some(scheduled_event_id))
    }

    /// Forgets what was buffered: the run has closed without seeing it.
    pub(super) fn drop_buffered(&mut self) {
        self.buffered.clear();
    }

    /// Whether the end of a Nexus operation is buffered.
    pub(super) fn has_buffered_operation_end(&self, scheduled_event_id: i64) -> bool {
        let mut buffered = self.buffered.iter();
        buffered.any(|draft| ended_operation(&draft.attributes) == Some(scheduled_event_id))
    }

    /// One page of `batches` transactions from `from_id` on, and the id of the event behind it.
    pub(super) fn page(&self, from_id: i64, batches: usize) -> (&[HistoryEvent], i64) {
        let from = (from_id.max(1) - 1) as usize;
        if from >= self.events.len() {
            return (&[], from_id);
        }
        let first_batch = self.batches.partition_point(|start| *start <= from) - 1;
        let end = self
            .batches
            .get(first_batch + batches)
            .copied()
            .unwrap_or(self.events.len());
        (&self.events[from..end], end as i64 + 1)
    }

    /// One page of `batches` transactions that ends with `last_id`, and the id of the event before
    /// it: zero if there is none.
    pub(super) fn page_back(&self, last_id: i64, batches: usize) -> (&[HistoryEvent], i64) {
        let end = (last_id.max(0) as usize).min(self.events.len());
        let before = self.batches.partition_point(|start| *start < end);
        let first_batch = self.batches.get(before.saturating_sub(batches));
        let start = first_batch.map_or(0, |start| (*start).min(end));
        (&self.events[start..end], start as i64)
    }

    /// Whether a page is full. What is behind it may be nothing: that is seen by reading on.
    pub(super) fn fills_page(&self, from_id: i64, batches: usize) -> bool {
        let from = (from_id.max(1) - 1) as usize;
        let before = self.batches.partition_point(|start| *start < from);
        self.batches.len() - before >= batches
    }

    /// An event as it will look under the id `event_id`.
    pub(super) fn numbered(&self, draft: Draft, event_id: i64) -> HistoryEvent {
        let event_type = event_type(&draft.attributes);
        HistoryEvent {
            event_id,
            event_time: timestamp(draft.at),
            event_type: event_type as i32,
            worker_may_ignore: may_be_ignored(event_type),
            task_id: self.first_task_id + event_id,
            user_metadata: draft.user_metadata,
            links: draft.links,
            attributes: Some(draft.attributes),
            ..HistoryEvent::default()
        }
    }
}

fn fires(draft: &Draft, timer_id: &str) -> bool {
    matches!(&draft.attributes,
        Attributes::TimerFiredEventAttributes(fired) if fired.timer_id == timer_id)
}

/// The scheduled or initiated event of what this event starts.
fn start_of(attributes: &Attributes) -> Option<i64> {
    match attributes {
        Attributes::ActivityTaskStartedEventAttributes(a) => Some(a.scheduled_event_id),
        Attributes::ChildWorkflowExecutionStartedEventAttributes(a) => Some(a.initiated_event_id),
        _ => None,
    }
}

/// Whether a worker that does not know events of this type can do without them.
fn may_be_ignored(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::NexusOperationCancelRequestCompleted
            | EventType::NexusOperationCancelRequestFailed
            | EventType::WorkflowExecutionOptionsUpdated
    )
}

/// The scheduled event of the activity that this event ends.
fn ended_activity(attributes: &Attributes) -> Option<i64> {
    match attributes {
        Attributes::ActivityTaskCanceledEventAttributes(a) => Some(a.scheduled_event_id),
        Attributes::ActivityTaskCompletedEventAttributes(a) => Some(a.scheduled_event_id),
        Attributes::ActivityTaskFailedEventAttributes(a) => Some(a.scheduled_event_id),
        Attributes::ActivityTaskTimedOutEventAttributes(a) => Some(a.scheduled_event_id),
        _ => None,
    }
}

/// The scheduled event of the Nexus operation that this event ends.
fn ended_operation(attributes: &Attributes) -> Option<i64> {
    match attributes {
        Attributes::NexusOperationCanceledEventAttributes(a) => Some(a.scheduled_event_id),
        Attributes::NexusOperationCompletedEventAttributes(a) => Some(a.scheduled_event_id),
        Attributes::NexusOperationFailedEventAttributes(a) => Some(a.scheduled_event_id),
        Attributes::NexusOperationTimedOutEventAttributes(a) => Some(a.scheduled_event_id),
        _ => None,
    }
}

/// The scheduled or initiated event of what this event ends, and the place of its started event.
fn end_of(attributes: &mut Attributes) -> Option<(i64, &mut i64)> {
    use Attributes as A;
    Some(match attributes {
        A::ActivityTaskCompletedEventAttributes(a) => {
            (a.scheduled_event_id, &mut a.started_event_id)
        }
        A::ActivityTaskFailedEventAttributes(a) => (a.scheduled_event_id, &mut a.started_event_id),
        A::ActivityTaskTimedOutEventAttributes(a) => {
            (a.scheduled_event_id, &mut a.started_event_id)
        }
        A::ActivityTaskCanceledEventAttributes(a) => {
            (a.scheduled_event_id, &mut a.started_event_id)
        }
        A::ChildWorkflowExecutionCompletedEventAttributes(a) => {
            (a.initiated_event_id, &mut a.started_event_id)
        }
        A::ChildWorkflowExecutionFailedEventAttributes(a) => {
            (a.initiated_event_id, &mut a.started_event_id)
        }
        A::ChildWorkflowExecutionCanceledEventAttributes(a) => {
            (a.initiated_event_id, &mut a.started_event_id)
        }
        A::ChildWorkflowExecutionTimedOutEventAttributes(a) => {
            (a.initiated_event_id, &mut a.started_event_id)
        }
        A::ChildWorkflowExecutionTerminatedEventAttributes(a) => {
            (a.initiated_event_id, &mut a.started_event_id)
        }
        _ => return None,
    })
}
