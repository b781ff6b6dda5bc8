//! Updates, stage by stage.

use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    UpdateWorkflowExecutionLifecycleStage as Stage,
};
use outlast_proto::temporal::api::update::v1::outcome;
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::with_timeout;
use crate::transcript::is_out_of_time;

#[tokio::test]
async fn a_rejected_update_leaves_no_trace() {
    conform("reject", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![start_timer("t", 60.0)])
            .await
            .unwrap();
        let before = peer.types().await;
        let (answer, response) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            assert_eq!(task.messages[0].id, "u1/request");
            peer.complete_with_messages(&task, vec![], vec![reject(&task.messages[0])])
                .await
        });
        assert_eq!(response.reset_history_event_id, 3);
        let Some(outcome::Value::Failure(failure)) = answer.unwrap().outcome.unwrap().value else {
            panic!("the update was not rejected")
        };
        assert_eq!(failure.message, "no");
        assert_eq!(peer.types().await, before);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_accepted_update_is_written_where_its_commands_stand() {
    conform("accept", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            let request = &task.messages[0];
            let (accept, complete) = (accept(request), complete_update(request, "changed"));
            let commands = vec![
                protocol_message(&accept),
                start_timer("t", 60.0),
                protocol_message(&complete),
            ];
            peer.complete_with_messages(&task, commands, vec![accept, complete])
                .await;
        });
        let answer = answer.unwrap();
        assert_eq!(answer.stage(), Stage::Completed);
        assert!(matches!(
            answer.outcome.unwrap().value,
            Some(outcome::Value::Success(_))
        ));
        let want = [
            E::WorkflowTaskScheduled,
            E::WorkflowTaskStarted,
            E::WorkflowTaskCompleted,
            E::WorkflowExecutionUpdateAccepted,
            E::TimerStarted,
            E::WorkflowExecutionUpdateCompleted,
        ];
        assert_eq!(peer.types().await[4..], want);
        let again = peer.update("u1", Stage::Completed).await.unwrap();
        assert_eq!(
            again.stage(),
            Stage::Completed,
            "the same id gets the same outcome"
        );
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_is_accepted_first_and_completed_by_a_later_task() {
    conform("stages", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (answer, request) = tokio::join!(peer.update("u1", Stage::Accepted), async {
            let task = peer.poll().await;
            let accept = accept(&task.messages[0]);
            let commands = vec![protocol_message(&accept)];
            peer.complete_with_messages(&task, commands, vec![accept])
                .await;
            task.messages[0].clone()
        });
        let answer = answer.unwrap();
        assert_eq!((answer.stage(), answer.outcome), (Stage::Accepted, None));
        peer.signal("finish").await.unwrap();
        let task = peer.poll().await;
        let complete = complete_update(&request, "changed");
        let commands = vec![protocol_message(&complete), complete_workflow("done")];
        peer.complete_with_messages(&task, commands, vec![complete])
            .await;
        let outcome = peer.update("u1", Stage::Completed).await.unwrap().outcome;
        assert!(
            outcome.is_some(),
            "the outcome stays readable after the end"
        );
        let error = peer.update("u2", Stage::Completed).await.unwrap_err();
        let want = "workflow execution already completed";
        assert_eq!((error.code(), error.message()), (Code::NotFound, want));
    })
    .await;
}

#[tokio::test]
async fn updates_end_with_their_workflow() {
    conform("aborted", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let (answer, ()) = tokio::join!(peer.update("u1", Stage::Completed), async {
            let task = peer.poll().await;
            let accept = accept(&task.messages[0]);
            let commands = vec![protocol_message(&accept), complete_workflow("done")];
            peer.complete_with_messages(&task, commands, vec![accept])
                .await;
        });
        let Some(outcome::Value::Failure(failure)) = answer.unwrap().outcome.unwrap().value else {
            panic!("the update cannot have succeeded")
        };
        assert_eq!(
            failure.message,
            "Workflow Update failed because the Workflow completed before the Update completed."
        );
    })
    .await;
}

#[tokio::test]
async fn an_update_is_waited_for_until_the_deadline() {
    conform("update-deadline", async |peer| {
        peer.start().await;
        for stage in [Stage::Accepted, Stage::Completed] {
            let request = with_timeout(peer.update_request("u", stage), 2.0);
            let answer = peer.client().update_workflow_execution(request).await;
            assert!(is_out_of_time(&answer.unwrap_err()));
        }
        let request = with_timeout(peer.poll_update_request("u", Stage::Completed), 2.0);
        let answer = peer.client().poll_workflow_execution_update(request).await;
        assert!(is_out_of_time(&answer.unwrap_err()));
        peer.terminate("").await.unwrap();
    })
    .await;
}
