//! Registering, removing and listing search attributes.

use std::collections::BTreeMap;

use outlast_proto::temporal::api::enums::v1::IndexedValueType;
use outlast_proto::temporal::api::operatorservice::v1 as operator;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::{SearchAttributeMap, system_attributes};
use crate::server::Engine;
use crate::server::errors::{Error, Result};

impl Engine {
    /// Registers search attributes in a namespace.
    ///
    /// # Errors
    /// The namespace is unknown, or an attribute is refused.
    pub fn add_search_attributes(
        &mut self,
        request: &operator::AddSearchAttributesRequest,
    ) -> Result<operator::AddSearchAttributesResponse> {
        self.search_attributes_of(&request.namespace)?
            .add(&request.search_attributes)?;
        Ok(operator::AddSearchAttributesResponse {})
    }

    /// Removes search attributes from a namespace; workflows are no longer found by them.
    ///
    /// # Errors
    /// The namespace is unknown, or an attribute is the server's own.
    pub fn remove_search_attributes(
        &mut self,
        request: &operator::RemoveSearchAttributesRequest,
    ) -> Result<operator::RemoveSearchAttributesResponse> {
        self.search_attributes_of(&request.namespace)?
            .remove(&request.search_attributes)?;
        Ok(operator::RemoveSearchAttributesResponse {})
    }

    /// Lists the search attributes of a namespace, the server's own apart.
    ///
    /// # Errors
    /// The namespace is unknown.
    pub fn list_search_attributes(
        &mut self,
        request: &operator::ListSearchAttributesRequest,
    ) -> Result<operator::ListSearchAttributesResponse> {
        let custom = self.search_attributes_of(&request.namespace)?.custom();
        Ok(operator::ListSearchAttributesResponse {
            custom_attributes: wire(custom.iter().map(|(name, t)| (name.as_str(), *t))),
            system_attributes: wire(system_attributes()),
            storage_schema: BTreeMap::new(),
        })
    }

    /// Lists the search attributes that every namespace has.
    ///
    /// The request names no namespace. A real server answers with the columns of its database too,
    /// whatever they are used for; ours has none.
    pub fn get_search_attributes(&self) -> api::GetSearchAttributesResponse {
        api::GetSearchAttributesResponse {
            keys: wire(system_attributes()),
        }
    }

    fn search_attributes_of(&mut self, namespace: &str) -> Result<&mut SearchAttributeMap> {
        if namespace.is_empty() {
            return Err(Error::invalid("Namespace is not set on request."));
        }
        self.check_namespace(namespace)?;
        Ok(self.world.namespaces.search_attributes_mut(namespace))
    }
}

fn wire<'a>(
    attributes: impl Iterator<Item = (&'a str, IndexedValueType)>,
) -> BTreeMap<String, i32> {
    attributes
        .map(|(name, value_type)| (name.to_owned(), value_type as i32))
        .collect()
}
