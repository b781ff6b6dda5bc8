//! Updates as a history has them, for a run that goes on from there.

use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::update::v1::{Outcome, Request};

use super::{State, Update, Updates};

impl Updates {
    /// Takes in an update that the history has, as far as it has come there.
    pub(in crate::server) fn restore(&mut self, request: Request, accepted: Option<i64>) {
        let id = request.meta.clone().unwrap_or_default().update_id;
        let state = match accepted {
            Some(event_id) => State::Accepted { event_id },
            None => State::Recorded,
        };
        match self.get_mut(&id) {
            Some(update) => update.state = state,
            None => self.list.push(Update {
                id,
                request,
                state,
                waiters: Vec::new(),
            }),
        }
    }

    /// Takes in an acceptance that the history has. That of a recorded update repeats no request.
    pub(in crate::server) fn restore_acceptance(
        &mut self,
        a: &events::WorkflowExecutionUpdateAcceptedEventAttributes,
        event_id: i64,
    ) {
        let known = self.get_mut(&a.protocol_instance_id);
        let request = known.map(|update| update.request.clone());
        let request = request.or_else(|| a.accepted_request.clone());
        self.restore(request.unwrap_or_default(), Some(event_id));
    }

    /// Takes in the outcome that the history has for an accepted update.
    pub(in crate::server) fn restore_outcome(&mut self, update_id: &str, outcome: Outcome) {
        if let Some(update) = self.get_mut(update_id) {
            update.state = State::Completed(Box::new(outcome));
        }
    }

    pub(in crate::server) fn knows(&self, update_id: &str) -> bool {
        self.list.iter().any(|update| update.id == update_id)
    }
}
