//! Empty polls, and reading histories page by page.

use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_poll_without_a_task_ends_empty_before_its_deadline() {
    conform("empty", async |peer| {
        let task = peer.poll_queue(peer.normal_queue(), 3.0).await;
        assert_eq!(task, WorkflowTask::default());
    })
    .await;
}

#[tokio::test]
async fn history_is_read_in_transactions() {
    conform("pages", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![start_timer("t", 60.0)])
            .await
            .unwrap();
        let mut request = api::GetWorkflowExecutionHistoryRequest {
            namespace: "default".to_owned(),
            execution: peer.execution(),
            maximum_page_size: 1,
            ..Default::default()
        };
        let mut pages = Vec::new();
        loop {
            let page = peer
                .client
                .clone()
                .get_workflow_execution_history(request.clone())
                .await;
            let page = page.unwrap().into_inner();
            // A real server may end with an empty page.
            pages.extend(Some(page.history.unwrap().events.len()).filter(|events| *events > 0));
            if page.next_page_token.is_empty() {
                break;
            }
            request.next_page_token = page.next_page_token;
        }
        assert_eq!(pages, [2, 1, 2]);
        peer.terminate("").await.unwrap();
    })
    .await;
}
