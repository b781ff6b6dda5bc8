//! Messages about updates, and the commands that place them.

use std::collections::BTreeSet;

use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;

use super::{Checked, Checker, Flaw};
use crate::server::updates::messages::UpdateMessage;

impl Checker<'_> {
    pub(super) fn check_message(&self, message_id: &str) -> Checked {
        if self.messages.iter().any(|message| message.id == message_id) {
            return Ok(());
        }
        Err(Flaw::new(
            Cause::BadUpdateWorkflowExecutionMessage,
            format!("ProtocolMessageCommand referenced absent message ID {message_id}"),
        ))
    }

    /// Each message must fit the state of its update, counting the messages before it.
    pub(super) fn check_messages(&self) -> Checked {
        let mut accepted = BTreeSet::new();
        let mut rejected = BTreeSet::new();
        for message in self.messages {
            self.check_message_size(message)?;
            let id = message.protocol_instance_id.as_str();
            let flaw = |text: &str| {
                Err(Flaw::new(
                    Cause::BadUpdateWorkflowExecutionMessage,
                    format!("update {id:?}: {text}"),
                ))
            };
            let undecided = self.execution.updates.is_undecided(id)
                && !accepted.contains(id)
                && !rejected.contains(id);
            match UpdateMessage::parse(message) {
                Some(UpdateMessage::Accept(a)) if a.accepted_request_sequencing_event_id == 0 => {
                    return Err(Flaw::new(
                        Cause::BadUpdateWorkflowExecutionMessage,
                        "invalid *update.Acceptance: accepted_request_sequencing_event_id is not \
                         set",
                    ));
                }
                Some(UpdateMessage::Accept(_)) if undecided => {
                    accepted.insert(id);
                }
                Some(UpdateMessage::Reject(_)) if undecided => {
                    rejected.insert(id);
                }
                Some(UpdateMessage::Complete(_))
                    if self.execution.updates.is_accepted(id) || accepted.contains(id) => {}
                Some(_) => return flaw("the message does not fit the update's state"),
                None => return flaw("the message cannot be understood"),
            }
        }
        Ok(())
    }
}
