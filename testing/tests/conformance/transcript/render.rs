//! Messages of any type as lines of text that both servers should agree on.

use prost_reflect::{DynamicMessage, FieldDescriptor, MapKey, ReflectMessage, Value};

use super::names::Names;
use super::{differences, pool};

/// Lines so far, and the names that ids got.
pub(super) struct Renderer {
    names: Names,
    lines: Vec<String>,
}

impl Renderer {
    pub(super) fn new(names: Names) -> Self {
        Self {
            names,
            lines: Vec::new(),
        }
    }

    /// Adds a line, in which ids are replaced as in a field of that name.
    pub(super) fn line(&mut self, depth: usize, field: &str, text: &str) {
        let text = self.names.replace(field, &shortened(text));
        self.lines.push(format!("{:1$}{text}", "", depth * 4));
    }

    /// Adds the fields of a message that are set.
    pub(super) fn message(&mut self, depth: usize, message: &DynamicMessage) {
        let descriptor = message.descriptor();
        for field in descriptor.fields() {
            let hidden = differences::hides(descriptor.name(), field.name());
            if message.has_field(&field) && !hidden {
                let value = message.get_field(&field);
                self.field(depth, descriptor.name(), &field, &value);
            }
        }
    }

    pub(super) fn into_text(self) -> String {
        self.lines.join("\n") + "\n"
    }

    fn field(&mut self, depth: usize, message: &str, field: &FieldDescriptor, value: &Value) {
        match value {
            Value::List(values) => {
                let mut values: Vec<_> = values.iter().collect();
                // A real server describes them in an order that changes from call to call.
                if field.name() == "pending_activities" {
                    values.sort_by_key(|activity| activity_id(activity));
                }
                for value in values {
                    self.value(depth, field, field.name(), value);
                }
            }
            Value::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|(key, _)| key_text(key));
                let kind = field.kind();
                let entry = kind.as_message().expect("a map is made of entries");
                let of_value = entry.map_entry_value_field();
                for (key, value) in entries {
                    let name = format!("{}[{}]", field.name(), key_text(key));
                    if !differences::hides(message, &name) {
                        self.value(depth, &of_value, &name, value);
                    }
                }
            }
            value => self.value(depth, field, field.name(), value),
        }
    }

    fn value(&mut self, depth: usize, field: &FieldDescriptor, name: &str, value: &Value) {
        let text = match value {
            Value::Message(_) if MEASURED.contains(&name) => "<measured>".to_owned(),
            Value::Message(message) => match well_known(message) {
                Some(text) => text,
                None => {
                    self.line(depth, name, &format!("{name}:"));
                    return self.message_or_any(depth + 1, message);
                }
            },
            Value::String(_) if name.to_ascii_lowercase().ends_with("-timeout]") => {
                "<measured>".to_owned()
            }
            Value::String(_) if name.ends_with("-token]") => "<token>".to_owned(),
            Value::String(text) if name == "identity" && is_process(text) => {
                "<the server>".to_owned()
            }
            Value::String(text) => text.clone(),
            Value::Bytes(_) if name.ends_with("_token") => "<token>".to_owned(),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => format!("<{} bytes>", bytes.len()),
            },
            Value::EnumNumber(number) => {
                let kind = field.kind();
                let value = kind.as_enum().and_then(|kind| kind.get_value(*number));
                value.map_or_else(|| number.to_string(), |value| value.name().to_owned())
            }
            Value::Bool(value) => value.to_string(),
            Value::I32(value) => value.to_string(),
            Value::I64(value) => value.to_string(),
            Value::U32(value) => value.to_string(),
            Value::U64(value) => value.to_string(),
            Value::F32(value) => value.to_string(),
            Value::F64(value) => value.to_string(),
            Value::List(_) | Value::Map(_) => unreachable!("neither nests directly"),
        };
        self.line(depth, name, &format!("{name}: {text}"));
    }

    fn message_or_any(&mut self, depth: usize, message: &DynamicMessage) {
        match inside_any(message) {
            Some(inside) => {
                self.line(depth, "", &format!("({})", inside.descriptor().name()));
                self.message(depth, &inside);
            }
            None => self.message(depth, message),
        }
    }
}

/// Times are there or not. Durations that somebody chose are compared; those that the server
/// measured are known by their odd nanoseconds.
fn well_known(message: &DynamicMessage) -> Option<String> {
    let number = |name| {
        message
            .get_field_by_name(name)
            .map(|value| value.into_owned())
    };
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => Some("<time>".to_owned()),
        "google.protobuf.Duration" => {
            let seconds = number("seconds")?.as_i64()?;
            let nanos = number("nanos")?.as_i32()?;
            Some(match nanos % 1_000_000 {
                0 => format!("{seconds}.{:03} s", nanos / 1_000_000),
                _ => "<measured>".to_owned(),
            })
        }
        _ => None,
    }
}

/// Whether this is how a server's own worker calls itself: `PID@HOST@`.
fn is_process(identity: &str) -> bool {
    let mut parts = identity.split('@');
    let pid = parts.next().unwrap_or_default();
    let is_number = !pid.is_empty() && pid.bytes().all(|digit| digit.is_ascii_digit());
    is_number && parts.nth(1) == Some("") && parts.next().is_none()
}

/// A text as people can read it: of a long one, its ends and how long it is.
fn shortened(text: &str) -> String {
    if text.len() <= LONG {
        return text.to_owned();
    }
    let start = &text[..text.floor_char_boundary(LONG / 4)];
    let end = &text[text.floor_char_boundary(text.len() - LONG / 4)..];
    format!("{start}… {} bytes …{end}", text.len())
}

/// From how many bytes on a text is cut.
const LONG: usize = 800;

fn inside_any(message: &DynamicMessage) -> Option<DynamicMessage> {
    if message.descriptor().full_name() != "google.protobuf.Any" {
        return None;
    }
    let url = message.get_field_by_name("type_url")?;
    let value = message.get_field_by_name("value")?;
    let descriptor = pool().get_message_by_name(url.as_str()?.rsplit('/').next()?)?;
    DynamicMessage::decode(descriptor, value.as_bytes()?.clone()).ok()
}

fn activity_id(activity: &Value) -> Option<String> {
    let id = activity.as_message()?.get_field_by_name("activity_id")?;
    id.as_str().map(str::to_owned)
}

/// Durations that are between two looks at the clock.
const MEASURED: [&str; 2] = ["current_retry_interval", "execution_duration"];

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
    }
}
