//! Reading histories from their end.

use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::support::peer::uuid;
use crate::{Peer, conform};

impl Peer {
    fn read_back(&self, run_id: &str) -> api::GetWorkflowExecutionHistoryReverseRequest {
        api::GetWorkflowExecutionHistoryReverseRequest {
            namespace: "default".to_owned(),
            execution: self.run(run_id),
            ..Default::default()
        }
    }

    /// The ids of the events of a page, and the token of the next one.
    async fn page_back(
        &self,
        request: api::GetWorkflowExecutionHistoryReverseRequest,
    ) -> Result<(Vec<i64>, Vec<u8>), Status> {
        let page = self
            .client()
            .get_workflow_execution_history_reverse(request)
            .await?
            .into_inner();
        let events = page.history.unwrap_or_default().events;
        let ids = events.iter().map(|event| event.event_id);
        Ok((ids.collect(), page.next_page_token.into()))
    }

    /// The ids of the events of all pages.
    async fn pages_back(&self, page_size: i32) -> Vec<Vec<i64>> {
        let mut pages = Vec::new();
        let mut request = self.read_back("");
        request.maximum_page_size = page_size;
        loop {
            let (ids, token) = self.page_back(request.clone()).await.unwrap();
            pages.push(ids);
            if token.is_empty() {
                return pages;
            }
            request.next_page_token = token.into();
        }
    }
}

#[tokio::test]
async fn a_history_is_read_back_in_transactions() {
    conform("reverse-pages", async |peer| {
        peer.start().await;
        let timers = vec![start_timer("a", 60.0), start_timer("b", 60.0)];
        peer.complete(&peer.poll().await, timers).await.unwrap();
        peer.signal("s").await.unwrap();
        let first = vec![vec![8, 7], vec![6, 5, 4], vec![3], vec![2, 1]];
        assert_eq!(peer.pages_back(1).await, first);
        let both = vec![vec![8, 7, 6, 5, 4], vec![3, 2, 1]];
        assert_eq!(peer.pages_back(2).await, both);
        let whole = vec![vec![8, 7, 6, 5, 4, 3, 2, 1]];
        for page_size in [0, 100] {
            assert_eq!(peer.pages_back(page_size).await, whole);
        }
        peer.terminate("").await.unwrap();
        let closed = vec![vec![9, 8, 7, 6, 5, 4], vec![3, 2, 1]];
        assert_eq!(peer.pages_back(3).await, closed);
    })
    .await;
}

#[tokio::test]
async fn reading_back_shows_no_task_that_is_not_written_yet() {
    conform("reverse-transient", async |peer| {
        peer.start().await;
        peer.fail(&peer.poll().await).await.unwrap();
        let task = peer.poll().await;
        assert_eq!(task.attempt, 2);
        assert_eq!(peer.pages_back(0).await, [[4, 3, 2, 1]]);
        peer.complete(&task, vec![]).await.unwrap();
        assert_eq!(peer.pages_back(0).await, [[7, 6, 5, 4, 3, 2, 1]]);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_page_token_stays_with_its_run() {
    conform("reverse-token", async |peer| {
        peer.start().await;
        peer.complete(&peer.poll().await, vec![]).await.unwrap();
        let mut request = peer.read_back("");
        request.maximum_page_size = 1;
        let (ids, token) = peer.page_back(request.clone()).await.unwrap();
        assert_eq!(ids, [4]);
        peer.terminate("").await.unwrap();
        peer.start().await;
        request.next_page_token = token.into();
        let (ids, _) = peer.page_back(request).await.unwrap();
        assert_eq!(ids, [3]);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_read_back() {
    conform("reverse-refusals", async |peer| {
        peer.start().await;
        let good = peer.read_back("");
        let refused = [
            (peer.read_back("junk"), Code::InvalidArgument),
            (peer.read_back(&uuid()), Code::NotFound),
            (peer.of("").read_back(""), Code::InvalidArgument),
            (peer.kin("nobody").read_back(""), Code::NotFound),
            (
                api::GetWorkflowExecutionHistoryReverseRequest {
                    execution: None,
                    ..good.clone()
                },
                Code::InvalidArgument,
            ),
            (
                api::GetWorkflowExecutionHistoryReverseRequest {
                    next_page_token: "junk".into(),
                    ..good.clone()
                },
                Code::InvalidArgument,
            ),
            (
                api::GetWorkflowExecutionHistoryReverseRequest {
                    namespace: String::new(),
                    ..good
                },
                Code::InvalidArgument,
            ),
        ];
        for (request, code) in refused {
            assert_eq!(peer.page_back(request).await.unwrap_err().code(), code);
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}
