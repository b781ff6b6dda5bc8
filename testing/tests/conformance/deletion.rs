//! Deleting workflows.

use outlast_proto::temporal::api::enums::v1::{EventType as E, ParentClosePolicy};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::builders::{complete_workflow, start_child};
use crate::{Peer, conform};

impl Peer {
    async fn delete(&self, run_id: &str) -> Result<(), Status> {
        let request = api::DeleteWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: self.run(run_id),
        };
        self.client()
            .delete_workflow_execution(request)
            .await
            .map(drop)
    }

    /// Waits until a run is nowhere to be found; a real server takes its time.
    pub(crate) async fn is_gone(&self, run_id: &str) -> Status {
        let quiet = self.unrecorded();
        for _ in 0..200 {
            let request = api::DescribeWorkflowExecutionRequest {
                namespace: "default".to_owned(),
                execution: self.run(run_id),
            };
            if let Err(status) = quiet.client().describe_workflow_execution(request).await {
                return status;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the workflow is still there");
    }
}

#[tokio::test]
async fn a_deleted_workflow_is_gone_but_its_other_runs_stay() {
    conform("deletion", async |peer| {
        let old = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        let new = peer.start().await;
        peer.delete("").await.unwrap();
        let gone = peer.is_gone(&new).await;
        assert_eq!(gone.code(), Code::NotFound);
        peer.delete("").await.unwrap_err();
        assert_eq!(peer.history_of(&old).await.len(), 5);
        peer.start().await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_deleted() {
    conform("deletion-refusals", async |peer| {
        peer.delete("").await.unwrap_err();
        peer.delete("junk").await.unwrap_err();
        peer.of("").delete("").await.unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn the_parent_of_a_deleted_child_learns_that_it_was_terminated() {
    conform("deletion-child", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let child = peer.kin("child");
        let start = start_child(&child.queue, &child.workflow_id, ParentClosePolicy::Abandon);
        peer.complete(&task, vec![start]).await.unwrap();
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        child.delete("").await.unwrap();
        peer.poll().await;
        let types = peer.types().await;
        assert!(
            types.contains(&E::ChildWorkflowExecutionTerminated),
            "{types:?}"
        );
        peer.terminate("").await.unwrap();
    })
    .await;
}
