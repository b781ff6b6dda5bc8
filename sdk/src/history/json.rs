//! Histories in protobuf's JSON, by the descriptors of the wire types.

use std::collections::HashMap;
use std::sync::OnceLock;

use outlast_proto::FILE_DESCRIPTOR_SET;
use outlast_proto::temporal::api::history::v1 as wire;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind,
    MessageDescriptor, SerializeOptions,
};
use serde::de::Error as _;
use serde_json::Value;

use super::Wrong;

/// Reads a history, or a list of histories.
pub(super) fn read(text: &str) -> Result<Vec<wire::History>, Wrong> {
    let histories = match serde_json::from_str(text).map_err(Wrong::Json)? {
        Value::Array(histories) => histories,
        history => vec![history],
    };
    let read = |history| read_one(history).map_err(Wrong::Json);
    histories.into_iter().map(read).collect()
}

/// Writes a history.
pub(super) fn write(history: &wire::History) -> String {
    let mut message = DynamicMessage::new(descriptor());
    message
        .transcode_from(history)
        .expect("the descriptor is the type's own");
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::pretty(&mut text);
    message
        .serialize_with_options(&mut serializer, &SerializeOptions::new())
        .expect("every message has a form in JSON, and memory takes it");
    String::from_utf8(text).expect("JSON is UTF-8")
}

fn read_one(mut history: Value) -> Result<wire::History, serde_json::Error> {
    let descriptor = descriptor();
    Spelling::default().correct_message(&descriptor, &mut history);
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let message = DynamicMessage::deserialize_with_options(descriptor, history, &options)?;
    message.transcode_to().map_err(serde_json::Error::custom)
}

fn descriptor() -> MessageDescriptor {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    let decode = || DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("our own set is valid");
    POOL.get_or_init(decode)
        .get_message_by_name(HISTORY)
        .expect("our own set holds histories")
}

/// Corrects the old spelling of enum values: `TimerFired` is `EVENT_TYPE_TIMER_FIRED` by now.
#[derive(Default)]
struct Spelling {
    /// The names that were looked for, by enum and old spelling.
    found: HashMap<(String, String), Option<String>>,
}

impl Spelling {
    fn correct_message(&mut self, message: &MessageDescriptor, value: &mut Value) {
        // The well-known types have a form of their own.
        if message.package_name() == "google.protobuf" {
            return;
        }
        for (key, value) in value.as_object_mut().into_iter().flatten() {
            let field = message.get_field_by_json_name(key);
            if let Some(field) = field.or_else(|| message.get_field_by_name(key)) {
                self.correct_field(&field, value);
            }
        }
    }

    fn correct_field(&mut self, field: &FieldDescriptor, value: &mut Value) {
        match (field.kind(), value) {
            (Kind::Message(entry), Value::Object(map)) if field.is_map() => {
                let field = entry.map_entry_value_field();
                for value in map.values_mut() {
                    self.correct_field(&field, value);
                }
            }
            (_, Value::Array(values)) => {
                for value in values {
                    self.correct_field(field, value);
                }
            }
            (Kind::Message(message), value) => self.correct_message(&message, value),
            (Kind::Enum(names), Value::String(name)) => self.correct_name(&names, name),
            _ => {}
        }
    }

    fn correct_name(&mut self, names: &EnumDescriptor, name: &mut String) {
        if names.get_value_by_name(name).is_some() {
            return;
        }
        let key = (names.full_name().to_owned(), name.clone());
        let found = self.found.entry(key);
        if let Some(today) = found.or_insert_with(|| spelled_today(names, name)) {
            name.clone_from(today);
        }
    }
}

/// The name whose letters are those of the enum and of the old name together.
fn spelled_today(names: &EnumDescriptor, old: &str) -> Option<String> {
    let letters = |name: &str| name.replace('_', "").to_lowercase();
    let wanted = letters(names.name()) + &letters(old);
    let mut values = names.values();
    let value = values.find(|value| letters(value.name()) == wanted)?;
    Some(value.name().to_owned())
}

const HISTORY: &str = "temporal.api.history.v1.History";
