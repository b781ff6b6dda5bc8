//! Commands that write down markers, search attributes and memos.

use outlast_proto::temporal::api::common::v1::{Memo, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;

use crate::server::workflow_task::check::{Checked, Checker, Flaw, excess};

impl Checker<'_> {
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
            None => self.check_search_attributes(&self.execution.namespace, attributes),
        }
    }
}

pub(super) fn check_marker(name: &str) -> Checked {
    let flaw = |text: String| Err(Flaw::new(Cause::BadRecordMarkerAttributes, text));
    if name.is_empty() {
        return flaw("MarkerName is not set on RecordMarkerCommand.".to_owned());
    }
    match excess(name) {
        Some(excess) => flaw(format!(
            "MarkerName on RecordMarkerCommand exceeds length limit. MarkerName={name} {excess}"
        )),
        None => Ok(()),
    }
}

pub(super) fn check_memo(memo: Option<&Memo>) -> Checked {
    let missing = match memo {
        None => "UpsertedMemo",
        Some(memo) if memo.fields.is_empty() => "UpsertedMemo.Fields",
        Some(_) => return Ok(()),
    };
    Err(Flaw::new(
        Cause::BadModifyWorkflowPropertiesAttributes,
        format!("{missing} is not set on ModifyWorkflowPropertiesCommand."),
    ))
}
