//! What workers answer to updates, out of the messages of a completed task.

use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::update::v1::{Acceptance, Rejection, Response};
use prost::Message;

/// What a worker has to say about an update.
#[derive(Debug)]
pub(in crate::server) enum UpdateMessage {
    Accept(Acceptance),
    Complete(Response),
    Reject(Rejection),
}

impl UpdateMessage {
    pub(in crate::server) fn parse(message: &WireMessage) -> Option<Self> {
        let body = message.body.as_ref()?;
        let name = body.type_url.rsplit('.').next()?;
        let bytes = body.value.as_slice();
        match name {
            "Acceptance" => Acceptance::decode(bytes).ok().map(Self::Accept),
            "Response" => Response::decode(bytes).ok().map(Self::Complete),
            "Rejection" => Rejection::decode(bytes).ok().map(Self::Reject),
            _ => None,
        }
    }
}
