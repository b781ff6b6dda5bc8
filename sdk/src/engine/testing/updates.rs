//! Updates, and the requests for them.

use outlast_proto::temporal::api::update::v1 as wire;

use super::HistoryBuilder;
use crate::convert::{Payload, to_wire};
use crate::engine::event::{EventBody, UpdateAccepted};
use crate::engine::message::UpdateRequest;

impl HistoryBuilder {
    /// The last completed task accepts an update that came with it.
    pub(in crate::engine) fn update_accepted(
        mut self,
        id: &str,
        name: &str,
        args: impl IntoIterator<Item = Payload>,
    ) -> Self {
        self.updates.insert(id.to_owned(), self.next_id());
        let sequencing = self.previous_started - 1;
        let message_id = format!("{id}/request");
        let request = update_request(id, name, args);
        self.event(EventBody::UpdateAccepted(Box::new(UpdateAccepted {
            instance: id.to_owned(),
            message_id: message_id.clone(),
            sequencing,
            request: Some(UpdateRequest::new(
                message_id,
                id.to_owned(),
                sequencing,
                request,
            )),
        })))
    }

    /// An update comes over from a run that was reset.
    pub(in crate::engine) fn update_admitted(
        self,
        id: &str,
        name: &str,
        args: impl IntoIterator<Item = Payload>,
    ) -> Self {
        let request = UpdateRequest::admitted(update_request(id, name, args));
        self.event(EventBody::UpdateAdmitted(Box::new(request)))
    }

    /// The last completed task accepts an update that an admitted event holds.
    pub(in crate::engine) fn update_accepted_without_request(
        mut self,
        id: &str,
        sequencing: i64,
    ) -> Self {
        self.updates.insert(id.to_owned(), self.next_id());
        self.event(EventBody::UpdateAccepted(Box::new(UpdateAccepted {
            instance: id.to_owned(),
            message_id: format!("{id}/request"),
            sequencing,
            request: None,
        })))
    }

    pub(in crate::engine) fn update_completed(self, id: &str) -> Self {
        let accepted = self.updates[id];
        self.event(EventBody::UpdateCompleted { accepted })
    }
}

/// A request to update, as it comes with a task.
pub(in crate::engine) fn update(
    id: &str,
    name: &str,
    args: impl IntoIterator<Item = Payload>,
    sequencing: i64,
) -> UpdateRequest {
    let message_id = format!("{id}/request");
    UpdateRequest::new(
        message_id,
        id.to_owned(),
        sequencing,
        update_request(id, name, args),
    )
}

fn update_request(id: &str, name: &str, args: impl IntoIterator<Item = Payload>) -> wire::Request {
    wire::Request {
        meta: Some(wire::Meta {
            update_id: id.to_owned(),
            identity: "client".to_owned(),
        }),
        input: Some(wire::Input {
            name: name.to_owned(),
            args: to_wire(args.into_iter().collect()),
            ..wire::Input::default()
        }),
        ..wire::Request::default()
    }
}
