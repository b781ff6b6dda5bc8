//! Queries.

use std::time::Duration;

use outlast_proto::temporal::api::query::v1::WorkflowQueryResult;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn a_query_of_an_idle_workflow_is_a_task_of_its_own() {
    conform("query", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            let task = peer.poll().await;
            assert_eq!(task.query.as_ref().unwrap().query_type, "state");
            assert_eq!(task.started_event_id, 0);
            assert_eq!(
                events_of(&task).len(),
                4,
                "a worker without a cache needs it all"
            );
            peer.answer_query(&task, Ok("fine")).await;
        });
        assert_eq!(answer.unwrap().query_result, payloads("fine"));
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            let task = peer.poll().await;
            peer.answer_query(&task, Err("no such query")).await;
        });
        let error = answer.unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, "no such query")
        );
        assert_eq!(detail(&error), "QueryFailedFailure");
        assert_eq!(peer.history().await.len(), 4);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_query_rides_on_a_pending_task() {
    conform("attached", async |peer| {
        peer.start().await;
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let task = peer.poll().await;
            assert_eq!(task.queries.len(), 1);
            let mut completion = completion(&task, vec![]);
            let result = WorkflowQueryResult {
                result_type: 1,
                answer: payloads("fine"),
                ..Default::default()
            };
            let id = task.queries.keys().next().unwrap().clone();
            completion.query_results = [(id, result)].into();
            peer.complete_with(completion).await.unwrap();
        });
        assert_eq!(answer.unwrap().query_result, payloads("fine"));
        peer.terminate("").await.unwrap();
    })
    .await;
}
