//! The search attributes that users have registered in one namespace.

use std::collections::BTreeMap;

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1::{Payload, SearchAttributes as Wire};
use outlast_proto::temporal::api::enums::v1::IndexedValueType as Type;

use super::system::{PREFIX, is_reserved, system_attribute};
use super::values::{decode, guess_type};
use crate::server::errors::{Error, Result};
use crate::server::options::SearchAttributes;
use crate::server::visibility::{Attributes, Value, type_name};

/// The search attributes of one namespace.
#[derive(Clone, Debug, Default)]
pub(in crate::server) struct SearchAttributeMap {
    custom: BTreeMap<String, Type>,
    /// Unknown attributes are registered when a workflow first uses them.
    registers_unknown: bool,
}

impl SearchAttributeMap {
    pub(in crate::server) fn new(options: &SearchAttributes) -> Self {
        match options {
            SearchAttributes::Any => Self {
                custom: BTreeMap::new(),
                registers_unknown: true,
            },
            SearchAttributes::Registered(types) => Self {
                custom: types.clone(),
                registers_unknown: false,
            },
        }
    }

    /// Registers attributes; one that exists stays what it is.
    ///
    /// # Errors
    /// A name is the server's, a type is none, or there are too many of a type.
    pub(in crate::server) fn add(&mut self, attributes: &BTreeMap<String, i32>) -> Result<()> {
        if attributes.is_empty() {
            return Err(Error::invalid("SearchAttributes are not set on request."));
        }
        let mut custom = self.custom.clone();
        for (name, number) in attributes {
            if is_reserved(name) {
                return Err(Error::invalid(format!(
                    "Search attribute {name} is reserved by system."
                )));
            }
            let Ok(value_type) = Type::try_from(*number) else {
                return Err(Error::invalid(format!(
                    "Unknown search attribute type: {number}."
                )));
            };
            if custom.contains_key(name) {
                continue;
            }
            custom.insert(name.clone(), value_type);
            let limit = limit(value_type);
            let count = custom.values().filter(|each| **each == value_type).count();
            if count > limit {
                return Err(Error::invalid(format!(
                    "Unable to create search attributes: cannot have more than {limit} search \
                     attribute of type {}.",
                    type_name(value_type)
                )));
            }
        }
        self.custom = custom;
        Ok(())
    }

    /// Removes attributes; unknown ones are gone already.
    ///
    /// # Errors
    /// An attribute is the server's own.
    pub(in crate::server) fn remove(&mut self, names: &[String]) -> Result<()> {
        if names.is_empty() {
            return Err(Error::invalid("SearchAttributes are not set on request."));
        }
        if let Some(name) = names.iter().find(|name| system_attribute(name).is_some()) {
            return Err(Error::invalid(format!(
                "Unable to remove non-custom search attributes: {name}."
            )));
        }
        self.custom.retain(|name, _| !names.contains(name));
        Ok(())
    }

    /// The registered attributes.
    pub(in crate::server) fn custom(&self) -> &BTreeMap<String, Type> {
        &self.custom
    }

    /// Checks what a workflow is to be found by.
    ///
    /// # Errors
    /// The text says which attribute is unknown, or has a value that does not fit.
    pub(in crate::server) fn check(
        &self,
        namespace: &str,
        attributes: Option<&Wire>,
    ) -> std::result::Result<(), String> {
        let fields = attributes.iter().flat_map(|a| &a.indexed_fields);
        for (name, _) in fields.clone() {
            if self.type_of(name).is_none() && !self.registers_unknown {
                return Err(format!(
                    "Namespace {namespace} has no mapping defined for search attribute {name}"
                ));
            }
        }
        for (name, payload) in fields {
            if system_attribute(name).is_some_and(|system| !system.is_settable) {
                return Err(format!("{name} attribute can't be set in SearchAttributes"));
            }
            let Some(value_type) = self.type_of(name).or_else(|| guess_type(payload)) else {
                continue;
            };
            if let Err(shown) = decode(payload, value_type) {
                let value_type = type_name(value_type);
                return Err(format!(
                    "invalid value for search attribute {name} of type {value_type}: {shown}"
                ));
            }
        }
        Ok(())
    }

    /// Marks payloads with the types of their attributes, as histories and answers have them, and
    /// registers those attributes that may be registered by use.
    pub(in crate::server) fn adopt(&mut self, attributes: &mut Wire) {
        for (name, payload) in &mut attributes.indexed_fields {
            if self.registers_unknown
                && self.type_of(name).is_none()
                && let Some(guess) = guess_type(payload)
            {
                self.custom.insert(name.clone(), guess);
            }
            if let Some(value_type) = self.type_of(name) {
                let type_name = || Bytes::from_static(type_name(value_type).as_bytes());
                let metadata = payload.metadata.entry("type".to_owned());
                metadata.or_insert_with(type_name);
            }
        }
    }

    /// The value of a payload; nothing if it has none, or the attribute is not known any more.
    pub(in crate::server) fn value(&self, name: &str, payload: &Payload) -> Option<Value> {
        decode(payload, self.type_of(name)?).ok()?
    }

    fn type_of(&self, name: &str) -> Option<Type> {
        let custom = || self.custom.get(name).copied();
        system_attribute(name).map(|a| a.value_type).or_else(custom)
    }
}

impl Attributes for SearchAttributeMap {
    fn resolve(&self, name: &str) -> Option<(String, Type)> {
        let known = |name: &str| Some((name.to_owned(), self.type_of(name)?));
        if name == "TemporalBuildIds" {
            return known("BuildIds");
        }
        known(name).or_else(|| match name {
            _ if name.starts_with(PREFIX) => None,
            // Schedules were workflows once, and queries for them still read like that.
            "ScheduleId" => known("WorkflowId"),
            _ => known(&format!("{PREFIX}{name}")),
        })
    }
}

/// Which value is too large to be found by, if one is.
pub(in crate::server) fn size_flaw(attributes: Option<&Wire>) -> Option<String> {
    let mut fields = attributes.iter().flat_map(|a| &a.indexed_fields);
    let (name, payload) = fields.find(|(_, payload)| payload.data.len() > VALUE_LIMIT)?;
    let size = payload.data.len();
    Some(format!(
        "search attribute {name} value size {size} exceeds size limit {VALUE_LIMIT}"
    ))
}

/// How many attributes of a type a namespace can have.
fn limit(value_type: Type) -> usize {
    match value_type {
        Type::Keyword => 10,
        Type::Bool | Type::Datetime | Type::Double | Type::Int | Type::KeywordList | Type::Text => {
            3
        }
        Type::Unspecified => 0,
    }
}

/// How many bytes a value may have.
const VALUE_LIMIT: usize = 2048;
