//! Reading histories: pages, close events, and waiting for more.

use bytes::Bytes;
use outlast_proto::temporal::api::enums::v1::HistoryEventFilterType;
use outlast_proto::temporal::api::history::v1::History as WireHistory;
use outlast_proto::temporal::api::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryResponse,
};

use crate::server::execution::Execution;
use crate::server::queues::long_polls::{Answer, CallId, Place};
use crate::server::tokens::PageToken;
use crate::server::world::World;

/// How many transactions make a page, unless the caller wants fewer.
pub(in crate::server) const PAGE_BATCHES: usize = 256;

/// A caller that reads, or waits for, the history of a run.
#[derive(Debug)]
pub(in crate::server) struct HistoryRead {
    call: CallId,
    from_event_id: i64,
    page_size: usize,
    close_event_only: bool,
    wait: bool,
}

impl HistoryRead {
    pub(in crate::server) fn new(
        call: CallId,
        request: &GetWorkflowExecutionHistoryRequest,
        token: Option<&PageToken>,
    ) -> Self {
        Self {
            call,
            from_event_id: token.map_or(1, |token| token.next_event_id),
            page_size: match request.maximum_page_size {
                size if size > 0 => size as usize,
                _ => PAGE_BATCHES,
            },
            close_event_only: request.history_event_filter_type
                == HistoryEventFilterType::CloseEvent as i32,
            wait: request.wait_new_event,
        }
    }

    pub(in crate::server) fn is(&self, call: CallId) -> bool {
        self.call == call
    }
}

impl Execution {
    /// Answers a read at once if there is something to say, and parks it otherwise.
    pub(in crate::server) fn read_history(&mut self, read: HistoryRead, world: &mut World) {
        match self.answer_to(&read) {
            Some(answer) => world
                .calls
                .answer(read.call, Answer::History(Box::new(Ok(answer)))),
            None => {
                let place = Place::History(self.key);
                if read.close_event_only {
                    world.calls.park_for_time(read.call, place);
                } else {
                    world.calls.park(read.call, place);
                }
                self.reads.push(read);
            }
        }
    }

    /// Answers the parked reads that have something to see now.
    pub(in crate::server) fn answer_reads(&mut self, world: &mut World) {
        for read in std::mem::take(&mut self.reads) {
            self.read_history(read, world);
        }
    }

    /// Ends a parked read with an empty page; the caller asks again with its token.
    pub(in crate::server) fn expire_read(&mut self, call: CallId, world: &mut World) {
        let Some(at) = self.reads.iter().position(|read| read.call == call) else {
            return;
        };
        let read = self.reads.remove(at);
        let next_id = read.from_event_id.max(self.history.next_id());
        let token = PageToken::new(self.key.0, next_id, true).to_bytes();
        let answer = Answer::History(Box::new(Ok(page(Vec::new(), token))));
        world.calls.answer(call, answer);
    }

    fn answer_to(&self, read: &HistoryRead) -> Option<GetWorkflowExecutionHistoryResponse> {
        if read.close_event_only {
            return self.close_event(read.wait);
        }
        let (events, next_id) = self.history.page(read.from_event_id, read.page_size);
        let mut events = events.to_vec();
        let is_full = self.history.fills_page(read.from_event_id, read.page_size);
        let ends_here = next_id > self.history.last_id() && !is_full;
        if events.is_empty() && read.wait && self.is_open() {
            return None;
        }
        if ends_here && self.is_open() && !read.wait {
            events.extend(self.unwritten_task_events());
        }
        let goes_on = !ends_here || (read.wait && self.is_open());
        let token = if goes_on {
            PageToken::new(self.key.0, next_id, read.wait).to_bytes()
        } else {
            Bytes::new()
        };
        Some(page(events, token))
    }

    /// The event that closed the run. Callers that do not wait for it get nothing instead.
    fn close_event(&self, wait: bool) -> Option<GetWorkflowExecutionHistoryResponse> {
        if self.is_open() {
            return (!wait).then(|| page(Vec::new(), Bytes::new()));
        }
        let last = self.history.events().last().cloned();
        Some(page(last.into_iter().collect(), Bytes::new()))
    }
}

fn page(
    events: Vec<outlast_proto::temporal::api::history::v1::HistoryEvent>,
    next_page_token: Bytes,
) -> GetWorkflowExecutionHistoryResponse {
    GetWorkflowExecutionHistoryResponse {
        history: Some(WireHistory { events }),
        next_page_token,
        ..Default::default()
    }
}
