//! Which queue the events of a task name that exists for updates and is written late.

use outlast_proto::temporal::api::enums::v1::TaskQueueKind as Kind;
use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// A workflow whose first task was done by a worker with a sticky queue.
async fn sticky(peer: &Peer) {
    peer.start().await;
    let task = peer.poll().await;
    peer.complete_sticky(&task, vec![]).await;
}

/// The same, with a poller that has been seen on the sticky queue.
async fn attended(peer: &Peer) {
    peer.poll_queue(peer.sticky_queue(), 2.5).await;
    sticky(peer).await;
}

/// Answers the task of an update as `completion` says, by accepting it.
async fn accept_with(peer: &Peer, mut completion: api::RespondWorkflowTaskCompletedRequest) {
    let accepts = &completion.messages[0];
    completion.commands = vec![protocol_message(accepts)];
    peer.complete_with(completion).await.unwrap();
}

/// Has an update accepted by a worker that does what `work` says.
async fn update_by(peer: &Peer, work: impl Future<Output = ()>) {
    let (answer, ()) = tokio::join!(peer.update("u1", Stage::Accepted), work);
    answer.unwrap();
}

fn accepting(task: &WorkflowTask) -> api::RespondWorkflowTaskCompletedRequest {
    let mut completion = completion(task, vec![]);
    completion.messages = vec![accept(&task.messages[0])];
    completion
}

/// The kinds of the queues that the scheduled events name.
fn kinds(events: &[HistoryEvent]) -> Vec<Kind> {
    let scheduled = events.iter().filter_map(|event| match &event.attributes {
        Some(Attributes::WorkflowTaskScheduledEventAttributes(it)) => it.task_queue.as_ref(),
        _ => None,
    });
    scheduled.map(|queue| queue.kind()).collect()
}

/// Looks at what the whole history names, and ends the workflow.
async fn ends_with(peer: &Peer, want: &[Kind]) {
    assert_eq!(kinds(&peer.history().await), want);
    peer.terminate("").await.unwrap();
}

#[tokio::test]
async fn a_task_that_was_passed_over_names_the_normal_queue() {
    conform("speculative-passed-over", async |peer| {
        sticky(peer).await;
        update_by(peer, async {
            let task = peer.poll().await;
            assert_eq!(kinds(events_of(&task)), [Kind::Normal, Kind::Normal]);
            accept_with(peer, accepting(&task)).await;
        })
        .await;
        ends_with(peer, &[Kind::Normal, Kind::Normal]).await;
    })
    .await;
}

#[tokio::test]
async fn a_task_of_the_sticky_queue_names_it() {
    conform("speculative-attended", async |peer| {
        attended(peer).await;
        update_by(peer, async {
            let task = peer.poll_sticky().await;
            assert_eq!(kinds(events_of(&task)), [Kind::Sticky]);
            accept_with(peer, accepting(&task)).await;
        })
        .await;
        ends_with(peer, &[Kind::Normal, Kind::Sticky]).await;
    })
    .await;
}

#[tokio::test]
async fn a_completion_that_makes_a_workflow_sticky_comes_after_its_own_task() {
    conform("speculative-becomes-sticky", async |peer| {
        peer.start().await;
        peer.complete(&peer.poll().await, vec![]).await.unwrap();
        update_by(peer, async {
            let mut completion = accepting(&peer.poll().await);
            completion.sticky_attributes = Some(peer.sticky_attributes());
            accept_with(peer, completion).await;
        })
        .await;
        ends_with(peer, &[Kind::Normal, Kind::Normal]).await;
    })
    .await;
}

#[tokio::test]
async fn a_rejection_that_leaves_no_trace_makes_a_workflow_sticky() {
    conform("speculative-discarded-sticky", async |peer| {
        peer.start().await;
        peer.complete(&peer.poll().await, vec![]).await.unwrap();
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            let mut completion = completion(&task, vec![]);
            completion.messages = vec![reject(&task.messages[0])];
            completion.sticky_attributes = Some(peer.sticky_attributes());
            peer.complete_with(completion).await.unwrap();
        });
        answer.unwrap();
        peer.signal("hello").await.unwrap();
        ends_with(peer, &[Kind::Normal, Kind::Sticky]).await;
    })
    .await;
}

#[tokio::test]
async fn a_task_names_the_normal_queue_when_stickiness_was_given_up_meanwhile() {
    conform("speculative-given-up", async |peer| {
        attended(peer).await;
        update_by(peer, async {
            let task = peer.poll_sticky().await;
            let request = api::ResetStickyTaskQueueRequest {
                namespace: "default".to_owned(),
                execution: peer.execution(),
            };
            let reset = peer.client().reset_sticky_task_queue(request).await;
            reset.unwrap();
            accept_with(peer, accepting(&task)).await;
        })
        .await;
        ends_with(peer, &[Kind::Normal, Kind::Normal]).await;
    })
    .await;
}

#[tokio::test]
async fn a_task_of_the_sticky_queue_that_fails_names_it() {
    conform("speculative-sticky-failed", async |peer| {
        attended(peer).await;
        update_by(peer, async {
            peer.fail(&peer.poll_sticky().await).await.unwrap();
            let task = peer.poll().await;
            accept_with(peer, accepting(&task)).await;
        })
        .await;
        ends_with(peer, &[Kind::Normal, Kind::Sticky, Kind::Normal]).await;
    })
    .await;
}

#[tokio::test]
async fn a_task_that_was_passed_over_and_gets_company_names_the_normal_queue() {
    conform("speculative-passed-over-signal", async |peer| {
        sticky(peer).await;
        update_by(peer, async {
            let task = peer.poll().await;
            peer.signal("meanwhile").await.unwrap();
            accept_with(peer, accepting(&task)).await;
        })
        .await;
        ends_with(peer, &[Kind::Normal, Kind::Normal, Kind::Normal]).await;
    })
    .await;
}
