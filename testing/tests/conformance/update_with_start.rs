//! Starting and updating in one request.

use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
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
