//! Completion callbacks: the end of a workflow as the end of the operation it was started for.

use outlast_proto::temporal::api::common::v1::callback::Variant;
use outlast_proto::temporal::api::common::v1::{Link, Payload};
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use prost::Message;

use super::failures;
use crate::server::Engine;
use crate::server::execution::{Execution, RunKey};
use crate::server::relations::deliveries::Delivery;
use crate::server::world::World;

/// How an operation ended that a workflow stood for.
#[derive(Clone, Debug)]
pub(in crate::server) enum OperationEnd {
    Canceled(Failure),
    Completed(Option<Payload>),
    Failed(Failure),
}

/// Names the operation that a callback is about.
#[derive(Clone, PartialEq, Message)]
pub(super) struct CallbackToken {
    #[prost(fixed32, tag = "1")]
    mark: u32,
    #[prost(uint64, tag = "2")]
    run: u64,
    #[prost(int64, tag = "3")]
    scheduled_event_id: i64,
    /// An operation that is scheduled anew has another.
    #[prost(string, tag = "4")]
    request_id: String,
}

impl CallbackToken {
    pub(super) fn new(run: u64, scheduled_event_id: i64, request_id: &str) -> Self {
        Self {
            mark: MARK,
            run,
            scheduled_event_id,
            request_id: request_id.to_owned(),
        }
    }

    pub(super) fn to_text(&self) -> String {
        let bytes = self.encode_to_vec();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let pairs = (0..text.len()).step_by(2);
        let bytes: Option<Vec<u8>> = pairs
            .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
            .collect();
        let token = Self::decode(bytes?.as_slice()).ok()?;
        (token.mark == MARK).then_some(token)
    }
}

impl Execution {
    /// Sends the callbacks of a run whose chain ends with this event.
    pub(in crate::server) fn send_callbacks(&self, closed: &Attributes, world: &mut World) {
        let end = end_of(closed);
        for at in 0..self.callbacks.len() {
            world.deliveries.push_back(Delivery::Callback {
                from: self.key,
                at,
                end: Box::new(end.clone()),
            });
        }
    }
}

impl Engine {
    /// Delivers one callback of a closed run.
    pub(in crate::server) fn deliver_callback(
        &mut self,
        from: RunKey,
        at: usize,
        end: OperationEnd,
    ) {
        let Some(handler) = self.runs.get(&from) else {
            return;
        };
        let link = handler.link_to_start();
        let target = handler
            .callbacks
            .get(at)
            .and_then(|callback| match callback.callback.variant.as_ref()? {
                Variant::Nexus(nexus) => {
                    let header = nexus.header.iter();
                    let mut tokens =
                        header.filter(|(key, _)| key.eq_ignore_ascii_case(TOKEN_HEADER));
                    CallbackToken::parse(tokens.next()?.1)
                }
                Variant::Internal(_) | Variant::NexusHandler(_) => None,
            })
            .and_then(|token| Some((self.caller(&token)?, token.scheduled_event_id)));
        if let Some((caller, event_id)) = target {
            self.transact(caller, |run, world| {
                run.operation_ended(event_id, end, link, world);
            });
        }
        let found = target.is_some();
        self.transact(from, |run, world| run.callback_sent(at, found, world));
    }

    /// The run that waits for an operation: the one that asked for it, or one that this was reset
    /// to.
    fn caller(&self, token: &CallbackToken) -> Option<RunKey> {
        let asked = RunKey(token.run);
        let latest = self.latest_reset(&self.runs.get(&asked)?.run_id);
        [Some(asked), latest].into_iter().flatten().find(|key| {
            let run = &self.runs[key];
            run.is_open() && run.has_operation(token.scheduled_event_id, &token.request_id)
        })
    }
}

impl Execution {
    /// Takes in that the workflow behind an operation has closed.
    fn operation_ended(&mut self, event_id: i64, end: OperationEnd, link: Link, world: &mut World) {
        let operation = self.operations.get(&event_id);
        if operation.is_some_and(|operation| !operation.is_started) {
            // The handler has started a workflow, but has not come to say so.
            self.operation_started(event_id, String::new(), vec![link], world);
        }
        match end {
            OperationEnd::Completed(result) => {
                self.complete_operation(event_id, result, Vec::new(), world);
            }
            OperationEnd::Canceled(failure) => {
                self.cancel_operation(event_id, failure, Vec::new(), world);
            }
            OperationEnd::Failed(failure) => {
                self.fail_operation(event_id, failure, Vec::new(), world);
            }
        }
    }
}

fn end_of(closed: &Attributes) -> OperationEnd {
    match closed {
        Attributes::WorkflowExecutionCompletedEventAttributes(a) => {
            let results = a.result.clone().unwrap_or_default().payloads;
            OperationEnd::Completed(Some(results.into_iter().next().unwrap_or_default()))
        }
        Attributes::WorkflowExecutionFailedEventAttributes(a) => {
            OperationEnd::Failed(a.failure.clone().unwrap_or_default())
        }
        Attributes::WorkflowExecutionCanceledEventAttributes(_) => {
            OperationEnd::Canceled(failures::canceled())
        }
        Attributes::WorkflowExecutionTimedOutEventAttributes(_) => {
            OperationEnd::Failed(failures::internal_timeout())
        }
        _ => OperationEnd::Failed(failures::terminated()),
    }
}

/// Where callbacks go that end an operation on this server.
pub(super) const CALLBACK_URL: &str = "temporal://system";
pub(super) const TOKEN_HEADER: &str = "temporal-callback-token";
/// Tells our tokens from junk.
const MARK: u32 = 0x6361_6c6c;
