//! Updates that are refused, fail, are asked about, or outlive their workflow.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// A workflow whose first task is done.
async fn idle(peer: &Peer) {
    peer.start().await;
    let task = peer.poll().await;
    peer.complete(&task, vec![]).await.unwrap();
}

/// Has an update accepted, and nothing more.
async fn accepted(peer: &Peer) -> WireMessage {
    let (answer, request) = tokio::join!(peer.update("u1", Stage::Accepted), async {
        let task = peer.poll().await;
        let accept = accept(&task.messages[0]);
        let commands = vec![protocol_message(&accept)];
        peer.complete_with_messages(&task, commands, vec![accept])
            .await;
        task.messages[0].clone()
    });
    assert_eq!(answer.unwrap().stage(), Stage::Accepted);
    request
}

async fn send(
    peer: &Peer,
    request: api::UpdateWorkflowExecutionRequest,
) -> Result<api::UpdateWorkflowExecutionResponse, tonic::Status> {
    let answer = peer.client().update_workflow_execution(request).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn an_accepted_update_may_fail() {
    conform("update-fails", async |peer| {
        idle(peer).await;
        let request = accepted(peer).await;
        peer.signal("finish").await.unwrap();
        let task = peer.poll().await;
        let failure = fail_update(&request, "broken");
        let commands = vec![protocol_message(&failure)];
        peer.complete_with_messages(&task, commands, vec![failure])
            .await;
        let outcome = peer.update("u1", Stage::Completed).await.unwrap().outcome;
        assert!(outcome.is_some());
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn updates_can_be_asked_about() {
    conform("poll-update", async |peer| {
        idle(peer).await;
        let error = peer.poll_update("u1", Stage::Unspecified).await;
        assert_eq!(error.unwrap_err().code(), Code::NotFound);
        let request = accepted(peer).await;
        for stage in [Stage::Unspecified, Stage::Accepted] {
            let answer = peer.poll_update("u1", stage).await.unwrap();
            assert_eq!(answer.stage(), Stage::Accepted);
        }
        peer.signal("finish").await.unwrap();
        let (answer, ()) = tokio::join!(peer.poll_update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            let complete = complete_update(&request, "changed");
            let commands = vec![protocol_message(&complete)];
            peer.complete_with_messages(&task, commands, vec![complete])
                .await;
        });
        assert!(answer.unwrap().outcome.is_some());
        peer.terminate("").await.unwrap();
        let answer = peer.poll_update("u1", Stage::Completed).await.unwrap();
        assert!(answer.outcome.is_some(), "it outlives the run");
    })
    .await;
}

#[tokio::test]
async fn an_accepted_update_fails_when_its_workflow_is_terminated() {
    conform("update-terminated", async |peer| {
        idle(peer).await;
        accepted(peer).await;
        peer.terminate("").await.unwrap();
        let answer = peer.poll_update("u1", Stage::Completed).await.unwrap();
        assert!(answer.outcome.is_some());
    })
    .await;
}

#[tokio::test]
async fn an_update_that_no_worker_has_seen_is_aborted_with_its_workflow() {
    conform("update-aborted", async |peer| {
        idle(peer).await;
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            assert_eq!(task.messages.len(), 1);
            peer.terminate("").await.unwrap();
        });
        assert_eq!(answer.unwrap_err().code(), Code::NotFound);
        assert_eq!(
            peer.types().await.last(),
            Some(&E::WorkflowExecutionTerminated)
        );
    })
    .await;
}

#[tokio::test]
async fn an_update_before_the_first_task_goes_with_it() {
    conform("update-first", async |peer| {
        peer.start().await;
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            peer.signal("together").await.unwrap();
            let mut task = peer.poll().await;
            // The update may come a moment later than the task.
            if task.messages.is_empty() {
                peer.complete(&task, vec![]).await.unwrap();
                task = peer.poll().await;
            }
            peer.complete_with_messages(&task, vec![], vec![reject(&task.messages[0])])
                .await;
        });
        answer.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_accepted_update_ends_a_start_delay() {
    conform("update-delay", async |peer| {
        let mut request = peer.start_request();
        request.workflow_start_delay = seconds(60.0);
        peer.start_with(request).await.unwrap();
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            peer.complete_with_messages(&task, vec![], vec![reject(&task.messages[0])])
                .await;
        });
        answer.unwrap();
        let want = [E::WorkflowExecutionStarted];
        assert_eq!(peer.types().await, want, "rejected, it leaves no trace");
        let (answer, ()) = tokio::join!(peer.update("u2", Stage::Accepted), async {
            let task = peer.poll().await;
            let accept = accept(&task.messages[0]);
            let commands = vec![protocol_message(&accept)];
            peer.complete_with_messages(&task, commands, vec![accept])
                .await;
        });
        answer.unwrap();
        peer.signal("now it is awake").await.unwrap();
        let want = [E::WorkflowExecutionSignaled, E::WorkflowTaskScheduled];
        assert_eq!(peer.types().await[5..], want);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_may_continue_the_workflow_as_new() {
    conform("update-chain", async |peer| {
        idle(peer).await;
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            let request = &task.messages[0];
            let (accept, complete) = (accept(request), complete_update(request, "changed"));
            let commands = vec![
                protocol_message(&accept),
                protocol_message(&complete),
                continue_as_new("next"),
            ];
            peer.complete_with_messages(&task, commands, vec![accept, complete])
                .await;
        });
        assert!(answer.unwrap().outcome.is_some());
        let error = peer.poll_update("u1", Stage::Completed).await;
        assert_eq!(
            error.unwrap_err().code(),
            Code::NotFound,
            "the next run has none"
        );
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn only_so_many_updates_may_be_under_way() {
    conform("update-limit", async |peer| {
        idle(peer).await;
        for n in 0..10 {
            let id = format!("u{n}");
            let (answer, ()) = tokio::join!(peer.update(&id, Stage::Accepted), async {
                let task = peer.poll().await;
                let accept = accept(&task.messages[0]);
                let commands = vec![protocol_message(&accept)];
                peer.complete_with_messages(&task, commands, vec![accept])
                    .await;
            });
            answer.unwrap();
        }
        let error = peer.update("u10", Stage::Accepted).await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn updates_that_make_no_sense_are_refused() {
    conform("update-errors", async |peer| {
        let valid = || peer.update_request("u1", Stage::Completed);
        let error = send(peer, valid()).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        idle(peer).await;

        let mut admitted = valid();
        admitted.wait_policy.get_or_insert_default().lifecycle_stage = 1;
        let mut nameless = valid();
        let input = nameless.request.as_mut().unwrap().input.as_mut();
        input.unwrap().name.clear();
        let mut empty = valid();
        empty.request = None;
        let mut no_meta = valid();
        no_meta.request.as_mut().unwrap().meta = None;
        let mut no_input = valid();
        no_input.request.as_mut().unwrap().input = None;
        let mut long = valid();
        let meta = long.request.as_mut().unwrap().meta.as_mut();
        meta.unwrap().update_id = "x".repeat(1200);
        let mut foreign = valid();
        foreign.first_execution_run_id = uuid();
        for (request, code) in [
            (admitted, Code::PermissionDenied),
            (nameless, Code::InvalidArgument),
            (empty, Code::InvalidArgument),
            (no_meta, Code::InvalidArgument),
            (no_input, Code::InvalidArgument),
            (long, Code::InvalidArgument),
            (foreign, Code::NotFound),
        ] {
            let error = send(peer, request).await.unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}
