//! What commands say that workflows are to be found by.

use outlast_proto::temporal::api::common::v1::SearchAttributes;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;

use super::{Checked, Checker, Flaw};

impl Checker<'_> {
    pub(super) fn check_search_attributes(&self, attributes: Option<&SearchAttributes>) -> Checked {
        let namespace = &self.execution.namespace;
        let known = self.world.namespaces.search_attributes(namespace);
        known
            .check(namespace, attributes)
            .map_err(|flaw| Flaw::new(Cause::BadSearchAttributes, flaw))
    }

    pub(super) fn check_upsert(&self, attributes: Option<&SearchAttributes>) -> Checked {
        let missing = match attributes {
            None => Some("SearchAttributes"),
            Some(attributes) if attributes.indexed_fields.is_empty() => Some("IndexedFields"),
            Some(_) => None,
        };
        match missing {
            Some(missing) => Err(Flaw::new(
                Cause::BadSearchAttributes,
                format!("{missing} is not set on UpsertWorkflowSearchAttributesCommand."),
            )),
            None => self.check_search_attributes(attributes),
        }
    }
}
