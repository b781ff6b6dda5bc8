//! Queries.

use outlast_proto::temporal::api::query::v1::{WorkflowQuery, WorkflowQueryResult};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

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
            peer.what_was_sent_arrives().await;
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

/// A workflow whose first task is done.
async fn idle(peer: &Peer) {
    peer.start().await;
    let task = peer.poll().await;
    peer.complete(&task, vec![]).await.unwrap();
}

fn request(peer: &Peer, reject: i32) -> api::QueryWorkflowRequest {
    api::QueryWorkflowRequest {
        namespace: "default".to_owned(),
        execution: peer.execution(),
        query: Some(WorkflowQuery {
            query_type: "state".to_owned(),
            ..Default::default()
        }),
        query_reject_condition: reject,
    }
}

#[tokio::test]
async fn a_closed_workflow_answers_with_its_whole_history() {
    conform("query-closed", async |peer| {
        idle(peer).await;
        peer.terminate("").await.unwrap();
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            let task = peer.poll().await;
            assert_eq!(events_of(&task).len(), 5);
            peer.answer_query(&task, Ok("over")).await;
        });
        assert_eq!(answer.unwrap().query_result, payloads("over"));
    })
    .await;
}

#[tokio::test]
async fn queries_may_be_limited_to_some_states() {
    conform("query-reject", async |peer| {
        idle(peer).await;
        peer.terminate("").await.unwrap();
        for condition in [2, 3] {
            let query = peer.client().query_workflow(request(peer, condition)).await;
            assert!(query.unwrap().into_inner().query_rejected.is_some());
        }
    })
    .await;
}

#[tokio::test]
async fn a_workflow_that_never_began_has_no_answers() {
    conform("query-never", async |peer| {
        peer.start().await;
        peer.terminate("").await.unwrap();
        let error = peer.query("state").await.unwrap_err();
        assert_eq!(error.code(), Code::FailedPrecondition);
    })
    .await;
}

#[tokio::test]
async fn an_attached_query_may_fail() {
    conform("query-attached-fails", async |peer| {
        peer.start().await;
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            peer.what_was_sent_arrives().await;
            let task = peer.poll().await;
            let (id, _) = task.queries.first_key_value().unwrap();
            let result = WorkflowQueryResult {
                result_type: 2,
                error_message: "no such query".to_owned(),
                ..Default::default()
            };
            let mut request = completion(&task, vec![]);
            request.query_results = [(id.clone(), result)].into();
            peer.complete_with(request).await.unwrap();
        });
        assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_sticky_worker_gets_no_history_with_a_query() {
    conform("query-sticky", async |peer| {
        peer.poll_queue(peer.sticky_queue(), 2.5).await;
        peer.start().await;
        let task = peer.poll().await;
        peer.complete_sticky(&task, vec![]).await;
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            let task = peer.poll_sticky().await;
            assert!(events_of(&task).is_empty());
            peer.answer_query(&task, Ok("fine")).await;
        });
        answer.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    conform("query-errors", async |peer| {
        let unknown = peer.query("state").await.unwrap_err();
        assert_eq!(unknown.code(), Code::NotFound);
        let mut nameless = request(peer, 0);
        nameless.query = Some(WorkflowQuery::default());
        let mut empty = request(peer, 0);
        empty.query = None;
        let mut malformed = request(peer, 0);
        malformed.execution = peer.run("no uuid");
        for request in [nameless, empty, malformed] {
            let error = peer.client().query_workflow(request).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        }
        let junk = WorkflowTask {
            task_token: b"junk".to_vec().into(),
            ..Default::default()
        };
        let answer = api::RespondQueryTaskCompletedRequest {
            namespace: "default".to_owned(),
            task_token: junk.task_token,
            completed_type: 1,
            ..Default::default()
        };
        let error = peer.client().respond_query_task_completed(answer).await;
        assert_eq!(error.unwrap_err().code(), Code::InvalidArgument);
    })
    .await;
}
