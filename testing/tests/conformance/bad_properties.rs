//! Markers, search attributes and memos that the server refuses to write down.

use outlast_proto::temporal::api::command::v1::RecordMarkerCommandAttributes;
use outlast_proto::temporal::api::common::v1::{Memo, SearchAttributes};

use crate::bad_commands::{refuse, too_long};
use crate::conform;
use crate::support::builders::*;
use crate::support::peer::payload;

#[tokio::test]
async fn what_is_written_down_needs_names_and_values() {
    conform("badprops", async |peer| {
        let long = too_long();
        let marker = |name: &str| {
            record_marker(RecordMarkerCommandAttributes {
                marker_name: name.to_owned(),
                ..Default::default()
            })
        };
        let attribute = |name: &str| {
            let value = payload("x").unwrap();
            upsert_search_attributes(Some(SearchAttributes {
                indexed_fields: [(name.to_owned(), value)].into(),
            }))
        };
        let (mark, memo) = (
            "BadRecordMarkerAttributes: ",
            "BadModifyWorkflowPropertiesAttributes: ",
        );
        let search = "BadSearchAttributes: ";
        let cases = [
            (
                marker(""),
                format!("{mark}MarkerName is not set on RecordMarkerCommand."),
            ),
            (
                marker(&long),
                format!(
                    "{mark}MarkerName on RecordMarkerCommand exceeds length limit. \
                     MarkerName={long} Length=1001 Limit=1000"
                ),
            ),
            (
                upsert_memo(None),
                format!(
                    "{memo}UpsertedMemo is not set on \
                     ModifyWorkflowPropertiesCommand."
                ),
            ),
            (
                upsert_memo(Some(Memo::default())),
                format!(
                    "{memo}UpsertedMemo.Fields is not set on \
                     ModifyWorkflowPropertiesCommand."
                ),
            ),
            (
                upsert_search_attributes(None),
                format!(
                    "{search}SearchAttributes is not set on \
                     UpsertWorkflowSearchAttributesCommand."
                ),
            ),
            (
                upsert_search_attributes(Some(SearchAttributes::default())),
                format!(
                    "{search}IndexedFields is not set on \
                     UpsertWorkflowSearchAttributesCommand."
                ),
            ),
            (
                attribute("Nope"),
                format!(
                    "{search}Namespace default has no mapping defined for search \
                     attribute Nope"
                ),
            ),
            (
                attribute("WorkflowId"),
                format!("{search}WorkflowId attribute can't be set in SearchAttributes"),
            ),
            (
                place_message(""),
                "BadUpdateWorkflowExecutionMessage: MessageID is not set on \
                 ProtocolMessageCommand."
                    .to_owned(),
            ),
            (
                place_message("nope"),
                "BadUpdateWorkflowExecutionMessage: ProtocolMessageCommand \
                 referenced absent message ID nope"
                    .to_owned(),
            ),
        ];
        refuse(peer, cases).await;
    })
    .await;
}
