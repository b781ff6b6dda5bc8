//! Children that are canceled before their parent knows that they have started.

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::{
    RequestCancelExternalWorkflowExecutionCommandAttributes as Cancel,
    StartChildWorkflowExecutionCommandAttributes as Child,
};
use outlast_proto::temporal::api::enums::v1::{
    EventType::{self as E},
    WorkflowTaskFailedCause as Cause,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// A child whose first task is a year away, so that nothing else happens to it.
fn start(child: &Peer) -> Command {
    start_child_with(Child {
        cron_schedule: "@every 9999h".to_owned(),
        ..child_in(&child.queue, &child.workflow_id)
    })
}

fn cancel(child: &Peer, child_workflow_only: bool) -> Command {
    cancel_external_with(Cancel {
        workflow_id: child.workflow_id.clone(),
        child_workflow_only,
        ..Default::default()
    })
}

/// Waits until there is such a workflow, whoever knows of it.
async fn begins(workflow: &Peer) {
    let mut quiet = workflow.unrecorded().client();
    let request = api::DescribeWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        execution: workflow.execution(),
    };
    let mut described = quiet.describe_workflow_execution(request.clone()).await;
    while let Err(status) = described {
        assert_eq!(status.code(), Code::NotFound);
        described = quiet.describe_workflow_execution(request.clone()).await;
    }
}

#[tokio::test]
async fn one_task_cannot_start_and_cancel_a_child() {
    conform("child-start-cancel", async |peer| {
        let child = peer.kin("child");
        peer.start().await;
        for child_workflow_only in [true, false] {
            let task = peer.poll().await;
            let commands = vec![start(&child), cancel(&child, child_workflow_only)];
            let error = peer.complete(&task, commands).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument);
            let reason = "Start and RequestCancel for child workflow is not allowed";
            assert!(error.message().contains(reason), "{error}");
        }
        let want = Cause::BadRequestCancelExternalWorkflowExecutionAttributes;
        let events = peer.until(E::WorkflowTaskFailed).await;
        assert!(events.iter().any(|event| failed_cause(event) == want));
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_child_is_canceled_by_a_task_that_has_not_heard_of_its_start() {
    conform("child-early-cancel", async |peer| {
        let child = peer.kin("child");
        peer.start().await;
        let mut request = completion(&peer.poll().await, vec![start(&child)]);
        request.force_create_new_workflow_task = true;
        request.return_new_workflow_task = true;
        let answer = peer.complete_with(request).await.unwrap();
        let next = answer.workflow_task.unwrap();
        begins(&child).await;
        assert!(!types(events_of(&next)).contains(&E::ChildWorkflowExecutionStarted));
        peer.complete(&next, vec![cancel(&child, true)])
            .await
            .unwrap();
        peer.until(E::ExternalWorkflowExecutionCancelRequested)
            .await;
        child.until(E::WorkflowExecutionCancelRequested).await;
        child.terminate("").await.unwrap();
        peer.until(E::ChildWorkflowExecutionTerminated).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}
