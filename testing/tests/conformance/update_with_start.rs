//! Starting and updating in one request.

use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::execute_multi_operation_request::{
    self, operation::Operation,
};
use tonic::Code;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn an_update_can_start_its_workflow() {
    conform("multi", async |peer| {
        let mut start = peer.start_request();
        start.workflow_id_conflict_policy = 2;
        let update = peer.update_request("u1", Stage::Completed);
        let (answer, ()) = tokio::join!(peer.update_with_start(start, update), async {
            let task = peer.poll().await;
            assert_eq!(types(events_of(&task)).len(), 3);
            assert_eq!(
                task.messages.len(),
                1,
                "the update goes with the first task"
            );
            let request = &task.messages[0];
            let (accept, complete) = (accept(request), complete_update(request, "changed"));
            let commands = vec![protocol_message(&accept), protocol_message(&complete)];
            peer.complete_with_messages(&task, commands, vec![accept, complete])
                .await;
        });
        assert_eq!(answer.unwrap().responses.len(), 2);

        let mut start = peer.start_request();
        start.workflow_id_conflict_policy = 1;
        let update = peer.update_request("u2", Stage::Completed);
        let error = peer.update_with_start(start, update).await.unwrap_err();
        assert_eq!(error.code(), Code::AlreadyExists);
        assert_eq!(error.message(), "Update-with-Start could not be executed.");
        assert_eq!(detail(&error), "MultiOperationExecutionFailure");

        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_of_a_running_workflow_may_come_with_a_start_that_does_nothing() {
    conform("multi-running", async |peer| {
        let run_id = peer.start().await;
        peer.complete(&peer.poll().await, vec![]).await.unwrap();
        let mut start = peer.start_request();
        start.workflow_id_conflict_policy = 2;
        let update = peer.update_request("u1", Stage::Completed);
        let (answer, ()) = tokio::join!(peer.update_with_start(start, update), async {
            let task = peer.poll().await;
            peer.complete_with_messages(&task, vec![], vec![reject(&task.messages[0])])
                .await;
        });
        assert_eq!(answer.unwrap().responses.len(), 2);
        assert_eq!(peer.history_of(&run_id).await.len(), 4);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_of_a_closed_workflow_starts_it_anew() {
    conform("multi-closed", async |peer| {
        peer.start().await;
        peer.terminate("").await.unwrap();
        let mut start = peer.start_request();
        start.workflow_id_conflict_policy = 1;
        let update = peer.update_request("u1", Stage::Accepted);
        let (answer, ()) = tokio::join!(peer.update_with_start(start, update), async {
            let task = peer.poll().await;
            let accept = accept(&task.messages[0]);
            let commands = vec![protocol_message(&accept)];
            peer.complete_with_messages(&task, commands, vec![accept])
                .await;
        });
        assert_eq!(answer.unwrap().responses.len(), 2);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_completed_update_is_found_again_with_its_workflow() {
    conform("multi-again", async |peer| {
        let mut start = peer.start_request();
        start.workflow_id_conflict_policy = 2;
        let update = peer.update_request("u1", Stage::Completed);
        let both = || peer.update_with_start(start.clone(), update.clone());
        let (answer, ()) = tokio::join!(both(), async {
            let task = peer.poll().await;
            let request = &task.messages[0];
            let (accept, complete) = (accept(request), complete_update(request, "changed"));
            let commands = vec![
                protocol_message(&accept),
                protocol_message(&complete),
                complete_workflow("done"),
            ];
            peer.complete_with_messages(&task, commands, vec![accept, complete])
                .await;
        });
        answer.unwrap();
        let again = both().await.unwrap();
        assert_eq!(again.responses.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn requests_of_another_shape_are_refused() {
    conform("multi-errors", async |peer| {
        let start = || Operation::StartWorkflow(peer.start_request());
        let update = || Operation::UpdateWorkflow(peer.update_request("u1", Stage::Completed));
        let mut other = peer.update_request("u1", Stage::Completed);
        other.workflow_execution = peer.of("somebody else").execution();
        let mut nameless = peer.update_request("u1", Stage::Completed);
        let input = nameless.request.as_mut().unwrap().input.as_mut();
        input.unwrap().name.clear();
        let mut untyped = peer.start_request();
        untyped.workflow_type = None;
        untyped.workflow_id_conflict_policy = 2;
        let mut usual = peer.start_request();
        usual.workflow_id_conflict_policy = 2;
        let usual = || Operation::StartWorkflow(usual.clone());
        let shapes = [
            vec![],
            vec![start()],
            vec![update(), start()],
            vec![start(), start()],
            vec![usual(), Operation::UpdateWorkflow(other)],
            vec![usual(), Operation::UpdateWorkflow(nameless)],
            vec![Operation::StartWorkflow(untyped), update()],
        ];
        for operations in shapes {
            let operations = operations.into_iter().map(|operation| {
                execute_multi_operation_request::Operation {
                    operation: Some(operation),
                }
            });
            let request = api::ExecuteMultiOperationRequest {
                namespace: "default".to_owned(),
                operations: operations.collect(),
                ..Default::default()
            };
            let error = peer.client().execute_multi_operation(request).await;
            assert_eq!(error.unwrap_err().code(), Code::InvalidArgument);
        }
    })
    .await;
}
