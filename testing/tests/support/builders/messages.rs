//! Messages about updates, as workers answer them.

use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::protocol::v1::message::SequencingId;
use outlast_proto::temporal::api::update::v1 as update;
use prost::Message;
use prost_types::Any;

use super::{application_failure, payloads};

fn reply(request: &WireMessage, what: &str, name: &str, body: &impl Message) -> WireMessage {
    WireMessage {
        id: format!("{}/{what}", request.id),
        protocol_instance_id: request.protocol_instance_id.clone(),
        body: Some(Any {
            type_url: format!("type.googleapis.com/temporal.api.update.v1.{name}"),
            value: body.encode_to_vec(),
        }),
        sequencing_id: None,
    }
}

fn request_of(message: &WireMessage) -> Option<update::Request> {
    update::Request::decode(message.body.as_ref()?.value.as_slice()).ok()
}

fn event_id(message: &WireMessage) -> i64 {
    match message.sequencing_id {
        Some(SequencingId::EventId(id)) => id,
        _ => 0,
    }
}

pub(crate) fn accept(request: &WireMessage) -> WireMessage {
    let body = update::Acceptance {
        accepted_request_message_id: request.id.clone(),
        accepted_request_sequencing_event_id: event_id(request),
        accepted_request: request_of(request),
    };
    reply(request, "accept", "Acceptance", &body)
}

pub(crate) fn reject(request: &WireMessage) -> WireMessage {
    let body = update::Rejection {
        rejected_request_message_id: request.id.clone(),
        rejected_request_sequencing_event_id: event_id(request),
        rejected_request: request_of(request),
        failure: Some(application_failure("no")),
    };
    reply(request, "reject", "Rejection", &body)
}

pub(crate) fn complete_update(request: &WireMessage, result: &str) -> WireMessage {
    let outcome = update::outcome::Value::Success(payloads(result).unwrap());
    let body = update::Response {
        meta: request_of(request).and_then(|request| request.meta),
        outcome: Some(update::Outcome {
            value: Some(outcome),
        }),
    };
    reply(request, "complete", "Response", &body)
}

pub(crate) fn fail_update(request: &WireMessage, message: &str) -> WireMessage {
    let outcome = update::outcome::Value::Failure(application_failure(message));
    let body = update::Response {
        meta: request_of(request).and_then(|request| request.meta),
        outcome: Some(update::Outcome {
            value: Some(outcome),
        }),
    };
    reply(request, "complete", "Response", &body)
}
