//! Tasks that exist for updates only.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// A workflow whose first task is done.
async fn idle(peer: &Peer) {
    peer.start().await;
    let task = peer.poll().await;
    peer.complete(&task, vec![]).await.unwrap();
}

#[tokio::test]
async fn the_start_of_a_speculative_task_is_no_change_of_state() {
    conform("speculative-count", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let transitions = async || {
            let info = peer.describe("").await.workflow_execution_info.unwrap();
            info.state_transition_count
        };
        assert_eq!(transitions().await, 3);
        let (updated, ()) = tokio::join!(peer.update("u", Stage::Accepted), async {
            let task = peer.poll().await;
            assert_eq!(transitions().await, 3);
            let messages = vec![accept(&task.messages[0])];
            let commands = messages.iter().map(protocol_message).collect();
            peer.complete_with_messages(&task, commands, messages).await;
        });
        updated.unwrap();
        assert_eq!(transitions().await, 4);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_cannot_go_back_gets_real_events() {
    conform("speculative-kept", async |peer| {
        idle(peer).await;
        peer.signal("a new event").await.unwrap();
        peer.complete(&peer.poll().await, vec![]).await.unwrap();
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            let mut request = completion(&task, vec![]);
            request.messages = vec![reject(&task.messages[0])];
            request.capabilities = None;
            peer.complete_with(request).await.unwrap();
        });
        answer.unwrap();
        peer.terminate("").await.unwrap();
        assert!(peer.types().await.len() >= 9);
    })
    .await;
}

#[tokio::test]
async fn an_update_that_no_worker_answers_is_refused() {
    conform("unprocessed", async |peer| {
        idle(peer).await;
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            peer.complete(&task, vec![]).await.unwrap();
        });
        assert!(answer.unwrap().outcome.is_some());
        assert_eq!(peer.types().await.len(), 4);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn commands_make_a_task_real() {
    conform("speculative-commands", async |peer| {
        idle(peer).await;
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            let mut request = completion(&task, vec![start_timer("t", 60.0)]);
            request.messages = vec![reject(&task.messages[0])];
            peer.complete_with(request).await.unwrap();
        });
        answer.unwrap();
        assert_eq!(peer.types().await.last(), Some(&E::TimerStarted));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_signal_makes_a_task_real() {
    conform("speculative-signal", async |peer| {
        idle(peer).await;
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            peer.signal("meanwhile").await.unwrap();
            let mut request = completion(&task, vec![]);
            request.messages = vec![reject(&task.messages[0])];
            peer.complete_with(request).await.unwrap();
            peer.complete(&peer.poll().await, vec![]).await.unwrap();
        });
        answer.unwrap();
        peer.terminate("").await.unwrap();
        let signaled = peer.types().await.contains(&E::WorkflowExecutionSignaled);
        assert!(signaled);
    })
    .await;
}

#[tokio::test]
async fn a_failed_task_becomes_real_and_brings_its_update_again() {
    conform("speculative-failed", async |peer| {
        idle(peer).await;
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            peer.fail(&peer.poll().await).await.unwrap();
            let task = peer.poll().await;
            let request = &task.messages[0];
            let (accept, complete) = (accept(request), complete_update(request, "changed"));
            let commands = vec![protocol_message(&accept), protocol_message(&complete)];
            peer.complete_with_messages(&task, commands, vec![accept, complete])
                .await;
        });
        answer.unwrap();
        assert!(peer.types().await.contains(&E::WorkflowTaskFailed));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_of_a_sticky_workflow_comes_with_what_is_new() {
    conform("speculative-sticky", async |peer| {
        peer.poll_queue(peer.sticky_queue(), 2.5).await;
        peer.start().await;
        let task = peer.poll().await;
        peer.complete_sticky(&task, vec![]).await;
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll_sticky().await;
            assert_eq!(events_of(&task)[0].event_id, 4);
            peer.complete_with_messages(&task, vec![], vec![reject(&task.messages[0])])
                .await;
        });
        answer.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}
