//! What workflows write down: markers, search attributes, memos.

use std::collections::BTreeMap;

use outlast_proto::temporal::api::command::v1::{
    ContinueAsNewWorkflowExecutionCommandAttributes as Continuation,
    RecordMarkerCommandAttributes as Marker, StartChildWorkflowExecutionCommandAttributes as Child,
};
use outlast_proto::temporal::api::common::v1::{Header, Memo, Payload, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    ParentClosePolicy,
};
use outlast_proto::temporal::api::sdk::v1::UserMetadata;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

const KEYWORD: &str = "ConformKeyword";
const OTHER: &str = "ConformText";

type Fields = BTreeMap<String, Payload>;

fn fields(given: &[(&str, Payload)]) -> Fields {
    given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

fn text(text: &str) -> Payload {
    payload(text).unwrap()
}

fn memo(given: &[(&str, Payload)]) -> Option<Memo> {
    Some(Memo {
        fields: fields(given),
    })
}

fn attributes(given: &[(&str, Payload)]) -> Option<SearchAttributes> {
    Some(SearchAttributes {
        indexed_fields: fields(given),
    })
}

#[tokio::test]
async fn a_marker_is_written_as_it_was_given() {
    conform("marker", async |peer| {
        let mut command = record_marker(Marker {
            marker_name: "version".to_owned(),
            details: [
                ("first".to_owned(), payloads("one").unwrap()),
                ("second".to_owned(), payloads("two").unwrap()),
            ]
            .into(),
            header: Some(Header {
                fields: fields(&[("trace", text("t"))]),
            }),
            failure: Some(application_failure("kept")),
        });
        command.user_metadata = Some(UserMetadata {
            summary: payload("summary"),
            details: None,
        });
        peer.start().await;
        let task = peer.poll().await;
        let twice = vec![command.clone(), command, complete_workflow("done")];
        peer.complete(&task, twice).await.unwrap();
        let want = [
            E::MarkerRecorded,
            E::MarkerRecorded,
            E::WorkflowExecutionCompleted,
        ];
        assert_eq!(peer.types().await[4..], want);
    })
    .await;
}

#[tokio::test]
async fn a_memo_is_merged_and_null_removes_from_it() {
    conform("memo", async |peer| {
        let mut request = peer.start_request();
        let null_text = Payload {
            data: "null".into(),
            ..text("")
        };
        request.memo = memo(&[
            ("kept", text("a")),
            ("changed", text("b")),
            ("gone", text("c")),
        ]);
        peer.start_with(request).await.unwrap();
        let task = peer.poll().await;
        let upserts = [
            memo(&[("changed", text("B")), ("gone", null())]),
            memo(&[
                ("new", text("d")),
                ("empty", null_text),
                ("unknown", null()),
            ]),
        ];
        peer.complete(&task, upserts.map(upsert_memo).to_vec())
            .await
            .unwrap();
        let info = peer.describe("").await.workflow_execution_info.unwrap();
        let mut names: Vec<String> = info.memo.unwrap().fields.into_keys().collect();
        names.sort_unstable();
        assert_eq!(names, ["changed", "kept", "new"]);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn search_attributes_are_merged_and_null_removes_them() {
    conform("upsert", async |peer| {
        peer.register_attributes().await;
        let mut request = peer.start_request();
        request.search_attributes = attributes(&[(KEYWORD, text("a")), (OTHER, text("gone"))]);
        peer.start_with(request).await.unwrap();
        let task = peer.poll().await;
        let upserts = [
            attributes(&[(KEYWORD, text("b"))]),
            attributes(&[(OTHER, null())]),
        ];
        peer.complete(&task, upserts.map(upsert_search_attributes).to_vec())
            .await
            .unwrap();
        let info = peer.describe("").await.workflow_execution_info.unwrap();
        let left = info.search_attributes.unwrap().indexed_fields;
        assert_eq!(left[KEYWORD].data, "\"b\"");
        assert!(!left.contains_key(OTHER));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_next_run_has_what_its_command_says() {
    conform("nextprops", async |peer| {
        peer.register_attributes().await;
        let mut request = peer.start_request();
        request.memo = memo(&[("note", text("first"))]);
        request.search_attributes = attributes(&[(KEYWORD, text("first"))]);
        peer.start_with(request).await.unwrap();
        peer.answer(continue_later("nothing else")).await;
        peer.answer(continue_as_new_with(Continuation {
            memo: memo(&[("note", text("third"))]),
            search_attributes: attributes(&[(KEYWORD, text("third"))]),
            header: Some(Header {
                fields: fields(&[("trace", text("t"))]),
            }),
            workflow_run_timeout: seconds(300.0),
            workflow_task_timeout: seconds(15.0),
            backoff_start_interval: seconds(1.5),
            retry_policy: at_most(2, 1.0),
            failure: Some(application_failure("carried")),
            last_completion_result: payloads("carried, too"),
            ..Default::default()
        }))
        .await;
        peer.poll().await;
        peer.describe("").await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_retry_begins_with_what_its_chain_began_with() {
    conform("retryprops", async |peer| {
        peer.register_attributes().await;
        let mut request = peer.start_request();
        request.retry_policy = at_most(2, 1.0);
        request.memo = memo(&[("note", text("first"))]);
        peer.start_with(request).await.unwrap();
        let task = peer.poll().await;
        let commands = vec![
            upsert_memo(memo(&[("note", text("changed")), ("new", text("more"))])),
            upsert_search_attributes(attributes(&[(KEYWORD, text("changed"))])),
            fail_workflow("once"),
        ];
        peer.complete(&task, commands).await.unwrap();
        peer.poll().await;
        let described = peer.describe("").await.workflow_execution_info.unwrap();
        assert_eq!(described.memo.unwrap().fields["note"].data, "\"first\"");
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_empty_is_not_written_down() {
    conform("emptied", async |peer| {
        let mut request = peer.start_request();
        (request.memo, request.search_attributes) = (memo(&[]), attributes(&[]));
        peer.start_with(request).await.unwrap();
        let task = peer.poll().await;
        let child = peer.kin("child");
        let empty_child = start_child_with(Child {
            memo: memo(&[]),
            search_attributes: attributes(&[]),
            parent_close_policy: ParentClosePolicy::Abandon as i32,
            ..child_in(&child.workflow_id, &child.workflow_id)
        });
        peer.complete(&task, vec![empty_child]).await.unwrap();
        peer.until(E::ChildWorkflowExecutionStarted).await;
        let task = peer.poll().await;
        let next = continue_as_new_with(Continuation {
            memo: memo(&[]),
            search_attributes: attributes(&[]),
            backoff_start_interval: seconds(1.2),
            ..Default::default()
        });
        peer.complete(&task, vec![next]).await.unwrap();
        let run_id = &task.workflow_execution.as_ref().unwrap().run_id;
        let events = [
            peer.history_of(run_id).await,
            peer.history().await,
            child.history().await,
        ];
        assert!(!format!("{events:?}").contains("memo: Some"), "{events:?}");
        peer.terminate("").await.unwrap();
        child.terminate("").await.unwrap();
    })
    .await;
}
