//! Updates: admitted, sent, then rejected, or accepted and completed.

mod failures;
pub(super) mod messages;
mod restored;
mod waiting;

use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::protocol::v1::{Message as WireMessage, message::SequencingId};
use outlast_proto::temporal::api::update::v1::{Acceptance, Outcome, Request, Response};
use prost::Message;
use prost_types::Any;

use self::failures::{closed_before_completion, failed, unprocessed};
use self::waiting::answer;
use crate::server::errors::{Error, Result};
use crate::server::execution::Execution;
use crate::server::history::Draft;
use crate::server::queues::long_polls::{Answer, CallId};
use crate::server::world::World;

/// The updates of one run, in the order of their admission.
#[derive(Debug, Default)]
pub(super) struct Updates {
    list: Vec<Update>,
}

#[derive(Debug)]
struct Update {
    id: String,
    request: Request,
    state: State,
    waiters: Vec<Waiter>,
}

#[derive(Clone, Debug)]
enum State {
    /// Known to the server only.
    Admitted,
    /// The worker finds its request in the history, so no message carries it.
    Recorded,
    /// Delivered with the workflow task that has this stamp.
    Sent {
        stamp: u64,
    },
    Accepted {
        event_id: i64,
    },
    Completed(Box<Outcome>),
}

#[derive(Debug)]
struct Waiter {
    call: CallId,
    stage: Stage,
}

impl Update {
    fn stage(&self) -> Stage {
        match self.state {
            State::Admitted | State::Recorded | State::Sent { .. } => Stage::Admitted,
            State::Accepted { .. } => Stage::Accepted,
            State::Completed(_) => Stage::Completed,
        }
    }

    fn is_undecided(&self) -> bool {
        matches!(
            self.state,
            State::Admitted | State::Recorded | State::Sent { .. }
        )
    }
}

impl Updates {
    pub(super) fn has_unsent(&self) -> bool {
        self.list
            .iter()
            .any(|update| matches!(update.state, State::Admitted))
    }

    /// Whether the worker may still accept or reject the update.
    pub(super) fn is_undecided(&self, update_id: &str) -> bool {
        self.list
            .iter()
            .any(|update| update.id == update_id && update.is_undecided())
    }

    pub(super) fn is_accepted(&self, update_id: &str) -> bool {
        let accepted = |update: &Update| matches!(update.state, State::Accepted { .. });
        self.list
            .iter()
            .any(|update| update.id == update_id && accepted(update))
    }

    pub(super) fn is_completed(&self, update_id: &str) -> bool {
        let completed = |update: &Update| matches!(update.state, State::Completed(_));
        self.list
            .iter()
            .any(|update| update.id == update_id && completed(update))
    }

    fn get_mut(&mut self, update_id: &str) -> Option<&mut Update> {
        self.list.iter_mut().find(|update| update.id == update_id)
    }

    /// Whether the run will soon have had as many updates as it may.
    pub(super) fn are_too_many(&self) -> bool {
        self.list.len() >= ADVISED_LIMIT
    }

    fn in_flight(&self) -> usize {
        self.list
            .iter()
            .filter(|update| !matches!(update.state, State::Completed(_)))
            .count()
    }
}

impl Execution {
    /// Admits an update, or joins the one that has the same id.
    pub(super) fn update(
        &mut self,
        call: CallId,
        request: Request,
        stage: Stage,
        world: &mut World,
    ) -> Result<()> {
        let id = request.meta.clone().unwrap_or_default().update_id;
        self.check_not_closing()?;
        if self.is_open() && self.tasks_fail() {
            return Err(Error::workflow_not_ready(
                "Unable to perform workflow execution update due to Workflow Task in failed state.",
            ));
        }
        if self.updates.get_mut(&id).is_none() {
            if !self.is_open() {
                return Err(Error::workflow_completed());
            }
            if self.updates.in_flight() >= IN_FLIGHT_LIMIT {
                return Err(Error::too_many_updates(IN_FLIGHT_LIMIT));
            }
            if self.updates.list.len() >= TOTAL_LIMIT {
                return Err(Error::too_many_updates_in_total(TOTAL_LIMIT));
            }
            let update = Update {
                id: id.clone(),
                request,
                state: State::Admitted,
                waiters: Vec::new(),
            };
            self.updates.list.push(update);
        }
        self.wait_for_update(&id, call, stage, world)
    }

    /// The messages for the task being started.
    pub(super) fn send_updates(&mut self) -> Vec<WireMessage> {
        let Some(task) = self.task.as_ref() else {
            return Vec::new();
        };
        let (stamp, event_id) = (task.stamp, task.started_event_id - 1);
        let unsent = self
            .updates
            .list
            .iter_mut()
            .filter(|update| matches!(update.state, State::Admitted));
        unsent
            .map(|update| {
                update.state = State::Sent { stamp };
                WireMessage {
                    id: format!("{}/request", update.id),
                    protocol_instance_id: update.id.clone(),
                    body: Some(Any {
                        type_url: "type.googleapis.com/temporal.api.update.v1.Request".to_owned(),
                        value: update.request.encode_to_vec(),
                    }),
                    sequencing_id: Some(SequencingId::EventId(event_id)),
                }
            })
            .collect()
    }

    /// Takes back the updates of a task that failed, to send them with the next.
    pub(super) fn unsend_updates(&mut self, stamp: u64) {
        for update in &mut self.updates.list {
            if matches!(update.state, State::Sent { stamp: sent } if sent == stamp) {
                update.state = State::Admitted;
            }
        }
    }

    pub(super) fn accept_update(&mut self, update_id: &str, acceptance: Acceptance, world: &World) {
        if self.updates.get_mut(update_id).is_none() {
            // The server had lost it; its worker has not.
            let request = acceptance.accepted_request.clone().unwrap_or_default();
            self.updates.list.push(Update {
                id: update_id.to_owned(),
                request,
                state: State::Admitted,
                waiters: Vec::new(),
            });
        }
        let Some(update) = self.updates.get_mut(update_id) else {
            return;
        };
        let attributes = events::WorkflowExecutionUpdateAcceptedEventAttributes {
            protocol_instance_id: update_id.to_owned(),
            accepted_request_message_id: format!("{update_id}/request"),
            accepted_request_sequencing_event_id: acceptance.accepted_request_sequencing_event_id,
            accepted_request: match update.state {
                State::Recorded => None,
                _ => acceptance
                    .accepted_request
                    .or_else(|| Some(update.request.clone())),
            },
        };
        let event_id = self.history.append(Draft::new(world.now, attributes));
        update.state = State::Accepted { event_id };
    }

    pub(super) fn complete_update(&mut self, update_id: &str, response: Response, world: &World) {
        let Some(update) = self.updates.get_mut(update_id) else {
            return;
        };
        let State::Accepted { event_id } = update.state else {
            return;
        };
        let outcome = response.outcome.unwrap_or_default();
        let attributes = events::WorkflowExecutionUpdateCompletedEventAttributes {
            meta: response.meta.or_else(|| update.request.meta.clone()),
            accepted_event_id: event_id,
            outcome: Some(outcome.clone()),
        };
        self.history.append(Draft::new(world.now, attributes));
        update.state = State::Completed(Box::new(outcome));
    }

    /// Rejects an update: its callers learn why, and nothing else remains of it.
    pub(super) fn reject_update(&mut self, update_id: &str, failure: Failure, world: &mut World) {
        let Some(at) = self
            .updates
            .list
            .iter()
            .position(|update| update.id == update_id)
        else {
            return;
        };
        let mut update = self.updates.list.remove(at);
        update.state = State::Completed(failed(failure));
        for waiter in std::mem::take(&mut update.waiters) {
            answer(self.update_response(&update), waiter.call, world);
        }
    }

    /// Rejects the updates that the worker got with its task but did not answer.
    pub(super) fn reject_unprocessed_updates(&mut self, stamp: u64, world: &mut World) {
        let sent =
            |update: &&Update| matches!(update.state, State::Sent { stamp: s } if s == stamp);
        let ids: Vec<String> = self
            .updates
            .list
            .iter()
            .filter(sent)
            .map(|update| update.id.clone())
            .collect();
        for id in ids {
            self.reject_update(&id, unprocessed(), world);
        }
    }

    /// Ends all updates of a closing run.
    pub(super) fn abort_updates(&mut self, world: &mut World) {
        for update in &mut self.updates.list {
            if matches!(update.state, State::Accepted { .. }) {
                update.state = State::Completed(failed(closed_before_completion()));
            }
        }
        self.forget_updates(Update::is_undecided, &Error::update_aborted(), world);
    }

    /// Ends the updates that went with a task which the server has failed. Those that are in the
    /// history stay.
    pub(super) fn abort_sent_updates(&mut self, world: &mut World) {
        let sent = |update: &Update| matches!(update.state, State::Admitted | State::Sent { .. });
        self.forget_updates(sent, &Error::update_task_failed(), world);
    }

    fn forget_updates(&mut self, ends: impl Fn(&Update) -> bool, error: &Error, world: &mut World) {
        let all = std::mem::take(&mut self.updates.list);
        let (ended, rest): (Vec<Update>, Vec<Update>) = all.into_iter().partition(ends);
        self.updates.list = rest;
        for waiter in ended.into_iter().flat_map(|update| update.waiters) {
            let answer = Answer::Update(Box::new(Err(error.clone())));
            world.calls.answer(waiter.call, answer);
        }
    }
}

/// How many updates of one run may be under way at a time.
const IN_FLIGHT_LIMIT: usize = 10;
/// How many updates a run may have had, apart from rejected ones.
const TOTAL_LIMIT: usize = 2000;
/// From how many on a run is advised to continue as new.
const ADVISED_LIMIT: usize = TOTAL_LIMIT / 10 * 9;
