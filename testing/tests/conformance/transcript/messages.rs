//! Messages by their descriptors.

use std::sync::OnceLock;

use outlast_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, Value};
use tonic::Status;
use tonic::codegen::Bytes;

use super::recorder::{Answer, Call};

/// The descriptors of everything that goes over the wire.
pub(crate) fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("our own set is valid"))
}

/// A recorded call in structured form.
pub(super) struct Decoded {
    pub(super) method: String,
    pub(super) request: DynamicMessage,
    /// Absent if the caller stopped waiting.
    pub(super) answer: Option<Result<DynamicMessage, Status>>,
}

impl Decoded {
    pub(super) fn new(call: &Call) -> Self {
        let method = method(&call.path);
        let answer = call.answer.as_ref().map(|answer| match answer {
            Answer::Error(status) => Err(status.clone()),
            Answer::Response(bytes) => Ok(read(method.output(), bytes.clone())),
        });
        Self {
            method: method.name().to_owned(),
            request: read(method.input(), call.request.clone()),
            answer,
        }
    }
}

/// Decodes a message of the named type.
pub(super) fn decode(name: &str, bytes: Bytes) -> DynamicMessage {
    let descriptor = pool().get_message_by_name(name);
    read(descriptor.expect("the type is in our own set"), bytes)
}

/// Calls `look` with a message and all messages in it.
pub(super) fn visit(message: &DynamicMessage, look: &mut dyn FnMut(&DynamicMessage)) {
    look(message);
    for (_, value) in message.fields() {
        visit_value(value, look);
    }
}

fn visit_value(value: &Value, look: &mut dyn FnMut(&DynamicMessage)) {
    match value {
        Value::Message(message) => visit(message, look),
        Value::List(values) => values.iter().for_each(|value| visit_value(value, look)),
        Value::Map(values) => values.values().for_each(|value| visit_value(value, look)),
        _ => {}
    }
}

fn method(path: &str) -> MethodDescriptor {
    let mut parts = path.trim_start_matches('/').split('/');
    let service = parts
        .next()
        .and_then(|name| pool().get_service_by_name(name));
    let name = parts.next().unwrap_or_default();
    let method = service.and_then(|service| service.methods().find(|method| method.name() == name));
    method.unwrap_or_else(|| panic!("{path} is in no descriptor"))
}

fn read(descriptor: MessageDescriptor, bytes: Bytes) -> DynamicMessage {
    DynamicMessage::decode(descriptor, bytes).expect("the peer sends what its methods say")
}
