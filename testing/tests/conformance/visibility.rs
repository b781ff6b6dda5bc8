//! Finding workflows by queries.

use std::time::Duration;

use outlast_proto::temporal::api::common::v1::{Payload, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::IndexedValueType as Type;
use outlast_proto::temporal::api::operatorservice::v1 as operator;
use outlast_proto::temporal::api::operatorservice::v1::operator_service_client::OperatorServiceClient;
use outlast_proto::temporal::api::workflow::v1::WorkflowExecutionInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tokio::sync::Mutex;
use tonic::{Code, Status};

use crate::support::builders::complete_workflow;
use crate::{Peer, conform};

/// One attribute of each type. All scenarios share them: a server has room for a few only.
const ATTRIBUTES: [(&str, Type); 7] = [
    ("ConformBool", Type::Bool),
    ("ConformDatetime", Type::Datetime),
    ("ConformDouble", Type::Double),
    ("ConformInt", Type::Int),
    ("ConformKeyword", Type::Keyword),
    ("ConformKeywordList", Type::KeywordList),
    ("ConformText", Type::Text),
];

/// A real server loses one of two changes of a namespace that come at the same time.
pub(crate) static REGISTRATION: Mutex<()> = Mutex::const_new(());

impl Peer {
    pub(crate) async fn register_attributes(&self) {
        let attributes = ATTRIBUTES.map(|(name, t)| (name.to_owned(), t as i32));
        let request = operator::AddSearchAttributesRequest {
            namespace: "default".to_owned(),
            search_attributes: attributes.into(),
        };
        let _turn = REGISTRATION.lock().await;
        let mut client = OperatorServiceClient::new(self.unrecorded().transport);
        client.add_search_attributes(request).await.unwrap();
    }

    pub(crate) fn start_of(
        &self,
        name: &str,
        fields: &[(&str, &str)],
    ) -> api::StartWorkflowExecutionRequest {
        let fields = fields.iter().map(|(name, json)| {
            let payload = Payload {
                metadata: [("encoding".to_owned(), "json/plain".into())].into(),
                data: (*json).to_owned().into(),
                ..Default::default()
            };
            ((*name).to_owned(), payload)
        });
        let mut request = self.start_request();
        request.workflow_id = format!("{}-{name}", self.workflow_id);
        request.search_attributes = Some(SearchAttributes {
            indexed_fields: fields.collect(),
        });
        request
    }

    /// One page of this scenario's workflows that a query finds, without a record: how often it has
    /// to be asked is chance.
    pub(crate) async fn page(
        &self,
        query: &str,
        page_size: i32,
        next_page_token: Vec<u8>,
    ) -> Result<api::ListWorkflowExecutionsResponse, Status> {
        let own = format!("WorkflowId STARTS_WITH '{}'", self.workflow_id);
        let request = api::ListWorkflowExecutionsRequest {
            namespace: "default".to_owned(),
            query: match query.is_empty() {
                true => own,
                false => format!("{own} AND ({query})"),
            },
            page_size,
            next_page_token: next_page_token.into(),
        };
        loop {
            let mut client = self.unrecorded().client();
            match client.list_workflow_executions(request.clone()).await {
                Err(status) if status.code() == Code::ResourceExhausted => breathe().await,
                answer => return answer.map(tonic::Response::into_inner),
            }
        }
    }

    /// The names of this scenario's workflows that a query finds.
    async fn found(&self, query: &str) -> Vec<String> {
        let page = self.page(query, 0, Vec::new()).await;
        self.names(page.unwrap().executions)
    }

    async fn count_runs(
        &self,
        query: &str,
    ) -> Result<api::CountWorkflowExecutionsResponse, Status> {
        let request = api::CountWorkflowExecutionsRequest {
            namespace: "default".to_owned(),
            query: query.to_owned(),
        };
        loop {
            let mut client = self.client();
            match client.count_workflow_executions(request.clone()).await {
                Err(status) if status.code() == Code::ResourceExhausted => breathe().await,
                answer => return answer.map(tonic::Response::into_inner),
            }
        }
    }

    pub(crate) fn names(&self, infos: Vec<WorkflowExecutionInfo>) -> Vec<String> {
        let executions = infos.into_iter().filter_map(|info| info.execution);
        let prefix = format!("{}-", self.workflow_id);
        executions
            .map(|execution| execution.workflow_id.replace(&prefix, ""))
            .collect()
    }

    /// Waits until a query finds just these: a real server's index lags behind.
    pub(crate) async fn finds(&self, query: &str, names: &[&str]) {
        for _ in 0..100 {
            if self.found(query).await == names {
                return;
            }
            breathe().await;
        }
        assert_eq!(self.found(query).await, names, "{query}");
    }

    pub(crate) async fn terminate_all(&self, names: &[&str]) {
        for name in names {
            let workflow = self.of(&format!("{}-{name}", self.workflow_id));
            workflow.terminate("").await.unwrap();
        }
    }
}

/// Lets a little time pass between two looks at an index.
async fn breathe() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}

#[tokio::test]
async fn queries_find_open_and_closed_workflows_in_order() {
    conform("visibility-order", async |peer| {
        peer.start_with(peer.start_of("a", &[])).await.unwrap();
        let task = peer.poll().await;
        let done = vec![complete_workflow("done")];
        peer.complete(&task, done).await.unwrap();
        for name in ["b", "c"] {
            peer.start_with(peer.start_of(name, &[])).await.unwrap();
        }
        let first = format!("{}-a", peer.workflow_id);
        peer.finds("", &["c", "b", "a"]).await;
        peer.finds("ExecutionStatus = 'Completed'", &["a"]).await;
        let cases: [(&str, &[&str]); 6] = [
            ("CloseTime is null", &["c", "b"]),
            ("ExecutionDuration < '1h'", &["a"]),
            ("HistoryLength = 5", &["a"]),
            (
                "ExecutionStatus in ('Running', 2) and WorkflowType = 'Order'",
                &["c", "b", "a"],
            ),
            (
                "not (RootWorkflowId starts_with 'x') and ParentWorkflowId is null",
                &["c", "b", "a"],
            ),
            ("StartTime > '2100-01-01T00:00:00Z' or TaskQueue = 'x'", &[]),
        ];
        for (query, want) in cases {
            assert_eq!(peer.found(query).await, want, "{query}");
        }
        let page = peer.page("", 2, Vec::new()).await.unwrap();
        assert_eq!(peer.names(page.executions), ["c", "b"]);
        let page = peer.page("", 2, page.next_page_token.into()).await.unwrap();
        assert_eq!(peer.names(page.executions), ["a"]);
        assert!(page.next_page_token.is_empty());

        // What a list says about a workflow, to be compared.
        let request = api::ListWorkflowExecutionsRequest {
            namespace: "default".to_owned(),
            query: format!("WorkflowId = '{first}'"),
            ..Default::default()
        };
        peer.client()
            .list_workflow_executions(request)
            .await
            .unwrap();
        peer.terminate_all(&["b", "c"]).await;
    })
    .await;
}

#[tokio::test]
async fn attributes_of_every_type_find_workflows() {
    conform("visibility-attributes", async |peer| {
        peer.register_attributes().await;
        let fields = [
            ("ConformBool", "true"),
            ("ConformDatetime", "\"2030-05-01T00:00:00.123Z\""),
            ("ConformDouble", "1.5"),
            ("ConformInt", "[5]"),
            ("ConformKeyword", "\"kw\""),
            ("ConformKeywordList", "[\"x y\", \"z\"]"),
            ("ConformText", "\"some Long text\""),
        ];
        peer.start_with(peer.start_of("full", &fields))
            .await
            .unwrap();
        let nothing = [("ConformKeyword", "null"), ("ConformKeywordList", "[]")];
        peer.start_with(peer.start_of("none", &nothing))
            .await
            .unwrap();
        peer.finds("", &["none", "full"]).await;
        for query in [
            "ConformBool = true",
            "ConformDatetime = '2030-05-01T02:00:00.1230001+02:00'",
            "ConformDouble between 1 and 2",
            "ConformInt in (4, 5.0)",
            "ConformKeyword != 'x'",
            "ConformKeywordList = 'X Y'",
            "ConformText = 'nothing LONG'",
            "ConformKeyword is not null and ConformKeywordList not in ('a', 'b')",
        ] {
            assert_eq!(peer.found(query).await, ["full"], "{query}");
        }
        let query = "ConformText != 'long' and ConformKeyword is null";
        assert_eq!(peer.found(query).await, ["none"]);
        peer.of(&format!("{}-full", peer.workflow_id))
            .describe("")
            .await;
        peer.terminate_all(&["full", "none"]).await;
    })
    .await;
}

#[tokio::test]
async fn values_that_do_not_fit_their_attribute_are_refused() {
    conform("visibility-values", async |peer| {
        peer.register_attributes().await;
        for field in [
            ("ConformInt", "3.5"),
            ("ConformKeyword", "[\"a\", \"b\"]"),
            ("ConformKeywordList", "\"a\""),
            ("ConformDatetime", "\"soon\""),
            ("BuildIds", "\"a\""),
            ("WorkflowId", "\"a\""),
            ("TemporalWorkerDeployment", "\"a\""),
            ("ConformNothing", "1"),
        ] {
            let refused = peer.start_with(peer.start_of("w", &[field])).await;
            assert_eq!(
                refused.unwrap_err().code(),
                Code::InvalidArgument,
                "{field:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    conform("visibility-refusals", async |peer| {
        let cases = [
            ("WorkflowId", "invalid expression: incomplete expression"),
            ("Nope = 1", "invalid search attribute: Nope"),
            ("WorkflowId = ", "malformed SQL query: syntax error at position 40"),
            ("a b", "malformed SQL query: syntax error at position 31 near 'b'"),
            ("WorkflowId = 1", "invalid expression: invalid value type for search attribute WorkflowId of type Keyword: 1 (type: int64)"),
            ("WorkflowId like 'a'", "operation is not supported: operator 'LIKE' not supported for Keyword type search attribute 'WorkflowId'"),
            ("order by StartTime", "operation is not supported: 'ORDER BY' clause"),
            ("ExecutionStatus = 'Nope'", "invalid expression: invalid ExecutionStatus value 'Nope'"),
            ("StartTime > 'now'", "invalid expression: unable to parse datetime 'now'"),
            ("group by WorkflowType", "operation is not supported: 'GROUP BY' clause is not supported for search attribute WorkflowType"),
        ];
        for (query, want) in cases {
            let refused = peer.count_runs(query).await.unwrap_err();
            assert_eq!(refused.message(), format!("invalid query: {want}"), "{query}");
            assert_eq!(refused.code(), Code::InvalidArgument);
        }
    })
    .await;
}

#[tokio::test]
async fn counts_are_grouped_by_status() {
    conform("visibility-counts", async |peer| {
        for name in ["a", "b", "c"] {
            peer.start_with(peer.start_of(name, &[])).await.unwrap();
        }
        peer.terminate_all(&["a"]).await;
        peer.finds("ExecutionStatus = 'Terminated'", &["a"]).await;
        let own = format!("WorkflowId STARTS_WITH '{}'", peer.workflow_id);
        let counted = peer
            .count_runs(&format!("{own} group by ExecutionStatus"))
            .await
            .unwrap();
        let groups = counted.groups.iter();
        let groups = groups.map(|group| (&group.group_values[0].data[..], group.count));
        let want: [(&[u8], i64); 2] = [(b"\"Running\"", 2), (b"\"Terminated\"", 1)];
        assert_eq!(groups.collect::<Vec<_>>(), want);
        assert_eq!(
            counted.groups[0].group_values[0].metadata["type"],
            "Keyword"
        );
        assert_eq!(counted.count, 3);
        peer.terminate_all(&["b", "c"]).await;
    })
    .await;
}
