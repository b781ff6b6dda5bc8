//! Updates as messages: the request that comes in, the replies that go out.

use outlast_proto::temporal::api::protocol::v1 as protocol;
use outlast_proto::temporal::api::protocol::v1::message::SequencingId;
use outlast_proto::temporal::api::update::v1 as wire;
use prost::Message;
use thiserror::Error;

use crate::convert::{Payload, from_wire, to_wire};
use crate::failure::Failure;

/// The place of an update among those that its run accepted.
pub(crate) type UpdateIndex = usize;

/// A request to update a run.
#[derive(Clone, Debug, Default)]
pub struct UpdateRequest {
    message_id: String,
    instance: String,
    sequencing: i64,
    /// The whole request, which goes back with the reply.
    request: Box<wire::Request>,
}

/// A message that is not an update request that could be answered.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum MessageError {
    /// It has no body, or one of another type.
    #[error("message `{id}` is not an update request but `{found}`")]
    NotARequest {
        /// The message's id.
        id: String,
        /// The type that came.
        found: String,
    },
    /// The body cannot be read, or lacks its name or id.
    #[error("the update request in message `{id}` lacks its {lacks}")]
    Incomplete {
        /// The message's id.
        id: String,
        /// What is missing.
        lacks: &'static str,
    },
}

impl UpdateRequest {
    pub(super) fn new(
        message_id: String,
        instance: String,
        sequencing: i64,
        request: wire::Request,
    ) -> Self {
        Self {
            message_id,
            instance,
            sequencing,
            request: Box::new(request),
        }
    }

    /// The request of an admitted event, whose update id is in the request itself.
    pub(super) fn admitted(request: wire::Request) -> Self {
        let instance = request
            .meta
            .as_ref()
            .map(|meta| meta.update_id.clone())
            .unwrap_or_default();
        Self::new(format!("{instance}/request"), instance, 0, request)
    }

    /// The same request, to be handled after the given event.
    #[must_use]
    pub(super) fn sequenced_at(mut self, event_id: i64) -> Self {
        self.sequencing = event_id;
        self
    }

    /// The id of the update.
    #[must_use]
    pub fn update_id(&self) -> &str {
        &self.instance
    }

    /// The handler's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.request.input.as_ref().map_or("", |input| &input.name)
    }

    /// The arguments.
    #[must_use]
    pub fn input(&self) -> Vec<Payload> {
        from_wire(
            self.request
                .input
                .as_ref()
                .and_then(|input| input.args.clone()),
        )
    }

    /// The event after which the request is to be handled.
    #[must_use]
    pub fn sequencing(&self) -> i64 {
        self.sequencing
    }

    /// The message that accepts it.
    #[must_use]
    pub(super) fn accept(&self) -> UpdateReply {
        UpdateReply(self.reply(
            "accept",
            "Acceptance",
            &wire::Acceptance {
                accepted_request_message_id: self.message_id.clone(),
                accepted_request_sequencing_event_id: self.sequencing,
                accepted_request: Some((*self.request).clone()),
            },
        ))
    }

    /// The message that rejects it.
    #[must_use]
    pub(super) fn reject(&self, failure: Failure) -> UpdateReply {
        UpdateReply(self.reply(
            "reject",
            "Rejection",
            &wire::Rejection {
                rejected_request_message_id: self.message_id.clone(),
                rejected_request_sequencing_event_id: self.sequencing,
                rejected_request: Some((*self.request).clone()),
                failure: Some(failure.into()),
            },
        ))
    }

    /// The message that completes it.
    #[must_use]
    pub(super) fn complete(&self, outcome: Result<Payload, Failure>) -> UpdateReply {
        let value = match outcome {
            Ok(value) => wire::outcome::Value::Success(to_wire(vec![value]).unwrap_or_default()),
            Err(failure) => wire::outcome::Value::Failure(failure.into()),
        };
        UpdateReply(self.reply(
            "complete",
            "Response",
            &wire::Response {
                meta: self.request.meta.clone(),
                outcome: Some(wire::Outcome { value: Some(value) }),
            },
        ))
    }

    fn reply(&self, what: &str, body_type: &str, body: &impl Message) -> Box<protocol::Message> {
        Box::new(protocol::Message {
            id: format!("{}/{what}", self.message_id),
            protocol_instance_id: self.instance.clone(),
            body: Some(prost_types::Any {
                type_url: format!("type.googleapis.com/{PACKAGE}.{body_type}"),
                value: body.encode_to_vec(),
            }),
            sequencing_id: None,
        })
    }
}

impl TryFrom<protocol::Message> for UpdateRequest {
    type Error = MessageError;

    fn try_from(message: protocol::Message) -> Result<Self, MessageError> {
        let id = message.id;
        let body = message.body.unwrap_or_default();
        if !body.type_url.ends_with("/temporal.api.update.v1.Request") {
            return Err(MessageError::NotARequest {
                id,
                found: body.type_url,
            });
        }
        let incomplete = |lacks| MessageError::Incomplete {
            id: id.clone(),
            lacks,
        };
        let request =
            wire::Request::decode(&*body.value).map_err(|_| incomplete("readable body"))?;
        if request.input.is_none() {
            return Err(incomplete("input"));
        }
        let Some(meta) = &request.meta else {
            return Err(incomplete("meta"));
        };
        let sequencing = match message.sequencing_id {
            Some(SequencingId::EventId(event)) => event,
            None => 0,
            Some(SequencingId::CommandIndex(_)) => return Err(incomplete("sequencing event")),
        };
        let instance = match message.protocol_instance_id.as_str() {
            "" => meta.update_id.clone(),
            instance => instance.to_owned(),
        };
        Ok(Self::new(id, instance, sequencing, request))
    }
}

/// Where the bodies of update messages are defined.
const PACKAGE: &str = "temporal.api.update.v1";

/// An answer to an update: acceptance, rejection or outcome.
#[derive(Clone, Debug)]
pub struct UpdateReply(Box<protocol::Message>);

impl UpdateReply {
    /// The id by which a command places the reply among other commands.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }
}

impl From<UpdateReply> for protocol::Message {
    fn from(reply: UpdateReply) -> Self {
        *reply.0
    }
}
