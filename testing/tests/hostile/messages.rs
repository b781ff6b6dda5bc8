//! Messages that are made up from their descriptors.

use prost::Message;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, OneofDescriptor, Value,
};

use crate::loot::{Loot, descriptors};
use crate::support::dice::Dice;
use crate::values;

/// Makes up the messages of one call.
pub(crate) struct Maker<'a> {
    pub(crate) method: &'a str,
    pub(crate) dice: &'a mut Dice,
    pub(crate) loot: &'a mut Loot,
}

impl Maker<'_> {
    pub(crate) fn message(
        &mut self,
        descriptor: &MessageDescriptor,
        depth: usize,
    ) -> DynamicMessage {
        match descriptor.full_name() {
            "google.protobuf.Any" => return self.any(descriptor, depth),
            "google.protobuf.Duration" => {
                let (seconds, nanos) = values::duration(self.dice, self.method);
                return moment(descriptor, seconds, nanos);
            }
            "google.protobuf.Timestamp" => {
                let (seconds, nanos) = values::timestamp(self.dice);
                return moment(descriptor, seconds, nanos);
            }
            _ => {}
        }
        let mut message = DynamicMessage::new(descriptor.clone());
        if depth > DEEPEST {
            return message;
        }
        let fields = descriptor.fields();
        for field in fields.filter(|field| field.containing_oneof().is_none()) {
            if self.dice.percent(values::chance(&field, depth)) {
                let value = self.field(&field, depth);
                message.set_field(&field, value);
            }
        }
        for oneof in descriptor.oneofs() {
            if depth < 5 && !self.dice.is_absurd() {
                self.set_oneof(&mut message, &oneof, depth);
            }
        }
        message
    }

    /// Sets a choice; a command mostly says what its attributes are for.
    fn set_oneof(&mut self, message: &mut DynamicMessage, oneof: &OneofDescriptor, depth: usize) {
        let choices: Vec<FieldDescriptor> = oneof.fields().collect();
        let likely = choices
            .iter()
            .filter(|choice| values::is_likely(choice.name()));
        let likely: Vec<FieldDescriptor> = likely.cloned().collect();
        let field = match likely.is_empty() || self.dice.percent(30) {
            true => self.dice.pick(&choices).clone(),
            false => self.dice.pick(&likely).clone(),
        };
        let value = self.field(&field, depth);
        message.set_field(&field, value);
        if let Some(type_name) = field.name().strip_suffix("_command_attributes")
            && !self.dice.is_absurd()
        {
            let name = format!("COMMAND_TYPE_{}", type_name.to_ascii_uppercase());
            let types = descriptors().get_enum_by_name("temporal.api.enums.v1.CommandType");
            let number = types.and_then(|types| types.get_value_by_name(&name));
            let number = number.expect("attributes are named by their type").number();
            message.set_field_by_name("command_type", Value::EnumNumber(number));
        }
    }

    fn field(&mut self, field: &FieldDescriptor, depth: usize) -> Value {
        if field.is_map() {
            let kind = field.kind();
            let entry = kind.as_message().expect("maps are lists of messages");
            let value = entry.map_entry_value_field();
            let entries = (0..self.dice.below(3)).map(|_| {
                let key = MapKey::String(values::name(self.dice));
                (key, self.value(&value, depth + 1))
            });
            return Value::Map(entries.collect());
        }
        if field.name() == "operations" {
            return self.operations(field);
        }
        if field.is_list() {
            let length = self.dice.below(if depth > 4 { 2 } else { 4 });
            return Value::List((0..length).map(|_| self.value(field, depth)).collect());
        }
        self.value(field, depth)
    }

    /// A start and an update, as one call takes them.
    fn operations(&mut self, field: &FieldDescriptor) -> Value {
        let kind = field.kind();
        let operation = kind.as_message().expect("operations are messages");
        let of_number = |number| {
            let mut message = DynamicMessage::new(operation.clone());
            let choice = operation.get_field(number).expect("there are two");
            let value = self.value(&choice, 1);
            message.set_field(&choice, value);
            Value::Message(message)
        };
        Value::List([1, 2].map(of_number).into())
    }

    fn value(&mut self, field: &FieldDescriptor, depth: usize) -> Value {
        let number = |dice: &mut Dice| values::number(dice, field.name());
        match field.kind() {
            Kind::Bool => Value::Bool(self.dice.percent(50)),
            Kind::Bytes => Value::Bytes(values::bytes(self, field.name())),
            Kind::Double => Value::F64(values::fraction(self.dice)),
            Kind::Enum(kind) => {
                let known: Vec<i32> = kind.values().map(|value| value.number()).collect();
                Value::EnumNumber(values::variant(self.dice, &known))
            }
            Kind::Float => Value::F32(values::fraction(self.dice) as f32),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number(self.dice) as i32),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number(self.dice)),
            Kind::Message(descriptor) => Value::Message(self.message(&descriptor, depth + 1)),
            Kind::String => Value::String(values::text(self, field)),
            Kind::Uint32 | Kind::Fixed32 => Value::U32(number(self.dice) as u32),
            Kind::Uint64 | Kind::Fixed64 => Value::U64(number(self.dice) as u64),
        }
    }

    /// A message of updates, or junk, in an envelope that may name another type.
    fn any(&mut self, descriptor: &MessageDescriptor, depth: usize) -> DynamicMessage {
        let name = *self.dice.pick(values::ENVELOPES);
        let body = descriptors().get_message_by_name(name);
        let body = body.map(|body| self.message(&body, depth + 1).encode_to_vec());
        let mut any = DynamicMessage::new(descriptor.clone());
        let url = Value::String(format!("type.googleapis.com/{name}"));
        any.set_field_by_name("type_url", url);
        let body = body.filter(|_| !self.dice.is_absurd());
        let body = body.unwrap_or_else(|| vec![0xff, 0, 7]).into();
        any.set_field_by_name("value", Value::Bytes(body));
        any
    }
}

fn moment(descriptor: &MessageDescriptor, seconds: i64, nanos: i32) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    message.set_field_by_name("seconds", Value::I64(seconds));
    message.set_field_by_name("nanos", Value::I32(nanos));
    message
}

/// How deep messages are nested at the most.
const DEEPEST: usize = 9;
