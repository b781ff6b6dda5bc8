//! What earlier answers gave away, for use in later calls.

use outlast_proto::FILE_DESCRIPTOR_SET;
use prost_reflect::{DescriptorPool, DynamicMessage, Value};
use std::sync::OnceLock;
use tonic::codegen::Bytes;

use crate::support::dice::Dice;

/// The descriptors of everything that goes over the wire.
pub(crate) fn descriptors() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("our own set is valid"))
}

/// Ids and tokens that a server has given out.
#[derive(Debug, Default)]
pub(crate) struct Loot {
    run_ids: Vec<String>,
    update_ids: Vec<String>,
    /// With the calls that gave them out.
    tokens: Vec<(String, Bytes)>,
}

impl Loot {
    /// Keeps what a response of a method has in it.
    pub(crate) fn gather(&mut self, method: &str, message: &DynamicMessage) {
        for (field, value) in message.fields() {
            match (field.name(), value) {
                ("run_id", Value::String(id)) => self.run_ids.push(id.clone()),
                ("protocol_instance_id" | "update_id", Value::String(id)) => {
                    self.update_ids.push(id.clone());
                }
                (name, Value::Bytes(token)) if name.ends_with("token") => {
                    self.tokens.push((method.to_owned(), token.clone()));
                }
                (_, value) => self.gather_value(method, value),
            }
        }
        keep_latest(&mut self.run_ids);
        keep_latest(&mut self.update_ids);
        keep_latest(&mut self.tokens);
    }

    fn gather_value(&mut self, method: &str, value: &Value) {
        match value {
            Value::Message(message) => self.gather(method, message),
            Value::List(values) => values.iter().for_each(|v| self.gather_value(method, v)),
            Value::Map(values) => values.values().for_each(|v| self.gather_value(method, v)),
            _ => {}
        }
    }

    pub(crate) fn run_id(&self, dice: &mut Dice) -> String {
        recent(&self.run_ids, dice).cloned().unwrap_or_default()
    }

    pub(crate) fn update_id(&self, dice: &mut Dice) -> String {
        recent(&self.update_ids, dice).cloned().unwrap_or_default()
    }

    /// A call that answers a task which has not been answered yet, if there is one.
    pub(crate) fn answering(&self, dice: &mut Dice) -> Option<&'static str> {
        let givers = self.tokens.iter().rev().map(|(giver, _)| giver.as_str());
        let answers = givers.filter_map(answers_to).next()?;
        Some(*dice.pick(answers))
    }

    /// A token for a call, most often one that an earlier call gave out for it.
    pub(crate) fn token(&mut self, method: &str, dice: &mut Dice) -> Bytes {
        let fits = |(giver, _): &(String, Bytes)| takes(method, giver);
        let fitting = self.tokens.iter().rposition(fits);
        match fitting.filter(|_| dice.percent(85)) {
            // What is answered once is mostly not answered again.
            Some(at) if dice.percent(80) => self.tokens.remove(at).1,
            Some(at) => self.tokens[at].1.clone(),
            None => {
                let any = recent(&self.tokens, dice);
                any.map_or_else(Bytes::new, |(_, token)| token.clone())
            }
        }
    }
}

/// The calls that take the tokens of another.
fn answers_to(giver: &str) -> Option<&'static [&'static str]> {
    match giver {
        "PollActivityTaskQueue" => Some(&[
            "RespondActivityTaskCompleted",
            "RespondActivityTaskFailed",
            "RespondActivityTaskCanceled",
            "RecordActivityTaskHeartbeat",
        ]),
        "PollNexusTaskQueue" => Some(&["RespondNexusTaskCompleted", "RespondNexusTaskFailed"]),
        "PollWorkflowTaskQueue" => Some(&[
            "RespondWorkflowTaskCompleted",
            "RespondWorkflowTaskCompleted",
            "RespondWorkflowTaskCompleted",
            "RespondWorkflowTaskFailed",
            "RespondQueryTaskCompleted",
        ]),
        _ => None,
    }
}

/// Whether a call takes the tokens of another.
fn takes(method: &str, giver: &str) -> bool {
    method == giver || answers_to(giver).is_some_and(|answers| answers.contains(&method))
}

fn recent<'a, T>(all: &'a [T], dice: &mut Dice) -> Option<&'a T> {
    let last = all.len().checked_sub(1)?;
    all.get(last - dice.below(all.len().min(8)))
}

fn keep_latest<T>(all: &mut Vec<T>) {
    if all.len() > 64 {
        all.drain(..32);
    }
}
