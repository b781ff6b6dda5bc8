//! Messages about updates, and the commands that place them among the others.

use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::update::v1::{Acceptance, Response};

use crate::server::errors::{Error, Result};
use crate::server::updates::messages::UpdateMessage;
use crate::server::workflow_task::check::{Checked, Checker, Flaw};

/// How far an update has come when the next message about it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Accepted,
    Completed,
    ProvisionallyAccepted,
    ProvisionallyCompleted,
    Sent,
}

/// Refuses messages that say nothing at all.
pub(super) fn check_bodies(messages: &[WireMessage]) -> Result<()> {
    match messages.iter().all(|message| message.body.is_some()) {
        true => Ok(()),
        false => Err(Error::invalid("nil message body")),
    }
}

impl<'a> Checker<'a> {
    /// Checks the message that a command places.
    pub(super) fn check_message(&mut self, message_id: &str) -> Checked {
        if message_id.is_empty() {
            return flaw("MessageID is not set on ProtocolMessageCommand.".to_owned());
        }
        let at = self
            .messages
            .iter()
            .position(|message| message.id == message_id);
        match at {
            Some(at) => {
                let message = self.messages.remove(at);
                self.next_event_id += i64::from(writes_event(message));
                self.check_update(message)
            }
            None => flaw(format!(
                "ProtocolMessageCommand referenced absent message ID {message_id}"
            )),
        }
    }

    /// Checks the messages that no command has placed.
    pub(super) fn check_other_messages(&mut self) -> Checked {
        for message in std::mem::take(&mut self.messages) {
            self.check_update(message)?;
        }
        Ok(())
    }

    /// A message must fit the state of its update.
    fn check_update(&mut self, message: &'a WireMessage) -> Checked {
        self.check_message_size(message)?;
        let id = message.protocol_instance_id.as_str();
        let Some(parsed) = UpdateMessage::parse(message) else {
            return flaw(format!("Message type {} not supported", go_type(message)));
        };
        let Some(standing) = self.standing(id, &parsed) else {
            return flaw(format!(
                "update {id} wasn't found on the server. This is most likely a transient error \
                 which will be resolved automatically by retries"
            ));
        };
        let next = match (&parsed, standing) {
            (UpdateMessage::Accept(acceptance), Standing::Sent) => {
                check_acceptance(acceptance)?;
                Standing::ProvisionallyAccepted
            }
            (
                UpdateMessage::Complete(response),
                Standing::Accepted | Standing::ProvisionallyAccepted,
            ) => {
                check_response(response)?;
                Standing::ProvisionallyCompleted
            }
            (UpdateMessage::Reject(_), Standing::Sent) => Standing::ProvisionallyCompleted,
            (
                UpdateMessage::Accept(_) | UpdateMessage::Complete(_) | UpdateMessage::Reject(_),
                standing,
            ) => {
                return flaw(format!(
                    "invalid state transition attempted for Update {id}: received {} message \
                     while in state {standing:?}",
                    go_type(message)
                ));
            }
        };
        self.standings.insert(id, next);
        Ok(())
    }

    /// How far an update has come. One that the server has lost is known again by the request that
    /// its answer repeats.
    fn standing(&self, id: &str, message: &UpdateMessage) -> Option<Standing> {
        let updates = &self.execution.updates;
        let repeats_request = match message {
            UpdateMessage::Accept(a) => a.accepted_request.is_some(),
            UpdateMessage::Reject(a) => a.rejected_request.is_some(),
            UpdateMessage::Complete(_) => false,
        };
        if let Some(standing) = self.standings.get(id) {
            Some(*standing)
        } else if updates.is_undecided(id) {
            Some(Standing::Sent)
        } else if updates.is_accepted(id) {
            Some(Standing::Accepted)
        } else if updates.is_completed(id) {
            Some(Standing::Completed)
        } else {
            repeats_request.then_some(Standing::Sent)
        }
    }
}

fn writes_event(message: &WireMessage) -> bool {
    match UpdateMessage::parse(message) {
        Some(UpdateMessage::Accept(_) | UpdateMessage::Complete(_)) => true,
        Some(UpdateMessage::Reject(_)) | None => false,
    }
}

fn check_acceptance(acceptance: &Acceptance) -> Checked {
    let missing = if acceptance.accepted_request_message_id.is_empty() {
        "accepted_request_message_id"
    } else if acceptance.accepted_request_sequencing_event_id == 0 {
        "accepted_request_sequencing_event_id"
    } else {
        return Ok(());
    };
    flaw(format!("invalid *update.Acceptance: {missing} is not set"))
}

fn check_response(response: &Response) -> Checked {
    let missing = if response.meta.is_none() {
        "meta"
    } else if response.outcome.is_none() {
        "outcome"
    } else {
        return Ok(());
    };
    flaw(format!("invalid *update.Response: {missing} is not set"))
}

/// The type of a message's body as the real server, which is written in Go, names it.
fn go_type(message: &WireMessage) -> String {
    let url = message
        .body
        .as_ref()
        .map_or("", |body| body.type_url.as_str());
    let mut parts = url.rsplit('.');
    let (name, _version, package) = (parts.next(), parts.next(), parts.next());
    format!(
        "*{}.{}",
        package.unwrap_or_default(),
        name.unwrap_or_default()
    )
}

fn flaw(text: String) -> Checked {
    Err(Flaw::new(Cause::BadUpdateWorkflowExecutionMessage, text))
}
