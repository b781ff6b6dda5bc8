//! Queries that no worker takes, or answers.

use outlast_proto::temporal::api::query::v1::WorkflowQuery;
use outlast_proto::temporal::api::taskqueue::v1::StickyExecutionAttributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::support::peer::*;
use crate::transcript::is_out_of_time;
use crate::{Peer, conform};

/// A workflow whose first task came with its start, so that nobody has ever polled its queue.
async fn idle_without_a_poll(peer: &Peer) {
    let request = api::StartWorkflowExecutionRequest {
        request_eager_execution: true,
        ..peer.start_request()
    };
    let started = peer.start_with(request).await.unwrap();
    let task = started.eager_workflow_task.unwrap();
    peer.complete(&task, vec![]).await.unwrap();
}

/// A workflow whose worker has polled for its first task, and not since.
async fn idle_after_a_poll(peer: &Peer) {
    peer.start().await;
    peer.complete(&peer.poll().await, vec![]).await.unwrap();
}

/// How a query fails whose caller waits for so many seconds.
async fn failure_within(peer: &Peer, seconds: f64) -> Status {
    let request = api::QueryWorkflowRequest {
        namespace: "default".to_owned(),
        execution: peer.execution(),
        query: Some(WorkflowQuery {
            query_type: "state".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let request = with_timeout(request, seconds);
    peer.client().query_workflow(request).await.unwrap_err()
}

fn assert_no_poller(error: &Status) {
    let message = "no poller seen for task queue recently, worker may be down";
    let told = (error.code(), error.message());
    assert_eq!(told, (Code::FailedPrecondition, message));
    assert!(error.details().is_empty());
}

#[tokio::test]
async fn without_a_worker_there_is_no_answer_to_a_query() {
    conform("unpolled", async |peer| {
        idle_without_a_poll(peer).await;
        assert_no_poller(&failure_within(peer, 3.0).await);
        peer.terminate("").await.unwrap();
        assert_no_poller(&failure_within(peer, 3.0).await);
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_has_just_polled_is_waited_for() {
    conform("unpolled-recent", async |peer| {
        idle_after_a_poll(peer).await;
        assert!(is_out_of_time(&failure_within(peer, 3.0).await));
        peer.terminate("").await.unwrap();
        assert!(is_out_of_time(&failure_within(peer, 3.0).await));
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_has_not_polled_for_twenty_seconds_is_down() {
    conform("unpolled-late", async |peer| {
        idle_after_a_poll(peer).await;
        assert_no_poller(&failure_within(peer, 21.5).await);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_query_waits_for_the_task_that_would_carry_it_to_the_end() {
    conform("unpolled-pending", async |peer| {
        peer.start().await;
        assert!(is_out_of_time(&failure_within(peer, 3.0).await));
        let later = peer.kin("later");
        idle_without_a_poll(&later).await;
        later.signal("hello").await.unwrap();
        assert!(is_out_of_time(&failure_within(&later, 3.0).await));
        peer.terminate("").await.unwrap();
        later.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_query_in_a_worker_s_hands_waits_for_it_to_the_end() {
    conform("unpolled-taken", async |peer| {
        idle_without_a_poll(peer).await;
        let (error, task) = tokio::join!(failure_within(peer, 4.0), peer.poll());
        assert!(is_out_of_time(&error));
        assert!(task.query.is_some());
        peer.terminate("").await.unwrap();
    })
    .await;
}

/// A workflow whose worker caches it, and has three seconds to deal with what is sent to it.
async fn idle_in_a_cache(peer: &Peer) {
    // Sticky queues without a poller are passed over.
    peer.poll_queue(peer.sticky_queue(), 2.5).await;
    peer.start().await;
    let mut request = completion(&peer.poll().await, vec![]);
    request.sticky_attributes = Some(StickyExecutionAttributes {
        worker_task_queue: peer.sticky_queue(),
        schedule_to_start_timeout: seconds(3.0),
    });
    peer.complete_with(request).await.unwrap();
}

/// Answers a query as a worker that has nothing in its cache.
async fn answer_from_scratch(peer: &Peer) {
    let task = peer.poll().await;
    assert_eq!(events_of(&task)[0].event_id, 1);
    peer.answer_query(&task, Ok("fine")).await;
}

#[tokio::test]
async fn a_query_that_a_sticky_worker_does_not_take_goes_to_the_others() {
    conform("unpolled-sticky", async |peer| {
        idle_in_a_cache(peer).await;
        let (answer, ()) = tokio::join!(peer.query("state"), answer_from_scratch(peer));
        assert_eq!(answer.unwrap().query_result, payloads("fine"));
        peer.signal("hello").await.unwrap();
        let task = peer.poll().await;
        assert_eq!(events_of(&task)[0].event_id, 1, "nobody is sticky now");
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_query_that_a_sticky_worker_does_not_answer_goes_to_the_others() {
    conform("unpolled-sticky-taken", async |peer| {
        idle_in_a_cache(peer).await;
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            let slow = peer.poll_sticky().await;
            assert!(slow.query.is_some());
            answer_from_scratch(peer).await;
        });
        assert_eq!(answer.unwrap().query_result, payloads("fine"));
        peer.terminate("").await.unwrap();
    })
    .await;
}
